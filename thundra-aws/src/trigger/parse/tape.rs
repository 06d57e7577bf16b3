//! The tape of a JSON text: the places of all members and elements, in order, from one reading of the text.
//!
//! Objects inside objects share the tape, so no part of the text is read twice, however deep a wanted member stands. A
//! value that is not opened has no nodes inside. A later request for the value reads the value onto another tape.

use std::borrow::Cow;
use std::ops::Range;

use super::string::unescaped;
use crate::payload::cursor::Cursor;

/// The depth of opened values in an event. No member read by a source stands deeper.
pub(super) const MAX_DEPTH: usize = 8;
/// The depth of opened arrays. Records and the headers of records are arrays.
const MAX_ARRAY_DEPTH: usize = 4;
/// The old image of an item in DynamoDB, often as long as the new image. No source reads the old image.
const UNREAD: &[u8] = b"OldImage";
/// The depth of the records in an event.
pub(super) const RECORD_DEPTH: usize = 2;
/// The limit of nodes for opening a value. Only a crafted event has more nodes, and must not take much memory.
const MAX_NODES: usize = 1 << 19;

/// The limit of nodes to make room for. The rest of a batch may have fewer nodes than the first record promises.
const MAX_RESERVED: usize = 1 << 16;

/// The places of members and elements in a text.
#[derive(Clone, Debug)]
pub(super) struct Tape<'a> {
    json: &'a [u8],
    /// The beginning of `json`, as far as validated. The end of a long text may never be read.
    text: &'a str,
    nodes: Vec<Node>,
}

/// A member of an object, or an element of an array.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// The key, empty for an element.
    key: Key,
    start: u32,
    end: u32,
    /// The place of the node that follows this node and all nodes inside.
    next: u32,
    pub(super) kind: Kind,
}

/// The key of a member.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Key {
    /// The place of the text, after the quote.
    start: u32,
    /// The length of the text without escapes.
    len: u32,
    is_escaped: bool,
}

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string without escapes.
    Plain,
    /// A string with escapes.
    Escaped,
    /// An opened object. The nodes of the members follow.
    Object,
    /// An opened array. The nodes of the elements follow.
    Array,
    /// A number, `true`, `false`, `null`, or a value that is not opened.
    Other,
}

impl Key {
    /// Returns the range of a key without escapes.
    fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

impl<'a> Tape<'a> {
    /// Returns an empty tape of a text.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        Tape::of_bytes(text.as_bytes()).map(|tape| Tape { text, ..tape })
    }

    /// Returns an empty tape of a text to be validated. A text of 4 GiB or more has no tape.
    pub(super) fn of_bytes(json: &'a [u8]) -> Option<Self> {
        u32::try_from(json.len()).ok()?;
        Some(Tape { json, text: "", nodes: Vec::with_capacity((json.len() / 32).clamp(8, 64)) })
    }

    /// Takes the validated beginning of the text. Before, no value can be read.
    pub(super) fn set_text(&mut self, text: &'a str) {
        self.text = text;
    }

    /// Makes room for the rest of a batch, given a record of the batch with `count` nodes in `bytes` bytes.
    pub(super) fn reserve(&mut self, count: usize, bytes: usize, rest: usize) {
        self.nodes.reserve(count.saturating_mul(rest / bytes.max(1)).min(MAX_RESERVED));
    }

    /// Returns the number of nodes.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns the node at a place, and the place of the following node.
    #[inline]
    pub(super) fn get(&self, place: usize) -> Option<(&Node, usize)> {
        self.nodes.get(place).map(|node| (node, node.next as usize))
    }

    /// Finds a member among at most `limit` members between two places.
    pub(super) fn find(&self, places: &Range<usize>, limit: usize, key: &str) -> Option<(usize, &Node)> {
        let (nodes, mut place) = (self.nodes.get(..places.end)?, places.start);
        for _ in 0..limit {
            let node = nodes.get(place)?;
            if node.key.len as usize == key.len() && self.has_key(node, key) {
                return Some((place, node));
            }
            place = node.next as usize;
        }
        None
    }

    fn has_key(&self, node: &Node, key: &str) -> bool {
        match node.key.is_escaped {
            false => self.json.get(node.key.range()) == Some(key.as_bytes()),
            true => self.key(node) == key,
        }
    }

