//! Received log records, and the lines of a trace.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use opentelemetry_proto::tonic::logs::v1::{LogRecord as Proto, ResourceLogs};
use thundra_core::Escaped;

use super::span::{attributes, hex, program, text};
use super::{Span, short};

/// One log record. Ids are lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// The id of the trace; empty outside of every trace.
    pub trace: String,
    /// The id of the span; empty outside of every span.
    pub span: String,
    /// `service.name` of the sending program.
    pub program: String,
    /// The level, such as `INFO`.
    pub level: String,
    /// The message.
    pub message: String,
    /// The time, in nanoseconds since 1970.
    pub time_unix_nano: u64,
    /// Attribute values as text, by key.
    pub attributes: BTreeMap<String, String>,
}

impl LogRecord {
    /// Returns all log records of one resource.
    pub fn all_of(resource_logs: &ResourceLogs) -> Vec<Self> {
        let program = program(resource_logs.resource.as_ref());
        let records = resource_logs.scope_logs.iter().flat_map(|scope| &scope.log_records);
        records.map(|record| Self::of(&program, record)).collect()
    }

    fn of(program: &str, record: &Proto) -> Self {
        Self {
            trace: hex(&record.trace_id),
            span: hex(&record.span_id),
            program: program.to_owned(),
            level: record.severity_text.clone(),
            message: record.body.as_ref().map(text).unwrap_or_default(),
            time_unix_nano: record.time_unix_nano,
            attributes: attributes(&record.attributes),
        }
    }
}

/// Writes the log records of a trace, ordered by time: time since the trace began, level, program, message.
#[must_use]
pub fn logs(records: &[LogRecord], trace: &[&Span]) -> String {
    let begin = trace.iter().map(|span| span.start_time_unix_nano).min().unwrap_or(0);
    let id = trace.first().map(|span| span.trace.as_str());
    let mut records: Vec<_> = records.iter().filter(|record| Some(record.trace.as_str()) == id).collect();
    records.sort_by_key(|record| record.time_unix_nano);
    let mut written = String::new();
    for record in records {
        let since = format!("+{}", short(Duration::from_nanos(record.time_unix_nano.saturating_sub(begin))));
        let (level, program, message) = (&record.level, &record.program, &record.message);
        let line = format!("{since:>9} {level:>9}  {program} ▸ {message}");
        // Writing to a text does not fail.
        let _ = writeln!(written, "{}", Escaped(&line));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::super::span::tests::order;
    use super::*;

    fn record(trace: &str, program: &str, message: &str, ms: u64) -> LogRecord {
        LogRecord {
            trace: trace.to_owned(),
            span: "01".to_owned(),
            program: program.to_owned(),
            level: "INFO".to_owned(),
            message: message.to_owned(),
            time_unix_nano: ms * 1_000_000,
            attributes: BTreeMap::new(),
        }
    }

    #[test]
    fn the_records_of_a_trace_are_written_in_order() {
        let spans = order();
        let trace: Vec<_> = spans.iter().collect();
        let records = [
            record("t1", "billing", "declined\n\u{1b}[2J", 80),
            record("t2", "orders", "another trace", 5),
            record("t1", "orders", "order accepted", 4),
        ];
        let expected = "
 +4.00 ms      INFO  orders ▸ order accepted
 +80.0 ms      INFO  billing ▸ declined\\n\\u{1b}[2J
";
        assert_eq!(format!("\n{}", logs(&records, &trace)), expected);
        assert_eq!(logs(&records, &[]), "", "no trace");
    }
}
