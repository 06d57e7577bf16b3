//! Checks of the ranges removed from a text.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// Asserts that only members `__context__` are removed from `text`, each with a comma at most, and that JSON stays
/// JSON.
pub fn assert_only_contexts(text: &[u8], ranges: &[Range<usize>], stripped: &[u8]) {
    let mut rest = text.to_vec();
    for range in ranges.iter().rev() {
        let cut = std::str::from_utf8(&text[range.clone()]).unwrap();
        // The input of a durable execution is JSON in a string of the event.
        let unescaped = || serde_json::from_str::<String>(&format!("\"{cut}\"")).ok();
        let names = names(cut).or_else(|| names(&unescaped()?));
        assert_eq!(names.as_deref(), Some(&["__context__".to_owned()][..]), "{cut}");
        rest.drain(range.clone());
    }
    assert_eq!(rest, stripped, "all other bytes stay");
    if is_json(text) {
        assert!(is_json(stripped));
    }
}

/// Returns the names of members, with or without a comma at one end.
fn names(members: &str) -> Option<Vec<String>> {
    let members = members.strip_prefix(',').or_else(|| members.strip_suffix(',')).unwrap_or(members);
    let object = format!("{{{members}}}");
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(&object).ok()?;
    Some(members.into_keys().collect())
}

/// Returns `true` for JSON, however deep.
pub fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}
