//! A cursor over JSON bytes, to skip values without parsing.
//!
//! The cursor accepts more than JSON, and callers validate kept values. No method copies, recurses or panics on any
//! bytes.

use std::ops::Range;

use memchr::{memchr2, memchr3};

/// A position in a JSON text. After `None` the cursor stays at the unexpected byte, except after
/// [`attempt`](Cursor::attempt).
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, at: 0 }
    }

    /// Returns the offset of the next byte.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Skips whitespace.
    #[inline]
    pub(crate) fn whitespace(&mut self) {
        // Every other byte of JSON is above a space.
        while self.bytes.get(self.at).is_some_and(|byte| *byte <= b' ' && matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        {
            self.at += 1;
        }
    }

    /// Returns the next byte.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Returns `true` before a bracket with `inner` after it.
    pub(crate) fn is_before(&self, bracket: u8, inner: u8) -> bool {
        let mut ahead = Cursor { bytes: self.bytes, at: self.at };
        ahead.eat_spaced(bracket).is_some() && ahead.peek() == Some(inner)
    }

    /// Skips a byte. Returns `None` for any other byte.
    pub(crate) fn eat(&mut self, byte: u8) -> Option<()> {
        (self.bytes.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    /// Skips a byte and the whitespace around.
    #[inline]
    pub(crate) fn eat_spaced(&mut self, byte: u8) -> Option<()> {
        // Events from Lambda have no whitespace.
        match self.bytes.get(self.at..) {
            Some([first, second, ..]) if *first > b' ' && *second > b' ' => (*first == byte).then(|| self.at += 1),
            _ => self.eat_among_spaces(byte),
        }
    }

    #[cold]
    fn eat_among_spaces(&mut self, byte: u8) -> Option<()> {
        self.whitespace();
        self.eat(byte)?;
        self.whitespace();
        Some(())
    }

    /// Skips a string. Returns the range between the quotes.
    #[inline]
    pub(crate) fn string(&mut self) -> Option<Range<usize>> {
        self.string_or_escaped().map(|(range, _)| range)
    }

    /// Skips a string. Returns the range between the quotes, and `true` for a string with an escape.
    #[inline]
    pub(crate) fn string_or_escaped(&mut self) -> Option<(Range<usize>, bool)> {
        let start = self.at + 1;
        let text = self.bytes.get(self.at..)?.strip_prefix(b"\"")?;
        let (end, is_escaped) = end_of_string(text)?;
        self.at = start + end + 1;
        Some((start..start + end, is_escaped))
    }

    /// Skips a value of any type. Returns the range of the value.
    pub(crate) fn value(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        match self.bytes.get(start)? {
            b'"' => {
                self.string()?;
            }
            b'[' if self.list_of_numbers().is_some() => {}
            b'{' | b'[' => self.brackets()?,
            _ => return self.scalar(),
        }
        Some(start..self.at)
    }

    /// Skips a number, `true`, `false` or `null`. Returns the range of the value.
    pub(crate) fn scalar(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.at += end_of_scalar(self.rest());
        (self.at > start).then_some(start..self.at)
    }

    /// Skips a list of numbers, for example the bytes of a header.
    fn list_of_numbers(&mut self) -> Option<()> {
        let list = self.rest();
        list.get(1).filter(|first| first.is_ascii_digit())?;
        let end = memchr3(b']', b'"', b'[', list.get(1..)?)? + 1;
        (list.get(end) == Some(&b']')).then(|| self.at += end + 1)
    }

    /// Skips an object or an array.
    fn brackets(&mut self) -> Option<()> {
        let (mut depth, mut rest) = (0_usize, self.rest());
        loop {
            let (first, after) = rest.split_first()?;
            rest = after;
            match first {
                b'"' => rest = rest.get(end_of_string(rest)?.0 + 1..)?,
                b':' | b',' => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at = self.bytes.len() - rest.len();
                        return Some(());
                    }
                }
                // Numbers, white space, and lists of bytes.
                _ => rest = rest.get(quote_or_bracket(rest)?..)?,
            }
        }
    }

    /// Runs `f`. Goes back to the position before if `f` returns `None`.
    pub(crate) fn attempt<T>(&mut self, f: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let start = self.at;
        let result = f(self);
        if result.is_none() {
            self.at = start;
        }
        result
    }

    /// Skips whitespace. Returns `None` if more text follows.
    pub(crate) fn end(&mut self) -> Option<()> {
        self.whitespace();
        self.rest().is_empty().then_some(())
    }
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);

