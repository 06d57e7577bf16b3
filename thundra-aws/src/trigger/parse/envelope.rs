//! Messages inside messages: SNS in SQS, EventBridge in SQS, SNS or Kinesis, and the event of a failed invocation in a
//! dead-letter queue or a destination. Each may have a context.
//!
//! A message is opened if the attributes hold no context, even if they hold something else. AWS adds attributes to the
//! messages of a dead-letter queue (`RequestID`, `ErrorCode`, …), and programs add theirs.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;
use thundra_core::propagation::{Inbound, PAYLOAD_CONTEXT};

use super::extract::{Extractor, holds_context};
use super::image;
use super::json::{self, Object};
use crate::payload::{self, Member};

/// The limit of nesting. SNS in SQS in SNS is deeper than anyone builds, and a crafted body must not cost more.
const MAX_DEPTH: usize = 4;
/// The names around a context. A text without one of them holds none.
pub(super) const NAMES: [&str; 2] = [PAYLOAD_CONTEXT, "MessageAttributes"];

/// The context of the outermost envelope with one.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Opened {
    /// The context, extracted.
    pub(crate) inbound: Inbound,
    /// The text of the `__context__` object.
    pub(crate) context: Option<String>,
    /// The range to cut from the payload to remove the `__context__`. `None` for a context inside an envelope.
    pub(crate) range: Option<Range<usize>>,
}

impl Opened {
    /// Extracts the context of a member of the payload.
    pub(crate) fn of_member(member: Member, extractor: &Extractor<'_>) -> Self {
        Opened { inbound: extractor.extract_owned(&payload::pairs(&member.json)), ..Opened::unread(member) }
    }

    /// Makes the range one of `text`, given a range of `part`, which is a slice of `text`.
    pub(crate) fn within(self, part: &str, text: &[u8]) -> Self {
        // The distance of the addresses is the offset of the part.
        let offset = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
        let range = self.range.zip(offset).map(|(range, offset)| range.start + offset..range.end + offset);
        Opened { range, ..self }
    }

    /// Returns the place and the text of a member, with no context extracted.
    fn unread(member: Member) -> Self {
        Opened { inbound: Inbound::default(), context: Some(member.json), range: Some(member.range) }
    }
}

/// Opens the body of a message. `None` for a body that is no envelope and has no context.
pub(crate) fn open(body: &[u8], extractor: &Extractor<'_>) -> Option<Opened> {
    open_at(body, 0, extractor)
}

/// Opens a body in the form of a JSON string. A body without a context is not unescaped.
pub(crate) fn open_string(string: &str, extractor: &Extractor<'_>) -> Option<Opened> {
    if !leads_to_context(string.as_bytes()) {
        return None;
    }
    open(json::text(string)?.as_bytes(), extractor)
}

/// Finds the `__context__` of a body without extraction.
pub(crate) fn own_context(body: &[u8]) -> Opened {
    payload::find(body).filter(Member::is_context).map(Opened::unread).unwrap_or_default()
}

/// Finds the `__context__` of a body in the form of a JSON string.
pub(crate) fn own_context_of_string(string: &str) -> Opened {
    let text = memmem::find(string.as_bytes(), PAYLOAD_CONTEXT.as_bytes()).and_then(|_| json::text(string));
    text.map(|text| own_context(text.as_bytes())).unwrap_or_default()
}

/// Opens an SNS notification.
pub(crate) fn open_notification(notification: &Object<'_>, depth: usize, extractor: &Extractor<'_>) -> Opened {
    let attributes = notification.object("MessageAttributes");
    let pairs = attributes.map(|attributes| attribute_pairs(attributes, "Type", "Value"));
    let inbound = extractor.extract_owned(&pairs.unwrap_or_default());
    let inside = || open_at(notification.text("Message")?.as_bytes(), depth + 1, extractor);
    Opened { range: None, ..attributes_or_body(inbound, inside) }
}

/// Returns the context of the attributes, or the context of the body if the attributes hold none.
pub(crate) fn attributes_or_body(attributes: Inbound, body: impl FnOnce() -> Option<Opened>) -> Opened {
    if holds_context(&attributes) {
        return Opened { inbound: attributes, ..Opened::default() };
    }
    let opened = body().unwrap_or_default();
    Opened { inbound: opened.inbound.or(attributes), ..opened }
}

/// Returns the text attributes of a map from names to objects with a type and a value.
pub(crate) fn attribute_pairs<'a>(map: Object<'a>, kind: &str, value: &str) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let text = |attribute| {
        let attribute = Object::parse(attribute)?;
        let is_binary = attribute.text(kind).is_some_and(|kind| kind.starts_with("Binary"));
        attribute.text(value).filter(|_| !is_binary)
    };
    map.into_members().filter_map(|(name, attribute)| Some((name, text(attribute)?))).collect()
}

fn open_at(body: &[u8], depth: usize, extractor: &Extractor<'_>) -> Option<Opened> {
    if depth >= MAX_DEPTH || !leads_to_context(body) {
        return None;
    }
    if let Some(member) = payload::find(body).filter(Member::is_context) {
        return Some(Opened::of_member(member, extractor));
    }
    let opened = open_envelope(&Object::parse(std::str::from_utf8(body).ok()?)?, depth, extractor)?;
    Some(Opened { range: None, ..opened })
}

