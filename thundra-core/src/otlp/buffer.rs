//! Destinations of encoded bytes.

use std::fmt;
use std::ops::{Deref, DerefMut, Range};

/// The most bytes of a piece that is copied without a call.
pub(super) const SHORT: usize = 32;

/// Appends bytes.
pub(crate) trait Out: DerefMut<Target = [u8]> {
    /// Appends bytes of any number.
    fn put(&mut self, piece: &[u8]);

    /// Appends bytes of a known number.
    fn put_array<const N: usize>(&mut self, piece: [u8; N]);

    /// Appends a key and a text, and the bytes before each. Returns `false`, without a change, where that is not quick:
    /// then the caller takes another way, out of line.
    #[must_use]
    fn put_pair<const M: usize, const N: usize>(
        &mut self,
        before_key: [u8; M],
        key: &[u8],
        before_text: [u8; N],
        text: &[u8],
    ) -> bool;
}

impl Out for Vec<u8> {
    #[inline]
    fn put(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }

    #[inline(always)]
    fn put_array<const N: usize>(&mut self, piece: [u8; N]) {
        self.extend_from_slice(&piece);
    }

    #[inline]
    fn put_pair<const M: usize, const N: usize>(
        &mut self,
        before_key: [u8; M],
        key: &[u8],
        before_text: [u8; N],
        text: &[u8],
    ) -> bool {
        self.reserve(M + key.len() + N + text.len());
        self.extend_from_slice(&before_key);
        self.extend_from_slice(key);
        self.extend_from_slice(&before_text);
        self.extend_from_slice(text);
        true
    }
}

/// Bytes, and room for more of them. Reused memory has its room already, so any number of pieces costs one question
/// about the room, and a `Vec` would ask about the capacity at each piece.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer {
    /// The bytes, and behind them the room.
    memory: Vec<u8>,
    /// The end of the bytes.
    end: usize,
}

impl Buffer {
    /// The bytes of the first room. The attributes of most spans are shorter.
    const FIRST: usize = 256;

    /// Returns the first bytes of the memory, for a change; `None` without as many. The caller knows that they are
    /// bytes, not room.
    #[inline]
    pub(crate) fn first_mut<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        self.memory.first_chunk_mut()
    }

    /// Returns the bytes from `start` on.
    #[inline]
    pub(crate) fn since(&self, start: usize) -> &[u8] {
        self.memory.get(start..self.end).unwrap_or_default()
    }

    /// Returns the last bytes; `None` without as many.
    #[inline]
    pub(crate) fn last(&self, len: usize) -> Option<&[u8]> {
        self.memory.get(self.end.checked_sub(len)?..self.end)
    }

    /// Returns the bytes from `start` on, for a change; `None` without as many.
    #[inline]
    pub(crate) fn since_mut(&mut self, start: usize) -> Option<&mut [u8]> {
        self.memory.get_mut(start..self.end)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.end
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.end == 0
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.end = 0;
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.end = self.end.min(len);
    }

    /// Returns the bytes of memory in use.
    pub(crate) fn capacity(&self) -> usize {
        self.memory.capacity()
    }

    /// Removes the bytes from `start` on, and returns the removed bytes.
    pub(crate) fn split_off(&mut self, start: usize) -> Vec<u8> {
        let removed = self.since(start).to_vec();
        self.truncate(start);
        removed
    }

    /// Removes bytes.
    pub(crate) fn remove(&mut self, range: Range<usize>) {
        if range.start <= range.end && range.end <= self.end {
            self.memory.copy_within(range.end..self.end, range.start);
            self.end -= range.len();
        }
    }

    /// Returns the next bytes of the room; `None` if the room is smaller.
    #[inline(always)]
    fn room(memory: &mut [u8], end: usize, len: usize) -> Option<&mut [u8]> {
        memory.get_mut(end..end + len)
    }

    /// Makes room, and appends pieces.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, pieces: &[&[u8]]) {
        let end = self.end + pieces.iter().map(|piece| piece.len()).sum::<usize>();
        if end > self.memory.len() {
            // The `Vec` doubles its capacity. Of much memory a part is room: untouched memory costs nothing.
            self.memory.reserve(end.max(Self::FIRST) - self.memory.len());
            self.memory.resize(self.memory.capacity().min(end + end / 4 + Self::FIRST), 0);
        }
        let mut room = self.memory.get_mut(self.end..end).unwrap_or_default();
        for piece in pieces {
            let Some((place, rest)) = room.split_at_mut_checked(piece.len()) else { return };
            place.copy_from_slice(piece);
            room = rest;
        }
        self.end = end;
    }

    // A list of one piece would take memory of the fast path.
    #[cold]
    #[inline(never)]
    fn grow_by(&mut self, piece: &[u8]) {
        self.grow(&[piece]);
    }

    // With the result of `write_str`, so that the call is the last step of it.
    #[inline(never)]
    fn write_long(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }

    // By value: the bytes of the fast path would otherwise be in memory.
    #[cold]
    #[inline(never)]
    fn grow_by_array<const N: usize>(&mut self, piece: [u8; N]) {
        self.grow(&[&piece]);
    }

    #[cold]
    #[inline(never)]
    fn push_char(&mut self, c: char) {
        self.grow(&[c.encode_utf8(&mut [0; 4]).as_bytes()]);
    }
}

