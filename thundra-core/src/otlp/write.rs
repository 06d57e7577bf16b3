//! Protobuf bytes, appended to a buffer.

use std::fmt::{self, Write};

use super::buffer::SHORT as SHORT_KEY;
pub(crate) use super::buffer::{Buffer, Out};
pub(crate) use super::tag;
use crate::Value;

#[inline]
pub(crate) fn varint(out: &mut impl Out, value: u64) {
    let [low, middle, high] = [0, 7, 14].map(|shift| (value >> shift) as u8);
    match value {
        0..0x80 => out.put_array([low]),
        0x80..0x4000 => out.put_array([low | 0x80, middle]),
        0x4000..0x20_0000 => out.put_array([low | 0x80, middle | 0x80, high]),
        _ => {
            let (bytes, len) = encode_varint(value);
            out.put(bytes.get(..len).unwrap_or_default());
        }
    }
}

/// Returns the bytes of a varint, and the number of the bytes.
#[inline]
fn encode_varint(mut value: u64) -> ([u8; 10], usize) {
    let (mut bytes, mut len) = ([0; 10], 0);
    for byte in &mut bytes {
        (*byte, len) = (value as u8 | 0x80, len + 1);
        value >>= 7;
        if value == 0 {
            *byte &= 0x7f;
            break;
        }
    }
    (bytes, len)
}

