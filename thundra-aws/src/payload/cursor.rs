//! A cursor over JSON bytes, to skip values without parsing.
//!
//! The cursor accepts more than JSON, and callers validate kept values. No method copies, recurses or panics on any
//! bytes.

use std::ops::Range;

use memchr::{memchr2, memchr3};

use super::words::{end_of_scalar, end_of_string, quote_or_bracket};

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
        // A brace pairs up with a bracket, as in a value that is skipped.
        let is_list = list.get(end) == Some(&b']') && memchr2(b'{', b'}', list.get(..end)?).is_none();
        is_list.then(|| self.at += end + 1)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
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
