//! Comparison of keys by letters and digits.

/// Returns the letters and digits of a key in lower case, from the end, without a number at the end.
pub(super) fn letters_from_end(key: &str) -> impl Iterator<Item = u8> {
    let letters = key.bytes().rev().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
    letters.skip_while(u8::is_ascii_digit)
}

/// Returns `true` if the letters and digits of a key end with `end`.
pub(super) fn ends_with(key: &str, end: &str) -> bool {
    let mut letters = letters_from_end(key);
    end.bytes().rev().all(|byte| letters.next() == Some(byte))
}
