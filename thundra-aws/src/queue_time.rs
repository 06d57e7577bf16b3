//! The time between the sending and the processing of a message: an attribute of the processing, or a span before the
//! processing as well.

use std::time::{Duration, SystemTime};

use thundra_core::{Preceding, ScopeBuilder, SpanKind, Value, semconv};

use crate::attributes::cut;
use crate::settings::QueueSpans;

/// The attributes shared by the processing and the wait.
const SHARED: [&str; 4] = [
    semconv::MESSAGING_SYSTEM,
    semconv::MESSAGING_DESTINATION_NAME,
    semconv::MESSAGING_DESTINATION_PARTITION_ID,
    semconv::MESSAGING_MESSAGE_ID,
];

/// Records the wait on the scope of the processing.
pub(crate) fn describe(builder: ScopeBuilder, waited: Option<Duration>, spans: QueueSpans) -> ScopeBuilder {
    builder.own_attributes(attribute(waited, spans))
}

/// Returns the attribute with the wait.
pub(crate) fn attribute(waited: Option<Duration>, spans: QueueSpans) -> Option<(&'static str, Value)> {
    let waited = waited.filter(|_| spans != QueueSpans::Off)?;
    Some((semconv::THUNDRA_QUEUE_TIME_MS, (waited.as_millis() as u64).into()))
}

/// Puts the span of the wait before the scope of the processing, given the attributes of the processing.
///
/// The kind is CONSUMER: tools pair the span of a producer with a child of the kind CONSUMER.
pub(crate) fn precede(
    builder: ScopeBuilder,
    sent_at: Option<SystemTime>,
    attributes: &[(&'static str, Value)],
    spans: QueueSpans,
) -> ScopeBuilder {
    let Some(sent_at) = sent_at.filter(|_| spans == QueueSpans::Span) else { return builder };
    let text = |wanted| attributes.iter().find(|(key, _)| *key == wanted).and_then(|(_, value)| value.as_str());
    let destination =
        text(semconv::MESSAGING_DESTINATION_NAME).or_else(|| text(semconv::FAAS_DOCUMENT_COLLECTION)).map(cut);
    let name = destination.map_or_else(|| "queue".into(), |destination| format!("queue {destination}"));
    let shared = attributes.iter().filter(|(key, _)| SHARED.contains(key)).cloned();
    builder.preceded_by(Preceding::new(name, SpanKind::Consumer, sent_at).attributes(shared))
}
