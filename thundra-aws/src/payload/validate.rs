//! Validation of JSON. serde_json takes three times as long, because each byte of a string is looked at alone.

use super::words::quote_backslash_or_control;

/// The byte in place of a byte behind the end. No JSON has the byte outside of a string.
const END: u8 = 0;

/// Returns `None` for anything but JSON. Values may be nested without a limit.
pub(crate) fn validate(json: &str) -> Option<()> {
    let (bytes, mut at) = (json.as_bytes(), 0);
    // The innermost open bracket, `END` for none, and the brackets around.
    let (mut bracket, mut around) = (END, Vec::new());
    loop {
        at = match byte(bytes, at) {
            b'"' => after_string(bytes, at + 1)?,
            open @ (b'{' | b'[') => {
                let inside = after_spaces(bytes, at + 1);
                match (open, byte(bytes, inside)) {
                    (b'{', b'}') | (b'[', b']') => inside + 1,
                    _ => {
                        around.push(std::mem::replace(&mut bracket, open));
                        at = if open == b'{' { after_key(bytes, inside)? } else { inside };
                        continue;
                    }
                }
            }
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b't' => after_word(bytes, at, b"true")?,
            b'f' => after_word(bytes, at, b"false")?,
            b'n' => after_word(bytes, at, b"null")?,
            _ => after_number(bytes, at)?,
        };
        loop {
            match (byte(bytes, at), bracket) {
                (b',', b'{') => at = after_key(bytes, at + 1)?,
                (b',', b'[') => at += 1,
                (b'}', b'{') | (b']', b'[') => {
                    (at, bracket) = (at + 1, around.pop()?);
                    continue;
                }
                (b' ' | b'\t' | b'\n' | b'\r', _) => {
                    at += 1;
                    continue;
                }
                (END, END) => return (at == bytes.len()).then_some(()),
                _ => return None,
            }
            break;
        }
    }
}

#[inline(always)]
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(END)
}

/// Returns the place after white space.
#[inline(always)]
fn after_spaces(bytes: &[u8], mut at: usize) -> usize {
    while let b' ' | b'\t' | b'\n' | b'\r' = byte(bytes, at) {
        at += 1;
    }
    at
}

/// Returns the place after a key and the colon.
#[inline(always)]
fn after_key(bytes: &[u8], at: usize) -> Option<usize> {
    let end = after_string(bytes, after(b'"', bytes, at)?)?;
    after(b':', bytes, end)
}

/// Returns the place after a byte, which white space may precede.
#[inline(always)]
fn after(mark: u8, bytes: &[u8], at: usize) -> Option<usize> {
    if byte(bytes, at) == mark { Some(at + 1) } else { after_spaces_and(mark, bytes, at) }
}

#[inline(never)]
fn after_spaces_and(mark: u8, bytes: &[u8], at: usize) -> Option<usize> {
    let at = after_spaces(bytes, at);
    (byte(bytes, at) == mark).then_some(at + 1)
}

/// Returns the place after a string, given the place after the first quote.
#[inline(always)]
fn after_string(bytes: &[u8], at: usize) -> Option<usize> {
    let end = at + quote_backslash_or_control(bytes.get(at..)?)?;
    if byte(bytes, end) == b'"' { Some(end + 1) } else { after_escaped(bytes, end) }
}

/// Returns the place after a string, given the place of the first backslash or control character.
#[inline(never)]
fn after_escaped(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += match bytes.get(at..)? {
            [b'"', ..] => return Some(at + 1),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'\\', b'u', digits @ ..] => digits.first_chunk::<4>()?.iter().all(u8::is_ascii_hexdigit).then_some(6)?,
            _ => return None,
        };
        at += quote_backslash_or_control(bytes.get(at..)?)?;
    }
}

fn after_word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes.get(at..)?.starts_with(word).then_some(at + word.len())
}

fn after_number(bytes: &[u8], mut at: usize) -> Option<usize> {
    at += usize::from(byte(bytes, at) == b'-');
    at = if byte(bytes, at) == b'0' { at + 1 } else { after_digits(bytes, at)? };
    if byte(bytes, at) == b'.' {
        at = after_digits(bytes, at + 1)?;
    }
    if let b'e' | b'E' = byte(bytes, at) {
        let is_signed = matches!(byte(bytes, at + 1), b'+' | b'-');
        at = after_digits(bytes, at + 1 + usize::from(is_signed))?;
    }
    Some(at)
}

/// Returns the place after one digit or more.
fn after_digits(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while byte(bytes, at).is_ascii_digit() {
        at += 1;
    }
    (at > start).then_some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    fn is_json(json: &str) -> bool {
        serde_json::from_str::<IgnoredAny>(json).is_ok()
    }

    #[test]
    fn texts_are_judged_as_serde_json_judges_them() {
        for json in [
            "",
            " ",
            "{}",
            "[]",
            "null",
            "true",
            "nul",
            "truex",
            "\"\"",
            "\"a",
            "0",
            "-0",
            "-",
            "01",
            "1.",
            "1.5",
            ".5",
            "1e5",
            "1E+5",
            "1e-",
            "1e+",
            "-1.5e-7",
            "1 2",
            "{} {}",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":1 \"b\":2}",
            "[1}",
            "{\"a\":1]",
            "\"\\u00e9\"",
            "\"\\ud800\"",
            "\"\\u00g0\"",
            "\"\\x\"",
            "\"\\\"",
            "\"\t\"",
            "\"\u{7f}é\"",
            "\u{feff}{}",
            "[[[]],{\"a\":[{}]}]",
            " \n[ 1 , { \"a\" : null } ]\r\t",
            "\u{b}1",
            "[1]]",
        ] {
            assert_eq!(validate(json).is_some(), is_json(json), "{json:?}");
        }
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(validate(&deep(1_000_000)).is_some() && validate(&deep(9)[1..]).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_judged_as_serde_json_judges_it(
            json in "[{}\\[\\]\":, 0-9a\\\\]{0,16}|-?[0-9.eE+-]{0,9}|\"([a-zé]{0,40}(\\\\[\"\\\\/bfnrtux]|[\t\u{1}])?[0-9a-f]{0,5}){0,3}\"|\\PC{0,30}"
        ) {
            prop_assert_eq!(validate(&json).is_some(), is_json(&json), "{:?}", json);
        }

        #[test]
        fn a_changed_byte_is_judged_as_serde_json_judges_it(
            value in crate::payload::tests::json(), pretty in any::<bool>(), place in any::<prop::sample::Index>(), by in "[ -~\n]"
        ) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert!(validate(&text).is_some(), "{}", text);
            let place = place.index(text.len());
            if text.is_char_boundary(place) && text.is_char_boundary(place + 1) {
                let mut changed = text;
                changed.replace_range(place..=place, &by);
                prop_assert_eq!(validate(&changed).is_some(), is_json(&changed), "{}", changed);
            }
        }
    }
}
