//! The correlation ids of the current scope.
//!
//! Correlation ids belong to a scope: an invocation, a server request, a record of a batch. Every call made in the
//! scope carries the ids, on every transport, and every log line shows them. Outside of any scope, [`set`] does
//! nothing, and one line on standard error reports the first such call.

use std::collections::BTreeMap;

use crate::{ScopeRef, diagnostics};

/// Returns the id of the chain of calls, `x-correlation-id`; `None` outside of any scope.
///
/// # Examples
///
/// ```
/// use thundra_core::{Scope, correlation};
///
/// let ids = Scope::builder("checkout").begin().enter(|| (correlation::id(), correlation::get("order")));
/// assert!(matches!(ids, (Some(_), None)), "a new chain of calls has a random id");
/// assert_eq!(correlation::id(), None);
/// ```
pub fn id() -> Option<String> {
    get("id")
}

/// Returns the value of `x-correlation-{key}`; `None` for a key without a value, and outside of any scope.
///
/// # Examples
///
/// The key may include the prefix:
///
/// ```
/// use thundra_core::{Scope, correlation};
///
/// Scope::builder("checkout").begin().enter(|| {
///     correlation::set("order", "o-9");
///     assert_eq!(correlation::get("order"), correlation::get("x-correlation-order"));
///     assert_eq!(correlation::get("customer"), None);
/// });
/// ```
pub fn get(key: &str) -> Option<String> {
    ScopeRef::current()?.with_correlation(|ids| ids.get(key).map(str::to_owned))?
}

/// Sets `x-correlation-{key}` for the rest of the scope.
///
/// A key consists of ASCII letters, digits, `-`, `_` and `.`. A value is 1 to 256 bytes of printable ASCII. A scope has
/// up to 40 ids besides `x-correlation-id`. An invalid id is not set, and one line on standard error reports the key.
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
    match ScopeRef::current().and_then(|scope| scope.change_correlation(|ids| ids.set(key, value))) {
        Some(true) => {}
        Some(false) => diagnostics::once(
            &format!("correlation {key}"),
            format_args!(
                "the correlation id {key:?} is not set: a key consists of ASCII letters, digits, `-`, `_` and `.`, a \
                 value is 1 to 256 bytes of printable ASCII, and a scope has at most 40 ids"
            ),
        ),
        None => diagnostics::once(
            "correlation.scope",
            format_args!("the correlation id {key:?} is not set: this code runs in no invocation, request or record"),
        ),
    }
}

/// Returns all ids with full keys. The map is empty outside of any scope.
///
/// # Examples
///
/// ```
/// use thundra_core::{Scope, correlation};
///
/// Scope::builder("checkout").begin().enter(|| {
///     correlation::set("order", "o-9");
///     let keys: Vec<_> = correlation::all().into_keys().collect();
///     assert_eq!(keys, ["x-correlation-id", "x-correlation-order"]);
/// });
/// ```
pub fn all() -> BTreeMap<String, String> {
    let ids = ScopeRef::current().and_then(|scope| scope.correlation()).unwrap_or_default();
    ids.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
