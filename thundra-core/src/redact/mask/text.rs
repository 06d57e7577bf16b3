//! The tokens of JSON and of `Debug`.

use std::borrow::Cow;
use std::ops::Range;

use super::masks;
use crate::redact::REDACTED;

/// A byte of a number, of a key in `Debug`, or of the name of a type.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.' | b'#') || !byte.is_ascii()
}

pub(super) fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}

pub(super) fn skip_spaces(text: &str, mut at: usize) -> usize {
    while matches!(byte(text, at), b' ' | b'\t' | b'\n' | b'\r') {
        at += 1;
    }
    at
}

/// Returns the place behind the colon after a key; `None` without a colon, and for the `::` of a path.
pub(super) fn after_colon(text: &str, end: usize) -> Option<usize> {
    let colon = skip_spaces(text, end);
    (byte(text, colon) == b':' && byte(text, colon + 1) != b':').then_some(colon + 1)
}

/// Returns the position of a text's closing quote; `None` for a text without an end.
pub(super) fn closing_quote(text: &str, start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match text.as_bytes().get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Returns the end of the value at a position: a comma, the closing of an outer bracket, or the end of the text.
pub(super) fn value_end(text: &str, start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < text.len() {
        match byte(text, at) {
            b'"' => at = closing_quote(text, at).unwrap_or(text.len()),
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' if depth == 0 => break,
            b'}' | b']' | b')' => depth -= 1,
            b',' if depth == 0 => break,
            _ => {}
        }
        at += 1;
    }
    let value = text.get(start..at.min(text.len())).unwrap_or("");
    start + value.trim_end().len()
}

/// Returns a text with the escapes of JSON and of Rust resolved. An unknown escape stays, and an incomplete one goes.
pub(super) fn unescaped(content: &str) -> Cow<'_, str> {
    if !content.contains('\\') {
        return content.into();
    }
    let (mut text, mut rest) = (String::with_capacity(content.len()), content);
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let Some(sign) = after.chars().next() else { return text.into() };
        rest = after.get(sign.len_utf8()..).unwrap_or("");
        match sign {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            '0' => text.push('\0'),
            '"' | '\\' | '/' | '\'' => text.push(sign),
            'u' => match code_point(rest) {
                Some((c, len)) => {
                    text.push(c);
                    rest = rest.get(len..).unwrap_or("");
                }
                // Less than four digits: the text was cut.
                None if rest.len() < 4 => rest = "",
                None => text.push_str("\\u"),
            },
            _ => text.extend(['\\', sign]),
        }
    }
    text.push_str(rest);
    text.into()
}

/// Reads the digits behind `\u`, in braces for Rust, or of a pair of surrogates for JSON. Returns the character, and
/// the number of bytes read.
fn code_point(rest: &str) -> Option<(char, usize)> {
    if let Some(braced) = rest.strip_prefix('{') {
        let (digits, _) = braced.split_once('}')?;
        return Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, digits.len() + 2));
    }
    let unit = |at: usize| u32::from_str_radix(rest.get(at..at + 4)?, 16).ok();
    let first = unit(0)?;
    match (first, rest.get(4..6)) {
        (0xd800..0xdc00, Some("\\u")) => {
            let second = unit(6).filter(|second| (0xdc00..0xe000).contains(second));
            let c = second.and_then(|second| char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)));
            Some(c.map_or((char::REPLACEMENT_CHARACTER, 4), |c| (c, 10)))
        }
        _ => Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 4)),
    }
}

/// Returns a text in quotes, as JSON has it.
pub(super) fn quoted(text: &str) -> String {
    // Writing a text fails never.
    serde_json::to_string(text).unwrap_or_else(|_| format!("\"{REDACTED}\""))
}

/// Masks the pairs of a query, of a form or of cookies: `a=1&token=abc`. Returns `None` if no key is masked.
pub(super) fn masked_pairs(text: &str) -> Option<String> {
    let is_end = |c: char| {
        matches!(c, '&' | ';' | '?' | '#' | ',' | '"' | '\'' | '(' | ')' | '<' | '>' | '\\') || c.is_whitespace()
    };
    let (mut shown, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(sign) = text.get(at..).and_then(|rest| rest.find('=')).map(|found| at + found) {
        at = sign + 1;
        let key = text.get(copied..sign)?;
        let key = key.rsplit(|c: char| is_end(c) || c == '=').next().unwrap_or(key);
        if !masks(&crate::percent_decode(key).unwrap_or_else(|| key.to_owned())) {
            continue;
        }
        // Searched for masked keys only, and the search goes on behind: a text of many pairs is read once.
        let value = value_of_pair(text.get(at..)?);
        if !value.is_empty() {
            shown.push_str(text.get(copied..at + value.start)?);
            shown.push_str(REDACTED);
            at += value.end;
            copied = at;
        }
    }
    shown.push_str(text.get(copied..)?);
    (copied > 0).then_some(shown)
}

/// Returns the place of a value at the begin of a text: between quotes, or up to the next pair. Browsers leave brackets
/// and apostrophes in a value as they are. At the end, both belong to the text around.
fn value_of_pair(text: &str) -> Range<usize> {
    if let Some(quote @ ('"' | '\'')) = text.chars().next() {
        let end = text.get(1..).and_then(|quoted| quoted.find(quote));
        return 1..end.map_or(text.len(), |end| end + 1);
    }
    let is_end = |(at, c): &(usize, char)| match c {
        '&' | ';' | '#' | '"' | '<' | '>' | '\\' => true,
        ',' => begins_pair(text.get(at + 1..).unwrap_or("")),
        c => c.is_whitespace(),
    };
    let end = text.char_indices().find(is_end).map_or(text.len(), |(at, _)| at);
    0..text.get(..end).unwrap_or(text).trim_end_matches(['\'', ')', ',']).len()
}

/// Returns `true` before a name and an equals sign.
fn begins_pair(text: &str) -> bool {
    let name = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    name.len() < text.len() && name.starts_with('=')
}
