//! Where the members of a context go in a JSON text, as bytes.
//!
//! The text is never parsed into a value and written again: numbers keep their digits, members their order, and
//! a trailing newline stays. Putting members in and cutting them out again gives the text's own bytes back.

use serde::de::IgnoredAny;

use crate::payload;

const WHITESPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// A text with a place for members.
#[derive(Debug, PartialEq)]
pub(crate) struct Gap<'a> {
    before: &'a str,
    open: &'static str,
    close: &'static str,
    after: &'a str,
}

/// Why a text has no place for a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoGap {
    /// It is no JSON object.
    NoObject,
    /// It has a context of its own.
    Taken,
}

impl<'a> Gap<'a> {
    /// How much a payload grows besides the members at the most.
    #[cfg(any(feature = "eventbridge", feature = "kinesis", feature = "lambda", feature = "sfn"))]
    pub(crate) const LONGEST: usize = "\"__context__\":{},".len();

    /// The place of a `__context__` in a payload: first, where it is one valid JSON object without such a member.
    /// One that was received gives way.
    pub(crate) fn in_payload(payload: &'a [u8], was_received: impl FnOnce(&str) -> bool) -> Result<Self, NoGap> {
        let json = std::str::from_utf8(payload).map_err(|_| NoGap::NoObject)?;
        let rest = json.trim_start_matches(WHITESPACE).strip_prefix('{').ok_or(NoGap::NoObject)?;
        // Checks without recursion, however deep the payload is nested.
        serde_json::from_str::<IgnoredAny>(json).map_err(|_| NoGap::NoObject)?;
        let Some(member) = payload::find(payload) else {
            let contents = json.len() - rest.len();
            return Gap::first(json, contents, "\"__context__\":{", ["}", "},"]).ok_or(NoGap::NoObject);
        };
        let around = (json.get(..member.value.start), json.get(member.value.end..));
        match around {
            (Some(before), Some(after)) if was_received(&member.json) => {
                Ok(Gap { before, open: "{", close: "}", after })
            }
            _ => Err(NoGap::Taken),
        }
    }

    /// The place before all members of an object, whose contents begin at `contents`. What closes the gap depends on
    /// whether the object is empty.
    pub(crate) fn first(json: &'a str, contents: usize, open: &'static str, close: [&'static str; 2]) -> Option<Self> {
        let (before, after) = json.split_at_checked(contents)?;
        let [in_empty, before_others] = close;
        let empty = after.trim_start_matches(WHITESPACE).starts_with('}');
        Some(Gap { before, open, close: if empty { in_empty } else { before_others }, after })
    }

    /// How long the text is around the members.
    #[cfg(any(test, feature = "eventbridge", feature = "kinesis", feature = "lambda", feature = "sfn"))]
    pub(crate) fn len(&self) -> usize {
        self.parts("").map(str::len).iter().sum()
    }

    /// The text with the members.
    pub(crate) fn fill(&self, members: &str) -> String {
        self.parts(members).concat()
    }

    fn parts<'b>(&'b self, members: &'b str) -> [&'b str; 5] {
        [self.before, self.open, members, self.close, self.after]
    }
}

