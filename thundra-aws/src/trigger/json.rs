//! JSON read one level at a time, borrowed: a member nobody asks for is stepped over.
//!
//! Nothing here fails: what is missing, malformed or of another type is not there.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;

use crate::scan::Scan;

/// More members than any event of AWS has at one level; further ones are not looked at.
const MAX_MEMBERS: usize = 256;

/// The members of an object, in order; their values are still text.
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a str)>);

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Object<'a> {
    pub(super) fn parse(json: &'a str) -> Option<Self> {
        Self::parse_until(json.as_bytes(), |_, _| false)
    }

    /// The members up to the one of whose key, and of those before it, `enough` is said: what comes then is not
    /// looked at, however long it is.
    pub(super) fn parse_until(json: &'a [u8], enough: impl Fn(&str, &Self) -> bool) -> Option<Self> {
        let part = |range: Range<usize>| std::str::from_utf8(json.get(range)?).ok();
        let (mut scan, mut object) = (Scan::new(json), Object(Vec::new()));
        scan.eat_spaced(b'{')?;
        if scan.eat(b'}').is_some() {
            return scan.end().map(|()| object);
        }
        while object.0.len() < MAX_MEMBERS {
            let key = scan.string()?;
            let key = match part(key.clone())? {
                plain if !plain.contains('\\') => Cow::Borrowed(plain),
                // With its quotes.
                _ => text(part(key.start - 1..key.end + 1)?)?,
            };
            if enough(&key, &object) {
                return Some(object);
            }
            scan.eat_spaced(b':')?;
            object.0.push((key, part(scan.value()?)?));
            if scan.eat_spaced(b',').is_none() {
                scan.eat(b'}')?;
                return scan.end().map(|()| object);
            }
        }
        Some(object)
    }

    /// The text of a member's value.
    pub(super) fn raw(&self, key: &str) -> Option<&'a str> {
        let value = self.0.iter().find(|(name, _)| name == key)?.1;
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
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(json).ok().map(|text| text.0)
}

pub(super) fn array(json: &str) -> Vec<&str> {
    elements(json).unwrap_or_default()
}

fn elements(json: &str) -> Option<Vec<&str>> {
    let (mut scan, mut elements) = (Scan::new(json.as_bytes()), Vec::new());
    scan.eat_spaced(b'[')?;
    if scan.eat(b']').is_some() {
        return Some(elements);
    }
    loop {
        elements.push(json.get(scan.value()?)?);
        if scan.eat_spaced(b',').is_none() {
            return scan.eat(b']').map(|()| elements);
        }
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
    fn elements_are_all_or_none() {
        for (json, elements) in [
            (r#" [ {"a":[1]}, "x,]" ,2 ] "#, &[r#"{"a":[1]}"#, r#""x,]""#, "2"][..]),
            ("[]", &[]),
            ("[1,]", &[]),
            ("[1", &[]),
            ("[1 2]", &[]),
            ("{}", &[]),
            ("", &[]),
        ] {
            assert_eq!(array(json), elements, "{json}");
        }
    }

    #[test]
    fn keys_are_unescaped_and_values_are_not() {
        let object = Object::parse("{ \"a\\u0062\" : \"c\\\"\" , \"d\":{}}").unwrap();
        assert_eq!(object.members().collect::<Vec<_>>(), [("ab", "\"c\\\"\""), ("d", "{}")]);
    }
}
