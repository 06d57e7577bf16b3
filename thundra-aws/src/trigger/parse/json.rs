//! JSON, read once and without copies. See [`tape`](super::tape).
//!
//! Reading never fails. A malformed member, or a member of another type, is absent.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

pub(crate) use super::string::text;
use super::tape::{Key, Kind, MAX_DEPTH, Node, RECORD_DEPTH, Tape};
use crate::payload::cursor::Cursor;

/// The limit of members at one level. No event of AWS has more.
pub(crate) const MAX_MEMBERS: usize = 256;

/// The members of an object, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object<'a> {
    /// `None` without members.
    tape: Option<Rc<Tape<'a>>>,
    /// The places of the members on the tape.
    places: Range<usize>,
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'o, 'a> {
    tape: &'o Rc<Tape<'a>>,
    place: usize,
    node: &'o Node,
}

impl<'a> Object<'a> {
    /// Reads an object.
    pub(crate) fn parse(json: &'a str) -> Option<Self> {
        let mut cursor = Cursor::new(json.as_bytes());
        let object = Object::read(&mut cursor, json, 0)?;
        cursor.end().map(|()| object)
    }

    /// Reads the objects in an array. `None` for any other text, for an empty array, and for an array with a first
    /// element that is not `wanted`.
    pub(super) fn read_wanted(
        cursor: &mut Cursor<'a>,
        json: &'a str,
        wanted: impl Fn(&Object<'a>) -> bool,
    ) -> Option<Vec<Self>> {
        cursor.eat_spaced(b'[')?;
        let start = cursor.at();
        let first = Object::read(cursor, json, RECORD_DEPTH).filter(wanted)?;
        let mut others = Tape::of(json)?;
        others.reserve(first.places.end + 1, cursor.at() - start, json.len() - cursor.at());
        others.read_elements(cursor, RECORD_DEPTH - 1)?;
        Some(std::iter::once(first).chain(Object::of(others).into_elements()).collect())
    }

    fn read(cursor: &mut Cursor<'a>, json: &'a str, depth: usize) -> Option<Self> {
        let mut tape = Tape::of(json)?;
        tape.read_object(cursor, depth).map(|()| Object::of(tape))
    }

    /// Reads an object of a text to be validated.
    pub(super) fn read_bytes(cursor: &mut Cursor<'a>, json: &'a [u8]) -> Option<Self> {
        let mut tape = Tape::of_bytes(json)?;
        tape.read_object(cursor, RECORD_DEPTH).map(|()| Object::of(tape))
    }

    fn of(tape: Tape<'a>) -> Self {
        let places = 0..tape.len();
        Object { tape: Some(Rc::new(tape)), places }
    }

    /// Adds a member. `cursor` is before the value.
    pub(super) fn add(&mut self, json: &'a [u8], key: Key, cursor: &mut Cursor<'a>, opens: bool) -> Option<()> {
        if self.tape.is_none() {
            self.tape = Some(Rc::new(Tape::of_bytes(json)?));
        }
        let tape = Rc::make_mut(self.tape.as_mut()?);
        tape.read(cursor, key, if opens { 0 } else { MAX_DEPTH })?;
        self.places.end = tape.len();
        Some(())
    }

    /// Takes the validated text of added members.
    pub(super) fn set_text(&mut self, text: &'a str) {
        if let Some(tape) = &mut self.tape {
            Rc::make_mut(tape).set_text(text);
        }
    }

    /// Returns a member. `None` for `null`.
    pub(crate) fn member(&self, key: &str) -> Option<Member<'_, 'a>> {
        self.find(key, MAX_MEMBERS).filter(|member| !member.is_null())
    }

    /// Returns the text of a member's value. `None` for `null`.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a str> {
        self.member(key).map(Member::raw)
    }

