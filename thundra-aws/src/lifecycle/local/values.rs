//! JSON values one after another: concatenated, on a line each, or as records of a JSON text sequence ([RFC 7464]).
//!
//! [RFC 7464]: https://datatracker.ietf.org/doc/html/rfc7464

use std::ops::Range;

use serde::de::IgnoredAny;

/// A byte order mark in UTF-8. Files joined by `cat` may each begin with the mark.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The mark at the start of each text of a JSON text sequence.
const RECORD_SEPARATOR: u8 = 0x1e;

/// The JSON values of an input.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Values {
    /// The places of the values.
    pub(super) found: Vec<Range<usize>>,
    /// The first text that is no JSON value. Nothing behind is read.
    pub(super) broken: Option<Broken>,
}

/// A text that is no JSON value.
#[derive(Debug, PartialEq)]
pub(super) struct Broken {
    pub(super) start: usize,
    /// The reason, with the place.
    pub(super) why: String,
}

/// Returns a text in UTF-8. UTF-16 needs a byte order mark.
pub(super) fn utf8(bytes: Vec<u8>) -> Vec<u8> {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => return bytes,
    };
    let units = bytes.chunks_exact(2).skip(1).filter_map(|pair| Some(unit(pair.try_into().ok()?)));
    char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>().into_bytes()
}

/// Returns the place of the first byte that separates no values; `None` at the end.
fn start_of_value(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b' ' | b'\t' | b'\n' | b'\r' | &RECORD_SEPARATOR => at += 1,
            _ if bytes.get(at..)?.starts_with(BYTE_ORDER_MARK) => at += BYTE_ORDER_MARK.len(),
            _ => return Some(at),
        }
    }
}

/// Splits an input into the JSON values.
pub(super) fn split(bytes: &[u8]) -> Values {
    let (mut values, mut at) = (Values::default(), 0);
    while let Some(start) = start_of_value(bytes, at) {
        let rest = bytes.get(start..).unwrap_or_default();
        let mut value = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
        match value.next() {
            Some(Ok(_)) => at = start + value.byte_offset(),
            Some(Err(error)) => {
                values.broken = Some(Broken { start, why: reason(bytes, start, &error) });
                break;
            }
            None => break,
        }
        values.found.push(start..at);
    }
    values
}

/// Returns the number of line breaks.
pub(super) fn line_breaks(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// Returns the reason of an error, with the line and the column in the whole input.
fn reason(bytes: &[u8], start: usize, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let why = text.rfind(" at line ").and_then(|at| text.get(..at)).unwrap_or(&text);
    let before = bytes.get(..start).unwrap_or(bytes);
    let line = line_breaks(before) + error.line();
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let column = if error.line() > 1 { error.column() } else { start - line_start + error.column() };
    format!("{why} at line {line} column {column} (the value starts at byte {start})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(input: &[u8]) -> (Vec<String>, Option<String>) {
        let values = split(input);
        let texts = values.found.into_iter().map(|range| String::from_utf8_lossy(&input[range]).into_owned());
        (texts.collect(), values.broken.map(|broken| broken.why))
    }

    #[test]
    fn values_follow_each_other_in_any_common_way() {
        for (input, expected, why) in [
            ("", &[][..], "nothing"),
            (" \r\n\t", &[], "white space"),
            (r#"{"a":1}"#, &[r#"{"a":1}"#], "one"),
            (r#"[{"a":1},{"b":2}]"#, &[r#"[{"a":1},{"b":2}]"#], "an array is one event"),
            (r#"{"a":1}{"b":2}[3]"ann"4"#, &[r#"{"a":1}"#, r#"{"b":2}"#, "[3]", r#""ann""#, "4"], "joined"),
            ("{\"a\":1}\n{\"b\":2}\n", &[r#"{"a":1}"#, r#"{"b":2}"#], "a line each"),
            ("1\r\n\r\ntrue\r\nnull", &["1", "true", "null"], "lines of Windows, one of them empty"),
            ("{\n  \"a\": 1\n}\n{\n}\n", &["{\n  \"a\": 1\n}", "{\n}"], "pretty"),
            ("\u{feff}1\n\u{feff}2", &["1", "2"], "files with byte order marks, joined"),
            ("\u{1e}{}\n\u{1e}[]\n", &["{}", "[]"], "a JSON text sequence"),
            (r#"{"a":"}{"}{"b":"\"}"}"#, &[r#"{"a":"}{"}"#, r#"{"b":"\"}"}"#], "brackets in texts"),
        ] {
            assert_eq!(
                texts(input.as_bytes()),
                (expected.iter().map(|text| (*text).to_owned()).collect(), None),
                "{why}"
            );
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(split(format!("{deep}{deep}").as_bytes()).found.len(), 2, "deeper than serde_json recurses");
    }

    #[test]
    fn the_first_broken_value_is_named_with_its_place() {
        for (input, found, place) in [
            ("{\"a\":1}\n{\"b\":\n", 1, "EOF while parsing a value at line 3 column 0 (the value starts at byte 8)"),
            ("1\n 2,3", 2, "expected value at line 2 column 3 (the value starts at byte 4)"),
            ("{\"a\":1} oops", 1, "expected value at line 1 column 9 (the value starts at byte 8)"),
            ("2026-11-26", 0, "trailing characters at line 1 column 5 (the value starts at byte 0)"),
            ("{}\n{\n\"a\" 1}", 1, "expected `:` at line 3 column 5 (the value starts at byte 3)"),
        ] {
            let (texts, broken) = texts(input.as_bytes());
            assert_eq!((texts.len(), broken.as_deref()), (found, Some(place)), "{input:?}");
        }
    }

    #[test]
    fn utf_16_becomes_utf_8() {
        let text = "{\"a\":\"é\u{1f600}\"}";
        let units = |to_bytes: fn(u16) -> [u8; 2]| {
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(to_bytes).collect::<Vec<u8>>()
        };
        for bytes in [units(u16::to_le_bytes), units(u16::to_be_bytes), text.as_bytes().to_vec()] {
            assert_eq!(utf8(bytes), text.as_bytes());
        }
        for odd in [&b"\xff\xfe{"[..], b"\xff\xfe\x00\xd8", b"\xff"] {
            let _ = utf8(odd.to_vec());
        }
    }
}
