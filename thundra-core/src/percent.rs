//! Percent-encoding, as URLs and the lists of OpenTelemetry's variables have it.

/// Percent-decodes a text. `None` if an escape is malformed, or the result is not UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high << 4 | low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_escape_is_refused() {
        for (text, decoded) in
            [("a%2Cb", Some("a,b")), ("%", None), ("%f", None), ("%zz", None), ("%ff", None), ("é", Some("é"))]
        {
            assert_eq!(percent_decode(text).as_deref(), decoded, "{text}");
        }
    }
}
