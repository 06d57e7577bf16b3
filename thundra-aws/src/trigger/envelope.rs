//! Messages inside messages: SNS in SQS, EventBridge in SQS or SNS, and any of them with a context of its own.

use memchr::memmem;
use thundra_core::propagation::PAYLOAD_CONTEXT;

use super::json::{self, Object};
use crate::payload;

/// SNS in SQS in SNS is deeper than anyone builds; a crafted body must not cost more.
const MAX_DEPTH: usize = 4;

/// What the innermost envelope with a context carries.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Opened {
    /// Its pairs.
    pub(crate) pairs: Vec<(String, String)>,
    /// The text of the `__context__` object they came from.
    pub(crate) context: Option<String>,
}

impl Opened {
    pub(super) fn context(json: String) -> Self {
        Opened { pairs: payload::pairs(&json), context: Some(json) }
    }
}

/// Opens the body of a message. Empty for a body that is no envelope.
pub(crate) fn open(body: &str) -> Opened {
    open_at(body, 0)
}

/// As [`open`], for a body that is still a JSON string; most need not be unescaped to see that they hold nothing.
pub(super) fn open_string(string: &str) -> Opened {
    if !holds_context(string) {
        return Opened::default();
    }
    json::text(string).map(|body| open(&body)).unwrap_or_default()
}

/// An SNS notification: its attributes, or what its message holds where it has none.
pub(super) fn open_notification(notification: &Object<'_>, depth: usize) -> Opened {
    let attributes = notification.object("MessageAttributes").filter(|attributes| !attributes.is_empty());
    match attributes {
        Some(attributes) => Opened { pairs: attribute_pairs(&attributes, "Type", "Value"), context: None },
        None => notification.text("Message").map(|message| open_at(&message, depth + 1)).unwrap_or_default(),
    }
}

/// The attributes that are text, of a map from names to objects with a type and a value.
pub(super) fn attribute_pairs(attributes: &Object<'_>, kind: &str, value: &str) -> Vec<(String, String)> {
    let pair = |(name, attribute)| {
        let attribute = Object::parse(attribute)?;
        let text = attribute.text(kind).is_none_or(|kind| !kind.starts_with("Binary"));
        Some((String::from(name), attribute.text(value).filter(|_| text)?.into_owned()))
    };
    attributes.members().filter_map(pair).collect()
}

fn open_at(body: &str, depth: usize) -> Opened {
    if depth >= MAX_DEPTH || !holds_context(body) {
        return Opened::default();
    }
    let Some(object) = Object::parse(body) else { return Opened::default() };
    if object.text("TopicArn").is_some_and(|arn| arn.contains(":sns:")) && object.has("Message") {
        return open_notification(&object, depth);
    }
    let event_bridge = object.has("detail-type") && object.has("source");
    let payload = object.raw("detail").filter(|_| event_bridge).unwrap_or(body);
    let member = payload::find(payload.as_bytes()).filter(payload::Member::is_context);
    member.map(|member| Opened::context(member.json)).unwrap_or_default()
}

/// Whether a body can hold a context of ours: two searches for text instead of reading it.
fn holds_context(body: &str) -> bool {
    [PAYLOAD_CONTEXT, "MessageAttributes"].iter().any(|name| memmem::find(body.as_bytes(), name.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ARN: &str = "arn:aws-cn:sns:eu-west-1:1:orders";

    #[test]
    fn envelopes_are_opened_down_to_the_context() {
        let context = json!({"x-correlation-id": "c-1", "call-chain-length": 2});
        let event = json!({"detail-type": "placed", "source": "shop", "detail": {"__context__": context, "a": 1}});
        let attributes = json!({
            "x-correlation-id": {"Type": "String", "Value": "c-1"},
            "n": {"Type": "Number", "Value": "1"},
            "b": {"Type": "Binary", "Value": "AAAA"},
        });
        let notification = |message: String, attributes| json!({"Type": "Notification", "TopicArn": ARN, "Message": message, "MessageAttributes": attributes});
        let inner = notification(event.to_string(), json!({}));
        let deep = (0..8).fold(event.to_string(), |body, _| notification(body, json!({})).to_string());
        let ids = &["call-chain-length", "x-correlation-id"][..];
        for (body, keys, why) in [
            (json!({"__context__": context, "a": 1}).to_string(), ids, "a context in the body"),
            (event.to_string(), ids, "EventBridge"),
            (inner.to_string(), ids, "EventBridge in SNS"),
            (notification("hi".to_owned(), attributes.clone()).to_string(), &["n", "x-correlation-id"], "SNS"),
            (
                notification(json!({"__context__": context}).to_string(), attributes).to_string(),
                &["n", "x-correlation-id"],
                "SNS's attributes win",
            ),
            (json!({"MessageAttributes": {"a": {"Type": "String", "Value": "1"}}}).to_string(), &[], "no notification"),
            (json!({"a": {"__context__": context}}).to_string(), &[], "nested in the user's own data"),
            (json!({"__context__": "mine"}).to_string(), &[], "the user's own"),
            ("__context__".to_owned(), &[], "text"),
            ("null".to_owned(), &[], "null"),
            (deep, &[], "too deep"),
        ] {
            let opened = open(&body);
            let mut read: Vec<_> = opened.pairs.iter().map(|(key, _)| key.as_str()).collect();
            read.sort_unstable();
            assert_eq!(read, keys, "{why}");
            assert_eq!(open_string(&json!(body).to_string()), opened, "{why}, as a string");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_opened_without_panic(text in "(\\{\"__context__\"|\\{\"TopicArn\":\"MessageAttributes:sns:\")?[{}\":,a]*|\\PC*") {
            open(&text);
            open_string(&text);
        }
    }
}
