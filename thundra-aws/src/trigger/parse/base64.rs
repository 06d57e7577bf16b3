//! The decoder of base64.

/// Decodes a text. `None` for anything but base64 with padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    decoder::to_vec(text)
}

/// Decodes a text into a buffer, as [`decode`] does. `None` too for a text that the buffer may not hold.
pub(crate) fn decode_into<'a>(text: &str, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    // The decoder panics where the buffer is too short.
    let fits = text.len().div_ceil(4) * 3 <= buffer.len();
    if fits { decoder::to_slice(text, buffer) } else { None }
}

/// The crate `base64` takes five instructions a byte, and a batch has a thousand payloads.
#[cfg(feature = "triggers")]
mod decoder {
    use base64_simd::{AsOut, STANDARD};

    pub(super) fn to_vec(text: &str) -> Option<Vec<u8>> {
        STANDARD.decode_to_vec(text).ok()
    }

    pub(super) fn to_slice<'a>(text: &str, out: &'a mut [u8]) -> Option<&'a [u8]> {
        Some(STANDARD.decode(text.as_bytes(), out.as_out()).ok()?)
    }
}

/// Without the feature `triggers`, no event has a payload to read.
#[cfg(not(feature = "triggers"))]
mod decoder {
    pub(super) const fn to_vec(_: &str) -> Option<Vec<u8>> {
        None
    }

    pub(super) const fn to_slice<'a>(_: &str, _: &'a mut [u8]) -> Option<&'a [u8]> {
        None
    }
}

#[cfg(all(test, feature = "triggers"))]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_longer_than_the_buffer_is_not_decoded() {
        let mut buffer = [0; 3];
        assert_eq!(decode_into("YWJj", &mut buffer), Some(&b"abc"[..]));
        assert_eq!(decode_into("YWJjZA==", &mut buffer), None);
    }

    proptest! {
        #[test]
        fn base64_is_decoded_as_the_usual_crate_decodes(text in "[AQg+/]{0,70}={0,3}|[A-Za-z0-9+/=_ \n]{0,8}|[A-Z]{40}\\PC") {
            prop_assert_eq!(decode(&text), BASE64_STANDARD.decode(&text).ok());
        }
    }
}
