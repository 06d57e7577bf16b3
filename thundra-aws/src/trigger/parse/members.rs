//! The members of a JSON object in sequence, as far as someone reads.

use std::borrow::Cow;

use super::json::Object;
use super::tape::{Key, key_text, read_key};
use crate::payload::cursor::Cursor;

/// The members of an object, read in sequence.
pub(crate) struct Members<'a> {
    json: &'a [u8],
    /// The beginning of the text, as far as validated.
    text: &'a str,
    cursor: Cursor<'a>,
    /// The key of the last member read, `None` before the first member.
    key: Option<Key>,
}

impl<'a> Members<'a> {
    /// Begins to read an object.
    pub(crate) fn of(json: &'a [u8]) -> Self {
        Members { json, text: "", cursor: Cursor::new(json), key: None }
    }

    /// Returns the key of the next member, or `Some(None)` at the end of the object. The outer `None` is malformed.
    pub(crate) fn next_key(&mut self) -> Option<Option<Cow<'a, str>>> {
        let is_first = self.key.is_none();
        if is_first {
            self.cursor.eat_spaced(b'{')?;
        }
        let ends = if is_first { self.cursor.peek() == Some(b'}') } else { self.cursor.eat_spaced(b',').is_none() };
        if ends {
            self.cursor.eat(b'}')?;
            return self.cursor.end().map(|()| None);
        }
        let key = read_key(self.json, &mut self.cursor)?;
        self.key = Some(key);
        key_text(self.json, key).map(Some)
    }

    /// Returns the text from the value of the member on.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.json.get(self.cursor.at()..).unwrap_or_default()
    }

    /// Steps over the value of the member.
    pub(crate) fn skip(&mut self) -> Option<()> {
        self.cursor.value().map(drop)
    }

    /// Steps over the value of the member, and adds the member to an object. `opens` is `true` to read inside the
    /// value too.
    pub(crate) fn add_to(&mut self, object: &mut Object<'a>, opens: bool) -> Option<()> {
        object.add(self.json, self.key?, &mut self.cursor, opens)
    }

    /// Validates the text as far as read, for the values of added members.
    pub(crate) fn finish<const N: usize>(&mut self, objects: [&mut Object<'a>; N]) -> Option<()> {
        let text = self.validate(self.cursor.at())?;
        objects.into_iter().for_each(|object| object.set_text(text));
        Some(())
    }

    /// Validates the text as far as `end`, without the part validated already.
    fn validate(&mut self, end: usize) -> Option<&'a str> {
        if self.text.len() < end {
            self.text = std::str::from_utf8(self.json.get(..end)?).ok()?;
        }
        Some(self.text)
    }

    /// Reads the first object in an array of several objects, and stops behind the first.
    pub(crate) fn first_of_several(&mut self) -> Option<Object<'a>> {
        self.cursor.eat_spaced(b'[')?;
        let mut first = Object::read_bytes(&mut self.cursor, self.json)?;
        first.set_text(self.validate(self.cursor.at())?);
        self.cursor.is_before(b',', b'{').then_some(first)
    }

    /// Reads the objects in an array, as [`objects`] does. The value is not stepped over without objects.
    pub(crate) fn objects(&mut self, wanted: impl Fn(&Object<'a>) -> bool) -> Option<Vec<Object<'a>>> {
        if !self.cursor.is_before(b'[', b'{') {
            return None;
        }
        let text = self.validate(self.json.len())?;
        self.cursor.attempt(|cursor| Object::read_wanted(cursor, text, wanted))
    }
}

/// Reads the objects in an array. `None` for any other text, for an empty array, and for an array with a first element
/// that is not `wanted`.
pub(crate) fn objects<'a>(json: &'a [u8], wanted: impl Fn(&Object<'a>) -> bool) -> Option<Vec<Object<'a>>> {
    let mut cursor = Cursor::new(json);
    let objects = Object::read_wanted(&mut cursor, std::str::from_utf8(json).ok()?, wanted)?;
    cursor.end().map(|()| objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_one_after_the_other() {
        let read = |json: &'static str| {
            let (mut members, mut keys) = (Members::of(json.as_bytes()), Vec::new());
            while let Some(key) = members.next_key()?.filter(|key| key != "stop") {
                members.skip()?;
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
    fn objects_of_an_array_are_read_if_the_first_is_wanted() {
        let ids = |json: &'static str| {
            let mut members = Members::of(json.as_bytes());
            members.next_key()??;
            let objects = members.objects(|first| first.has("a"));
            let ids = objects.map(|objects| objects.iter().map(|object| object.raw("a").unwrap_or_default()).collect());
            let mut rest = Object::default();
            if ids.is_none() {
                let _ = members.add_to(&mut rest, false);
            }
            let _ = members.finish([&mut rest]);
            Some((ids, rest.raw("l"), members.next_key().flatten().is_some()))
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
}