impl Out for Buffer {
    #[inline(always)]
    fn put(&mut self, piece: &[u8]) {
        match Self::room(&mut self.memory, self.end, piece.len()) {
            Some(room) => {
                self.end += piece.len();
                copy(room, piece);
            }
            None => self.grow_by(piece),
        }
    }

    #[inline(always)]
    fn put_array<const N: usize>(&mut self, piece: [u8; N]) {
        match Self::room(&mut self.memory, self.end, N).and_then(|room| room.as_mut_array()) {
            Some(room) => {
                self.end += N;
                *room = piece;
            }
            None => self.grow_by_array(piece),
        }
    }

    #[inline(always)]
    fn put_pair<const M: usize, const N: usize>(
        &mut self,
        before_key: [u8; M],
        key: &[u8],
        before_text: [u8; N],
        text: &[u8],
    ) -> bool {
        let len = M + key.len() + N + text.len();
        if key.len() <= SHORT
            && let Some(room) = Self::room(&mut self.memory, self.end, len)
            && let Some((before_key_place, room)) = room.split_first_chunk_mut()
            && let Some((key_place, room)) = room.split_at_mut_checked(key.len())
            && let Some((before_text_place, text_place)) = room.split_first_chunk_mut()
        {
            self.end += len;
            (*before_key_place, *before_text_place) = (before_key, before_text);
            copy(key_place, key);
            copy(text_place, text);
            return true;
        }
        false
    }
}

/// Copies a piece into a place of the same length. Most pieces are short, where a call takes longer than copying both
/// halves, which overlap.
#[inline(always)]
fn copy(place: &mut [u8], piece: &[u8]) {
    // The lengths are halved: any short piece takes three questions at most.
    let len = piece.len();
    if len >= 8 {
        match len {
            ..=16 => copy_halves::<8>(place, piece),
            17..=SHORT => copy_halves::<16>(place, piece),
            _ => place.copy_from_slice(piece),
        }
    } else if len >= 4 {
        copy_halves::<4>(place, piece);
    } else if len >= 2 {
        copy_halves::<2>(place, piece);
    } else {
        copy_halves::<1>(place, piece);
    }
}

#[inline(always)]
fn copy_halves<const N: usize>(place: &mut [u8], piece: &[u8]) {
    if let (Some(first), Some(last)) = (piece.first_chunk::<N>(), piece.last_chunk::<N>()) {
        place.first_chunk_mut().into_iter().for_each(|place| *place = *first);
        place.last_chunk_mut().into_iter().for_each(|place| *place = *last);
    }
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.memory.get(..self.end).unwrap_or_default()
    }
}

impl DerefMut for Buffer {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        self.memory.get_mut(..self.end).unwrap_or_default()
    }
}

impl fmt::Write for Buffer {
    /// Most texts are short: digits, and what is between them.
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match Self::room(&mut self.memory, self.end, text.len()) {
            Some(room) if text.len() <= SHORT => {
                self.end += text.len();
                copy(room, text.as_bytes());
                Ok(())
            }
            _ => self.write_long(text),
        }
    }

    /// Padding comes character by character.
    #[inline]
    fn write_char(&mut self, c: char) -> fmt::Result {
        if c.is_ascii()
            && let Some(room) = self.memory.get_mut(self.end)
        {
            *room = c as u8;
            self.end += 1;
        } else {
            self.push_char(c);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_buffer_has_the_bytes_of_a_vec(pieces in prop::collection::vec("\\PC{0,300}", 0..20), cut in 0..500_usize) {
            let (mut buffer, mut expected) = (Buffer::default(), Vec::new());
            // The second time there is room.
            for _ in 0..2 {
                for piece in &pieces {
                    buffer.put(piece.as_bytes());
                    expected.put(piece.as_bytes());
                    let (key, text) = (piece.as_bytes(), &piece.as_bytes()[..piece.len() / 2]);
                    if buffer.put_pair(*b"head", key, *b"middle", text) {
                        prop_assert!(expected.put_pair(*b"head", key, *b"middle", text));
                    }
                    piece.chars().try_for_each(|c| fmt::Write::write_char(&mut buffer, c)).unwrap();
                    expected.extend_from_slice(piece.as_bytes());
                }
                prop_assert_eq!(&*buffer, &*expected);
                let cut = cut.min(expected.len());
                prop_assert_eq!(buffer.split_off(cut), expected.split_off(cut));
                buffer.truncate(cut + 1);
                prop_assert_eq!(&*buffer, &*expected);
                buffer.remove(cut / 3..cut / 2);
                expected.drain(cut / 3..cut / 2);
                prop_assert_eq!(&*buffer, &*expected);
                buffer.put_array(*b"array");
                expected.put_array(*b"array");
            }
        }
    }
}
