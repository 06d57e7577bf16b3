//! Attributes of spans, and the limit of attributes written by untrusted callers.

use thundra_core::Value;

/// The attributes of a span, in the order of recording.
pub(crate) type Attributes = Vec<(&'static str, Value)>;

/// The longest text of an attribute. An ARN has at most as many bytes, an S3 key half as many.
const MAX_TEXT_BYTES: usize = 2048;

/// Cuts the texts of a value chosen by the writer of an event.
pub(crate) fn bounded(value: Value) -> Value {
    match value {
        Value::Str(text) if text.len() > MAX_TEXT_BYTES => cut(&text).to_owned().into(),
        Value::Array(texts) => Value::Array(texts.iter().map(|text| cut(text).to_owned()).collect()),
        other => other,
    }
}

/// Cuts the texts of all values.
pub(crate) fn all_bounded(attributes: Attributes) -> Attributes {
    attributes.into_iter().map(|(key, value)| (key, bounded(value))).collect()
}

/// Returns the beginning of a text chosen by the writer of an event.
pub(crate) fn cut(text: &str) -> &str {
    thundra_core::cut(text, MAX_TEXT_BYTES)
}
