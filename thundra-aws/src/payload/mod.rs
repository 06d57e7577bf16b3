//! The `__context__` member of JSON payloads: find, cut and read.
//!
//! A payload is never parsed into a value and serialized again: the digits of numbers, the order of members and a
//! trailing newline stay. Only a member at the top level of an object counts.

pub(crate) mod cursor;
mod pairs;
pub(crate) mod read_error;
// Only the services with context in their payloads splice.
#[cfg_attr(not(feature = "full"), allow(dead_code))]
pub(crate) mod splice;
mod validate;
pub(crate) mod words;

use std::ops::Range;
use std::sync::LazyLock;

use bytes::Bytes;
use memchr::memchr;
use memchr::memmem::Finder;
use thundra_core::propagation::PAYLOAD_CONTEXT;

use self::cursor::Cursor;
pub(crate) use self::pairs::{each_plain, pairs};
pub(crate) use self::validate::validate;

/// The searcher for the quoted name, made once. Making a searcher costs more than searching a short text.
static QUOTED_NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"__context__\""));

/// A `__context__` member of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// JSON text of the value.
    pub(crate) json: &'a str,
    /// Range of the value in the payload.
    pub(crate) value: Range<usize>,
    /// Range to cut for valid JSON: the member and a comma.
    pub(crate) range: Range<usize>,
}

impl Member<'_> {
    /// Returns `true` for an object, the form of ids. Any other value belongs to the user.
    pub(crate) fn is_context(&self) -> bool {
        self.json.starts_with('{')
    }
}

/// Finds the `__context__` member.
///
/// Senders write the member first, and the rest of the payload is not read then. A payload without the name costs a
/// substring search.
pub(crate) fn find(body: &[u8]) -> Option<Member<'_>> {
    locate(body).filter(|member| validate(member.json).is_some())
}

/// Finds the `__context__` member as [`find`] does, with a value that may be no JSON.
pub(crate) fn locate(body: &[u8]) -> Option<Member<'_>> {
    let mut cursor = Cursor::new(body);
    cursor.whitespace();
    cursor.eat(b'{')?;
    let mut cut_from = cursor.at();
    let mut first = true;
    loop {
        cursor.whitespace();
        let key = cursor.string()?;
        cursor.whitespace();
        cursor.eat(b':')?;
        cursor.whitespace();
        if body.get(key)? == PAYLOAD_CONTEXT.as_bytes() {
            let value = cursor.value()?;
            let json = std::str::from_utf8(body.get(value.clone())?).ok()?;
            cursor.whitespace();
            // A first member takes the comma after it, any other the comma before it.
            let cut_to = if first && cursor.eat(b',').is_some() { cursor.at() } else { value.end };
            return Some(Member { json, value, range: cut_from..cut_to });
        }
        if first {
            body.get(cursor.at()..).filter(|rest| names_context(rest))?;
            first = false;
        }
        cursor.value()?;
        cursor.whitespace();
        cut_from = cursor.at();
        cursor.eat(b',')?;
    }
}

/// Returns `true` for a part of a JSON text with the quoted name of the member. A string has no such part, because
/// quotes inside a string are escaped.
pub(crate) fn names_context(part: &[u8]) -> bool {
    // Most events have no underscore, for which a search is several times as fast.
    let name = || QUOTED_NAME.find(part.get(memchr(b'_', part)?.saturating_sub(1)..)?);
    name().is_some()
}

/// Returns the payload without a range, usually the range of a member.
pub(crate) fn strip(body: &[u8], range: &Range<usize>) -> Vec<u8> {
    let before = body.get(..range.start).unwrap_or(body);
    let after = body.get(range.end..).unwrap_or_default();
    [before, after].concat()
}

/// Returns the payload without a range, as [`strip`] does, and in place unless the bytes are shared.
///
/// The bytes before the range, usually a single `{`, move up to the bytes after the range.
pub(crate) fn strip_bytes(body: Bytes, range: &Range<usize>) -> Bytes {
    let &Range { start, end } = range;
    if start > end || end > body.len() {
        return body;
    }
    match body.try_into_mut() {
        Ok(mut body) => {
            body.copy_within(..start, end - start);
            body.freeze().slice(end - start..)
        }
        Err(body) => Bytes::from(strip(&body, range)),
    }
}

