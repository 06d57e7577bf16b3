//! A cursor over JSON bytes, to skip values without parsing.
//!
//! The cursor accepts more than JSON, and callers validate kept values. No method copies, recurses or panics on any
//! bytes.

use std::ops::Range;

use memchr::memchr2;

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
    pub(crate) fn whitespace(&mut self) {
        self.at += self.rest().iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
    }

    /// Skips a byte. Returns `None` for any other byte.
    pub(crate) fn eat(&mut self, byte: u8) -> Option<()> {
        (self.rest().first() == Some(&byte)).then(|| self.at += 1)
    }

    /// Skips a byte and the whitespace around.
    pub(crate) fn eat_spaced(&mut self, byte: u8) -> Option<()> {
        self.whitespace();
        self.eat(byte)?;
        self.whitespace();
        Some(())
    }

    /// Skips a string. Returns the range between the quotes.
    pub(crate) fn string(&mut self) -> Option<Range<usize>> {
        self.eat(b'"')?;
        let start = self.at;
        loop {
            let stop = memchr2(b'"', b'\\', self.rest())?;
            if self.rest().get(stop) == Some(&b'"') {
                let end = self.at + stop;
                self.at = end + 1;
                return Some(start..end);
            }
            self.at += stop + 2;
        }
    }

    /// Skips a value of any type. Returns the range of the value.
    pub(crate) fn value(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.bytes.get(self.at)? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ if depth > 0 => {
                    let is_plain = |b: &&u8| !matches!(b, b'"' | b'{' | b'}' | b'[' | b']');
                    self.at += self.rest().iter().take_while(is_plain).count();
                }
                _ => {
                    let ends = |b: &&u8| !matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
                    self.at += self.rest().iter().take_while(ends).count();
                }
            }
            if depth == 0 {
                return (self.at > start).then_some(start..self.at);
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
