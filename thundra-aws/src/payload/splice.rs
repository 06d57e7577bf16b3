//! Splicing members into a JSON text.
//!
//! The text is never parsed into a value and serialized again: the digits of numbers, the order of members and a
//! trailing newline stay. Cutting the members out again restores the bytes of the original text.

use crate::payload;

const WHITESPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// A place for members in a JSON text.
#[derive(Debug, PartialEq)]
pub(crate) struct InsertionPoint<'a> {
    before: &'a str,
    open: &'static str,
    close: &'static str,
    after: &'a str,
}

/// Reason why a payload takes no context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpliceError {
    /// The payload is not a JSON object.
    NotAnObject,
    /// The payload has a context of the caller.
    Occupied,
}

impl<'a> InsertionPoint<'a> {
    /// Longest text around the members.
    pub(crate) const LONGEST: usize = "\"__context__\":{},".len();

    /// Returns the place of a `__context__` in a payload, if the payload is a valid JSON object.
    ///
    /// The new member comes first. A present context is replaced if `was_received` accepts the context.
    pub(crate) fn in_payload(payload: &'a [u8], was_received: impl FnOnce(&str) -> bool) -> Result<Self, SpliceError> {
        let json = std::str::from_utf8(payload).map_err(|_| SpliceError::NotAnObject)?;
        let rest = json.trim_start_matches(WHITESPACE).strip_prefix('{').ok_or(SpliceError::NotAnObject)?;
        payload::validate(json).ok_or(SpliceError::NotAnObject)?;
        let Some(member) = payload::find(payload) else {
            let contents = json.len() - rest.len();
            return InsertionPoint::first(json, contents, "\"__context__\":{", ["}", "},"])
                .ok_or(SpliceError::NotAnObject);
        };
        let around = (json.get(..member.value.start), json.get(member.value.end..));
        match around {
            (Some(before), Some(after)) if was_received(member.json) => {
                Ok(InsertionPoint { before, open: "{", close: "}", after })
            }
            _ => Err(SpliceError::Occupied),
        }
    }

    /// Returns the place before all members of an object. The contents of the object begin at `contents`. `close` has
    /// the closing text for an empty object and for any other.
    pub(crate) fn first(json: &'a str, contents: usize, open: &'static str, close: [&'static str; 2]) -> Option<Self> {
        let (before, after) = json.split_at_checked(contents)?;
        let [in_empty, before_others] = close;
        let empty = after.trim_start_matches(WHITESPACE).starts_with('}');
        Some(InsertionPoint { before, open, close: if empty { in_empty } else { before_others }, after })
    }

    /// Returns the length of the text without the members.
    pub(crate) fn len(&self) -> usize {
        self.parts("").map(str::len).iter().sum()
    }

    /// Returns the text with the members.
    pub(crate) fn fill(&self, members: &str) -> String {
        self.parts(members).concat()
    }

    fn parts<'b>(&'b self, members: &'b str) -> [&'b str; 5] {
        [self.before, self.open, members, self.close, self.after]
    }
}

/// Returns `true` for two contexts with the same members. The order may differ after a program parsed and serialized a
/// context.
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

    fn filled(payload: &[u8], received: Option<&str>) -> Result<String, SpliceError> {
        let was_received = |context: &str| received.is_some_and(|received| are_equal(received, context));
        InsertionPoint::in_payload(payload, was_received).map(|point| {
            let filled = point.fill(OURS);
            assert_eq!(filled.len(), point.len() + OURS.len());
            filled
        })
    }

    #[test]
    fn a_context_goes_in_where_there_is_one_object_without_one() {
        use SpliceError::{NotAnObject, Occupied};

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
            (r#"{"__context__":{"y":2}}"#, Err(Occupied), "the user's own stays"),
            (r#"{"a":1,"__context__":null}"#, Err(Occupied), "whatever it is"),
            ("{\"a\":1}\n{\"a\":2}", Err(NotAnObject), "two documents"),
            ("[1]", Err(NotAnObject), "an array"),
            ("5", Err(NotAnObject), "a number"),
            ("null", Err(NotAnObject), "null"),
            (r#"{"a":1"#, Err(NotAnObject), "cut short"),
            (r#"{"a":01}"#, Err(NotAnObject), "a bad number"),
            ("\u{feff}{}", Err(NotAnObject), "a byte order mark"),
            ("", Err(NotAnObject), "nothing"),
        ] {
            assert_eq!(filled(payload.as_bytes(), None), expected.map(str::to_owned), "{why}");
        }
        assert_eq!(filled(b"{\"a\":\"\xff\"}", None), Err(NotAnObject), "not UTF-8");
    }

    #[test]
    fn what_was_received_gives_way() {
        for (payload, expected, why) in [
            (r#"{"__context__":{"y":2},"a":1}"#, Ok(r#"{"__context__":{"x":1},"a":1}"#), "ours, sent on"),
            (r#"{"a":1, "__context__": {"y":2} }"#, Ok(r#"{"a":1, "__context__": {"x":1} }"#), "wherever it is"),
            (r#"{"__context__":{"y":3}}"#, Err(SpliceError::Occupied), "another one"),
            (r#"{"__context__":{}}"#, Err(SpliceError::Occupied), "an empty one"),
        ] {
            assert_eq!(filled(payload.as_bytes(), Some(r#"{"y":2}"#)), expected.map(str::to_owned), "{why}");
        }
        let written_again = filled(br#"{"__context__": {"a":1, "b":"\u0063"}}"#, Some(r#"{"b":"c","a":1}"#));
        assert_eq!(written_again.unwrap(), r#"{"__context__": {"x":1}}"#);
        assert_eq!(filled(br#"{"__context__":"text"}"#, Some("no json")), Err(SpliceError::Occupied));
    }

    #[test]
    fn depth_is_no_limit() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let filled = filled(deep.as_bytes(), None).unwrap();
        let member = payload::find(filled.as_bytes()).unwrap();
        assert_eq!(payload::strip(filled.as_bytes(), &member.range), deep.as_bytes());
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(value in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let filled = filled(text.as_bytes(), None);
            let expected = value.as_object().map(|object| object.contains_key("__context__"));
            prop_assert_eq!(filled.as_ref().err(), match expected {
                None => Some(&SpliceError::NotAnObject),
                Some(true) => Some(&SpliceError::Occupied),
                Some(false) => None,
            });
            if let Ok(filled) = filled {
                let member = payload::find(filled.as_bytes()).unwrap();
                prop_assert_eq!(member.json, r#"{"x":1}"#);
                prop_assert_eq!(payload::strip(filled.as_bytes(), &member.range), text.as_bytes());
                let again = InsertionPoint::in_payload(filled.as_bytes(), |context| context == r#"{"x":1}"#).unwrap().fill(OURS);
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
