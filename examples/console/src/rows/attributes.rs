//! The attributes of a record: reading one, and all as keys with the hashes of their values.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

use super::value;

/// Keys and the hashes of the values' texts.
pub(crate) type Attributes = Vec<(String, u64)>;

/// Returns the attributes by the hashes of their values.
pub(crate) fn hashed(attributes: &[KeyValue]) -> Attributes {
    let hashed = |pair: &KeyValue| {
        let hash = match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Value::StringValue(text)) => value::hash(text),
            _ => value::hash(&pair.value.as_ref().map(value::text).unwrap_or_default()),
        };
        (pair.key.clone(), hash)
    };
    attributes.iter().map(hashed).collect()
}

/// Returns the value of a key.
pub(crate) fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|pair| pair.key == key)?.value.as_ref()?.value.as_ref()
}

/// Returns the text of a key with a text; `None` for an empty one.
pub(crate) fn text_of<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match find(attributes, key)? {
        Value::StringValue(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// Returns the number of a key with a number, or a number as text.
pub(crate) fn number_of(attributes: &[KeyValue], key: &str) -> Option<f64> {
    let number = match find(attributes, key)? {
        Value::IntValue(number) => *number as f64,
        Value::DoubleValue(number) => *number,
        Value::StringValue(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Some(number).filter(|number| number.is_finite())
}

/// Returns the count of a key.
pub(crate) fn integer_of(attributes: &[KeyValue], key: &str) -> Option<i64> {
    number_of(attributes, key).map(|number| number as i64)
}

/// Returns the flag of a key.
pub(crate) fn flag_of(attributes: &[KeyValue], key: &str) -> Option<bool> {
    match find(attributes, key)? {
        Value::BoolValue(flag) => Some(*flag),
        Value::StringValue(text) => text.parse().ok(),
        _ => None,
    }
}

/// Returns the first text of a key with a list of texts, or with a text.
pub(crate) fn first_text_of<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match find(attributes, key)? {
        Value::ArrayValue(array) => match array.values.first()?.value.as_ref()? {
            Value::StringValue(text) => Some(text),
            _ => None,
        },
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}
