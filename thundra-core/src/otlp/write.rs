//! Protobuf bytes, appended to a buffer.

use std::fmt::{self, Write};

pub(crate) use super::tag;
use crate::Value;

#[inline]
pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Returns the number of bytes of a varint.
#[inline]
pub(crate) const fn varint_len(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Writes the tag and the length of a length-delimited field.
#[inline(always)]
pub(crate) fn delimited(out: &mut Vec<u8>, tag: u8, len: usize) {
    match len {
        0..0x80 => out.extend_from_slice(&[tag, len as u8]),
        0x80..0x4000 => out.extend_from_slice(&[tag, len as u8 | 0x80, (len >> 7) as u8]),
        _ => {
            out.push(tag);
            varint(out, len as u64);
        }
    }
}

/// Writes a length-delimited field.
#[inline]
pub(crate) fn bytes(out: &mut Vec<u8>, tag: u8, value: &[u8]) {
    delimited(out, tag, value.len());
    out.extend_from_slice(value);
}

/// Returns the number of bytes that [`bytes`] writes.
#[inline]
pub(crate) const fn bytes_len(value: usize) -> usize {
    1 + varint_len(value as u64) + value
}

#[inline]
pub(crate) fn fixed64(out: &mut Vec<u8>, tag: u8, value: u64) {
    out.push(tag);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Writes a field whose length is known after its body. One byte is reserved for the length. A longer length moves the
/// body.
#[inline]
pub(crate) fn nested(out: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let start = out.len();
    out.push(0);
    body(out);
    let len = out.len().saturating_sub(start + 1);
    match out.get_mut(start) {
        Some(slot) if len < 0x80 => *slot = len as u8,
        _ => widen(out, start, len),
    }
}

/// Writes a length of several bytes in place of one reserved byte.
#[cold]
fn widen(out: &mut Vec<u8>, start: usize, len: usize) {
    let end = out.len();
    varint(out, len as u64);
    let more = out.len() - end;
    if let Some(field) = out.get_mut(start..) {
        field.rotate_right(more);
        out.remove(start + more);
    }
}

/// The limit for the bytes of key and value together, below which each length in an attribute takes one byte.
const SHORT: usize = 0x80 - 6;

/// Writes an attribute with text.
#[inline]
pub(crate) fn str_attribute(out: &mut Vec<u8>, tag: u8, key: &str, value: &str) {
    if key.len() + value.len() < SHORT {
        let (key_len, value_len) = (key.len() as u8, value.len() as u8);
        out.reserve(key.len() + value.len() + 8);
        out.extend_from_slice(&[tag, key_len + value_len + 6, tag::KEY, key_len]);
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(&[tag::VALUE, value_len + 2, tag::STRING, value_len]);
    } else {
        attribute_head(out, tag, key, bytes_len(value.len()));
        delimited(out, tag::STRING, value.len());
    }
    out.extend_from_slice(value.as_bytes());
}

/// Writes an attribute with a whole number.
#[inline]
pub(crate) fn int_attribute(out: &mut Vec<u8>, tag: u8, key: &str, value: i64) {
    if let (0..0x80, 0..SHORT) = (value, key.len()) {
        let key_len = key.len() as u8;
        out.reserve(key.len() + 8);
        out.extend_from_slice(&[tag, key_len + 6, tag::KEY, key_len]);
        out.extend_from_slice(key.as_bytes());
        return out.extend_from_slice(&[tag::VALUE, 2, tag::INT, value as u8]);
    }
    attribute_head(out, tag, key, 1 + varint_len(value as u64));
    out.push(tag::INT);
    varint(out, value as u64);
}

/// Writes an attribute with a number.
#[inline]
pub(crate) fn float_attribute(out: &mut Vec<u8>, tag: u8, key: &str, value: f64) {
    attribute_head(out, tag, key, 9);
    fixed64(out, tag::DOUBLE, value.to_bits());
}

/// Writes an attribute with a boolean.
#[inline]
pub(crate) fn bool_attribute(out: &mut Vec<u8>, tag: u8, key: &str, value: bool) {
    attribute_head(out, tag, key, 2);
    out.extend_from_slice(&[tag::BOOL, u8::from(value)]);
}

/// Writes an attribute, and formats its text in place. Keeps at most `limit` characters of the text. Returns the length of
/// the text in bytes, which is the end of the attribute.
#[inline(always)]
pub(crate) fn fmt_attribute(
    out: &mut Vec<u8>,
    tag: u8,
    key: &str,
    limit: Option<usize>,
    value: fmt::Arguments<'_>,
) -> usize {
    if key.len() >= SHORT {
        return long_fmt_attribute(out, tag, key, limit, value);
    }
    // The three lengths are written when they are known.
    let (start, key_len) = (out.len(), key.len());
    let mut room = Room::behind(out);
    room.put(&[tag, 0, tag::KEY, key_len as u8]);
    room.put(key.as_bytes());
    room.put(&[tag::VALUE, 0, tag::STRING, 0]);
    let text_start = room.end;
    room.format(limit, value);
    room.close();
    let text_len = out.len() - text_start;
    if key_len + text_len >= SHORT {
        widen(out, text_start - 1, text_len);
        widen(out, text_start - 3, bytes_len(text_len));
        widen(out, start + 1, bytes_len(key_len) + bytes_len(bytes_len(text_len)));
        return text_len;
    }
    if let Some([_, len, rest @ ..]) = out.get_mut(start..)
        && let Some([value, _, text]) = rest.get_mut(key_len + 3..key_len + 6)
    {
        (*len, *value, *text) = ((key_len + text_len + 6) as u8, (text_len + 2) as u8, text_len as u8);
    }
    text_len
}

#[cold]
fn long_fmt_attribute(out: &mut Vec<u8>, tag: u8, key: &str, limit: Option<usize>, value: fmt::Arguments<'_>) -> usize {
    let mut len = 0;
    nested(out, tag, |out| {
        bytes(out, tag::KEY, key.as_bytes());
        nested(out, tag::VALUE, |out| {
            nested(out, tag::STRING, |out| {
                let start = out.len();
                format(out, limit, value);
                len = out.len() - start;
            });
        });
    });
    len
}

/// Writes formatted text, cut after `limit` characters.
fn format(out: &mut Vec<u8>, limit: Option<usize>, value: fmt::Arguments<'_>) {
    let mut room = Room::behind(out);
    room.format(limit, value);
    room.close();
}

/// Writes an attribute of any type.
pub(crate) fn attribute(out: &mut Vec<u8>, tag: u8, key: &str, value: &Value) {
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
#[inline]
fn attribute_head(out: &mut Vec<u8>, tag: u8, key: &str, value_len: usize) {
    // Nearly always each length is one byte.
    let len = key.len() + value_len + 4;
    if len < 0x80 {
        out.reserve(len + 2);
        out.extend_from_slice(&[tag, len as u8, tag::KEY, key.len() as u8]);
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(&[tag::VALUE, value_len as u8]);
    } else {
        delimited(out, tag, bytes_len(key.len()) + bytes_len(value_len));
        bytes(out, tag::KEY, key.as_bytes());
        delimited(out, tag::VALUE, value_len);
    }
}

/// A writer of small pieces, into room made for all of them. A piece in the room costs a copy, and no question about the
/// capacity. A formatted text has pieces down to single characters.
struct Room<'a> {
    out: &'a mut Vec<u8>,
    /// The end of the pieces. The rest of the room is behind it.
    end: usize,
}

impl<'a> Room<'a> {
    /// The bytes of the room. Most texts are shorter.
    const BYTES: usize = 64;

    /// Makes room behind the bytes in a buffer.
    #[inline]
    fn behind(out: &'a mut Vec<u8>) -> Self {
        let end = out.len();
        out.extend_from_slice(&[0; Room::BYTES]);
        Room { out, end }
    }

    /// Writes a piece.
    #[inline]
    fn put(&mut self, piece: &[u8]) {
        match self.out.get_mut(self.end..self.end + piece.len()) {
            Some(room) => {
                room.copy_from_slice(piece);
                self.end += piece.len();
            }
            None => self.put_behind(piece),
        }
    }

    /// Writes a piece larger than the room, and makes new room.
    #[cold]
    #[inline(never)]
    fn put_behind(&mut self, piece: &[u8]) {
        self.out.truncate(self.end);
        self.out.extend_from_slice(piece);
        self.end = self.out.len();
        self.out.extend_from_slice(&[0; Room::BYTES]);
    }

    /// Writes formatted text, cut after `limit` characters.
    #[inline]
    fn format(&mut self, limit: Option<usize>, value: fmt::Arguments<'_>) {
        // A `Display` that fails has written what it could.
        let _ = match limit {
            None => self.write_fmt(value),
            Some(left) => Truncated { room: self, left }.write_fmt(value),
        };
    }

    /// Ends the buffer with the last piece.
    #[inline]
    fn close(self) {
        self.out.truncate(self.end);
    }
}

impl Write for Room<'_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }

    /// Padding comes character by character.
    #[inline]
    fn write_char(&mut self, c: char) -> fmt::Result {
        match self.out.get_mut(self.end) {
            Some(room) if c.is_ascii() => {
                *room = c as u8;
                self.end += 1;
            }
            _ => self.put_behind(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        Ok(())
    }
}

/// A writer for the first characters of formatted text.
struct Truncated<'a, 'b> {
    room: &'a mut Room<'b>,
    left: usize,
}

impl Write for Truncated<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let text = truncate(text, self.left);
        self.left -= text.chars().count();
        self.room.write_str(text)
    }
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
        fn formatted_text_of_any_length(text in "\\PC{0,40}", times in 0..900_usize, limit in prop::option::of(0..300_usize)) {
            let text = text.repeat(times);
            let mut bytes = Vec::new();
            fmt_attribute(&mut bytes, tag::RESOURCE_ATTRIBUTE, "k", limit, format_args!("{text}"));
            let kept: String = text.chars().take(limit.unwrap_or(usize::MAX)).collect();
            prop_assert_eq!(decode(&bytes)[0].value.clone().unwrap().value.unwrap(), any_value::Value::StringValue(kept));
        }

        #[test]
        fn varint_len_is_what_varint_writes(value in any::<u64>()) {
            let mut out = Vec::new();
            varint(&mut out, value);
            prop_assert_eq!(out.len(), varint_len(value));
        }
    }
}
