//! Messages inside messages. Each message may have a context.
//!
//! | envelope | inside |
//! |---|---|
//! | notification of SNS | `Message` |
//! | event of EventBridge | `detail` |
//! | event of a bus with its metadata | `Data` |
//! | CloudEvent | `data` |
//! | record of an invocation, from a destination of Lambda | `requestPayload` |
//! | event of a failed invocation, in a dead-letter queue | its only record |
//! | result or context of Step Functions | `Payload`, `Execution.Input` |
//! | payload of OpenTelemetry for Python | `headers` |
//!
//! A message is opened if the attributes hold no ids, even if the message has other attributes. AWS adds attributes to
//! the messages of a dead-letter queue (`RequestID`, `ErrorCode`, …), and programs add further attributes.
//!
//! The context of another vendor has the lowest precedence, wherever the context stands.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use thundra_core::propagation::{Inbound, PAYLOAD_CONTEXT};

use super::attributes::{self, SNS, SQS};
use super::datadog::DATADOG;
use super::extract::{Extractor, holds_ids, holds_parent};
use super::headers::is_request;
use super::image::ImageContext;
use super::json::{self, Object};
use super::opened::Opened;
use super::s3_object::S3Object;
use crate::payload::{self, Member};

/// The limit of nesting. Deeper than anyone builds, and a crafted body must not cost more.
const MAX_DEPTH: usize = 6;
/// The names around a context: our member, the attributes of SNS and SQS, Datadog's member, and the W3C header in a
/// CloudEvent or among headers. A text without one of the names holds no context.
pub(super) const NAMES: [&str; 4] = [PAYLOAD_CONTEXT, "essageAttributes", DATADOG, "traceparent"];
/// The source of S3, in records and on EventBridge.
const S3: [&str; 2] = ["aws:s3", "aws.s3"];

/// Opens the body of a message. `None` for a body without an envelope and without a context.
pub(crate) fn open(body: &[u8], extractor: &Extractor<'_>) -> Option<Opened> {
    open_at(body, 0, extractor)
}

/// Opens a body in the form of a JSON string. A body without a possible context is not unescaped.
pub(crate) fn open_string(string: &str, extractor: &Extractor<'_>) -> Option<Opened> {
    open_string_at(string, 0, extractor)
}

/// Finds the `__context__` of a body without extraction.
pub(crate) fn own_context(body: &[u8]) -> Opened {
    payload::find(body).filter(Member::is_context).map(Opened::unread).unwrap_or_default()
}

/// Finds the `__context__` of a body in the form of a JSON string.
pub(crate) fn own_context_of_string(string: &str) -> Opened {
    static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(PAYLOAD_CONTEXT));
    let text = NAME.find(string.as_bytes()).and_then(|_| json::text(string));
    text.map(|text| own_context(text.as_bytes())).unwrap_or_default()
}

/// Returns the context of the attributes, or the context of the body if the attributes hold none. A tracer of another
/// make sends a parent without ids, and the ids of the body go on then.
pub(crate) fn attributes_or_body(attributes: Inbound, body: impl FnOnce() -> Option<Opened>) -> Opened {
    if holds_ids(&attributes) {
        return Opened { inbound: attributes, ..Opened::default() };
    }
    let mut opened = body().unwrap_or_default();
    let inside = std::mem::take(&mut opened.inbound);
    let inbound = if holds_parent(&attributes) { attributes.or(inside) } else { inside.or(attributes) };
    Opened { inbound, ..opened }
}

/// Opens a notification of SNS.
pub(crate) fn open_notification(notification: &Object<'_>, depth: usize, extractor: &Extractor<'_>) -> Opened {
    let attributes = notification.object("MessageAttributes").map(|map| attributes::pairs(&map, &SNS));
    let inside = || open_string_at(notification.raw("Message")?, depth + 1, extractor);
    open_carrier(&attributes.unwrap_or_default(), extractor, inside)
}

/// Opens an event delivered with metadata by a bus of EventBridge. `part` is the published payload.
pub(crate) fn open_delivery(delivery: &Object<'_>, part: &str, extractor: &Extractor<'_>) -> Opened {
    let metadata = delivery.object("Metadata").map(|metadata| texts(&metadata)).unwrap_or_default();
    let inbound = extractor.extract(&metadata);
    let opened = if holds_ids(&inbound) {
        // The metadata win. The context of the payload was received all the same, and is cut out.
        Opened { inbound, ..own_context(part.as_bytes()) }
    } else {
        attributes_or_body(inbound, || open(part.as_bytes(), extractor))
    };
    opened.beside_foreign(|| extractor.foreign(&metadata))
}

/// Opens a [CloudEvent]. The attributes may include the extension for [distributed tracing].
///
/// [CloudEvent]: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
/// [distributed tracing]: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/distributed-tracing.md
pub(crate) fn open_cloud_event(event: &Object<'_>, depth: usize, extractor: &Extractor<'_>) -> Opened {
    let text = |name| Some((Cow::Borrowed(name), event.text(name)?));
    let extensions: Vec<_> = ["traceparent", "tracestate", "baggage"].into_iter().filter_map(text).collect();
    open_carrier(&extensions, extractor, || open_member(event, "data", depth, extractor))
}

/// Returns `true` for a CloudEvent.
pub(crate) fn is_cloud_event(event: &Object<'_>) -> bool {
    let has_text = |name| event.text(name).is_some_and(|text| !text.is_empty());
    ["specversion", "type", "source"].into_iter().all(has_text)
}

