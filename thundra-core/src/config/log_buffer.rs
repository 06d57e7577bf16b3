//! The buffer of log lines kept until the scope fails.

use super::levels::Levels;
use super::list as v;
use super::reader::Reader;
use super::size::size;

/// The buffer of the log lines of a scope, kept until the scope fails or nears its deadline (`THUNDRA_LOG_BUFFER`).
///
/// Kept are lines more detailed than the written ones. See [Kept lines](crate#kept-log-lines).
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env, LogBuffer};
///
/// let mut config = Config::from_env(&Env::process());
/// config.log_buffer = Some(LogBuffer::new(20 * 1024).levels("debug,hyper=off".parse()?));
/// # Ok::<(), thundra_core::InvalidLevels>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LogBuffer {
    /// The most bytes of kept lines in a scope.
    pub(crate) bytes: usize,
    /// `None` for the events of the program's own code down to DEBUG.
    pub(crate) levels: Option<Levels>,
}

impl LogBuffer {
    /// Returns a buffer with a limit of bytes for each scope. The buffer keeps the events of the program's own code
    /// down to DEBUG.
    pub fn new(bytes: usize) -> Self {
        LogBuffer { bytes, levels: None }
    }

    /// Sets the levels of kept lines.
    #[must_use]
    pub fn levels(self, levels: Levels) -> Self {
        LogBuffer { levels: Some(levels), ..self }
    }

    /// Reads a size and levels. `None` for no buffer.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let items = reader.list(&v::LOG_BUFFER)?;
        let (first, levels) = items.split_first()?;
        let Some(bytes) = size(first).and_then(|bytes| usize::try_from(bytes).ok()) else {
            reader.not_accepted(&v::LOG_BUFFER, &items.join(","));
            return None;
        };
        let (of_others, invalid) = Levels::of_listed(levels.iter().map(String::as_str));
        if !invalid.is_empty() {
            reader.not_accepted(&v::LOG_BUFFER, &invalid.join(","));
        }
        let levels = (levels.len() > invalid.len()).then_some(of_others);
        (bytes > 0).then_some(LogBuffer { bytes, levels })
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;
    use crate::{Config, Env};

    #[test]
    fn a_size_and_levels_are_read() {
        let buffer = LogBuffer::new(20_480);
        for (text, expected, refused, why) in [
            ("20KiB", Some(buffer.clone()), None, "a size"),
            ("20480", Some(buffer.clone()), None, "bytes"),
            (" 20 KiB , ", Some(buffer.clone()), None, "spaces"),
            ("0", None, None, "off"),
            ("0,debug", None, None, "off, with levels"),
            ("20KiB,loud=9", Some(buffer.clone()), Some("loud=9"), "no level"),
            ("debug", None, Some("debug"), "no size"),
            ("debug,20KiB", None, Some("debug,20KiB"), "another order"),
            ("20K", None, Some("20K"), "no unit"),
            ("-1", None, Some("-1"), "less than nothing"),
        ] {
            let (config, problems) = Config::read(&Env::from_pairs([("THUNDRA_LOG_BUFFER", text)]));
            assert_eq!(config.log_buffer, expected, "{text}: {why}");
            let line = |items| format!("THUNDRA_LOG_BUFFER={items:?} is not used: it takes {}", v::LOG_BUFFER.form);
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            assert_eq!(problems, refused.map(line).into_iter().collect::<Vec<_>>(), "{text}: {why}");
        }
    }

    #[test]
    fn only_the_listed_levels_are_kept() {
        for (text, target, level, is_kept) in [
            ("1KiB,debug", "any", Level::DEBUG, true),
            ("1KiB,debug", "any", Level::TRACE, false),
            ("1KiB,orders=trace", "orders::db", Level::TRACE, true),
            ("1KiB,orders=trace", "hyper", Level::ERROR, false),
            ("1KiB,info,hyper=off", "hyper", Level::ERROR, false),
            ("1KiB,orders", "orders", Level::TRACE, true),
        ] {
            let (config, problems) = Config::read(&Env::from_pairs([("THUNDRA_LOG_BUFFER", text)]));
            assert!(problems.is_empty(), "{problems:?}");
            let levels = config.log_buffer.unwrap().levels.unwrap();
            assert_eq!(levels.enables(target, level), is_kept, "{text}: {target} at {level}");
        }
    }
}