/// Returns the high bit of each zero byte of a word. A byte above a zero byte may have the bit too, so the lowest bit
/// alone is exact.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// Returns the place of the quote at the end of a string, and `true` for a string with an escape. The quote at the
/// beginning is before the text.
#[inline]
fn end_of_string(text: &[u8]) -> Option<(usize, bool)> {
    let end = quote_or_backslash(text)?;
    if text.get(end) == Some(&b'"') { Some((end, false)) } else { Some((end_of_escaped(text, end)?, true)) }
}

/// Returns the place of the quote at the end of a string, given the place of the first backslash.
#[inline(never)]
fn end_of_escaped(text: &[u8], mut at: usize) -> Option<usize> {
    while text.get(at) != Some(&b'"') {
        at += 2;
        at += quote_or_backslash(text.get(at..)?)?;
    }
    Some(at)
}

/// Returns the length of a number, `true`, `false` or `null`.
#[inline]
fn end_of_scalar(bytes: &[u8]) -> usize {
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || *byte <= b' ';
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // Of the control characters and the space, the lowest bit alone is exact too.
        let spaces = word.wrapping_sub(ONES * (b' ' as u64 + 1)) & !word & (ONES << 7);
        let brackets = zeros((word | (ONES * 0x20)) ^ (ONES * b'}' as u64));
        let found = spaces | brackets | zeros(word ^ (ONES * b',' as u64));
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().position(ends).unwrap_or(rest.len())
}

/// Returns the place of the first quote or backslash. Many strings are shorter than a word.
#[inline]
pub(crate) fn quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    let found = bytes.first_chunk().map_or(0, |word| {
        let word = u64::from_le_bytes(*word);
        zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64))
    });
    if found != 0 { Some(found.trailing_zeros() as usize / 8) } else { distant_quote_or_backslash(bytes) }
}

/// Returns the place of the first quote or backslash. Most strings end soon, and a call of `memchr2` costs more than
/// the first chunks.
#[inline(never)]
fn distant_quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<16>().filter(|_| bytes.len() - rest.len() < 64) {
        // The compiler compares all bytes of the chunk at once.
        let found = u128::from_le_bytes(chunk.map(|byte| if (byte == b'"') | (byte == b'\\') { 0xff } else { 0 }));
        if found != 0 {
            return Some(bytes.len() - rest.len() + found.trailing_zeros() as usize / 8);
        }
        rest = after;
    }
    memchr2(b'"', b'\\', rest).map(|place| bytes.len() - rest.len() + place)
}

/// Returns the place of the first quote or bracket. Some letters also count as brackets, but none of the letters that
/// JSON has outside of strings.
#[inline]
fn quote_or_bracket(bytes: &[u8]) -> Option<usize> {
    /// The bits that tell `{`, `}`, `[` and `]` apart.
    const APART: u8 = b'{' ^ b'}' | b'{' ^ b'[';
    const BRACKET: u8 = b'{' | APART;
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let brackets = zeros((word | (ONES * APART as u64)) ^ (ONES * BRACKET as u64));
        let found = brackets | zeros(word ^ (ONES * b'"' as u64));
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let in_rest = rest.iter().position(|byte| *byte == b'"' || byte | APART == BRACKET)?;
    Some(words.len() * 8 + in_rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_searched_as_bytes_are(bytes in "[a-zé]{0,90}[\"{}\\[\\],:0-9a-z_Y\\\\ ]{0,80}|\\PC{0,40}") {
            let bytes = bytes.as_bytes();
            let first = |stops: &[u8]| bytes.iter().position(|byte| stops.contains(byte));
            prop_assert_eq!(quote_or_backslash(bytes), first(b"\"\\"));
            prop_assert_eq!(quote_or_bracket(bytes), first(b"\"{}[]Yy_\x7f"));
            let scalar = bytes.iter().position(|byte| b",}]".contains(byte) || *byte <= b' ');
            prop_assert_eq!(end_of_scalar(bytes), scalar.unwrap_or(bytes.len()));
        }

        #[test]
        fn a_value_ends_where_serde_json_ends_it(value in "[\"{}\\[\\],:0-9tn\\\\ ]{0,40}", after in "[,}\\] ]{0,3}") {
            // Whatever is JSON is skipped whole.
            if let Ok(parsed) = serde_json::from_str::<serde_json::Value>(&value) {
                let text = format!("{}{after}", value.trim());
                prop_assert_eq!(Cursor::new(text.as_bytes()).value(), Some(0..value.trim().len()), "{}", parsed);
            }
            Cursor::new(value.as_bytes()).value();
        }
    }
}
