//! Optional white space, as defined by HTTP: [RFC 9110, section 5.6.3].
//!
//! [RFC 9110, section 5.6.3]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3

/// Removes spaces and tabs around a text, and no other white space.
pub(super) fn trim(text: &str) -> &str {
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    // Few texts have any.
    match text.as_bytes() {
        bytes if is_space(bytes.first()) || is_space(bytes.last()) => text.trim_matches([' ', '\t']),
        _ => text,
    }
}

/// Returns `true` if `known` holds for a value, or for each member of a comma-separated list. Programs join the lines
/// of a repeated header.
pub(super) fn all_known(value: &str, known: impl Fn(&str) -> bool) -> bool {
    if known(value) {
        return true;
    }
    match memchr::memchr(b',', value.as_bytes()) {
        Some(_) => value.split(',').all(|member| known(trim(member))),
        // Few texts have space around them, and the others are known to be unknown.
        None => {
            let trimmed = trim(value);
            trimmed.len() < value.len() && known(trimmed)
        }
    }
}
