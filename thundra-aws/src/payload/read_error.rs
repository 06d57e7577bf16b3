//! Errors of reading a payload, described without the values of the payload.

/// Returns the text of an error of `serde`, without the values of the payload. `None` for an error of the user's type,
/// because the text may quote any value.
pub(crate) fn without_values(text: &str) -> Option<String> {
    if text.starts_with("missing field `") {
        return Some(text.to_owned());
    }
    // serde's own messages quote the payload before the last ", expected ".
    let kinds = ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field"];
    let kind = kinds.into_iter().find(|kind| text.starts_with(kind))?;
    let (_, expected) = text.rsplit_once(", expected ")?;
    Some(format!("{kind}, expected {expected}"))
}
