//! Finished spans as plain data, for tests and adapters.

use std::time::{Duration, SystemTime};

use crate::{SpanId, SpanKind, Status, TraceContext, Value};

/// A finished span.
///
/// # Examples
///
/// ```
/// use thundra_core::{SpanKind, Status, testing};
///
/// let (_, spans) = testing::record("checkout", || {
///     tracing::info_span!("charge", otel.kind = "client").in_scope(|| tracing::info!(amount = 12, "charged"));
/// });
/// let (charge, checkout) = (&spans[0], &spans[1]);
/// assert_eq!((charge.kind, &charge.status), (SpanKind::Client, &Status::Unset));
/// assert_eq!(charge.parent_span_id, Some(checkout.context.span_id));
/// assert_eq!(charge.events[0].name, "charged");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpanData {
    /// The trace id, span id, flags and trace state.
    pub context: TraceContext,
    /// The parent's id; `None` for the root of a trace.
    pub parent_span_id: Option<SpanId>,
    /// `true` if the parent is a span of another program.
    pub parent_is_remote: bool,
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: SpanKind,
    /// The start.
    pub start_time: SystemTime,
    /// The end, which is never before the start.
    pub end_time: SystemTime,
    /// The attributes in the order they were recorded.
    pub attributes: Vec<(String, Value)>,
    /// The events in the order they happened.
    pub events: Vec<SpanEvent>,
    /// The links.
    pub links: Vec<Link>,
    /// The outcome.
    pub status: Status,
    /// The number of attributes over the limit.
    pub dropped_attributes: u32,
    /// The number of events over the limit.
    pub dropped_events: u32,
    /// The number of links over the limit.
    pub dropped_links: u32,
}

impl SpanData {
    /// Returns the value of an attribute.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Value, testing};
    ///
    /// let (_, spans) = testing::record("checkout", || tracing::info_span!("charge", amount = 12).in_scope(|| {}));
    /// assert_eq!(spans[0].attribute("amount"), Some(&Value::I64(12)));
    /// assert_eq!(spans[0].attribute("currency"), None);
    /// ```
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Returns the time from the start to the end.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use thundra_core::Scope;
    ///
    /// let began = SystemTime::now() - Duration::from_secs(60);
    /// let records = Scope::builder("import").start_time(began).begin().finish();
    /// assert!(records.spans().all(|span| span.duration() >= Duration::from_secs(60)));
    /// ```
    pub fn duration(&self) -> Duration {
        self.end_time.duration_since(self.start_time).unwrap_or_default()
    }
}

/// Something that happened during a span.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpanEvent {
    /// The time.
    pub time: SystemTime,
    /// The message of the `tracing` event, or `exception`.
    pub name: String,
    /// The fields.
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
