//! Texts as arrays of bytes: the headers of Kafka and RabbitMQ.

use std::borrow::Cow;

use super::json;

/// The longest text read. W3C Baggage allows 8,192 bytes, more than any other value of a context has.
const MAX_BYTES: usize = 8192;
/// The most characters of a byte in an array: `-128, `.
const MAX_DIGITS: usize = 6;

/// Returns the text of an array of bytes, as in `[48, 48, 45]`. A Java producer may write bytes from 128 on with a
/// sign. A string is returned as text. `None` for any other value, and for invalid UTF-8.
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    if json.starts_with('"') {
        return json::text(json).filter(|text| text.len() <= MAX_BYTES);
    }
    if json.len() > MAX_BYTES * MAX_DIGITS {
        return None;
    }
    String::from_utf8(bytes(json)?).ok().filter(|text| text.len() <= MAX_BYTES).map(Cow::Owned)
}

/// Returns the bytes of an array of numbers. serde_json would take many times as long.
fn bytes(json: &str) -> Option<Vec<u8>> {
    let mut rest = json.trim_ascii().strip_prefix('[')?.strip_suffix(']')?.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len() / 3);
    if rest.trim_ascii().is_empty() {
        return Some(bytes);
    }
    loop {
        bytes.push(take_byte(&mut rest)?);
        match rest {
            [b',', after @ ..] => rest = after,
            [] => return Some(bytes),
            _ => return None,
        }
    }
}

/// Takes a number from -128 to 255, in the notation of JSON, and the white space around.
fn take_byte(rest: &mut &[u8]) -> Option<u8> {
    if rest.first().is_some_and(u8::is_ascii_whitespace) {
        *rest = rest.trim_ascii_start();
    }
    let is_negative = rest.first() == Some(&b'-');
    let digits: &[u8] = rest.get(usize::from(is_negative)..)?;
    let (mut value, mut length) = (0_u16, 0);
    while let Some(digit) = digits.get(length).map(|digit| digit.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        if length == 3 || length == 1 && value == 0 {
            return None;
        }
        value = value * 10 + u16::from(digit);
        length += 1;
    }
    *rest = digits.get(length..).filter(|_| length > 0)?;
    if rest.first().is_some_and(u8::is_ascii_whitespace) {
        *rest = rest.trim_ascii_start();
    }
    if is_negative { (value <= 128).then(|| (value as u8).wrapping_neg()) } else { u8::try_from(value).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_are_read_with_and_without_a_sign() {
        for (json, expected, why) in [
            ("[104, 105]", Some("hi"), "ASCII"),
            ("[195,169]", Some("é"), "without a sign"),
            ("[-61,-87]", Some("é"), "with a sign"),
            ("[]", Some(""), "nothing"),
            (r#""h\u0069""#, Some("hi"), "a string"),
            ("[255]", None, "no UTF-8"),
            ("[256]", None, "no byte"),
            ("[-129]", None, "no byte either"),
            ("[-128,+1]", None, "a plus"),
            ("[-0, 0]", Some("\0\0"), "nulls"),
            ("[ 104 ,\n105 ] ", Some("hi"), "white space"),
            ("[104,]", None, "no element"),
            ("[065]", None, "a leading zero"),
            ("[1.5]", None, "a fraction"),
            ("[[104]]", None, "an array of arrays"),
            ("null", None, "no value"),
            ("{}", None, "an object"),
        ] {
            assert_eq!(text(json).as_deref(), expected, "{why}");
        }
        let of_length = |length: usize| format!("[{}]", vec!["97"; length].join(","));
        assert_eq!(text(&of_length(MAX_BYTES)).map(|text| text.len()), Some(MAX_BYTES));
        assert_eq!((text(&of_length(MAX_BYTES + 1)), text(&of_length(1_000_000))), (None, None));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(json in "[\\[\\]0-9,. \"-]{0,30}|\\PC*") {
            text(&json);
        }
    }
}