    /// Returns the unescaped key of a node.
    pub(super) fn key(&self, node: &Node) -> Cow<'a, str> {
        match self.text.get(node.key.range()).filter(|_| !node.key.is_escaped) {
            Some(key) => Cow::Borrowed(key),
            None => key_text(self.json, node.key).unwrap_or_default(),
        }
    }

    /// Returns the text of the value of a node.
    pub(super) fn raw(&self, node: &Node) -> &'a str {
        self.text.get(node.start as usize..node.end as usize).unwrap_or_default()
    }

    /// Returns the value of a node if it is a string.
    pub(super) fn string(&self, node: &Node) -> Option<Cow<'a, str>> {
        match node.kind {
            Kind::Plain => self.text.get(node.start as usize + 1..node.end as usize - 1).map(Cow::Borrowed),
            Kind::Escaped => unescaped(self.raw(node)),
            Kind::Object | Kind::Array | Kind::Other => None,
        }
    }

    /// Returns the places inside of a node.
    pub(super) fn inside(&self, place: usize, node: &Node) -> Range<usize> {
        place + 1..node.next as usize
    }

    /// Adds the members of an object.
    pub(super) fn read_object(&mut self, cursor: &mut Cursor<'a>, depth: usize) -> Option<()> {
        cursor.eat_spaced(b'{')?;
        if cursor.eat(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = read_key(self.json, cursor)?;
            self.read(cursor, key, depth)?;
            if cursor.eat_spaced(b',').is_none() {
                return cursor.eat(b'}');
            }
        }
    }

    /// Adds the elements of an array.
    pub(super) fn read_array(&mut self, cursor: &mut Cursor<'a>, depth: usize) -> Option<()> {
        cursor.eat_spaced(b'[')?;
        if cursor.eat(b']').is_some() {
            return Some(());
        }
        self.read(cursor, Key::default(), depth)?;
        self.read_elements(cursor, depth)
    }

    /// Adds the elements of an array after the first.
    pub(super) fn read_elements(&mut self, cursor: &mut Cursor<'a>, depth: usize) -> Option<()> {
        while cursor.eat_spaced(b',').is_some() {
            self.read(cursor, Key::default(), depth)?;
        }
        cursor.eat(b']')
    }

    /// Adds a value. An object or an array that is malformed, too deep or of no use is not opened.
    #[inline(always)]
    pub(super) fn read(&mut self, cursor: &mut Cursor<'a>, key: Key, depth: usize) -> Option<()> {
        let start = cursor.at();
        let kind = match cursor.peek()? {
            b'"' if cursor.string_or_escaped()?.1 => Kind::Escaped,
            b'"' => Kind::Plain,
            bracket @ (b'{' | b'[') if depth < MAX_DEPTH => return self.open(cursor, key, bracket, depth + 1),
            b'{' | b'[' => cursor.value().map(|_| Kind::Other)?,
            _ => cursor.scalar().map(|_| Kind::Other)?,
        };
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { key, start: start as u32, end: cursor.at() as u32, next, kind });
        Some(())
    }

    fn open(&mut self, cursor: &mut Cursor<'a>, key: Key, bracket: u8, depth: usize) -> Option<()> {
        let (place, start) = (self.nodes.len(), cursor.at() as u32);
        self.nodes.push(Node { key, start, end: start, next: 0, kind: Kind::Other });
        let kind = match bracket {
            _ if place >= MAX_NODES || self.json.get(key.range()) == Some(UNREAD) => None,
            b'{' => cursor.attempt(|cursor| self.read_object(cursor, depth)).map(|()| Kind::Object),
            // Only an array of objects is worth the nodes, a list of bytes is not.
            _ if depth <= MAX_ARRAY_DEPTH && cursor.is_before(b'[', b'{') => {
                cursor.attempt(|cursor| self.read_array(cursor, depth)).map(|()| Kind::Array)
            }
            _ => None,
        };
        if kind.is_none() {
            self.nodes.truncate(place + 1);
            cursor.value()?;
        }
        let next = self.nodes.len() as u32;
        let node = self.nodes.get_mut(place)?;
        (node.end, node.next, node.kind) = (cursor.at() as u32, next, kind.unwrap_or(Kind::Other));
        Some(())
    }
}

/// Reads a key, and steps to the value.
#[inline(always)]
pub(super) fn read_key<'a>(json: &'a [u8], cursor: &mut Cursor<'a>) -> Option<Key> {
    let (range, is_escaped) = cursor.string_or_escaped()?;
    let mut key = Key { start: range.start as u32, len: range.len() as u32, is_escaped };
    if is_escaped {
        key.len = key_text(json, key)?.len() as u32;
    }
    cursor.eat_spaced(b':')?;
    Some(key)
}

/// Returns the unescaped text of a key.
pub(super) fn key_text(json: &[u8], key: Key) -> Option<Cow<'_, str>> {
    if !key.is_escaped {
        return std::str::from_utf8(json.get(key.range())?).ok().map(Cow::Borrowed);
    }
    // The string begins with the quote.
    let string = json.get(key.range().start - 1..)?;
    let string = string.get(..Cursor::new(string).value()?.end)?;
    unescaped(std::str::from_utf8(string).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const PARTS: [&str; 12] = ["{", "}", "[", "]", ",", ":", "\"a\":", "\"", "1", "x", "[1", "[{"];

    proptest! {
        // A reading that fails behind the end would be repeated for each of many malformed values.
        #[test]
        fn no_reading_goes_on_behind_the_end_of_a_skipped_value(
            parts in prop::collection::vec(select(&PARTS[..]), 0..60),
        ) {
            for bracket in ["{", "[", "[{"] {
                let text = bracket.to_owned() + &parts.concat();
                let end = Cursor::new(text.as_bytes()).value().map_or(text.len(), |value| value.end);
                let (mut tape, mut cursor) = (Tape::of(&text).unwrap(), Cursor::new(text.as_bytes()));
                let _ = match bracket {
                    "{" => tape.read_object(&mut cursor, 1),
                    _ => tape.read_array(&mut cursor, 1),
                };
                prop_assert!(cursor.at() <= end, "{text}: read to {}, skipped to {end}", cursor.at());
            }
        }
    }
}
