//! Reading protobuf, and the attributes in it.
//!
//! Malformed bytes end an iteration, and never panic.

use std::ops::Range;

use super::tag;
use crate::Value;

/// A field of a protobuf message.
pub(crate) struct Field<'a> {
    pub(crate) number: u64,
    pub(super) content: Content<'a>,
}

/// The content of a field, by its wire type.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    /// A varint, or a number of four or eight bytes.
    Integer(u64),
    /// A text, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    pub(crate) fn integer(&self) -> Option<u64> {
        match self.content {
            Content::Integer(value) => Some(value),
            Content::Bytes(_) => None,
        }
    }

    pub(crate) fn bytes(&self) -> Option<&'a [u8]> {
        match self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::Integer(_) => None,
        }
    }

    pub(super) fn text(&self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Iterates over the fields of a message.
pub(crate) fn fields(mut bytes: &[u8]) -> impl Iterator<Item = Field<'_>> {
    std::iter::from_fn(move || take_any_field(&mut bytes))
}

/// Iterates over the fields of a message, and yields the range of each, with tag and length.
pub(crate) fn field_ranges(bytes: &[u8]) -> impl Iterator<Item = (Range<usize>, Field<'_>)> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let start = bytes.len() - rest.len();
        let field = take_any_field(&mut rest)?;
        Some((start..bytes.len() - rest.len(), field))
    })
}

/// Takes a field of any wire type.
fn take_any_field<'a>(bytes: &mut &'a [u8]) -> Option<Field<'a>> {
    let key = take_varint(bytes)?;
    let content = match key & 7 {
        0 => Content::Integer(take_varint(bytes)?),
        1 => Content::Integer(u64::from_le_bytes(take(bytes, 8)?.try_into().ok()?)),
        2 => {
            let len = usize::try_from(take_varint(bytes)?).ok()?;
            Content::Bytes(take(bytes, len)?)
        }
        5 => Content::Integer(u32::from_le_bytes(take(bytes, 4)?.try_into().ok()?).into()),
        _ => return None,
    };
    Some(Field { number: key >> 3, content })
}

/// Takes a length-delimited field, and returns the tag and the content.
#[inline]
pub(super) fn take_field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let tag = take_varint(bytes)?;
    let len = usize::try_from(take_varint(bytes)?).ok()?;
    Some((tag, take(bytes, len)?))
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(head)
}

#[inline]
pub(super) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let (&byte, rest) = bytes.split_first()?;
    *bytes = rest;
    if byte < 0x80 { Some(byte.into()) } else { take_long_varint(bytes, byte) }
}

fn take_long_varint(bytes: &mut &[u8], first: u8) -> Option<u64> {
    let mut value = u64::from(first & 0x7f);
    for shift in (7..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Reads a `KeyValue`.
pub(crate) fn attribute(bytes: &[u8]) -> Option<(String, Value)> {
    let (mut key, mut value) = (String::new(), None);
    for field in fields(bytes) {
        match field.number {
            1 => key = field.text()?,
            2 => value = any_value(field.bytes()?),
            _ => {}
        }
    }
    Some((key, value?))
}

/// Reads an attribute with tag and length.
pub(crate) fn attribute_of(mut field: &[u8]) -> Option<Value> {
    let (_, key_value) = take_field(&mut field)?;
    attribute(key_value).map(|(_, value)| value)
}

pub(super) fn any_value(bytes: &[u8]) -> Option<Value> {
    let field = fields(bytes).next()?;
    match field.number {
        1 => Some(field.text()?.into()),
        2 => Some(Value::Bool(field.integer()? != 0)),
        3 => Some(Value::I64(field.integer()? as i64)),
        4 => Some(Value::F64(f64::from_bits(field.integer()?))),
        5 => {
            let items = fields(field.bytes()?).map(|item| fields(item.bytes()?).next()?.text());
            Some(Value::Array(items.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

/// Returns the range of an attribute in the body of an open span, with tag and length.
pub(crate) fn find_attribute(body: &[u8], key: &str) -> Option<Range<usize>> {
    let mut rest = body;
    loop {
        let start = body.len() - rest.len();
        // Nearly every field is so short that each length takes one byte.
        if let [tag::SPAN_ATTRIBUTE, len @ ..0x80, tag::KEY, key_len, after @ ..] = rest {
            if usize::from(*key_len) == key.len() && after.starts_with(key.as_bytes()) {
                return Some(start..start + 2 + usize::from(*len));
            }
            rest = rest.get(2 + usize::from(*len)..)?;
            continue;
        }
        let (tag, field) = take_field(&mut rest)?;
        if tag == u64::from(tag::SPAN_ATTRIBUTE) && has_key(field, key) {
            return Some(start..body.len() - rest.len());
        }
    }
}

/// Returns `true` if a `KeyValue` has this key. Every `KeyValue` of this crate begins with the key.
#[inline]
fn has_key(mut field: &[u8], key: &str) -> bool {
    take_varint(&mut field) == Some(tag::KEY.into())
        && take_varint(&mut field) == Some(key.len() as u64)
        && field.starts_with(key.as_bytes())
}

/// Iterates over the keys of the attributes in the body of an open span.
pub(crate) fn keys(mut body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let field = move || {
        let (tag, mut field) = take_field(&mut body)?;
        let key = (tag == u64::from(tag::SPAN_ATTRIBUTE)).then(|| take_field(&mut field)).flatten();
        Some(key.filter(|(tag, _)| *tag == u64::from(tag::KEY)).map(|(_, key)| key))
    };
    std::iter::from_fn(field).flatten()
}

/// An attribute of a finished span.
pub(crate) struct SpanAttribute<'a> {
    /// The place in the span, with tag and length.
    pub(crate) range: Range<usize>,
    pub(crate) key: &'a [u8],
    key_value: &'a [u8],
}

impl SpanAttribute<'_> {
    /// Returns the value if that is a count, else 0.
    pub(crate) fn count(&self) -> u64 {
        match attribute(self.key_value) {
            Some((_, Value::I64(count))) => u64::try_from(count).unwrap_or(0),
            _ => 0,
        }
    }
}

/// Iterates over the attributes of a finished span.
pub(crate) fn span_attributes(span: &[u8]) -> impl Iterator<Item = SpanAttribute<'_>> {
    field_ranges(span).filter(|(_, field)| field.number == 9).filter_map(|(range, field)| {
        let key_value = field.bytes()?;
        let key = key_of(key_value)?;
        Some(SpanAttribute { range, key, key_value })
    })
}

/// Returns the key of a `KeyValue` that begins with the key.
fn key_of(key_value: &[u8]) -> Option<&[u8]> {
    fields(key_value).next().filter(|field| field.number == 1)?.bytes()
}

/// Calls `f` with the key and the whole field of each attribute in a run of them.
pub(crate) fn each_attribute<'a>(run: &'a [u8], mut f: impl FnMut(&'a str, &'a [u8])) {
    let mut rest = run;
    loop {
        let start = rest;
        let Some((_, field)) = take_field(&mut rest) else { return };
        let whole = start.get(..start.len() - rest.len()).unwrap_or_default();
        let key = fields(field).next().and_then(|key| key.bytes());
        if let Some(key) = key.and_then(|key| std::str::from_utf8(key).ok()) {
            f(key, whole);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = (find_attribute(&bytes, "k"), any_value(&bytes), attribute(&bytes));
            each_attribute(&bytes, |_, _| {});
            let _ = span_attributes(&bytes).map(|attribute| attribute.count()).max();
            let _ = keys(&bytes).count();
        }
    }
}
