//! JSON, read one level at a time without copies. Unread members are stepped over.
//!
//! Nothing here fails. A malformed member, or a member of another type, is absent.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};
use serde::Deserialize;

use crate::payload::cursor::Cursor;

/// The limit of members at one level. No event of AWS has more.
const MAX_MEMBERS: usize = 256;

/// The members of an object, in order. The values are unparsed text.
#[derive(Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// The unread members of an object.
pub(crate) struct Rest<'a> {
    json: &'a [u8],
    cursor: Cursor<'a>,
    /// The key of the next member.
    key: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Object<'a> {
    /// Reads an object.
    pub(crate) fn parse(json: &'a str) -> Option<Self> {
        let mut cursor = Cursor::new(json.as_bytes());
        let object = Object::read(&mut cursor, json)?;
        cursor.end().map(|()| object)
    }

    /// Reads the members before the first one of this name. The rest is `None` if no member has the name.
    pub(crate) fn parse_before(json: &'a [u8], name: &str) -> Option<(Self, Option<Rest<'a>>)> {
        let (mut object, mut cursor) = (Object(Vec::with_capacity(8)), Cursor::new(json));
        match object.read_from_brace(&mut cursor, json, Some(name))? {
            Some(key) => Some((object, Some(Rest { json, cursor, key }))),
            None => cursor.end().map(|()| (object, None)),
        }
    }

    fn read(cursor: &mut Cursor<'a>, json: impl Slice<'a>) -> Option<Self> {
        let mut object = Object(Vec::with_capacity(8));
        object.read_from_brace(cursor, json, None)?;
        Some(object)
    }

    fn read_from_brace(
        &mut self,
        cursor: &mut Cursor<'a>,
        json: impl Slice<'a>,
        stop: Option<&str>,
    ) -> Option<Option<Cow<'a, str>>> {
        cursor.eat_spaced(b'{')?;
        if cursor.eat(b'}').is_some() {
            return Some(None);
        }
        self.read_members(cursor, json, stop)
    }

    /// Reads members to the end of the object, or up to the key `stop`. Returns the key in the second case.
    fn read_members(
        &mut self,
        cursor: &mut Cursor<'a>,
        json: impl Slice<'a>,
        stop: Option<&str>,
    ) -> Option<Option<Cow<'a, str>>> {
        loop {
            let key = read_key(cursor, json)?;
            if stop == Some(&*key) {
                return Some(Some(key));
            }
            if self.read_value(cursor, json, key)? {
                return Some(None);
            }
        }
    }

    /// Reads the value of a member. Returns `true` at the end of the object.
    fn read_value(&mut self, cursor: &mut Cursor<'a>, json: impl Slice<'a>, key: Cow<'a, str>) -> Option<bool> {
        cursor.eat_spaced(b':')?;
        let value = cursor.value()?;
        if self.0.len() < MAX_MEMBERS {
            self.0.push((key, json.slice(value)?));
        }
        if cursor.eat_spaced(b',').is_some() {
            return Some(false);
        }
        cursor.eat(b'}').map(|()| true)
    }

    /// Returns the text of a member's value. `None` for `null`.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a str> {
        let value = self.0.iter().find(|(name, _)| name == key)?.1;
        (value != "null").then_some(value)
    }

    /// Returns `true` if the object has a member of this name with another value than `null`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// Returns a string member.
    pub(crate) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        text(self.raw(key)?)
    }

    /// Returns a number member. Some events write numbers as strings.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        let raw = self.raw(key)?;
        text(raw).map_or_else(|| raw.parse().ok(), |text| text.parse().ok())
    }

    /// Returns an object member.
    pub(crate) fn object(&self, key: &str) -> Option<Object<'a>> {
        Object::parse(self.raw(key)?)
    }

    /// Returns the elements of an array member. Any other member has no elements.
    pub(crate) fn array(&self, key: &str) -> Vec<&'a str> {
        self.raw(key).map(array).unwrap_or_default()
    }

    /// Returns all members with unparsed values.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// Returns all members with unparsed values.
    pub(crate) fn into_members(self) -> impl Iterator<Item = (Cow<'a, str>, &'a str)> {
        self.0.into_iter()
    }
}

impl<'a> Rest<'a> {
    /// Adds the rest of the members to an object.
    pub(crate) fn read_into(mut self, object: &mut Object<'a>) -> Option<()> {
        if !object.read_value(&mut self.cursor, self.json, self.key)? {
            object.read_members(&mut self.cursor, self.json, None)?;
        }
        self.cursor.end()
    }
}

/// A text to take parts from. Bytes are validated part by part, so the end of a long text is never read.
trait Slice<'a>: Copy {
    fn slice(self, range: Range<usize>) -> Option<&'a str>;
}

impl<'a> Slice<'a> for &'a str {
    fn slice(self, range: Range<usize>) -> Option<&'a str> {
        self.get(range)
    }
}

impl<'a> Slice<'a> for &'a [u8] {
    fn slice(self, range: Range<usize>) -> Option<&'a str> {
        std::str::from_utf8(self.get(range)?).ok()
    }
}

fn read_key<'a>(cursor: &mut Cursor<'a>, json: impl Slice<'a>) -> Option<Cow<'a, str>> {
    let key = cursor.string()?;
    match json.slice(key.clone())? {
        plain if memchr(b'\\', plain.as_bytes()).is_none() => Some(Cow::Borrowed(plain)),
        // With its quotes.
        _ => text(json.slice(key.start - 1..key.end + 1)?),
    }
}

