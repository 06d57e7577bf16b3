//! The form of log lines.

use super::list as v;
use super::reader::Reader;

/// The form of log events on standard error.
///
/// Chosen by [`TelemetryBuilder::log_format`](crate::TelemetryBuilder::log_format), else by
/// [`Config::log_format`](crate::Config::log_format), which `THUNDRA_LOG_FORMAT` sets. Without a choice, a function in
/// Lambda writes the format of `AWS_LAMBDA_LOG_FORMAT`, else `json`. Outside Lambda, where a person runs the function,
/// the format is `text`. A program without `thundra-aws`, such as a service, writes `text` to a terminal, and `json` to
/// anything else, because a file or a pipe is for programs to read.
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
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFormat {
    layout: Layout,
    location: bool,
    span_fields: bool,
}

/// The layout of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Json,
    Text,
    Dazn,
    None,
}

impl LogFormat {
    /// The format `json`: a JSON object a line, with the keys of the [Powertools for AWS Lambda].
    ///
    /// | Key | Value |
    /// |---|---|
    /// | `level`, `message`, `timestamp`, `target` | those of the event |
    /// | `event` | the name of the event, as in `info!(name: "user.login.success", …)` |
    /// | `service` | the name of the program |
    /// | `function_name`, `function_memory_size` | the function, and its memory in MiB |
    /// | `cold_start`, `function_arn`, `function_request_id`, `xray_trace_id`, `tenant_id` | the invocation |
    /// | `correlation_id` | the id of the chain of calls, which is also `x-correlation-id` |
    /// | `x-correlation-*` | the correlation ids of the scope: in a batch, those of the record |
    /// | `trace_id`, `span_id` | the innermost span |
    ///
    /// Keys [appended](crate::log::append) to the scope and the fields of the event follow. No key stands twice: a
    /// field with the key of something else in the line gets a prefix, as in `fields.level`.
    ///
    /// [Powertools for AWS Lambda]: https://docs.aws.amazon.com/powertools/typescript/latest/features/logger/
    pub const JSON: LogFormat = LogFormat::of(Layout::Json);

    /// The format `text`, for people: time, level, target, message, fields, and ids. Colours are for terminals, unless
    /// [`NO_COLOR`](https://no-color.org) is set. Control characters are escaped, so that an event is one line.
    pub const TEXT: LogFormat = LogFormat::of(Layout::Text);

    /// The format `dazn`: the JSON of the [DAZN Lambda Powertools], which Node functions write: `message`, the fields,
    /// the function (`awsRegion`, `functionName`, `functionVersion`, `functionMemorySize`, and `environment` from
    /// `ENVIRONMENT` or `STAGE`), `awsRequestId`, the correlation ids, `debug-log-enabled`, `call-chain-length`,
    /// `level` as a number, and `sLevel`. The ids of the span, `trace_id` and `span_id`, are added. There is no time.
    ///
    /// [DAZN Lambda Powertools]: https://github.com/getndazn/dazn-lambda-powertools
    pub const DAZN: LogFormat = LogFormat::of(Layout::Dazn);

    /// The format `none`: no lines, for programs with a log layer of their own.
    pub const NONE: LogFormat = LogFormat::of(Layout::None);

    /// All formats.
    pub const ALL: &'static [LogFormat] = &[LogFormat::JSON, LogFormat::TEXT, LogFormat::DAZN, LogFormat::NONE];

    const fn of(layout: Layout) -> Self {
        LogFormat { layout, location: false, span_fields: false }
    }

