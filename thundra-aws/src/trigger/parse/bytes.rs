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
    let elements = json.trim_ascii().strip_prefix('[')?.strip_suffix(']')?.as_bytes();
    let mut bytes = Vec::with_capacity(elements.len() / 3);
    if elements.trim_ascii().is_empty() {
        return Some(bytes);
    }
    let (mut value, mut digits, mut element) = (0_u32, 0, elements);
    for (at, &character) in elements.iter().enumerate() {
        let digit = character.wrapping_sub(b'0');
        if digit < 10 {
            (value, digits) = (value.wrapping_mul(10).wrapping_add(u32::from(digit)), digits + 1);
        } else if character == b',' {
            bytes.push(byte(value, digits).or_else(|| unusual_byte(element))?);
            (value, digits, element) = (0, 0, elements.get(at + 1..)?);
        } else {
            // A sign, white space, or no number.
            digits = usize::MAX / 2;
        }
    }
    bytes.push(byte(value, digits).or_else(|| unusual_byte(element))?);
    Some(bytes)
}

/// Returns the byte of a number without a sign, given the value and the number of digits. JSON has no leading zeros.
fn byte(value: u32, digits: usize) -> Option<u8> {
    let has_no_zero_first = match digits {
        1 => true,
        2 => value >= 10,
        3 => value >= 100,
        _ => false,
    };
    u8::try_from(value).ok().filter(|_| has_no_zero_first)
}

/// Returns the byte of the first of several numbers, with a sign or white space.
fn unusual_byte(elements: &[u8]) -> Option<u8> {
    let number = elements.split(|byte| *byte == b',').next()?.trim_ascii();
    let (is_negative, digits) = number.strip_prefix(b"-").map_or((false, number), |digits| (true, digits));
    let text = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?;
    let value = byte(text.parse().ok()?, digits.len())?;
    if is_negative { (value <= 128).then(|| value.wrapping_neg()) } else { Some(value) }
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