/// Returns the payload without several ranges, which are in order and apart.
pub(crate) fn strip_all(body: Bytes, ranges: &[Range<usize>]) -> Bytes {
    match ranges {
        [] => body,
        [range] => strip_bytes(body, range),
        ranges => {
            let starts = std::iter::once(0).chain(ranges.iter().map(|range| range.end));
            let ends = ranges.iter().map(|range| range.start).chain([body.len()]);
            let kept: Option<Vec<_>> = starts.zip(ends).map(|(start, end)| body.get(start..end)).collect();
            kept.map(|kept| Bytes::from(kept.concat())).unwrap_or(body)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn cut(body: &str) -> Option<(String, String)> {
        let member = find(body.as_bytes())?;
        assert_eq!(body.get(member.value.clone()), Some(member.json));
        let stripped = String::from_utf8(strip(body.as_bytes(), &member.range)).unwrap();
        assert_eq!(strip_bytes(Bytes::from(body.to_owned()), &member.range), stripped, "in place");
        Some((member.json.to_owned(), stripped))
    }

    #[test]
    fn the_member_is_found_and_cut_at_the_top_level_only() {
        for (body, found, why) in [
            (r#"{"__context__":{"a":1},"b":2}"#, Some((r#"{"a":1}"#, r#"{"b":2}"#)), "first, as senders write it"),
            (r#" { "__context__" : {} , "b": 2 } "#, Some(("{}", r#" { "b": 2 } "#)), "with spaces"),
            ("{\"__context__\":{}, \"b\": 1}\n", Some(("{}", "{ \"b\": 1}\n")), "bytes around it stay"),
            (r#"{"__context__":{}}"#, Some(("{}", "{}")), "the only member"),
            (r#"{ "__context__":{} }"#, Some(("{}", "{ }")), "the only member, with spaces"),
            (r#"{"b":2,"__context__":{"a":[1,"}"]}}"#, Some((r#"{"a":[1,"}"]}"#, r#"{"b":2}"#)), "last"),
            (r#"{"b":"\"",  "__context__":{} , "c":3}"#, Some(("{}", r#"{"b":"\"" , "c":3}"#)), "in the middle"),
            (r#"{"__context__":"mine","b":1}"#, Some((r#""mine""#, r#"{"b":1}"#)), "text"),
            (r#"{"__context__":null}"#, Some(("null", "{}")), "null"),
            (r#"{"__context__":1.5,"b":1}"#, Some(("1.5", r#"{"b":1}"#)), "a number"),
            (r#"{"b":{"__context__":{}}}"#, None, "nested"),
            (r#"{"b":"{\"__context__\":{}}"}"#, None, "inside a string"),
            (r#"{"b":"__context__"}"#, None, "a value"),
            (r#"[{"__context__":{}}]"#, None, "an array"),
            (r#""__context__""#, None, "a string"),
            (r#"{"__context__":{"a":}}"#, None, "a value that is not JSON: the payload stays"),
            (r#"{"__context__":{"a":1"#, None, "cut short"),
            (r#"{"__context__""#, None, "cut shorter"),
            (r#"{"__context__":}"#, None, "no value"),
            ("{}", None, "empty"),
            ("", None, "nothing"),
            ("{", None, "almost nothing"),
        ] {
            let expected = found.map(|(json, rest)| (json.to_owned(), rest.to_owned()));
            assert_eq!(cut(body), expected, "{why}");
        }
    }

    #[test]
    fn shared_bytes_are_copied() {
        let body = Bytes::from_static(br#"{"__context__":{},"a":1}"#);
        assert_eq!(strip_bytes(body.clone(), &find(&body).unwrap().range), r#"{"a":1}"#);
    }

    /// Generates values with the member, with lookalikes, and without.
    pub(crate) fn json() -> impl Strategy<Value = Value> {
        let key = prop_oneof![Just("__context__".to_owned()), "[a-c\"\\\\]{0,3}", "\\PC{0,4}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
            key.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(key.clone(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn cutting_removes_that_member_and_nothing_else(value in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let member = find(text.as_bytes());
            let mut expected = value;
            let removed = expected.as_object_mut().and_then(|object| object.remove("__context__"));
            prop_assert_eq!(member.is_some(), removed.is_some());
            if let Some(member) = member {
                prop_assert_eq!(serde_json::from_str::<Value>(member.json).ok(), removed);
                let stripped: Value = serde_json::from_slice(&strip(text.as_bytes(), &member.range)).unwrap();
                prop_assert_eq!(stripped, expected);
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..64),
                "[{}\\[\\]\",: \\\\]{0,8}(\"__context__\")?[{}\\[\\]\",:0-9 \\\\]{0,16}".prop_map(String::into_bytes),
            ]
        ) {
            if let Some(member) = find(&bytes) {
                strip(&bytes, &member.range);
                strip_bytes(Bytes::from(bytes.clone()), &member.range);
            }
            let _ = pairs(&String::from_utf8_lossy(&bytes));
        }
    }
}
