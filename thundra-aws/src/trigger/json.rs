//! JSON read one level at a time, borrowed: a member nobody asks for is skipped, not copied.
//!
//! Nothing here fails: what is missing or of another type is not there.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
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

    /// The members up to the one of whose key, and of those before it, `enough` is said: what comes then is not
    /// looked at, however long it is.
    pub(super) fn parse_until(json: &'a [u8], enough: impl Fn(&str, &Self) -> bool) -> Option<Self> {
        let (mut event, mut stopped) = (Object(Vec::new()), false);
        let mut json = serde_json::Deserializer::from_slice(json);
        let read = json.deserialize_map(Until { object: &mut event, stopped: &mut stopped, enough });
        (stopped || read.and_then(|()| json.end()).is_ok()).then_some(event)
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
        let mut object = Object(Vec::new());
        let members = Until { object: &mut object, stopped: &mut false, enough: |_: &str, _: &Self| false };
        deserializer.deserialize_map(members)?;
        Ok(object)
    }
}

/// Collects members.
struct Until<'o, 'a, F> {
    object: &'o mut Object<'a>,
    stopped: &'o mut bool,
    enough: F,
}

impl<'de, F: Fn(&str, &Object<'de>) -> bool> Visitor<'de> for Until<'_, 'de, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while self.object.0.len() < MAX_MEMBERS {
            let Some(Text(key)) = map.next_key::<Text<'de>>()? else { return Ok(()) };
            if (self.enough)(&key, self.object) {
                *self.stopped = true;
                // The only way to leave a reader that has not read all.
                return Err(A::Error::custom("enough"));
            }
            self.object.0.push((key, map.next_value::<&'de RawValue>()?));
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
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
    fn what_comes_after_enough_is_not_looked_at() {
        let read = |json: &'static str| {
            let event = Object::parse_until(json.as_bytes(), |key, before| key == "body" && before.has("a"))?;
            Some(event.members().map(|(key, _)| key.to_owned()).collect::<Vec<_>>())
        };
        for (json, keys) in [
            (r#"{"a":1,"body":no JSON at all"#, Some(&["a"][..])),
            (r#"{"body":"x","a":1}"#, Some(&["body", "a"])),
            (r#"{"a":1}"#, Some(&["a"])),
            (r#"{"body":1,"a":2} more"#, None),
            (r#"{"a":1"#, None),
            ("[1]", None),
        ] {
            assert_eq!(
                read(json).as_deref(),
                keys.map(|keys| keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>()).as_deref(),
                "{json}"
            );
        }
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
