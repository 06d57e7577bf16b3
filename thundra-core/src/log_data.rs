//! Log records as plain data, for tests.

use std::time::SystemTime;

use crate::{SpanId, TraceId, Value};

/// A log record.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogData {
    /// The time.
    pub time: SystemTime,
    /// The name of the level, such as `INFO`.
    pub severity: String,
    /// The [number] of the level: 1 to 4 is TRACE, 5 to 8 DEBUG, 9 to 12 INFO, 13 to 16 WARN, 17 to 20 ERROR, 21 to 24
    /// FATAL, and 0 unknown.
    ///
    /// [number]: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
    pub severity_number: u8,
    /// The message; empty for none.
    pub body: String,
    /// The name of the event, such as `user.login.success`; empty for none.
    pub event_name: String,
    /// The fields of the event, and the keys of the scope's log lines.
    pub attributes: Vec<(String, Value)>,
    /// The trace; `None` outside of scopes.
    pub trace_id: Option<TraceId>,
    /// The span; `None` outside of scopes.
    pub span_id: Option<SpanId>,
}

impl LogData {
    /// Returns the value of an attribute.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}