    /// Returns `true` if the object has a member `key` with a value other than `null`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.member(key).is_some()
    }

    /// Returns `true` if the object has a member `key`, even with the value `null`.
    pub(crate) fn names(&self, key: &str) -> bool {
        self.find(key, MAX_MEMBERS).is_some()
    }

    /// Returns a string member.
    pub(crate) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.member(key)?.text()
    }

    /// Returns a number member. Some events write numbers as strings.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        let member = self.member(key)?;
        member.text().map_or_else(|| member.raw().parse().ok(), |text| text.parse().ok())
    }

    /// Returns a number member as a time since 1970. Zero means no time.
    pub(crate) fn time(&self, key: &str) -> Option<f64> {
        self.number(key).filter(|time| *time > 0.0)
    }

    /// Returns an integer member. Some events write integers as strings.
    pub(crate) fn integer(&self, key: &str) -> Option<i64> {
        let member = self.member(key)?;
        member.text().map_or_else(|| member.raw().parse().ok(), |text| text.parse().ok())
    }

    /// Returns an object member.
    pub(crate) fn object(&self, key: &str) -> Option<Object<'a>> {
        self.member(key)?.object()
    }

    /// Returns the elements of an array member. Any other member has no elements.
    pub(crate) fn array(&self, key: &str) -> Vec<&'a str> {
        self.raw(key).map(array).unwrap_or_default()
    }

    /// Returns the objects in an array member. Any other element is left out.
    pub(crate) fn objects(&self, key: &str) -> Vec<Object<'a>> {
        self.each_object(key).collect()
    }

    /// Returns the objects in an array member, one after the other.
    pub(crate) fn each_object(&self, key: &str) -> impl Iterator<Item = Object<'a>> {
        self.member(key).and_then(Member::array).unwrap_or_default().into_elements()
    }

    /// Returns the members, up to the limit of members.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member<'_, 'a>> {
        self.all_members().take(MAX_MEMBERS)
    }

    /// Returns all members, for example the records by partition, or the attributes of an item.
    pub(crate) fn all_members(&self) -> impl Iterator<Item = Member<'_, 'a>> {
        let mut next = self.places.start;
        std::iter::from_fn(move || {
            let tape = self.tape.as_ref().filter(|_| next < self.places.end)?;
            let (node, after) = tape.get(next)?;
            Some(Member { tape, place: std::mem::replace(&mut next, after), node })
        })
    }

    /// Returns a member, even beyond the limit of members.
    pub(crate) fn any_member(&self, key: &str) -> Option<Member<'_, 'a>> {
        self.find(key, usize::MAX)
    }

    /// Returns the objects in the arrays among all members by key, for example the records by partition.
    pub(crate) fn groups(&self) -> Vec<(Cow<'a, str>, Vec<Object<'a>>)> {
        self.all_members().filter_map(|member| Some((member.key(), member.objects()?))).collect()
    }

    /// Returns the members with texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        self.members().filter_map(|member| Some((member.key(), member.text()?)))
    }

    fn find(&self, key: &str, limit: usize) -> Option<Member<'_, 'a>> {
        let tape = self.tape.as_ref()?;
        let (place, node) = tape.find(&self.places, limit, key)?;
        Some(Member { tape, place, node })
    }

    /// Returns the objects among the elements on a tape.
    fn into_elements(self) -> impl Iterator<Item = Object<'a>> {
        let mut next = self.places.start;
        std::iter::from_fn(move || {
            loop {
                let tape = self.tape.as_ref().filter(|_| next < self.places.end)?;
                let (node, after) = tape.get(next)?;
                let element = Member { tape, place: std::mem::replace(&mut next, after), node };
                if let Some(object) = element.object() {
                    return Some(object);
                }
            }
        })
    }
}

impl<'o, 'a> Member<'o, 'a> {
    /// Returns the key.
    pub(crate) fn key(self) -> Cow<'a, str> {
        self.tape.key(self.node)
    }

    /// Returns the unparsed value.
    pub(crate) fn raw(self) -> &'a str {
        self.tape.raw(self.node)
    }

    /// Returns the value if it is a string.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        self.tape.string(self.node)
    }

    /// Returns the value if it is an object.
    pub(crate) fn object(self) -> Option<Object<'a>> {
        match self.node.kind {
            Kind::Object => Some(self.inside()),
            Kind::Other if self.raw().starts_with('{') => Object::parse(self.raw()),
            Kind::Plain | Kind::Escaped | Kind::Array | Kind::Other => None,
        }
    }

    /// Returns the objects in the value if it is an array. Any other element is left out.
    pub(crate) fn objects(self) -> Option<Vec<Object<'a>>> {
        self.array().map(|array| array.into_elements().collect())
    }

    /// Returns the elements of the value if it is an array.
    fn array(self) -> Option<Object<'a>> {
        match self.node.kind {
            Kind::Array => Some(self.inside()),
            Kind::Other => {
                let mut tape = Tape::of(self.raw())?;
                tape.read_array(&mut Cursor::new(self.raw().as_bytes()), 0)?;
                Some(Object::of(tape))
            }
            Kind::Plain | Kind::Escaped | Kind::Object => None,
        }
    }

    fn is_null(self) -> bool {
        self.node.kind == Kind::Other && self.raw() == "null"
    }

    /// Returns the members or elements inside of an opened value.
    fn inside(self) -> Object<'a> {
        Object { tape: Some(Rc::clone(self.tape)), places: self.tape.inside(self.place, self.node) }
    }
}

/// Returns the texts of the elements of an array, else none.
pub(crate) fn array(json: &str) -> Vec<&str> {
    elements(json).unwrap_or_default()
}

fn elements(json: &str) -> Option<Vec<&str>> {
    let (mut elements, mut cursor) = (Vec::new(), Cursor::new(json.as_bytes()));
    cursor.eat_spaced(b'[')?;
    if cursor.eat(b']').is_some() {
        return Some(elements);
    }
    loop {
        elements.push(json.get(cursor.value()?)?);
        if cursor.eat_spaced(b',').is_none() {
            return cursor.eat(b']').map(|()| elements);
        }
    }
}

#[cfg(test)]
mod tests;
