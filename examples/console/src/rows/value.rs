//! Values of attributes: their text, by which filters know them, and their JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use serde_json::{Map, Number, Value as Json};

/// The greatest integer that a number of JavaScript holds exactly.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// Returns the text of a value, as `where=key=value` takes it.
pub(crate) fn text(value: &AnyValue) -> String {
    match &value.value {
        None => String::new(),
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(_) => match json(value) {
            Json::String(text) => text,
            other => other.to_string(),
        },
    }
}

/// Returns a value as JSON. Bytes are base64, and large integers are text.
pub(crate) fn json(value: &AnyValue) -> Json {
    match &value.value {
        None | Some(Value::StringValueStrindex(_)) => Json::Null,
        Some(Value::StringValue(text)) => Json::String(text.clone()),
        Some(Value::BoolValue(flag)) => Json::Bool(*flag),
        Some(Value::IntValue(number)) if number.unsigned_abs() > MAX_SAFE => Json::String(number.to_string()),
        Some(Value::IntValue(number)) => Json::from(*number),
        Some(Value::DoubleValue(number)) => {
            Number::from_f64(*number).map_or_else(|| Json::String(number.to_string()), Json::Number)
        }
        Some(Value::BytesValue(bytes)) => Json::String(STANDARD.encode(bytes)),
        Some(Value::ArrayValue(array)) => array.values.iter().map(json).collect(),
        Some(Value::KvlistValue(list)) => {
            let member = |pair: &opentelemetry_proto::tonic::common::v1::KeyValue| {
                Some((pair.key.clone(), pair.value.as_ref().map_or(Json::Null, json)))
            };
            Json::Object(list.values.iter().filter_map(member).collect::<Map<_, _>>())
        }
    }
}

/// Returns the name of a value's type in the API.
pub(crate) fn type_name(value: &AnyValue) -> &'static str {
    match &value.value {
        None | Some(Value::StringValue(_) | Value::StringValueStrindex(_)) => "string",
        Some(Value::BoolValue(_)) => "bool",
        Some(Value::IntValue(_)) => "int",
        Some(Value::DoubleValue(_)) => "double",
        Some(Value::BytesValue(_)) => "bytes",
        Some(Value::ArrayValue(_)) => "array",
        Some(Value::KvlistValue(_)) => "map",
    }
}

/// The bits of a hash beside the number of a key.
const HASH_BITS: u32 = 48;

/// Returns the hash of a value's text: FNV-1a, of 48 bits. It is in files of the store, and must never change.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    (hash ^ (hash >> HASH_BITS)) & ((1 << HASH_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::{ArrayValue, KeyValue, KeyValueList};

    use super::*;

    #[test]
    fn every_type_has_a_text_and_a_json() {
        let of = |value| AnyValue { value: Some(value) };
        let list = vec![of(Value::IntValue(2)), of(Value::BytesValue(vec![255]))];
        let pair = KeyValue { key: "a".into(), value: Some(of(Value::BoolValue(true))), ..KeyValue::default() };
        for (value, text_, json_, type_) in [
            (Value::StringValue("x".into()), "x", r#""x""#, "string"),
            (Value::BoolValue(true), "true", "true", "bool"),
            (Value::IntValue(-17), "-17", "-17", "int"),
            (Value::IntValue(i64::MIN), "-9223372036854775808", r#""-9223372036854775808""#, "int"),
            (Value::DoubleValue(1.5), "1.5", "1.5", "double"),
            (Value::DoubleValue(f64::NAN), "NaN", r#""NaN""#, "double"),
            (Value::BytesValue(vec![1, 2]), "AQI=", r#""AQI=""#, "bytes"),
            (Value::ArrayValue(ArrayValue { values: list }), r#"[2,"/w=="]"#, r#"[2,"/w=="]"#, "array"),
            (Value::KvlistValue(KeyValueList { values: vec![pair] }), r#"{"a":true}"#, r#"{"a":true}"#, "map"),
        ] {
            let value = of(value);
            assert_eq!((text(&value).as_str(), json(&value).to_string().as_str()), (text_, json_));
            assert_eq!(type_name(&value), type_);
        }
        assert_eq!((text(&AnyValue::default()), json(&AnyValue::default())), (String::new(), Json::Null));
    }

    #[test]
    fn a_hash_stays_as_files_have_it() {
        assert_eq!(hash(""), 0x9ce4_8422_2325 ^ 0xcbf2);
        assert_ne!(hash("a"), hash("b"));
    }
}
