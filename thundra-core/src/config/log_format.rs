//! The form of log lines.

/// The form in which log events are written on standard error.
///
/// Given to [`TelemetryBuilder::log_format`](crate::TelemetryBuilder::log_format).
///
/// # Examples
///
/// A format selected by name:
///
/// ```
/// use thundra_core::LogFormat;
///
/// let by_name = |name| LogFormat::ALL.iter().copied().find(|format| format.name() == name);
/// assert_eq!(by_name("none"), Some(LogFormat::NONE));
/// assert_eq!(by_name("xml"), None);
/// assert_eq!(LogFormat::default(), LogFormat::JSON);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFormat {
    layout: Layout,
}

/// The layout of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Json,
    None,
}

impl LogFormat {
    /// The format `json`: a JSON object a line, with the ids of the current span and the correlation ids of the scope.
    pub const JSON: LogFormat = LogFormat { layout: Layout::Json };

    /// The format `none`: no lines, for programs with a log layer of their own.
    pub const NONE: LogFormat = LogFormat { layout: Layout::None };

    /// All formats.
    pub const ALL: &'static [LogFormat] = &[LogFormat::JSON, LogFormat::NONE];

    /// Returns the name of the format, in lower case.
    pub const fn name(self) -> &'static str {
        match self.layout {
            Layout::Json => "json",
            Layout::None => "none",
        }
    }

    pub(crate) const fn layout(self) -> Layout {
        self.layout
    }
}

impl Default for LogFormat {
    /// Returns [`LogFormat::JSON`].
    fn default() -> Self {
        LogFormat::JSON
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_format_is_listed_under_a_name_of_its_own() {
        let lines = include_str!("log_format.rs").lines().map(str::trim_start);
        let constants = lines.filter(|line| line.starts_with("pub const ") && line.contains(": LogFormat =")).count();
        let names: BTreeSet<_> = LogFormat::ALL.iter().map(|format| format.name()).collect();
        assert_eq!((LogFormat::ALL.len(), names.len()), (constants, constants));
    }
}
