//! The encoded attributes of a point, sorted by key.
//!
//! Measurements of an instrument with equal bytes belong to the same point. The bytes include the types of the values.
//! The bytes are `NumberDataPoint.attributes` fields, and encoding a point copies the bytes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::Value;
use crate::contained::{PANICKED, contained};
use crate::otlp::read::{attribute_of, each_attribute};
use crate::otlp::write::{self, Buffer, tag};
use crate::redact::mask;

/// The attributes of a measurement, collected in memory reused by each thread.
#[derive(Debug, Default)]
pub(crate) struct AttributeSet {
    encoded: Buffer,
    keys: Vec<u8>,
    /// The places of each key and of the whole attribute.
    places: Vec<(Range<usize>, Range<usize>)>,
    sorted: Vec<u8>,
    is_sorted: bool,
}

impl AttributeSet {
    pub(crate) fn clear(&mut self) {
        self.encoded.clear();
        self.keys.clear();
        self.places.clear();
        self.is_sorted = true;
    }

    /// Returns the bytes of memory in use.
    pub(crate) fn capacity(&self) -> usize {
        self.encoded.capacity() + self.keys.capacity() + self.sorted.capacity()
    }

    pub(crate) fn push(&mut self, key: &str, value: &Value) {
        self.add(key, |out| write::attribute(out, tag::NUMBER_POINT_ATTRIBUTE, key, value));
    }

    pub(crate) fn push_str(&mut self, key: &str, value: &str) {
        self.add(key, |out| write::str_attribute(out, tag::NUMBER_POINT_ATTRIBUTE, key, value));
    }

    pub(crate) fn push_i64(&mut self, key: &str, value: i64) {
        self.add(key, |out| write::int_attribute(out, tag::NUMBER_POINT_ATTRIBUTE, key, value));
    }

    pub(crate) fn push_f64(&mut self, key: &str, value: f64) {
        self.add(key, |out| write::float_attribute(out, tag::NUMBER_POINT_ATTRIBUTE, key, value));
    }

    pub(crate) fn push_bool(&mut self, key: &str, value: bool) {
        self.add(key, |out| write::bool_attribute(out, tag::NUMBER_POINT_ATTRIBUTE, key, value));
    }

    /// Adds a formatted value, with the values of masked keys replaced. Catches a panic of the program's formatting
    /// code.
    pub(crate) fn push_fmt(&mut self, key: &str, value: fmt::Arguments<'_>) {
        let tag = tag::NUMBER_POINT_ATTRIBUTE;
        self.add(key, |out| {
            let start = out.len();
            let replacement = contained(|| write::fmt_attribute(out, tag, key, value, masked));
            if let Some(text) = replacement.unwrap_or_else(|| Some(PANICKED.to_owned())) {
                out.truncate(start);
                write::str_attribute(out, tag, key, &text);
            }
        });
    }

    /// Adds an attribute. OTLP has no attribute without a key.
    #[inline]
    fn add(&mut self, key: &str, encode: impl FnOnce(&mut Buffer)) {
        if key.is_empty() {
            return;
        }
        let start = self.encoded.len();
        encode(&mut self.encoded);
        let key_start = self.keys.len();
        self.keys.extend_from_slice(key.as_bytes());
        if let Some((last, _)) = self.places.last()
            && self.keys.get(last.clone()).is_none_or(|last| last >= key.as_bytes())
        {
            self.is_sorted = false;
        }
        self.places.push((key_start..self.keys.len(), start..self.encoded.len()));
    }

    /// Returns the encoded attributes, sorted by key. Of a repeated key, the last value counts.
    pub(crate) fn bytes(&mut self) -> &[u8] {
        if self.is_sorted {
            return &self.encoded;
        }
        let AttributeSet { encoded, keys, places, sorted, .. } = self;
        let key = |place: &Range<usize>| keys.get(place.clone()).unwrap_or_default();
        places.sort_by(|(one, _), (other, _)| key(one).cmp(key(other)));
        sorted.clear();
        let mut rest = places.iter().peekable();
        while let Some((place, whole)) = rest.next() {
            if rest.peek().is_none_or(|(next, _)| key(next) != key(place)) {
                sorted.extend_from_slice(encoded.get(whole.clone()).unwrap_or_default());
            }
        }
        sorted
    }
}

/// Returns the text of a structure with masked keys; `None` for any other text.
#[inline]
fn masked(text: &[u8]) -> Option<String> {
    let text = if mask::is_structure(text) { String::from_utf8_lossy(text) } else { return None };
    match mask::value(&text) {
        Cow::Owned(masked) => Some(masked),
        Cow::Borrowed(_) => None,
    }
}

/// Decodes encoded attributes.
pub(crate) fn decode(encoded: &[u8]) -> Vec<(&str, Value)> {
    let mut attributes = Vec::new();
    each_attribute(encoded, |key, field| {
        if let Some(value) = attribute_of(field) {
            attributes.push((key, value));
        }
    });
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(attributes: &[(&str, Value)]) -> Vec<u8> {
        let mut set = AttributeSet::default();
        set.clear();
        attributes.iter().for_each(|(key, value)| set.push(key, value));
        set.bytes().to_vec()
    }

    #[test]
    fn the_order_of_attributes_makes_no_difference() {
        let (a, b) = (("a", Value::from("x")), ("b", Value::from(2)));
        assert_eq!(set(&[a.clone(), b.clone()]), set(&[b.clone(), a.clone()]));
        assert_eq!(decode(&set(&[b.clone(), a.clone()])), [a, b]);
    }

    #[test]
    fn types_make_a_difference_and_the_last_value_of_a_key_counts() {
        assert_ne!(set(&[("a", 1.into())]), set(&[("a", "1".into())]));
        let repeated = [("b", 1.into()), ("a", true.into()), ("b", "last".into()), ("", 3.into())];
        assert_eq!(decode(&set(&repeated)), [("a", true.into()), ("b", "last".into())]);
    }
}
