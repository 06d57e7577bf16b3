//! Optional white space, as HTTP defines it: [RFC 9110, section 5.6.3].
//!
//! [RFC 9110, section 5.6.3]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3

/// Removes spaces and tabs around a text. Any other white space is a part of it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Returns `true` where `known` holds for a value, or for each member of the list that it is: programs join the lines of a
/// header that came several times.
pub(super) fn all_known(value: &str, known: impl Fn(&str) -> bool) -> bool {
    known(value) || value.split(',').all(|member| known(trim(member)))
}
