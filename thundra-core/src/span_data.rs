//! Finished spans as plain data, for people, tests and adapters.

use std::time::{Duration, SystemTime};

use crate::{SpanId, SpanKind, Status, TraceContext, Value};

/// A finished span.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpanData {
    /// The span's own identity.
    pub context: TraceContext,
    /// The parent's id; `None` for the root of a trace.
    pub parent_span_id: Option<SpanId>,
    /// Whether the parent is a span of another program.
    pub parent_is_remote: bool,
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: SpanKind,
    /// When it started.
    pub start_time: SystemTime,
    /// When it ended; never before its start.
    pub end_time: SystemTime,
    /// The attributes in the order they were recorded.
    pub attributes: Vec<(String, Value)>,
    /// The events in the order they happened.
    pub events: Vec<SpanEvent>,
    /// The links.
    pub links: Vec<Link>,
    /// The outcome.
    pub status: Status,
    /// How many attributes were over the limit.
    pub dropped_attributes: u32,
    /// How many events were over the limit.
    pub dropped_events: u32,
    /// How many links were over the limit.
    pub dropped_links: u32,
}

impl SpanData {
    /// The value of an attribute.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// How long it took.
    pub fn duration(&self) -> Duration {
        self.end_time.duration_since(self.start_time).unwrap_or_default()
    }
}

/// Something that happened during a span.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpanEvent {
    /// When.
    pub time: SystemTime,
    /// What: the message of the `tracing` event, or `exception`.
    pub name: String,
    /// Its fields.
    pub attributes: Vec<(String, Value)>,
    /// The number of its attributes that were over a limit.
    pub dropped_attributes: u32,
}

/// A reference to a span that is no ancestor.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Link {
    /// The span referred to.
    pub context: TraceContext,
    /// The attributes of the reference.
    pub attributes: Vec<(String, Value)>,
    /// The number of its attributes that were over a limit.
    pub dropped_attributes: u32,
}
