//! The attributes of messages of SQS and SNS.

use std::borrow::Cow;

use super::base64::decode;
use super::json::Object;

/// The longest text read from a binary attribute, in base64. W3C Baggage allows 8,192 bytes, more than any other value
/// of a context has.
const MAX_BASE64: usize = 8192 * 4 / 3 + 4;

/// The names of the members of an attribute.
pub(crate) struct Form {
    /// The type: `String`, `Number` or `Binary`, with a suffix of the user's as in `String.id`.
    kind: &'static str,
    text: &'static str,
    /// The bytes in base64.
    binary: &'static str,
}

/// The attributes of a message of SQS in an event.
pub(crate) const SQS: Form = Form { kind: "dataType", text: "stringValue", binary: "binaryValue" };
/// The attributes of a notification of SNS.
pub(crate) const SNS: Form = Form { kind: "Type", text: "Value", binary: "Value" };

/// Returns the texts of a map of attributes. Bytes count as text if the bytes are valid UTF-8: raw delivery of SNS to
/// SQS forwards attributes of both types.
pub(crate) fn pairs<'a>(map: &Object<'a>, form: &Form) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let value = |attribute: Object<'a>| {
        let is_binary = attribute.text(form.kind).is_some_and(|kind| kind.starts_with("Binary"));
        if is_binary { decoded(&attribute.text(form.binary)?).map(Cow::Owned) } else { attribute.text(form.text) }
    };
    map.members().filter_map(|member| Some((member.key(), value(member.object()?)?))).collect()
}

/// Returns the text in base64. `None` for invalid UTF-8, and for a long text.
pub(super) fn decoded(text: &str) -> Option<String> {
    let bytes = (text.len() <= MAX_BASE64).then(|| decode(text))??;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_read_from_each_type() {
        let long = BASE64_STANDARD.encode("a".repeat(9000));
        let sqs = json!({
            "a": {"dataType": "String", "stringValue": "1"}, "b": {"dataType": "String.id", "stringValue": "2"},
            "c": {"dataType": "Number", "stringValue": "3"}, "d": {"dataType": "Binary", "binaryValue": "NA=="},
            "e": {"dataType": "Binary.jpg", "binaryValue": "/9j/"}, "f": {"dataType": "Binary", "stringValue": "NA=="},
            "g": {"stringValue": "7"}, "h": {"dataType": "Binary", "binaryValue": long}, "i": 9, "j": null, "k": {},
        });
        let sns = json!({
            "a": {"Type": "String", "Value": "1"}, "b": {"Type": "String.Array", "Value": "[2]"},
            "d": {"Type": "Binary", "Value": "NA=="}, "e": {"Type": "Binary", "Value": "?"},
        });
        let read = |map: &serde_json::Value, form| {
            let text = map.to_string();
            let pairs = pairs(&Object::parse(&text).unwrap(), form);
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read(&sqs, &SQS), "a=1 b=2 c=3 d=4 g=7");
        assert_eq!(read(&sns, &SNS), "a=1 b=[2] d=4");
    }
}
