//! Validation of JSON. serde_json takes three times as long, because each byte of a string is looked at alone.

use super::words::quote_backslash_or_control;

/// Returns `None` for anything but JSON. Values may be nested without a limit.
pub(crate) fn validate(json: &str) -> Option<()> {
    let mut rest = json.as_bytes();
    // The innermost open bracket, and the brackets around.
    let (mut bracket, mut around) = (None, Vec::new());
    loop {
        let (first, after) = spaced(rest).split_first()?;
        rest = match first {
            b'"' => after_string(after)?,
            b'{' | b'[' => {
                let inside = spaced(after);
                match (first, inside.first()?) {
                    (b'{', b'}') | (b'[', b']') => inside.get(1..)?,
                    _ => {
                        around.extend(bracket.replace(*first));
                        rest = if *first == b'{' { after_key(inside)? } else { inside };
                        continue;
                    }
                }
            }
            b't' => after.strip_prefix(b"rue")?,
            b'f' => after.strip_prefix(b"alse")?,
            b'n' => after.strip_prefix(b"ull")?,
            _ => after_number(*first, after)?,
        };
        loop {
            let Some((next, after)) = spaced(rest).split_first() else {
                return bracket.is_none().then_some(());
            };
            match (next, bracket?) {
                (b',', b'{') => rest = after_key(spaced(after))?,
                (b',', _) => rest = after,
                (b'}', b'{') | (b']', b'[') => {
                    (rest, bracket) = (after, around.pop());
                    continue;
                }
                _ => return None,
            }
            break;
        }
    }
}

/// Returns the text after white space.
#[inline(always)]
fn spaced(mut text: &[u8]) -> &[u8] {
    // Every other byte of JSON is above a space.
    while let Some((b' ' | b'\t' | b'\n' | b'\r', after)) = text.split_first().filter(|(first, _)| **first <= b' ') {
        text = after;
    }
    text
}

/// Returns the text after a key and the colon.
#[inline(always)]
fn after_key(text: &[u8]) -> Option<&[u8]> {
    spaced(after_string(text.strip_prefix(b"\"")?)?).strip_prefix(b":")
}

/// Returns the text after a string, given the text after the first quote.
#[inline(always)]
fn after_string(text: &[u8]) -> Option<&[u8]> {
    let (end, after) = text.get(quote_backslash_or_control(text)?..)?.split_first()?;
    if *end == b'"' { Some(after) } else { after_escaped(*end, after) }
}

/// Returns the text after a string, given the first backslash or control character, and the text behind.
#[inline(never)]
fn after_escaped(mut end: u8, mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = match (end, text) {
            (b'"', after) => return Some(after),
            (b'\\', [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', after @ ..]) => after,
            (b'\\', [b'u', digits @ ..]) => {
                let (hex, after) = digits.split_first_chunk::<4>()?;
                hex.iter().all(u8::is_ascii_hexdigit).then_some(after)?
            }
            _ => return None,
        };
        let (next, after) = text.get(quote_backslash_or_control(text)?..)?.split_first()?;
        (end, text) = (*next, after);
    }
}

/// Returns the text after a number, given the first byte and the text behind.
fn after_number(first: u8, text: &[u8]) -> Option<&[u8]> {
    let (first, text) =
        if first == b'-' { text.split_first().map(|(first, text)| (*first, text))? } else { (first, text) };
    let mut rest = match first {
        b'0' => text,
        b'1'..=b'9' => digits(text),
        _ => return None,
    };
    if let [b'.', fraction @ ..] = rest {
        rest = some_digits(fraction)?;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        rest = some_digits(exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent))?;
    }
    Some(rest)
}

/// Returns the text after digits.
fn digits(mut text: &[u8]) -> &[u8] {
    while let [b'0'..=b'9', after @ ..] = text {
        text = after;
    }
    text
}

/// Returns the text after one digit or more.
fn some_digits(text: &[u8]) -> Option<&[u8]> {
    let after = digits(text);
    (after.len() < text.len()).then_some(after)
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
