//! The correlation ids of the scope this code runs in.
//!
//! What is set in a scope (an invocation, a server request, a record of a batch) goes out with every call
//! made in it, on every transport, and into every log line. Setting one outside of any scope does nothing
//! and says so once.

use std::collections::BTreeMap;

use crate::{ScopeRef, diagnostics};

/// The id of the chain of calls: `x-correlation-id`. `None` outside of any scope.
pub fn id() -> Option<String> {
    get("id")
}

/// The value of `x-correlation-{key}`. `None` when it is not set, or outside of any scope.
pub fn get(key: &str) -> Option<String> {
    ScopeRef::current()?.with_correlation(|ids| ids.get(key).map(str::to_owned))?
}

/// Sets `x-correlation-{key}` for the rest of the scope.
///
/// A key is ASCII letters, digits, `-`, `_` and `.`, a value 1 to 256 bytes of printable ASCII, and there
/// are at most 40 ids beside `x-correlation-id`; anything else is refused with one line on standard error.
///
/// # Examples
///
/// ```
/// use thundra_core::{Scope, correlation};
///
/// Scope::builder("checkout").begin().enter(|| {
///     correlation::set("order", "o-9");
///     assert_eq!(correlation::all()["x-correlation-order"], "o-9");
/// });
/// ```
pub fn set(key: &str, value: &str) {
    match ScopeRef::current().and_then(|scope| scope.with_correlation(|ids| ids.set(key, value))) {
        Some(true) => {}
        Some(false) => diagnostics::once(
            &format!("correlation {key}"),
            format_args!(
                "the correlation id {key:?} is not set: it takes a header's name and 1 to 256 bytes of printable ASCII, 40 ids at most"
            ),
        ),
        None => diagnostics::once(
            "correlation.scope",
            format_args!("the correlation id {key:?} is not set: this code runs in no invocation, request or record"),
        ),
    }
}

/// All ids with their full keys. Empty outside of any scope.
pub fn all() -> BTreeMap<String, String> {
    let ids = ScopeRef::current().and_then(|scope| scope.correlation()).unwrap_or_default();
    ids.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
