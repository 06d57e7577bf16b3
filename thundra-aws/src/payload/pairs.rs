//! The members of a context.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::cursor::Cursor;

/// Most members read from a context. Thundra writes far fewer.
const MAX_PAIRS: usize = 64;
/// Longest value read from a context. W3C Baggage allows 8,192 bytes, more than any other value has.
const MAX_VALUE_BYTES: usize = 8192;

/// Returns the strings, numbers and booleans of a context as text. Empty for any value but an object.
pub(crate) fn pairs(json: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let mut pairs = Vec::with_capacity(4);
    if each_plain(json, |key, value| pairs.push((key.into(), value.into()))).is_some() {
        return pairs;
    }
    serde_json::from_str::<Pairs<'_>>(json).map(|pairs| pairs.0).unwrap_or_default()
}

/// Reads an object of strings without escapes, on one line: the usual form of a context. serde_json takes ten times as
/// long. `None` for any other text, JSON or not, perhaps after some pairs.
pub(crate) fn each_plain<'a>(json: &'a str, mut pair: impl FnMut(&'a str, &'a str)) -> Option<()> {
    // Without an early exit, the compiler checks many bytes at a time.
    if !json.bytes().fold(true, |legal, byte| legal & (byte >= b' ')) {
        return None;
    }
    let mut cursor = Cursor::new(json.as_bytes());
    let string = |cursor: &mut Cursor<'a>| {
        let (range, is_escaped) = cursor.string_or_escaped()?;
        json.get(range).filter(|_| !is_escaped)
    };
    cursor.eat_spaced(b'{')?;
    let mut count = 0;
    loop {
        let key = string(&mut cursor)?;
        cursor.eat_spaced(b':')?;
        let value = string(&mut cursor)?;
        if count < MAX_PAIRS && value.len() <= MAX_VALUE_BYTES {
            count += 1;
            pair(key, value);
        }
        if cursor.eat_spaced(b',').is_none() {
            cursor.eat(b'}')?;
            return cursor.end();
        }
    }
}

fn add<'a>(pairs: &mut Vec<(Cow<'a, str>, Cow<'a, str>)>, key: Cow<'a, str>, value: Cow<'a, str>) {
    if pairs.len() < MAX_PAIRS && value.len() <= MAX_VALUE_BYTES {
        pairs.push((key, value));
    }
}

struct Pairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if let Some(value) = scalar(value.get()) {
                        add(&mut pairs, key.into(), value.into());
                    }
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Returns a string without quotes, and a number or a boolean as written.
fn scalar(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(json.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_the_scalar_members() {
        let json =
            r#"{"x-correlation-id":"c-1","call-chain-length":2,"f":1.5,"b":true,"n":null,"o":{"a":[1]},"l":[{}]}"#;
        let expected = [("x-correlation-id", "c-1"), ("call-chain-length", "2"), ("f", "1.5"), ("b", "true")];
        assert_eq!(pairs(json), expected.map(|(k, v)| (k.into(), v.into())));
        for json in ["null", "[1]", "\"x\"", "", "{\"a\":1"] {
            assert!(pairs(json).is_empty(), "{json}");
        }
        let many: Vec<_> = (0..1000).map(|i| format!("\"{i}\":1")).collect();
        assert_eq!(pairs(&format!("{{{}}}", many.join(","))).len(), MAX_PAIRS);
    }

    #[test]
    fn plain_objects_are_read_as_serde_json_reads_them() {
        for (json, is_plain) in [
            (r#"{"a":"1","b":"é"}"#, true),
            (r#" { "a" : "1" , "a":"2"} "#, true),
            ("{\"a\":\n\"1\"}", false),
            (r#"{"a":"\u0031"}"#, false),
            (r#"{"a":1}"#, false),
            ("{}", false),
            ("{\"a\":\"\t\"}", false),
            ("{\"a\n\":\"\"}", false),
            (r#"{"a":"1",}"#, false),
            (r#"{"a":"1"}}"#, false),
            (r#"{"a":"1""#, false),
        ] {
            assert_eq!(each_plain(json, |_, _| {}).is_some(), is_plain, "{json}");
        }
        let long = "v".repeat(MAX_VALUE_BYTES + 1);
        assert_eq!(pairs(&format!(r#"{{"a":"{long}","b":"1"}}"#)), [("b".into(), "1".into())]);
    }

    proptest! {
        #[test]
        fn the_pairs_are_those_of_serde_json(json in "[{}\":,a\\\\ \n\t1]{0,12}|\\{(\"[a\\\\\t]?\"[:, ]){0,4}\"\"[}, ]{0,2}") {
            let all = serde_json::from_str::<Pairs<'_>>(&json).map(|pairs| pairs.0).unwrap_or_default();
            prop_assert_eq!(pairs(&json), all);
        }
    }
}
