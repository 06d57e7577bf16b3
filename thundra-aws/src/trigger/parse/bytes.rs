//! Texts as arrays of bytes: the headers of Kafka and RabbitMQ.

use std::borrow::Cow;

use memchr::memchr;

use super::json;

/// The longest text read. W3C Baggage allows 8,192 bytes, more than any other value of a context has.
const MAX_BYTES: usize = 8192;
/// The most characters of a byte in an array: `-128, `.
const MAX_DIGITS: usize = 6;

/// The longest text decoded without an allocation.
const SHORT: usize = 512;

/// Returns the text of an array of bytes, as in `[48, 48, 45]`. A Java producer may write bytes from 128 on with a
/// sign. A string is returned as text. `None` for any other value, and for invalid UTF-8.
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    if json.starts_with('"') {
        return json::text(json).filter(|text| text.len() <= MAX_BYTES);
    }
    with_text(json, |text| Cow::Owned(text.to_owned()))
}

/// Reads the text of a value as [`text`] does.
pub(crate) fn with_text<T>(json: &str, read: impl FnOnce(&str) -> T) -> Option<T> {
    if json.starts_with('"') {
        return text(json).map(|text| read(&text));
    }
    let numbers = json.trim_ascii().strip_prefix('[')?.strip_suffix(']')?.as_bytes();
    let read = |bytes| Some(read(std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_BYTES)?));
    // A number takes two characters, with the comma.
    match numbers.len() / 2 + 1 {
        most @ ..=SHORT => read(bytes(numbers, [0; SHORT].get_mut(..most)?)?),
        most if numbers.len() <= MAX_BYTES * MAX_DIGITS => read(bytes(numbers, &mut vec![0; most])?),
        _ => None,
    }
}

/// Returns the bytes of numbers between commas. serde_json would take many times as long.
fn bytes<'b>(mut numbers: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    if numbers.trim_ascii().is_empty() {
        return Some(&[]);
    }
    let mut free = &mut *buffer;
    loop {
        // Nearly all bytes of a text have two digits, and the others three.
        let pair = numbers.first_chunk().and_then(|word| two_of_two_digits(u64::from_le_bytes(*word)));
        if let Some(pair) = pair {
            let (places, after) = std::mem::take(&mut free).split_first_chunk_mut()?;
            *places = pair;
            (numbers, free) = (numbers.get(6..)?, after);
            continue;
        }
        let (place, after) = std::mem::take(&mut free).split_first_mut()?;
        free = after;
        match *numbers {
            [b'1', tens @ b'0'..=b'9', ones @ b'0'..=b'9', b',', ref after @ ..] => {
                *place = 100 + (tens - b'0') * 10 + (ones - b'0');
                numbers = after;
            }
            [tens @ b'1'..=b'9', ones @ b'0'..=b'9', b',', ref after @ ..] => {
                *place = (tens - b'0') * 10 + (ones - b'0');
                numbers = after;
            }
            _ => {
                let end = memchr(b',', numbers);
                *place = byte(numbers.get(..end.unwrap_or(numbers.len()))?.trim_ascii())?;
                let Some(end) = end else { break };
                numbers = numbers.get(end + 1..)?;
            }
        }
    }
    let len = free.len();
    buffer.get(..buffer.len() - len)
}

/// Returns the bytes of two numbers of two digits, with a comma after each, in the first six bytes of a word.
fn two_of_two_digits(word: u64) -> Option<[u8; 2]> {
    const LEAST: u64 = u64::from_le_bytes(*b"10,10,\0\0") << 16;
    /// A byte has the high bit after the addition if the byte was above the greatest.
    const TO_HIGH: u64 = u64::from_le_bytes([0x77, 0x76, 0x7f, 0x77, 0x76, 0x7f, 0, 0]) << 16;
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // A byte below the least has the high bit. The bytes after may be wrong then, and count no more.
    let above = (word << 16).wrapping_sub(LEAST);
    if (above.wrapping_add(TO_HIGH) | above) & HIGH != 0 {
        return None;
    }
    let values = above * 10 + (above >> 8);
    Some([(values >> 16) as u8 + 10, (values >> 40) as u8 + 10])
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
        for text in ["00-4bf92f3577b34da6a3ce929d0e0e4736-01", "Root=1-5f84c7a1;Sampled=1", "a", "~~ 09:;/d"] {
            for json in [format!("{:?}", text.as_bytes()), format!("{:?}", text.as_bytes()).replace(' ', "")] {
                assert_eq!(with_text(&json, str::to_owned).as_deref(), Some(text), "{json}");
            }
        }
        let of_length = |length: usize| format!("[{}]", vec!["97"; length].join(","));
        assert_eq!(text(&of_length(MAX_BYTES)).map(|text| text.len()), Some(MAX_BYTES));
        assert_eq!((text(&of_length(MAX_BYTES + 1)), text(&of_length(1_000_000))), (None, None));
    }

    proptest! {
        #[test]
        fn bytes_are_read_as_serde_json_reads_them(json in "\\[([0-9]{1,3},){0,20}[0-9,]{0,4}\\]") {
            let expected = serde_json::from_str::<Vec<u8>>(&json).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let read = text(&json).map(String::from);
            prop_assert_eq!(read, expected, "{}", json);
        }

        #[test]
        fn any_text_is_read_without_panic(json in "[\\[\\]0-9,. \"-]{0,30}|\\PC*") {
            text(&json);
        }
    }
}
