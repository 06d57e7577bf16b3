//! Attributes of spans, and the limit of attributes written by untrusted callers.

#[cfg(feature = "sdk")]
use thundra_core::Description;
use thundra_core::Value;

/// The attributes of a span, in the order of recording.
pub(crate) type Attributes = Vec<(&'static str, Value)>;

/// Takes attributes, one after the other: a list, or an open span, which copies no text twice.
#[cfg(feature = "sdk")]
pub(crate) trait TakeAttributes {
    /// Takes a text.
    fn text(&mut self, key: &'static str, text: &str);

    /// Takes any value.
    fn value(&mut self, key: &'static str, value: Value);

    /// Takes a text that needs no copy.
    fn word(&mut self, key: &'static str, word: &'static str) {
        self.text(key, word);
    }
}

#[cfg(feature = "sdk")]
impl TakeAttributes for Attributes {
    fn text(&mut self, key: &'static str, text: &str) {
        self.push((key, text.to_owned().into()));
    }

    fn value(&mut self, key: &'static str, value: Value) {
        self.push((key, value));
    }

    fn word(&mut self, key: &'static str, word: &'static str) {
        self.push((key, word.into()));
    }
}

#[cfg(feature = "sdk")]
impl TakeAttributes for Description<'_> {
    fn text(&mut self, key: &'static str, text: &str) {
        Description::text(self, key, text);
    }

    fn value(&mut self, key: &'static str, value: Value) {
        match value {
            Value::I64(number) => self.number(key, number),
            value => Description::value(self, key, &value),
        }
    }
}

/// The longest text of an attribute. An ARN has at most as many bytes, an S3 key half as many.
const MAX_TEXT_BYTES: usize = 2048;

/// Cuts the texts of a value chosen by the writer of an event.
pub(crate) fn bounded(mut value: Value) -> Value {
    bound(&mut value);
    value
}

/// Cuts the texts of all values.
pub(crate) fn all_bounded(mut attributes: Attributes) -> Attributes {
    bound_all(&mut attributes);
    attributes
}

/// Cuts the texts of all values in place.
pub(crate) fn bound_all(attributes: &mut Attributes) {
    attributes.iter_mut().for_each(|(_, value)| bound(value));
}

fn bound(value: &mut Value) {
    match value {
        Value::Str(text) if text.len() > MAX_TEXT_BYTES => *value = cut(text).to_owned().into(),
        Value::Array(texts) => texts.iter_mut().for_each(|text| text.truncate(cut(text).len())),
        _ => {}
    }
}

/// Returns the beginning of a text chosen by the writer of an event.
pub(crate) fn cut(text: &str) -> &str {
    thundra_core::cut(text, MAX_TEXT_BYTES)
}