/// Returns the text of a JSON string.
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    let plain = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(plain) = plain.filter(|text| memchr2(b'"', b'\\', text.as_bytes()).is_none()) {
        return Some(Cow::Borrowed(plain));
    }
    serde_json::from_str::<Text<'_>>(json).ok().map(|text| text.0)
}

/// Returns the offset in a JSON string, with its quotes, of a byte of the text. `None` beyond the end, and inside of a
/// character.
pub(crate) fn escaped_at(json: &str, at: usize) -> Option<usize> {
    let (bytes, mut escaped, mut unescaped) = (json.as_bytes(), 1, 0);
    while unescaped < at {
        let rest = bytes.get(escaped..)?;
        let plain = memchr2(b'"', b'\\', rest)?;
        if plain > 0 {
            let step = plain.min(at - unescaped);
            (escaped, unescaped) = (escaped + step, unescaped + step);
            continue;
        }
        let len = match rest {
            [b'\\', b'u', ..] if is_high_surrogate(rest) => 12,
            [b'\\', b'u', ..] => 6,
            [b'\\', _, ..] => 2,
            _ => return None,
        };
        let unescaped_len = text(&format!("\"{}\"", json.get(escaped..escaped + len)?))?.len();
        (escaped, unescaped) = (escaped + len, unescaped + unescaped_len);
    }
    (unescaped == at).then_some(escaped)
}

/// Returns `true` for an escape that is the first half of a character.
fn is_high_surrogate(escape: &[u8]) -> bool {
    matches!(escape, [b'\\', b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'b' | b'A'..=b'B', ..])
}

/// Returns the texts of the elements of an array, else none.
pub(crate) fn array(json: &str) -> Vec<&str> {
    elements(json).unwrap_or_default()
}

fn elements(json: &str) -> Option<Vec<&str>> {
    let mut elements = Vec::new();
    each(&mut Cursor::new(json.as_bytes()), |cursor| {
        elements.push(json.get(cursor.value()?)?);
        Some(())
    })?;
    Some(elements)
}

/// Steps over an array, element by element.
fn each<'a>(cursor: &mut Cursor<'a>, mut element: impl FnMut(&mut Cursor<'a>) -> Option<()>) -> Option<()> {
    cursor.eat_spaced(b'[')?;
    if cursor.eat(b']').is_some() {
        return Some(());
    }
    loop {
        element(cursor)?;
        if cursor.eat_spaced(b',').is_none() {
            return cursor.eat(b']');
        }
    }
}

/// Returns the objects in the array of the first member, if the member has this name. The flag is `true` if there is no
/// other member.
///
/// `wanted` sees the first of the objects, and decides if the others are read. The bytes after the array are not read.
pub(crate) fn first_member_objects<'a>(
    json: &'a [u8],
    name: &str,
    wanted: impl Fn(&Object<'a>) -> bool,
) -> Option<(Vec<Object<'a>>, bool)> {
    let mut cursor = Cursor::new(json);
    cursor.eat_spaced(b'{')?;
    if json.get(cursor.string()?)? != name.as_bytes() {
        return None;
    }
    cursor.eat_spaced(b':')?;
    let json = std::str::from_utf8(json).ok()?;
    let (mut objects, mut known) = (Vec::new(), false);
    each(&mut cursor, |cursor| {
        if let Some(object) = cursor.attempt(|cursor| Object::read(cursor, json)) {
            objects.push(object);
        } else {
            cursor.value()?;
        }
        known = known || objects.first().is_some_and(&wanted);
        known.then_some(())
    })?;
    Some((objects, cursor.eat_spaced(b'}').is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_another_type_are_absent() {
        let event = Object::parse(r#"{"a":"x\"y","n":1.5,"s":"7","o":{"b":true},"l":[1,"z"],"u":null}"#).unwrap();
        assert_eq!(event.text("a").as_deref(), Some("x\"y"));
        assert_eq!((event.number("n"), event.number("s"), event.number("a")), (Some(1.5), Some(7.0), None));
        assert_eq!(event.object("o").and_then(|o| o.raw("b")), Some("true"));
        assert_eq!(event.array("l"), ["1", "\"z\""]);
        assert_eq!((event.has("u"), event.has("x"), event.text("n").is_some()), (false, false, false));
        assert!(event.object("l").is_none() && event.array("o").is_empty());
    }

    #[test]
    fn members_after_the_name_are_read_only_on_demand() {
        let read = |json: &'static str| {
            let (mut event, rest) = Object::parse_before(json.as_bytes(), "body")?;
            if let Some(rest) = rest.filter(|_| !event.has("a")) {
                rest.read_into(&mut event)?;
            }
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
    fn a_place_in_the_text_is_found_in_the_string() {
        for string in
            [r#""plain""#, r#""""#, r#""{\"a\":\"\\n\\u00e9\",\n\t\"b\":1}""#, r#""é\u00e9\ud83d\uDE00😀\/x""#]
        {
            let unescaped = text(string).unwrap();
            for (at, _) in unescaped.char_indices().chain([(unescaped.len(), ' ')]) {
                let escaped = escaped_at(string, at).unwrap();
                let (before, after) = (&string[..escaped], &string[escaped..]);
                assert_eq!(text(&format!("{before}\"")).as_deref(), unescaped.get(..at), "{string} at {at}");
                assert_eq!(text(&format!("\"{after}")).as_deref(), unescaped.get(at..), "{string} at {at}");
            }
            assert_eq!(escaped_at(string, unescaped.len() + 1), None, "{string}");
        }
        assert_eq!(escaped_at(r#""\u00e9x""#, 1), None, "inside of a character");
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
