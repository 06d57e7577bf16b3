//! Optional white space, as HTTP defines it: [RFC 9110, section 5.6.3].
//!
//! [RFC 9110, section 5.6.3]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3

/// Removes spaces and tabs around a text. Any other white space is a part of it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
