//! JSON read one level at a time, borrowed: a member nobody asks for is skipped, not copied.
//!
//! Nothing here fails: what is missing or of another type is not there.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// More members than any event of AWS has at one level.
const MAX_MEMBERS: usize = 256;

/// The members of an object, in order; their values are still text.
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Object<'a> {
    pub(super) fn parse(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The text of a member's value.
    pub(super) fn raw(&self, key: &str) -> Option<&'a str> {
        let value = self.0.iter().find(|(name, _)| name == key)?.1.get();
        (value != "null").then_some(value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        text(self.raw(key)?)
    }

    /// A number; in some events they are written as text.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        let raw = self.raw(key)?;
        text(raw).map_or_else(|| raw.parse().ok(), |text| text.parse().ok())
    }

    pub(super) fn object(&self, key: &str) -> Option<Object<'a>> {
        Object::parse(self.raw(key)?)
    }

    pub(super) fn array(&self, key: &str) -> Vec<&'a str> {
        self.raw(key).map(array).unwrap_or_default()
    }

    /// All members, with the text of their values.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value.get()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(json).ok().map(|text| text.0)
}

pub(super) fn array(json: &str) -> Vec<&str> {
    let values = serde_json::from_str::<Vec<&RawValue>>(json).unwrap_or_default();
    values.into_iter().map(RawValue::get).collect()
}

/// The first element of an array; the others are not looked at.
pub(super) fn first(json: &str) -> Option<&str> {
    let rest = json.trim_start().strip_prefix('[')?;
    serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>().next()?.ok().map(RawValue::get)
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while members.len() < MAX_MEMBERS {
                    let Some((Text(key), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? else { break };
                    members.push((key, value));
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_what_they_are_or_not_there() {
        let event = Object::parse(r#"{"a":"x\"y","n":1.5,"s":"7","o":{"b":true},"l":[1,"z"],"u":null}"#).unwrap();
        assert_eq!(event.text("a").as_deref(), Some("x\"y"));
        assert_eq!((event.number("n"), event.number("s"), event.number("a")), (Some(1.5), Some(7.0), None));
        assert_eq!(event.object("o").and_then(|o| o.raw("b")), Some("true"));
        assert_eq!(event.array("l"), ["1", "\"z\""]);
        assert_eq!((event.has("u"), event.has("x"), event.text("n").is_some()), (false, false, false));
        assert!(event.object("l").is_none() && event.array("o").is_empty());
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        assert!(matches!(text("\"plain\""), Some(Cow::Borrowed("plain"))));
    }

    #[test]
    fn the_first_element_is_read_alone() {
        assert_eq!(first(r#" [ {"a":1}, what"#), Some(r#"{"a":1}"#));
        assert_eq!((first("[]"), first("{}"), first("")), (None, None, None));
    }
}