/// Returns the number of bytes of a varint.
#[inline]
pub(crate) const fn varint_len(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Writes the tag and the length of a length-delimited field.
#[inline(always)]
pub(crate) fn delimited(out: &mut impl Out, tag: u8, len: usize) {
    match len {
        0..0x80 => out.put_array([tag, len as u8]),
        0x80..0x4000 => out.put_array([tag, len as u8 | 0x80, (len >> 7) as u8]),
        _ => {
            out.put_array([tag]);
            varint(out, len as u64);
        }
    }
}

/// Writes a length-delimited field.
#[inline]
pub(crate) fn bytes(out: &mut impl Out, tag: u8, value: &[u8]) {
    delimited(out, tag, value.len());
    out.put(value);
}

/// Returns the number of bytes that [`bytes`] writes.
#[inline]
pub(crate) const fn bytes_len(value: usize) -> usize {
    1 + varint_len(value as u64) + value
}

#[inline]
pub(crate) fn fixed64(out: &mut impl Out, tag: u8, value: u64) {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    out.put_array([tag, a, b, c, d, e, f, g, h]);
}

/// Writes a field whose length is known after its body. One byte is reserved for the length. A longer length moves the
/// body.
#[inline]
pub(crate) fn nested<O: Out>(out: &mut O, tag: u8, body: impl FnOnce(&mut O)) {
    out.put_array([tag, 0]);
    let start = out.len();
    body(out);
    let len = out.len().saturating_sub(start);
    match out.get_mut(start - 1) {
        Some(slot) if len < 0x80 => *slot = len as u8,
        _ => widen(out, start - 1, len),
    }
}

/// Writes the length of a body in place of one reserved byte at `start`. The body is the end of the bytes.
#[cold]
fn widen(out: &mut impl Out, start: usize, len: usize) {
    let (bytes, width) = encode_varint(len as u64);
    let end = out.len();
    let encoded = bytes.get(..width).unwrap_or_default();
    out.put(encoded.get(1..).unwrap_or_default());
    out.copy_within(start + 1..end, start + width);
    if let Some(place) = out.get_mut(start..start + width) {
        place.copy_from_slice(encoded);
    }
}

/// The most bytes of a text with which each length in an attribute takes one byte, whatever the short key. Comparing
/// key and text with a constant each takes fewer instructions than their sum.
const SHORT_TEXT: usize = 0x7f - 6 - SHORT_KEY;

/// Writes an attribute with text.
#[inline]
pub(crate) fn str_attribute(out: &mut impl Out, tag: u8, key: &str, value: &str) {
    str_attribute_at_once(out, tag, key, value);
}

/// Writes an attribute as [`str_attribute`] does, inlined: for the attributes of our own crates.
#[inline(always)]
pub(crate) fn str_attribute_at_once(out: &mut impl Out, tag: u8, key: &str, value: &str) {
    if key.len() <= SHORT_KEY && value.len() <= SHORT_TEXT {
        let before_key = [tag, (key.len() + value.len() + 6) as u8, tag::KEY, key.len() as u8];
        let before_text = [tag::VALUE, (value.len() + 2) as u8, tag::STRING, value.len() as u8];
        if out.put_pair(before_key, key.as_bytes(), before_text, value.as_bytes()) {
            return;
        }
    }
    long_str_attribute(out, tag, key, value);
}

// Each long form is out of line, so that the short one saves no registers.
#[cold]
#[inline(never)]
fn long_str_attribute(out: &mut impl Out, tag: u8, key: &str, value: &str) {
    attribute_head(out, tag, key, bytes_len(value.len()));
    bytes(out, tag::STRING, value.as_bytes());
}

/// Writes an attribute with a whole number.
#[inline]
pub(crate) fn int_attribute(out: &mut impl Out, tag: u8, key: &str, value: i64) {
    let [low, middle, high] = [0, 7, 14].map(|shift| (value >> shift) as u8);
    let is_written = match value {
        0..0x80 => short_attribute(out, tag, key, [tag::VALUE, 2, tag::INT, low]),
        0x80..0x4000 => short_attribute(out, tag, key, [tag::VALUE, 3, tag::INT, low | 0x80, middle]),
        0x4000..0x20_0000 => short_attribute(out, tag, key, [tag::VALUE, 4, tag::INT, low | 0x80, middle | 0x80, high]),
        _ => false,
    };
    if !is_written {
        long_int_attribute(out, tag, key, value);
    }
}

#[cold]
#[inline(never)]
fn long_int_attribute(out: &mut impl Out, tag: u8, key: &str, value: i64) {
    attribute_head(out, tag, key, 1 + varint_len(value as u64));
    out.put_array([tag::INT]);
    varint(out, value as u64);
}

/// Writes an attribute with a number.
#[inline]
pub(crate) fn float_attribute(out: &mut impl Out, tag: u8, key: &str, value: f64) {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    if !short_attribute(out, tag, key, [tag::VALUE, 9, tag::DOUBLE, a, b, c, d, e, f, g, h]) {
        long_float_attribute(out, tag, key, value);
    }
}

#[cold]
#[inline(never)]
fn long_float_attribute(out: &mut impl Out, tag: u8, key: &str, value: f64) {
    attribute_head(out, tag, key, 9);
    fixed64(out, tag::DOUBLE, value.to_bits());
}

/// Writes an attribute with a boolean.
#[inline]
pub(crate) fn bool_attribute(out: &mut impl Out, tag: u8, key: &str, value: bool) {
    if !short_attribute(out, tag, key, [tag::VALUE, 2, tag::BOOL, u8::from(value)]) {
        long_bool_attribute(out, tag, key, value);
    }
}

#[cold]
#[inline(never)]
fn long_bool_attribute(out: &mut impl Out, tag: u8, key: &str, value: bool) {
    attribute_head(out, tag, key, 2);
    out.put_array([tag::BOOL, u8::from(value)]);
}

/// Writes an attribute with an encoded `KeyValue.value`. Returns `false` as [`Out::put_pair`] does.
#[inline(always)]
fn short_attribute<const N: usize>(out: &mut impl Out, tag: u8, key: &str, value: [u8; N]) -> bool {
    let key_len = key.len() as u8;
    key.len() <= SHORT_KEY && out.put_pair([tag, key_len + 2 + N as u8, tag::KEY, key_len], key.as_bytes(), value, &[])
}

/// Writes an attribute, and formats its text in place. Returns what `look` finds in the text.
#[inline(always)]
pub(crate) fn fmt_attribute<R>(
    out: &mut Buffer,
    tag: u8,
    key: &str,
    value: fmt::Arguments<'_>,
    look: impl FnOnce(&[u8]) -> R,
) -> R {
    // The three lengths are written when they are known.
    let (start, key_len) = (out.len(), key.len());
    let before_key = [tag, 0, tag::KEY, key_len as u8];
    if key_len > SHORT_KEY || !out.put_pair(before_key, key.as_bytes(), [tag::VALUE, 0, tag::STRING, 0], &[]) {
        let len = long_fmt_attribute(out, tag, key, value);
        return look(out.last(len).unwrap_or_default());
    }
    // A `Display` that fails has written what it could.
    let _ = out.write_fmt(value);
    if let Some(written) = out.since_mut(start)
        && let Some(([_, of_attribute, .., of_value, _, of_text], text)) = written.split_at_mut_checked(key_len + 8)
        && text.len() <= SHORT_TEXT
    {
        *of_attribute = (key_len + text.len() + 6) as u8;
        *of_value = (text.len() + 2) as u8;
        *of_text = text.len() as u8;
        return look(text);
    }
    let text_len = out.len() - (start + key_len + 8);
    widen_lengths(out, start, key_len, text_len);
    look(out.last(text_len).unwrap_or_default())
}

#[cold]
#[inline(never)]
fn widen_lengths(out: &mut Buffer, start: usize, key_len: usize, text_len: usize) {
    let text_start = start + key_len + 8;
    widen(out, text_start - 1, text_len);
    widen(out, text_start - 3, bytes_len(text_len));
    widen(out, start + 1, bytes_len(key_len) + bytes_len(bytes_len(text_len)));
}

#[cold]
#[inline(never)]
fn long_fmt_attribute(out: &mut Buffer, tag: u8, key: &str, value: fmt::Arguments<'_>) -> usize {
    let mut len = 0;
    nested(out, tag, |out| {
        bytes(out, tag::KEY, key.as_bytes());
        nested(out, tag::VALUE, |out| {
            nested(out, tag::STRING, |out| {
                let start = out.len();
                let _ = out.write_fmt(value);
                len = out.len() - start;
            });
        });
    });
    len
}

/// Writes an attribute of any type.
pub(crate) fn attribute(out: &mut impl Out, tag: u8, key: &str, value: &Value) {
    match value {
        Value::Str(v) => str_attribute(out, tag, key, v),
        Value::I64(v) => int_attribute(out, tag, key, *v),
        Value::F64(v) => float_attribute(out, tag, key, *v),
        Value::Bool(v) => bool_attribute(out, tag, key, *v),
        Value::Array(items) => nested(out, tag, |out| {
            bytes(out, tag::KEY, key.as_bytes());
            nested(out, tag::VALUE, |out| {
                nested(out, tag::ARRAY, |out| {
                    for item in items {
                        nested(out, tag::ARRAY_VALUE, |out| bytes(out, tag::STRING, item.as_bytes()));
                    }
                });
            });
        }),
    }
}

/// Writes the part of a `KeyValue` before an `AnyValue` of `value_len` bytes.
fn attribute_head(out: &mut impl Out, tag: u8, key: &str, value_len: usize) {
    delimited(out, tag, bytes_len(key.len()) + bytes_len(value_len));
    bytes(out, tag::KEY, key.as_bytes());
    delimited(out, tag::VALUE, value_len);
}

/// Returns at most `limit` characters of a text.
pub(crate) fn truncate(text: &str, limit: usize) -> &str {
    text.char_indices().nth(limit).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use proptest::prelude::*;
    use prost::Message;

    fn decode(bytes: &[u8]) -> Vec<KeyValue> {
        Resource::decode(bytes).unwrap().attributes
    }

    fn expected(value: &Value) -> any_value::Value {
        let text = |s: &str| AnyValue { value: Some(any_value::Value::StringValue(s.into())) };
        match value {
            Value::Str(v) => any_value::Value::StringValue(v.to_string()),
            Value::I64(v) => any_value::Value::IntValue(*v),
            Value::F64(v) => any_value::Value::DoubleValue(*v),
            Value::Bool(v) => any_value::Value::BoolValue(*v),
            Value::Array(v) => any_value::Value::ArrayValue(ArrayValue { values: v.iter().map(|s| text(s)).collect() }),
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            "\\PC{0,300}".prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e300..1e300_f64).prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            prop::collection::vec("\\PC{0,40}", 0..6).prop_map(Value::from),
        ]
    }

    proptest! {
        #[test]
        fn attributes_are_what_the_official_decoder_reads(pairs in prop::collection::vec(("\\PC{1,200}", values()), 0..8)) {
            let mut bytes = Vec::new();
            pairs.iter().for_each(|(k, v)| attribute(&mut bytes, tag::RESOURCE_ATTRIBUTE, k, v));
            let read = decode(&bytes);
            prop_assert_eq!(read.len(), pairs.len());
            for (read, (key, value)) in read.into_iter().zip(&pairs) {
                prop_assert_eq!(&read.key, key);
                prop_assert_eq!(read.value.unwrap().value.unwrap(), expected(value));
            }
        }

        #[test]
        fn formatted_text_of_any_length(text in "\\PC{0,40}", times in 0..900_usize) {
            let text = text.repeat(times);
            let mut bytes = Buffer::default();
            fmt_attribute(&mut bytes, tag::RESOURCE_ATTRIBUTE, "k", format_args!("{text}"), |_| ());
            prop_assert_eq!(decode(&bytes)[0].value.clone().unwrap().value.unwrap(), any_value::Value::StringValue(text));
        }

        #[test]
        fn varint_len_is_what_varint_writes(value in any::<u64>()) {
            let mut out = Vec::new();
            varint(&mut out, value);
            prop_assert_eq!(out.len(), varint_len(value));
        }
    }
}
