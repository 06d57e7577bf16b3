//! Escapes for foreign text on a terminal or in a log.

use std::fmt::{self, Display, Write};

/// A text with visible control characters, such as `\n` and `\u{1b}`.
///
/// The control characters of ASCII and Latin-1, the separators of lines and paragraphs, and the marks of text direction
/// are escaped. Unescaped, a text could end the line, hide the text before, or reorder the line.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((at, unsafe_char)) = first_unsafe(rest) {
            f.write_str(rest.get(..at).unwrap_or(""))?;
            unsafe_char.escape_default().try_for_each(|escape| f.write_char(escape))?;
            rest = rest.get(at + unsafe_char.len_utf8()..).unwrap_or("");
        }
        f.write_str(rest)
    }
}

/// Returns a JSON text on one line. The characters that a terminal interprets stand in its texts, as an escape of JSON.
pub(crate) fn on_one_line(json: String) -> String {
    if first_unsafe(&json).is_none() {
        return json;
    }
    let mut line = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // Between tokens. In a text these are escapes.
            '\n' | '\r' | '\t' => line.push(' '),
            // None of these characters has more than four hexadecimal digits.
            c if is_unsafe(c) => _ = write!(line, "\\u{:04x}", u32::from(c)),
            c => line.push(c),
        }
    }
    line
}

/// Returns the position of the first character in need of an escape, and the character.
pub(crate) fn first_unsafe(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(_, c)| is_unsafe(*c))
}

pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Cuts a text to at most `max_bytes`, between characters.
#[doc(hidden)]
pub fn cut(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        for (given, shown, why) in [
            ("plain, é and 日本語 \u{1f600}", "plain, é and 日本語 \u{1f600}", "ordinary text"),
            ("a\nthundra: b\r\tc", "a\\nthundra: b\\r\\tc", "lines"),
            ("\u{1b}[2J\0\u{7}", "\\u{1b}[2J\\u{0}\\u{7}", "an escape sequence"),
            ("a\u{7f}b\u{85}c\u{9b}d", "a\\u{7f}b\\u{85}c\\u{9b}d", "DEL and the controls of Latin-1"),
            ("a\u{2028}b\u{2029}c", "a\\u{2028}b\\u{2029}c", "separators"),
            ("a\u{202e}b\u{2066}c\u{200f}\u{61c}", "a\\u{202e}b\\u{2066}c\\u{200f}\\u{61c}", "directions"),
            ("\\n", "\\n", "a backslash of its own"),
        ] {
            assert_eq!(Escaped(given).to_string(), shown, "{why}");
        }
    }

    #[test]
    fn json_on_one_line_is_the_same_json() {
        for (given, line, why) in [
            ("{\r\n\t\"a\": 1\n}", "{   \"a\": 1 }", "pretty"),
            ("[\"\u{9b}é\u{202e}\"]", "[\"\\u009bé\\u202e\"]", "what a terminal obeys"),
            ("[\"\\n\"]", "[\"\\n\"]", "an escape"),
        ] {
            assert_eq!(on_one_line(given.to_owned()), line, "{why}");
        }
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!([cut("aéé", 4), cut("aéé", 5), cut("a", 9), cut("é", 0)], ["aé", "aéé", "a", ""]);
    }
}