/// Whether two contexts are the same: one that was read into a value and written again may have its members in another
/// order.
#[cfg(any(test, feature = "eventbridge", feature = "kinesis", feature = "lambda", feature = "sfn"))]
pub(crate) fn are_equal(one: &str, other: &str) -> bool {
    let value = |json| serde_json::from_str::<serde_json::Value>(json).ok();
    one == other || value(one).is_some_and(|one| value(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::tests::json;
    use proptest::prelude::*;

    const OURS: &str = r#""x":1"#;

    fn filled(payload: &[u8], received: Option<&str>) -> Result<String, NoGap> {
        let was_received = |context: &str| received.is_some_and(|received| are_equal(received, context));
        Gap::in_payload(payload, was_received).map(|gap| {
            let filled = gap.fill(OURS);
            assert_eq!(filled.len(), gap.len() + OURS.len());
            filled
        })
    }

    #[test]
    fn a_context_goes_in_where_there_is_one_object_without_one() {
        use NoGap::{NoObject, Taken};

        for (payload, expected, why) in [
            (r#"{"a":1}"#, Ok(r#"{"__context__":{"x":1},"a":1}"#), "an object"),
            ("{}", Ok(r#"{"__context__":{"x":1}}"#), "an empty one"),
            ("{ }\n", Ok("{\"__context__\":{\"x\":1} }\n"), "an empty one, its bytes stay"),
            (" \n{ \"a\": 1 }\n", Ok(" \n{\"__context__\":{\"x\":1}, \"a\": 1 }\n"), "whitespace stays"),
            (
                r#"{"id":12345678901234567890,"d":1.0}"#,
                Ok(r#"{"__context__":{"x":1},"id":12345678901234567890,"d":1.0}"#),
                "digits stay",
            ),
            (r#"{"a":{"__context__":{}}}"#, Ok(r#"{"__context__":{"x":1},"a":{"__context__":{}}}"#), "nested"),
            (r#"{"__context__":{"y":2}}"#, Err(Taken), "the user's own stays"),
            (r#"{"a":1,"__context__":null}"#, Err(Taken), "whatever it is"),
            ("{\"a\":1}\n{\"a\":2}", Err(NoObject), "two documents"),
            ("[1]", Err(NoObject), "an array"),
            ("5", Err(NoObject), "a number"),
            ("null", Err(NoObject), "null"),
            (r#"{"a":1"#, Err(NoObject), "cut short"),
            (r#"{"a":01}"#, Err(NoObject), "a bad number"),
            ("\u{feff}{}", Err(NoObject), "a byte order mark"),
            ("", Err(NoObject), "nothing"),
        ] {
            assert_eq!(filled(payload.as_bytes(), None), expected.map(str::to_owned), "{why}");
        }
        assert_eq!(filled(b"{\"a\":\"\xff\"}", None), Err(NoObject), "not UTF-8");
    }

    #[test]
    fn what_was_received_gives_way() {
        for (payload, expected, why) in [
            (r#"{"__context__":{"y":2},"a":1}"#, Ok(r#"{"__context__":{"x":1},"a":1}"#), "ours, sent on"),
            (r#"{"a":1, "__context__": {"y":2} }"#, Ok(r#"{"a":1, "__context__": {"x":1} }"#), "wherever it is"),
            (r#"{"__context__":{"y":3}}"#, Err(NoGap::Taken), "another one"),
            (r#"{"__context__":{}}"#, Err(NoGap::Taken), "an empty one"),
        ] {
            assert_eq!(filled(payload.as_bytes(), Some(r#"{"y":2}"#)), expected.map(str::to_owned), "{why}");
        }
        let written_again = filled(br#"{"__context__": {"a":1, "b":"\u0063"}}"#, Some(r#"{"b":"c","a":1}"#));
        assert_eq!(written_again.unwrap(), r#"{"__context__": {"x":1}}"#);
        assert_eq!(filled(br#"{"__context__":"text"}"#, Some("no json")), Err(NoGap::Taken));
    }

    #[test]
    fn depth_is_no_limit() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let filled = filled(deep.as_bytes(), None).unwrap();
        let member = payload::find(filled.as_bytes()).unwrap();
        assert_eq!(payload::strip(filled.as_bytes(), &member), deep.as_bytes());
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(value in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let filled = filled(text.as_bytes(), None);
            let expected = value.as_object().map(|object| object.contains_key("__context__"));
            prop_assert_eq!(filled.as_ref().err(), match expected {
                None => Some(&NoGap::NoObject),
                Some(true) => Some(&NoGap::Taken),
                Some(false) => None,
            });
            if let Ok(filled) = filled {
                let member = payload::find(filled.as_bytes()).unwrap();
                prop_assert_eq!(&member.json, r#"{"x":1}"#);
                prop_assert_eq!(payload::strip(filled.as_bytes(), &member), text.as_bytes());
                let again = Gap::in_payload(filled.as_bytes(), |context| context == r#"{"x":1}"#).unwrap().fill(OURS);
                prop_assert_eq!(again, filled);
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..64),
                "[{}\\[\\]\",: \\\\]{0,8}(\"__context__\")?[{}\\[\\]\",:0-9 \\\\]{0,16}".prop_map(String::into_bytes),
            ]
        ) {
            let _ = filled(&bytes, Some("{}"));
        }
    }
}
