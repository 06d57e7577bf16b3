//! OTLP/JSON, read into protobuf bytes by the [schema].
//!
//! Unknown members are skipped, as the specification says. Numbers may be text, and text may be numbers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::schema::{self, Field, Kind, Message};
use super::write;
use crate::Signal;

/// The greatest depth of messages. Deeper messages are left out.
const MAX_DEPTH: u32 = 64;

/// Returns the protobuf bytes of a request of the signal. `None` for a text other than a JSON object.
pub(crate) fn request(signal: Signal, json: &[u8]) -> Option<Vec<u8>> {
    let json: Json = serde_json::from_slice(json).ok()?;
    json.is_object().then(|| message(schema::request(signal), &json, 0))
}

fn message(schema: &Message, json: &Json, depth: u32) -> Vec<u8> {
    let mut out = Vec::new();
    for field in schema.iter().filter(|_| depth <= MAX_DEPTH) {
        match json.get(field.name) {
            None | Some(Json::Null) => {}
            Some(Json::Array(values)) if field.is_repeated => {
                values.iter().for_each(|value| _ = one(&mut out, field, value, depth));
            }
            Some(value) => _ = one(&mut out, field, value, depth),
        }
    }
    out
}

/// Writes a value. Leaves out a value of another kind, and returns `None`.
fn one(out: &mut Vec<u8>, field: &Field, value: &Json, depth: u32) -> Option<()> {
    match field.kind {
        Kind::Text => delimited(out, field, value.as_str()?.as_bytes()),
        Kind::Id => delimited(out, field, &hex(value.as_str()?)?),
        Kind::Bytes => delimited(out, field, &STANDARD.decode(value.as_str()?).ok()?),
        Kind::Message(schema) if value.is_object() => delimited(out, field, &message(schema, value, depth + 1)),
        Kind::Message(_) => return None,
        Kind::Bool => varint(out, field, value.as_bool()?.into()),
        Kind::Number | Kind::Signed | Kind::Varint => varint(out, field, integer(value)? as u64),
        Kind::Zigzag => {
            let number = i64::try_from(integer(value)?).ok()?;
            varint(out, field, ((number << 1) ^ (number >> 63)) as u64);
        }
        Kind::Fixed => fixed(out, field, integer(value)? as u64),
        Kind::Double => fixed(out, field, double(value)?.to_bits()),
    }
    Some(())
}

fn delimited(out: &mut Vec<u8>, field: &Field, bytes: &[u8]) {
    write::varint(out, field.number << 3 | 2);
    write::varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, field: &Field, value: u64) {
    write::varint(out, field.number << 3);
    write::varint(out, value);
}

fn fixed(out: &mut Vec<u8>, field: &Field, bits: u64) {
    write::varint(out, field.number << 3 | 1);
    out.extend_from_slice(&bits.to_le_bytes());
}

fn integer(value: &Json) -> Option<i128> {
    match value {
        Json::String(text) => text.parse().ok(),
        Json::Number(number) => number.as_i128().or_else(|| Some(number.as_f64()? as i128)),
        _ => None,
    }
}

fn double(value: &Json) -> Option<f64> {
    match value {
        Json::String(text) => text.parse().ok(),
        value => value.as_f64(),
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| u8::try_from(high << 4 | low).ok()).collect();
    if rest.is_empty() { bytes } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::otlp::json;
    use crate::otlp::read::fields;
    use crate::test_records::{logs, metrics};
    use crate::{Records, Scope};

    #[test]
    fn what_is_written_as_json_is_read_back() {
        let scope = Scope::builder("job").attribute("n", -7).attribute("ratio", 0.5).attribute("is", true).begin();
        scope.set_error("late", "too late");
        for records in [scope.finish(), logs(&["a", "b"]), metrics(&[2, 1])] {
            let protobuf = crate::otlp::request::encode(&[], records.bytes());
            let written = json::request(records.signal(), &protobuf);
            let read = request(records.signal(), written.as_bytes()).unwrap();
            // The order of the fields differs.
            assert_eq!(json::request(records.signal(), &read), written);
        }
    }

    #[test]
    fn what_is_of_another_kind_is_left_out() {
        let json = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz","name":7,"kind":"2","x":[]},3]}]}]}"#;
        let read = request(Signal::Traces, json).unwrap();
        assert_eq!(
            json::request(Signal::Traces, &read),
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":2,"attributes":[],"events":[],"links":[]}]}]}]}"#
        );
        assert_eq!((request(Signal::Logs, b"[]"), request(Signal::Logs, b"{")), (None, None));
        assert_eq!(Records::from_encoded(Signal::Traces, Vec::new()).count(), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,300}") {
            let _ = request(Signal::Metrics, text.as_bytes()).map(|bytes| fields(&bytes).count());
            let _ = hex(&text);
        }
    }
}
