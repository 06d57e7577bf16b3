//! Texts as arrays of bytes: the headers of Kafka and RabbitMQ.

use std::borrow::Cow;

use memchr::memchr;

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
        // Nearly all bytes of a text.
        match *rest {
            [tens @ b'1'..=b'9', ones @ b'0'..=b'9', b',', ref after @ ..] => {
                bytes.push((tens - b'0') * 10 + (ones - b'0'));
                rest = after;
            }
            [b'1', tens @ b'0'..=b'9', ones @ b'0'..=b'9', b',', ref after @ ..] => {
                bytes.push(100 + (tens - b'0') * 10 + (ones - b'0'));
                rest = after;
            }
            _ => {
                let end = memchr(b',', rest);
                bytes.push(byte(rest.get(..end.unwrap_or(rest.len()))?.trim_ascii())?);
                let Some(end) = end else { return Some(bytes) };
                rest = rest.get(end + 1..)?;
            }
        }
    }
}

/// Returns the byte of a number from -128 to 255, in the notation of JSON.
fn byte(number: &[u8]) -> Option<u8> {
    let (is_negative, digits) = number.strip_prefix(b"-").map_or((false, number), |digits| (true, digits));
    let digit = |digit: u8| digit.is_ascii_digit().then(|| u16::from(digit - b'0'));
    let value = match *digits {
        [one] => digit(one)?,
        [tens @ b'1'..=b'9', one] => digit(tens)? * 10 + digit(one)?,
        [hundreds @ b'1'..=b'9', tens, one] => digit(hundreds)? * 100 + digit(tens)? * 10 + digit(one)?,
        _ => return None,
    };
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
