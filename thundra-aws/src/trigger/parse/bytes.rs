//! Texts as arrays of bytes: the headers of Kafka and RabbitMQ.

use std::borrow::Cow;

use super::json;

/// The longest text read. W3C Baggage allows 8,192 bytes, more than any other value of a context has.
const MAX_BYTES: usize = 8192;
/// The most characters of a byte in an array: `-128, `.
const MAX_DIGITS: usize = 6;

/// Returns the text of an array of bytes, as in `[48, 48, 45]`. A Java producer may write bytes from 128 on with a sign.
/// A string is its own text. `None` for anything else, and for bytes that are no UTF-8.
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    if json.starts_with('"') {
        return json::text(json).filter(|text| text.len() <= MAX_BYTES);
    }
    if json.len() > MAX_BYTES * MAX_DIGITS {
        return None;
    }
    let bytes: Vec<i16> = serde_json::from_str(json).ok()?;
    let byte = |byte: i16| u8::try_from(byte).ok().or_else(|| i8::try_from(byte).ok().map(i8::cast_unsigned));
    let bytes = bytes.into_iter().map(byte).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_BYTES).map(Cow::Owned)
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