/// Returns `true` for an event delivered with metadata by a bus of EventBridge.
pub(crate) fn is_delivery(delivery: &Object<'_>) -> bool {
    delivery.has("Data") && delivery.object("SystemMetadata").is_some_and(|system| system.has("aws:DeliveryType"))
}

/// Returns the context of a carrier, or else the context inside the message.
fn open_carrier(
    pairs: &[(Cow<'_, str>, Cow<'_, str>)],
    extractor: &Extractor<'_>,
    inside: impl FnOnce() -> Option<Opened>,
) -> Opened {
    let inbound = extractor.extract(pairs);
    let foreign = || extractor.foreign(pairs);
    Opened { range: None, ..attributes_or_body(inbound, inside) }.beside_foreign(foreign)
}

fn open_string_at(string: &str, depth: usize, extractor: &Extractor<'_>) -> Option<Opened> {
    // A pipe may have parsed the text.
    if string.starts_with('{') {
        return open_at(string.as_bytes(), depth, extractor).map(|opened| Opened { range: None, ..opened });
    }
    if !leads_somewhere(string.as_bytes()) {
        return None;
    }
    open_at(json::text(string)?.as_bytes(), depth, extractor)
}

fn open_at(body: &[u8], depth: usize, extractor: &Extractor<'_>) -> Option<Opened> {
    if depth >= MAX_DEPTH || !leads_somewhere(body) {
        return None;
    }
    if let Some(opened) = Opened::of_payload(body, extractor) {
        return Some(opened);
    }
    let object = Object::parse(std::str::from_utf8(body).ok()?)?;
    let opened = open_envelope(&object, depth, extractor);
    let foreign = object.raw(DATADOG).and_then(|map| extractor.foreign(&[(DATADOG, map)]));
    if opened.is_none() && foreign.is_none() {
        return None;
    }
    Some(Opened { range: None, ..opened.unwrap_or_default() }.beside_foreign(|| foreign))
}

fn open_member(object: &Object<'_>, key: &str, depth: usize, extractor: &Extractor<'_>) -> Option<Opened> {
    open_at(object.raw(key)?.as_bytes(), depth + 1, extractor)
}

fn open_envelope(object: &Object<'_>, depth: usize, extractor: &Extractor<'_>) -> Option<Opened> {
    let inside = |key| open_member(object, key, depth, extractor);
    if object.text("TopicArn").is_some_and(|arn| arn.contains(":sns:")) && object.has("Message") {
        Some(open_notification(object, depth, extractor))
    } else if object.has("detail-type") && object.has("source") {
        let detail = object.object("detail").filter(|_| object.text("source").is_some_and(|source| source == S3[1]));
        let attributes = detail.map(|detail| S3Object::of_detail(&detail).attributes());
        let opened = inside("detail");
        let is_known = opened.is_some() || attributes.is_some();
        is_known.then(|| Opened { attributes: attributes.unwrap_or_default(), ..opened.unwrap_or_default() })
    } else if is_delivery(object) {
        let metadata = object.object("Metadata").map(|metadata| texts(&metadata)).unwrap_or_default();
        Some(open_carrier(&metadata, extractor, || inside("Data")))
    } else if is_cloud_event(object) {
        Some(open_cloud_event(object, depth, extractor))
    } else if object.has("requestPayload") && object.has("requestContext") {
        inside("requestPayload")
    } else if let [record] = object.objects("Records").as_slice() {
        open_record(record, depth, extractor)
    } else if let Some(change) = object.object("dynamodb") {
        // A table may send changes to a stream of Kinesis.
        Some(Opened { inbound: extractor.extract(&ImageContext::of_change(&change)), ..Opened::default() })
    } else {
        let input = || open_member(&object.object("Execution")?, "Input", depth + 1, extractor);
        inside("Payload").or_else(input).or_else(|| open_headers(object, extractor))
    }
}

/// Opens the only record of an event.
fn open_record(record: &Object<'_>, depth: usize, extractor: &Extractor<'_>) -> Option<Opened> {
    if let Some(notification) = record.object("Sns") {
        return Some(open_notification(&notification, depth, extractor));
    }
    if record.has("s3") {
        return Some(Opened { attributes: S3Object::of_record(record).attributes(), ..Opened::default() });
    }
    let body = record.raw("body")?;
    let attributes = record.object("messageAttributes").map(|map| attributes::pairs(&map, &SQS));
    let inside = || open_string_at(body, depth + 1, extractor);
    Some(open_carrier(&attributes.unwrap_or_default(), extractor, inside))
}

/// Opens the headers of a payload, as added by OpenTelemetry for Python to the payload of a call. The headers of a
/// request inside a message come from an unknown caller.
fn open_headers(object: &Object<'_>, extractor: &Extractor<'_>) -> Option<Opened> {
    let extractor = if is_request(object) { extractor.at_edge() } else { *extractor };
    let opened = open_carrier(&texts(&object.object("headers")?), &extractor, || None);
    opened.holds_context().then_some(opened)
}

fn texts<'a>(map: &Object<'a>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    map.texts().collect()
}

/// Returns `true` if the body may hold a context or name an object. A few searches for text cost less than reading the
/// body.
fn leads_somewhere(body: &[u8]) -> bool {
    /// The searchers, made once. Making a searcher costs more than searching a short text.
    static FINDERS: LazyLock<[Finder<'static>; 6]> = LazyLock::new(|| {
        let [context, attributes, datadog, header] = NAMES;
        let [record, event] = S3;
        [context, attributes, datadog, header, record, event].map(Finder::new)
    });
    FINDERS.iter().any(|finder| finder.find(body).is_some())
}

#[cfg(test)]
mod tests;
