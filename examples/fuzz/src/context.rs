//! What is cut out of a text.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// Asserts that nothing is cut out of `text` but members `__context__`, each with a comma at most, and that JSON stays
/// JSON.
pub fn assert_only_contexts(text: &[u8], ranges: &[Range<usize>], stripped: &[u8]) {
    let mut rest = text.to_vec();
    for range in ranges.iter().rev() {
        let cut = std::str::from_utf8(&text[range.clone()]).unwrap();
        let cut = cut.strip_prefix(',').or_else(|| cut.strip_suffix(',')).unwrap_or(cut);
        let object = format!("{{{cut}}}");
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(&object).unwrap();
        assert!(members.keys().eq(["__context__"]), "{members:?}");
        rest.drain(range.clone());
    }
    assert_eq!(rest, stripped, "all other bytes stay");
    if is_json(text) {
        assert!(is_json(stripped));
    }
}

/// Returns `true` for JSON, however deep.
pub fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}
