//! JSON, read one level at a time without copies. Unread members are stepped over.
//!
//! Reading never fails. A malformed member, or a member of another type, is absent.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;
use serde::Deserialize;

use crate::payload::cursor::{Cursor, quote_or_backslash};

/// The limit of members at one level. No event of AWS has more.
const MAX_MEMBERS: usize = 256;

/// The members of an object, in order. The values are unparsed text.
#[derive(Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// The members of an object, read in sequence.
pub(crate) struct Members<'a> {
    json: &'a [u8],
    /// The validated text, once needed.
    text: Option<Option<&'a str>>,
    cursor: Cursor<'a>,
    /// `true` before the first member.
    is_first: bool,
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

    fn read(cursor: &mut Cursor<'a>, json: impl Slice<'a>) -> Option<Self> {
        let mut object = Object(Vec::with_capacity(8));
        let mut is_first = true;
        while let Some(key) = next_key(cursor, json, &mut is_first)? {
            object.push(key, json.slice(cursor.value()?)?);
        }
        Some(object)
    }

    /// Adds a member, up to the limit of members.
    pub(crate) fn push(&mut self, key: Cow<'a, str>, value: &'a str) {
        if !self.is_full() {
            self.0.push((key, value));
        }
    }

    /// Returns `true` at the limit of members.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MAX_MEMBERS
    }

    /// Returns the text of a member's value. `None` for `null`.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a str> {
        let value = self.0.iter().find(|(name, _)| name == key)?.1;
        (value != "null").then_some(value)
    }

    /// Returns `true` if the object has a member `key` with a value other than `null`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// Returns `true` if the object has a member `key`, even with the value `null`.
    pub(crate) fn names(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| name == key)
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

    /// Returns a number member as a time since 1970. Zero means no time.
    pub(crate) fn time(&self, key: &str) -> Option<f64> {
        self.number(key).filter(|time| *time > 0.0)
    }

    /// Returns an integer member. Some events write integers as strings.
    pub(crate) fn integer(&self, key: &str) -> Option<i64> {
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

    /// Returns the objects in an array member. Any other element is left out.
    pub(crate) fn objects(&self, key: &str) -> Vec<Object<'a>> {
        let objects = |json: &'a str| all_objects(&mut Cursor::new(json.as_bytes()), json);
        self.raw(key).and_then(objects).unwrap_or_default()
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

impl<'a> Members<'a> {
    /// Begins to read an object.
    pub(crate) fn of(json: &'a [u8]) -> Self {
        Members { json, text: None, cursor: Cursor::new(json), is_first: true }
    }

    /// Returns the key of the next member, or `Some(None)` at the end of the object. The outer `None` is malformed.
    pub(crate) fn next_key(&mut self) -> Option<Option<Cow<'a, str>>> {
        let key = next_key(&mut self.cursor, self.json, &mut self.is_first)?;
        if key.is_none() {
            self.cursor.end()?;
        }
        Some(key)
    }

    /// Steps over the value of the member. Returns the text of the value.
    pub(crate) fn value(&mut self) -> Option<&'a str> {
        self.json.slice(self.cursor.value()?)
    }

    /// Reads the objects in an array, as [`objects`] does. The value is not stepped over without objects.
    pub(crate) fn objects(&mut self, wanted: impl Fn(&Object<'a>) -> bool) -> Option<Vec<Object<'a>>> {
        let (json, text) = (self.json, &mut self.text);
        self.cursor.attempt(|cursor| read_objects(cursor, json, text, wanted))
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

/// Steps to the value of the next member. Returns the key, or `Some(None)` at the end of the object.
fn next_key<'a>(cursor: &mut Cursor<'a>, json: impl Slice<'a>, is_first: &mut bool) -> Option<Option<Cow<'a, str>>> {
    if std::mem::take(is_first) {
        cursor.eat_spaced(b'{')?;
        if cursor.eat(b'}').is_some() {
            return Some(None);
        }
    } else if cursor.eat_spaced(b',').is_none() {
        return cursor.eat(b'}').map(|()| None);
    }
    let key = read_key(cursor, json)?;
    cursor.eat_spaced(b':')?;
    Some(Some(key))
}

fn read_key<'a>(cursor: &mut Cursor<'a>, json: impl Slice<'a>) -> Option<Cow<'a, str>> {
    let (key, is_escaped) = cursor.string_or_escaped()?;
    // The slice includes the quotes.
    if is_escaped { text(json.slice(key.start - 1..key.end + 1)?) } else { json.slice(key).map(Cow::Borrowed) }
}

/// Returns the text of a JSON string.
#[inline]
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    // An error of serde_json costs more than the text of most strings.
    let plain = json.strip_prefix('"')?.strip_suffix('"')?;
    match quote_or_backslash(plain.as_bytes()) {
        None => Some(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str::<Text<'_>>(json).ok().map(|text| text.0),
    }
}

/// A valid JSON string with quotes, and a position that only goes forward.
pub(crate) struct Escaped<'a> {
    json: &'a str,
    /// The position in the string.
    at: usize,
    /// The same position in the text.
    unescaped: usize,
}

impl<'a> Escaped<'a> {
    pub(crate) fn new(json: &'a str) -> Self {
        Escaped { json, at: 1, unescaped: 0 }
    }

    /// Goes forward to a byte of the text, and returns the offset in the string. `None` for a byte before the position,
    /// beyond the end, and inside of a character.
    pub(crate) fn forward_to(&mut self, unescaped: usize) -> Option<usize> {
        while self.unescaped < unescaped {
            let rest = self.json.as_bytes().get(self.at..)?;
            let plain = memchr2(b'"', b'\\', rest)?;
            let (len, unescaped_len) = match (rest, plain) {
                ([b'\\', b'u', ..], _) => self.unicode()?,
                ([b'\\', _, ..], _) => (2, 1),
                (_, 0) => return None,
                _ => (plain.min(unescaped - self.unescaped), plain.min(unescaped - self.unescaped)),
            };
            (self.at, self.unescaped) = (self.at + len, self.unescaped + unescaped_len);
        }
        (self.unescaped == unescaped).then_some(self.at)
    }

    /// Returns the lengths of a character in the form `\u…`, escaped and unescaped. A character outside of the basic
    /// plane is a pair.
    fn unicode(&self) -> Option<(usize, usize)> {
        Some(match u16::from_str_radix(self.json.get(self.at + 2..self.at + 6)?, 16).ok()? {
            0..0x80 => (6, 1),
            0x80..0x800 => (6, 2),
            0xd800..0xe000 => (12, 4),
            _ => (6, 3),
        })
    }
}

/// Returns all members of an object, for example the records by partition. Empty for any other text.
pub(crate) fn members(json: &str) -> Vec<(Cow<'_, str>, &str)> {
    all_members(json).unwrap_or_default()
}

fn all_members(json: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    let (mut all, mut members) = (Vec::new(), Members::of(json.as_bytes()));
    while let Some(key) = members.next_key()? {
        all.push((key, members.value()?));
    }
    Some(all)
}

/// Returns the objects in the arrays of an object by key, for example the records by partition. Empty for any other
/// text.
pub(crate) fn groups(json: &str) -> Vec<(Cow<'_, str>, Vec<Object<'_>>)> {
    all_groups(json).unwrap_or_default()
}

fn all_groups(json: &str) -> Option<Vec<(Cow<'_, str>, Vec<Object<'_>>)>> {
    let (mut groups, mut cursor, mut is_first) = (Vec::new(), Cursor::new(json.as_bytes()), true);
    while let Some(key) = next_key(&mut cursor, json, &mut is_first)? {
        match cursor.attempt(|cursor| all_objects(cursor, json)) {
            Some(objects) => groups.push((key, objects)),
            None => {
                cursor.value()?;
            }
        }
    }
    cursor.end().map(|()| groups)
}

fn all_objects<'a>(cursor: &mut Cursor<'a>, json: &'a str) -> Option<Vec<Object<'a>>> {
    let mut objects = Vec::new();
    each(cursor, |cursor| {
        match cursor.attempt(|cursor| Object::read(cursor, json)) {
            Some(object) => objects.push(object),
            None => {
                cursor.value()?;
            }
        }
        Some(())
    })?;
    Some(objects)
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

/// Reads the objects in an array. `None` for any other text, for an empty array, and for an array with a first element
/// that is not `wanted`.
pub(crate) fn objects<'a>(json: &'a [u8], wanted: impl Fn(&Object<'a>) -> bool) -> Option<Vec<Object<'a>>> {
    let mut cursor = Cursor::new(json);
    let objects = read_objects(&mut cursor, json, &mut None, wanted)?;
    cursor.end().map(|()| objects)
}

/// Reads the objects in an array. `text` is the validated text, once needed.
fn read_objects<'a>(
    cursor: &mut Cursor<'a>,
    json: &'a [u8],
    text: &mut Option<Option<&'a str>>,
    wanted: impl Fn(&Object<'a>) -> bool,
) -> Option<Vec<Object<'a>>> {
    let mut objects = Vec::new();
    each(cursor, |cursor| {
        if objects.is_empty() {
            objects.push(Object::read(cursor, json).filter(&wanted)?);
            return Some(());
        }
        // Long texts are validated at once, and at most once.
        let text = (*text.get_or_insert_with(|| std::str::from_utf8(json).ok()))?;
        match cursor.attempt(|cursor| Object::read(cursor, text)) {
            Some(object) => objects.push(object),
            None => {
                cursor.value()?;
            }
        }
        Some(())
    })?;
    (!objects.is_empty()).then_some(objects)
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
    fn members_are_read_one_after_the_other() {
        let read = |json: &'static str| {
            let (mut members, mut keys) = (Members::of(json.as_bytes()), Vec::new());
            while let Some(key) = members.next_key()?.filter(|key| key != "stop") {
                members.value()?;
                keys.push(key);
            }
            Some(keys)
        };
        for (json, keys) in [
            (r#" { "a" : 1 , "stop" : no JSON at all"#, Some(&["a"][..])),
            (r#"{"body":1,"a":1,"body":{"a":[]}} "#, Some(&["body", "a", "body"])),
            ("{}", Some(&[])),
            (r#"{"a":1} more"#, None),
            (r#"{"a":1"#, None),
            (r#"{"a":1,}"#, None),
            (r#"{"a":1 "b":2}"#, None),
            ("[1]", None),
        ] {
            assert_eq!(
                read(json).as_deref(),
                keys.map(|keys| keys.iter().map(|&key| key.into()).collect::<Vec<_>>()).as_deref(),
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
            let mut forward = Escaped::new(string);
            for (at, _) in unescaped.char_indices().chain([(unescaped.len(), ' ')]) {
                let escaped = forward.forward_to(at).unwrap();
                assert_eq!(Escaped::new(string).forward_to(at), Some(escaped), "{string} at {at}");
                let (before, after) = (&string[..escaped], &string[escaped..]);
                assert_eq!(text(&format!("{before}\"")).as_deref(), unescaped.get(..at), "{string} at {at}");
                assert_eq!(text(&format!("\"{after}")).as_deref(), unescaped.get(at..), "{string} at {at}");
            }
            assert_eq!(forward.forward_to(unescaped.len() + 1), None, "{string}");
        }
        assert_eq!(Escaped::new(r#""\u00e9x""#).forward_to(1), None, "inside of a character");
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
    fn objects_of_an_array_are_read_if_the_first_is_wanted() {
        let ids = |json: &'static str| {
            let mut members = Members::of(json.as_bytes());
            members.next_key()??;
            let objects = members.objects(|first| first.has("a"));
            let ids = objects.map(|objects| objects.iter().map(|object| object.raw("a").unwrap_or_default()).collect());
            let rest = if ids.is_none() { members.value() } else { None };
            Some((ids, rest, members.next_key().flatten().is_some()))
        };
        for (json, found) in [
            (r#"{"l" : [ {"a":1} , {"a":{"b":[2]}},3, {}] , "m":"#, (Some(vec!["1", r#"{"b":[2]}"#, ""]), None, true)),
            (r#"{"l":[{"a":1}] } "#, (Some(vec!["1"]), None, false)),
            (r#"{"l":[{"b":1},{"a":2}],"m":1}"#, (None, Some(r#"[{"b":1},{"a":2}]"#), true)),
            (r#"{"l":[1,{"a":2}]}"#, (None, Some(r#"[1,{"a":2}]"#), false)),
            (r#"{"l":[{"a":1} 2]}"#, (None, Some(r#"[{"a":1} 2]"#), false)),
            (r#"{"l":[{"a":1}"#, (None, None, false)),
            (r#"{"l":[]}"#, (None, Some("[]"), false)),
            (r#"{"l":{"a":1}}"#, (None, Some(r#"{"a":1}"#), false)),
        ] {
            assert_eq!(ids(json), Some(found), "{json}");
        }
    }

    #[test]
    fn members_without_a_limit_are_all_or_none() {
        let many: String = (0..1000).map(|n| format!(",\"{n}\":[{n}]")).collect();
        assert_eq!(members(&format!("{{\"a\\n\": 1{many} }}")).len(), 1001);
        assert_eq!(members(r#" { "a\\b" : "}" , "a":null } "#), [("a\\b".into(), r#""}""#), ("a".into(), "null")]);
        for json in ["{}", "{\"a\":1,}", "{\"a\":1", "{\"a\"}", "[1]", ""] {
            assert_eq!(members(json), [], "{json}");
        }
    }

    #[test]
    fn objects_are_read_by_key() {
        let read = |json: &'static str| {
            let groups = groups(json).into_iter();
            groups
                .map(|(key, objects)| (key, objects.iter().map(|o| o.raw("a").unwrap_or("")).collect::<Vec<_>>()))
                .collect::<Vec<_>>()
        };
        for (json, expected, why) in [
            (
                r#" { "x" : [ {"a":1} , {"a":[2]} ] , "y":[{"a":3}]} "#,
                vec![("x", vec!["1", "[2]"]), ("y", vec!["3"])],
                "two keys",
            ),
            (
                r#"{"x":[null,{"a":1},7,{"a"},[{"a":2}]],"y":[]}"#,
                vec![("x", vec!["1"]), ("y", vec![])],
                "other elements",
            ),
            (r#"{"x":null,"y":{"a":1},"z":[{"a":1}]}"#, vec![("z", vec!["1"])], "other members"),
            (r#"{"x":[{"a":1} 2],"z":[{"a":1}]}"#, vec![("z", vec!["1"])], "a malformed array"),
            (r#"{"x":[{"a":1}]"#, vec![], "an object that breaks off"),
            (r#"{"x":[{"a":1}]}}"#, vec![], "more"),
            ("[]", vec![], "no object"),
            ("", vec![], "nothing"),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(key, values)| (Cow::Borrowed(key), values)).collect();
            assert_eq!(read(json), expected, "{why}");
        }
        let object = Object::parse(r#"{"l":[1,{"a":2},"x"],"o":{}}"#).unwrap();
        assert_eq!(object.objects("l").iter().filter_map(|o| o.raw("a")).collect::<Vec<_>>(), ["2"]);
        assert!(object.objects("o").is_empty() && object.objects("z").is_empty());
    }

    #[test]
    fn keys_are_unescaped_and_values_are_not() {
        let object = Object::parse("{ \"a\\u0062\" : \"c\\\"\" , \"d\":{}}").unwrap();
        assert_eq!(object.members().collect::<Vec<_>>(), [("ab", "\"c\\\"\""), ("d", "{}")]);
    }
}
