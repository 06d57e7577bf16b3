//! JSON read one level at a time, borrowed: a member nobody asks for is stepped over.
//!
//! Nothing here fails: what is missing, malformed or of another type is not there.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};
use serde::Deserialize;

use crate::payload::cursor::Cursor;

/// More members than any event of AWS has at one level; further ones are not looked at.
const MAX_MEMBERS: usize = 256;

/// The members of an object, in order; their values are still text.
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a str)>);

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Object<'a> {
    pub(super) fn parse(json: &'a str) -> Option<Self> {
        let mut scan = Cursor::new(json.as_bytes());
        let object = Self::read(&mut scan, |range| json.get(range), |_, _| false)?;
        scan.end().map(|()| object)
    }

    /// The members before the first one of this name, where they are enough: what comes then is not looked at, however
    /// long it is. Else all of them. `enough` is asked once.
    pub(super) fn parse_until(json: &'a [u8], name: &str, enough: impl Fn(&Self) -> bool) -> Option<Self> {
        let (mut asked, mut stopped) = (false, false);
        let stop = |key: &str, before: &Self| {
            if key == name && !asked {
                asked = true;
                stopped = enough(before);
            }
            stopped
        };
        let mut scan = Cursor::new(json);
        let object = Self::read(&mut scan, |range| std::str::from_utf8(json.get(range)?).ok(), stop)?;
        if stopped { Some(object) } else { scan.end().map(|()| object) }
    }

    fn read(
        scan: &mut Cursor<'a>,
        part: impl Fn(Range<usize>) -> Option<&'a str>,
        mut stop: impl FnMut(&str, &Self) -> bool,
    ) -> Option<Self> {
        let mut object = Object(Vec::with_capacity(8));
        scan.eat_spaced(b'{')?;
        if scan.eat(b'}').is_some() {
            return Some(object);
        }
        loop {
            let key = scan.string()?;
            let key = match part(key.clone())? {
                plain if memchr(b'\\', plain.as_bytes()).is_none() => Cow::Borrowed(plain),
                // With its quotes.
                _ => text(part(key.start - 1..key.end + 1)?)?,
            };
            if stop(&key, &object) {
                return Some(object);
            }
            scan.eat_spaced(b':')?;
            let value = scan.value()?;
            if object.0.len() < MAX_MEMBERS {
                object.0.push((key, part(value)?));
            }
            if scan.eat_spaced(b',').is_none() {
                return scan.eat(b'}').map(|()| object);
            }
        }
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
}

pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    let plain = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(plain) = plain.filter(|text| memchr2(b'"', b'\\', text.as_bytes()).is_none()) {
        return Some(Cow::Borrowed(plain));
    }
    serde_json::from_str::<Text<'_>>(json).ok().map(|text| text.0)
}

pub(super) fn array(json: &str) -> Vec<&str> {
    elements(json).unwrap_or_default()
}

fn elements(json: &str) -> Option<Vec<&str>> {
    let mut elements = Vec::new();
    each(&mut Cursor::new(json.as_bytes()), |scan| {
        elements.push(json.get(scan.value()?)?);
        Some(())
    })?;
    Some(elements)
}

/// Steps over an array, element by element.
fn each<'a>(scan: &mut Cursor<'a>, mut element: impl FnMut(&mut Cursor<'a>) -> Option<()>) -> Option<()> {
    scan.eat_spaced(b'[')?;
    if scan.eat(b']').is_some() {
        return Some(());
    }
    loop {
        element(scan)?;
        if scan.eat_spaced(b',').is_none() {
            return scan.eat(b']');
        }
    }
}

/// The objects in the array that is the first member of an object, if it has this name, and `true` if it is the only
/// member. `wanted` decides by the first object if the others matter. The bytes after the array are not read.
pub(super) fn first_member_objects<'a>(
    json: &'a [u8],
    name: &str,
    wanted: impl Fn(&Object<'a>) -> bool,
) -> Option<(Vec<Object<'a>>, bool)> {
    let mut scan = Cursor::new(json);
    scan.eat_spaced(b'{')?;
    if json.get(scan.string()?)? != name.as_bytes() {
        return None;
    }
    scan.eat_spaced(b':')?;
    let json = std::str::from_utf8(json).ok()?;
    let (mut objects, mut known) = (Vec::new(), false);
    each(&mut scan, |scan| {
        if let Some(object) = scan.attempt(|scan| Object::read(scan, |range| json.get(range), |_, _| false)) {
            objects.push(object);
        } else {
            scan.value()?;
        }
        // Asked once, however many there are.
        known = known || objects.first().is_some_and(&wanted);
        known.then_some(())
    })?;
    Some((objects, scan.eat_spaced(b'}').is_some()))
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
            let event = Object::parse_until(json.as_bytes(), "body", |before| before.has("a"))?;
            Some(event.members().map(|(key, _)| key.to_owned()).collect::<Vec<_>>())
        };
        for (json, keys) in [
            (r#"{"a":1,"body":no JSON at all"#, Some(&["a"][..])),
            (r#"{"body":"x","a":1}"#, Some(&["body", "a"])),
            (r#"{"body":1,"a":1,"body":2}"#, Some(&["body", "a", "body"])),
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
    fn objects_of_the_first_member_are_read_in_one_go() {
        let ids = |json: &'static str| {
            let (objects, alone) = first_member_objects(json.as_bytes(), "l", |first| first.has("a"))?;
            Some((objects.iter().map(|object| object.raw("a").unwrap_or_default()).collect::<Vec<_>>(), alone))
        };
        for (json, found) in [
            (r#" { "l" : [ {"a":1} , {"a":{"b":[2]}},3, {}] , what"#, Some((&["1", r#"{"b":[2]}"#, ""][..], false))),
            (r#"{"l":[{"a":1}] } "#, Some((&["1"], true))),
            (r#"{"l":[{"b":1},{"a":2}]}"#, None),
            (r#"{"l":[1,{"a":2}]}"#, None),
            (r#"{"k":1,"l":[{"a":1}]}"#, None),
            (r#"{"l":[{"a":1}"#, None),
            (r#"{"l":[]}"#, Some((&[], true))),
            (r#"{"l":{"a":1}}"#, None),
        ] {
            let ids = ids(json);
            assert_eq!(ids.as_ref().map(|(ids, alone)| (&ids[..], *alone)), found, "{json}");
        }
    }

    #[test]
    fn keys_are_unescaped_and_values_are_not() {
        let object = Object::parse("{ \"a\\u0062\" : \"c\\\"\" , \"d\":{}}").unwrap();
        assert_eq!(object.members().collect::<Vec<_>>(), [("ab", "\"c\\\"\""), ("d", "{}")]);
    }
}