    /// Returns the name of the format, in lower case.
    pub const fn name(self) -> &'static str {
        match self.layout {
            Layout::Json => "json",
            Layout::Text => "text",
            Layout::Dazn => "dazn",
            Layout::None => "none",
        }
    }

    /// Adds the place in the source to each line: `location`, a file and a line.
    #[must_use]
    pub const fn with_location(self) -> Self {
        LogFormat { location: true, ..self }
    }

    /// Adds the fields of the `tracing` spans around an event to its line. The field of an inner span hides a field of
    /// an outer span with the same name, and a field of the event hides both.
    ///
    /// Levels of lines, such as `RUST_LOG`, select the spans. Each selected span costs the formatting of the fields.
    /// Takes the feature `registry`.
    #[must_use]
    pub const fn with_span_fields(self) -> Self {
        LogFormat { span_fields: true, ..self }
    }

    /// Returns JSON for the text format.
    #[doc(hidden)]
    #[must_use]
    pub const fn for_programs(self) -> Self {
        match self.layout {
            Layout::Text => LogFormat { layout: Layout::Json, ..self },
            _ => self,
        }
    }

    pub(crate) const fn layout(self) -> Layout {
        self.layout
    }

    pub(crate) const fn has_location(self) -> bool {
        self.location
    }

    pub(crate) const fn has_span_fields(self) -> bool {
        self.span_fields
    }

    /// Reads a format and its options from `THUNDRA_LOG_FORMAT`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let words = reader.items(&v::LOG_FORMAT, Word::parse)?;
        let mut formats = words.iter().filter_map(|word| match word {
            Word::Format(format) => Some(*format),
            _ => None,
        });
        let format = match (formats.next(), formats.next()) {
            (Some(format), None) => format,
            _ => {
                let value = reader.text(&v::LOG_FORMAT).unwrap_or_default();
                reader.not_accepted(&v::LOG_FORMAT, &value);
                return None;
            }
        };
        Some(LogFormat {
            location: words.contains(&Word::Location),
            span_fields: words.contains(&Word::Spans),
            ..format
        })
    }
}

/// A word of `THUNDRA_LOG_FORMAT`.
#[derive(PartialEq)]
enum Word {
    Format(LogFormat),
    Location,
    Spans,
}

impl Word {
    fn parse(word: &str) -> Option<Self> {
        let format = LogFormat::ALL.iter().find(|format| format.name().eq_ignore_ascii_case(word));
        match format {
            Some(format) => Some(Word::Format(*format)),
            None if word.eq_ignore_ascii_case("location") => Some(Word::Location),
            None if word.eq_ignore_ascii_case("spans") => Some(Word::Spans),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Config, Env};

    #[test]
    fn every_format_is_listed_under_a_name_of_its_own() {
        let lines = include_str!("log_format.rs").lines().map(str::trim_start);
        let constants = lines.filter(|line| line.starts_with("pub const ") && line.contains(": LogFormat =")).count();
        let names: BTreeSet<_> = LogFormat::ALL.iter().map(|format| format.name()).collect();
        assert_eq!((LogFormat::ALL.len(), names.len()), (constants, constants));
    }

    #[test]
    fn the_variable_has_a_format_and_options() {
        for (value, expected, problems, why) in [
            ("json", Some(LogFormat::JSON), 0, "a format"),
            (" Text ", Some(LogFormat::TEXT), 0, "in any case"),
            ("dazn", Some(LogFormat::DAZN), 0, "another"),
            ("none", Some(LogFormat::NONE), 0, "no lines"),
            ("json,location", Some(LogFormat::JSON.with_location()), 0, "an option"),
            ("spans, json ,location", Some(LogFormat::JSON.with_location().with_span_fields()), 0, "in any order"),
            ("json,colour", Some(LogFormat::JSON), 1, "an option that does not exist"),
            ("xml", None, 1, "a format that does not exist"),
            ("location", None, 1, "an option of nothing"),
            ("json,text", None, 1, "two formats"),
            (",", None, 1, "separators"),
        ] {
            let (config, reported) = Config::read(&Env::from_pairs([("THUNDRA_LOG_FORMAT", value)]));
            assert_eq!((config.log_format, reported.len()), (expected, problems), "{value}: {why}: {reported:?}");
        }
    }
}
