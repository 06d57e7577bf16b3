//! Messages inside messages: SNS in SQS, EventBridge in SQS, SNS or Kinesis, the event of a failed invocation in a
//! dead-letter queue or a destination, and any of them with a context of its own.
//!
//! A message is opened wherever its attributes hold no context, whatever else they hold: AWS adds some of its own to the
//! messages of a dead-letter queue (`RequestID`, `ErrorCode`, …), and programs add theirs.

use memchr::memmem;
use thundra_core::propagation::{Inbound, PAYLOAD_CONTEXT};

use super::extract::{Extractor, holds_context};
use super::json::{self, Object};
use crate::payload::{self, Member};

/// SNS in SQS in SNS is deeper than anyone builds; a crafted body must not cost more.
const MAX_DEPTH: usize = 4;
/// The names that lead to a context.
pub(crate) const NAMES: [&str; 2] = [PAYLOAD_CONTEXT, "MessageAttributes"];

/// The context of the outermost envelope that has one.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Opened {
    pub(crate) inbound: Inbound,
    /// The text of the `__context__` object it came from.
    pub(crate) context: Option<String>,
}

impl Opened {
    pub(crate) fn context(json: String, extractor: &Extractor<'_>) -> Self {
        Opened { inbound: extractor.extract_owned(&payload::pairs(&json)), context: Some(json) }
    }
}

/// Opens the body of a message. `None` for a body that is no envelope.
pub(crate) fn open(body: &str, extractor: &Extractor<'_>) -> Option<Opened> {
    open_at(body, 0, extractor)
}

/// As [`open`], for a body that is still a JSON string; most need not be unescaped to see that they hold nothing.
pub(crate) fn open_string(string: &str, extractor: &Extractor<'_>) -> Option<Opened> {
    if !leads_to_context(string) {
        return None;
    }
    open(&json::text(string)?, extractor)
}

/// Opens an SNS notification.
pub(crate) fn open_notification(notification: &Object<'_>, depth: usize, extractor: &Extractor<'_>) -> Opened {
    let pairs =
        notification.object("MessageAttributes").map(|attributes| attribute_pairs(&attributes, "Type", "Value"));
    let attributes = extractor.extract_owned(&pairs.unwrap_or_default());
    attributes_or_body(attributes, || open_at(&notification.text("Message")?, depth + 1, extractor))
}

/// The context of a message: that of its attributes, or where they hold none that of its body.
pub(crate) fn attributes_or_body(attributes: Inbound, body: impl FnOnce() -> Option<Opened>) -> Opened {
    if holds_context(&attributes) {
        return Opened { inbound: attributes, context: None };
    }
    match body() {
        Some(opened) => Opened { inbound: opened.inbound.or(attributes), context: opened.context },
        None => Opened { inbound: attributes, context: None },
    }
}

/// The attributes that are text, of a map from names to objects with a type and a value.
pub(crate) fn attribute_pairs(attributes: &Object<'_>, kind: &str, value: &str) -> Vec<(String, String)> {
    let pair = |(name, attribute)| {
        let attribute = Object::parse(attribute)?;
        let text = attribute.text(kind).is_none_or(|kind| !kind.starts_with("Binary"));
        Some((String::from(name), attribute.text(value).filter(|_| text)?.into_owned()))
    };
    attributes.members().filter_map(pair).collect()
}

fn open_at(body: &str, depth: usize, extractor: &Extractor<'_>) -> Option<Opened> {
    if depth >= MAX_DEPTH || !leads_to_context(body) {
        return None;
    }
    if let Some(member) = payload::find(body.as_bytes()).filter(Member::is_context) {
        return Some(Opened::context(member.json, extractor));
    }
    let object = Object::parse(body)?;
    let inside = |key| open_at(object.raw(key)?, depth + 1, extractor);
    if object.text("TopicArn").is_some_and(|arn| arn.contains(":sns:")) && object.has("Message") {
        Some(open_notification(&object, depth, extractor))
    } else if object.has("detail-type") && object.has("source") {
        inside("detail")
    } else if object.has("requestPayload") && object.has("requestContext") {
        // A destination of Lambda gets the event of the invocation as a part of its record.
        inside("requestPayload")
    } else {
        // A dead-letter queue of Lambda gets the event itself.
        let records = object.array("Records");
        let [record] = records.as_slice() else { return None };
        let notification = Object::parse(record)?.object("Sns")?;
        Some(open_notification(&notification, depth, extractor))
    }
}

/// Returns `true` for a body that may hold a context: two searches for text instead of reading it.
fn leads_to_context(body: &str) -> bool {
    NAMES.iter().any(|name| memmem::find(body.as_bytes(), name.as_bytes()).is_some())
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
            (records(2).to_string(), None, "of two senders"),
            (failed(&records(1)).to_string(), Some("sns"), "what is told of a failed invocation"),
            (failed(&json!({"__context__": context("body")})).to_string(), Some("body"), "of one that a program asked for"),
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
            let opened = open(&body, &extractor());
            let read = opened.as_ref().and_then(|opened| opened.inbound.correlation.get("id"));
            assert_eq!(read, id, "{why}");
            assert_eq!(open_string(&json!(body).to_string(), &extractor()), opened, "{why}, as a string");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_opened_without_panic(text in "(\\{\"__context__\"|\\{\"TopicArn\":\"MessageAttributes:sns:\")?[{}\":,a]*|\\PC*") {
            open(&text, &extractor());
            open_string(&text, &extractor());
        }
    }
}
