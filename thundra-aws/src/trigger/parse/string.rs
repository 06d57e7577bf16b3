//! The texts of JSON strings, and the places in a string for places in the text.

use std::borrow::Cow;

use memchr::memchr2;
use serde::Deserialize;

use crate::payload::words::quote_or_backslash;

#[derive(Deserialize)]
struct JsonString<'a>(#[serde(borrow)] Cow<'a, str>);

/// Returns the text of a JSON string.
#[inline]
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    // An error of serde_json costs more than the text of most strings.
    let plain = json.strip_prefix('"')?.strip_suffix('"')?;
    match quote_or_backslash(plain.as_bytes()) {
        None => Some(Cow::Borrowed(plain)),
        Some(_) => unescaped(json),
    }
}

/// Returns the text of a JSON string with escapes.
pub(super) fn unescaped(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<JsonString<'_>>(json).ok().map(|text| text.0)
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