fn open_envelope(object: &Object<'_>, depth: usize, extractor: &Extractor<'_>) -> Option<Opened> {
    let inside = |key| open_at(object.raw(key)?.as_bytes(), depth + 1, extractor);
    if object.text("TopicArn").is_some_and(|arn| arn.contains(":sns:")) && object.has("Message") {
        Some(open_notification(object, depth, extractor))
    } else if object.has("detail-type") && object.has("source") {
        inside("detail")
    } else if object.has("requestPayload") && object.has("requestContext") {
        // A destination of Lambda receives the event of the invocation as a part of its record.
        inside("requestPayload")
    } else if let Some(change) = object.object("dynamodb") {
        // A table may send its changes to a stream of Kinesis.
        Some(Opened { inbound: extractor.extract_owned(&image::context(&change)), ..Opened::default() })
    } else {
        // A dead-letter queue of Lambda receives the event itself.
        let records = object.array("Records");
        let [record] = records.as_slice() else { return None };
        let notification = Object::parse(record)?.object("Sns")?;
        Some(open_notification(&notification, depth, extractor))
    }
}

/// Returns `true` if the body may hold a context. Two searches for text cost less than reading the body.
fn leads_to_context(body: &[u8]) -> bool {
    NAMES.iter().any(|name| memmem::find(body, name.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use thundra_core::propagation::{Propagators, Trust};

    use super::*;

    const ARN: &str = "arn:aws-cn:sns:eu-west-1:1:orders";

    fn extractor() -> Extractor<'static> {
        Extractor::new(Propagators::default(), Trust::Full)
    }

    #[test]
    fn envelopes_are_opened_down_to_the_context() {
        let context = |id| json!({"x-correlation-id": id, "call-chain-length": 2});
        let event =
            json!({"detail-type": "placed", "source": "shop", "detail": {"__context__": context("bridge"), "a": 1}});
        let ids =
            json!({"x-correlation-id": {"Type": "String", "Value": "sns"}, "b": {"Type": "Binary", "Value": "AAAA"}});
        let tenant = json!({"tenant": {"Type": "String", "Value": "7"}});
        let malformed = json!({"traceparent": {"Type": "String", "Value": "what"}, "User-Agent": {"Type": "String", "Value": "curl"}});
        let binary = json!({"x-correlation-id": {"Type": "Binary", "Value": "AAAA"}});
        let notification = |message: &str, attributes: &serde_json::Value| json!({"Type": "Notification", "TopicArn": ARN, "Message": message, "MessageAttributes": attributes});
        let event_in = |attributes| notification(&event.to_string(), attributes);
        let records = |number| {
            let record = json!({"EventSource": "aws:sns", "Sns": notification("hi", &ids)});
            json!({"Records": vec![record; number]})
        };
        let failed = |payload: &serde_json::Value| json!({"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": payload});
        let deep = (0..8).fold(event.to_string(), |body, _| notification(&body, &json!({})).to_string());
        for (body, id, why) in [
            (json!({"__context__": context("body"), "a": 1}).to_string(), Some("body"), "a context in the body"),
            (event.to_string(), Some("bridge"), "EventBridge"),
            (event_in(&json!({})).to_string(), Some("bridge"), "EventBridge in SNS"),
            (event_in(&tenant).to_string(), Some("bridge"), "beside an attribute of the user's"),
            (event_in(&malformed).to_string(), Some("bridge"), "beside attributes that are no context"),
            (event_in(&binary).to_string(), Some("bridge"), "beside bytes"),
            (event_in(&ids).to_string(), Some("sns"), "SNS's attributes win"),
            (notification("hi", &ids).to_string(), Some("sns"), "SNS"),
            (notification(&event_in(&tenant).to_string(), &tenant).to_string(), Some("bridge"), "SNS in SNS"),
            (records(1).to_string(), Some("sns"), "the event of a failed invocation"),
            (records(2).to_string(), None, "two senders"),
            (failed(&records(1)).to_string(), Some("sns"), "the record of a failed invocation"),
            (failed(&json!({"__context__": context("body")})).to_string(), Some("body"), "the record of a failed call"),
            (
                json!({"detail-type": "Lambda Function Invocation Result - Failure", "source": "lambda", "detail": failed(&event)})
                    .to_string(),
                Some("bridge"),
                "the same by EventBridge",
            ),
            (json!({"MessageAttributes": {"a": {"Type": "String", "Value": "1"}}}).to_string(), None, "no notification"),
            (json!({"a": {"__context__": context("nested")}}).to_string(), None, "nested in the user's own data"),
            (json!({"__context__": "mine"}).to_string(), None, "the user's own"),
            ("__context__".to_owned(), None, "text"),
            ("null".to_owned(), None, "null"),
            (deep, None, "too deep"),
        ] {
            let opened = open(body.as_bytes(), &extractor());
            let read = opened.as_ref().and_then(|opened| opened.inbound.correlation.get("id"));
            assert_eq!(read, id, "{why}");
            let is_own = opened.as_ref().is_some_and(|opened| opened.range.is_some());
            assert_eq!(is_own, body.starts_with(r#"{"__context__":{"#), "{why}");
            assert_eq!(open_string(&json!(body).to_string(), &extractor()), opened, "{why}, as a string");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_opened_without_panic(text in "(\\{\"__context__\"|\\{\"TopicArn\":\"MessageAttributes:sns:\")?[{}\":,a]*|\\PC*") {
            open(text.as_bytes(), &extractor());
            open_string(&text, &extractor());
            own_context_of_string(&text);
        }
    }
}
