//! The correlation ids of the current scope.
//!
//! Correlation ids belong to a scope: an invocation, a server request, a record of a batch. Every call made in the
//! scope carries the ids, on every transport, and every log line shows the ids. Outside of any scope, [`set`] and
//! [`restart_chain`] do nothing, and one line on standard error reports the first call.

use std::collections::BTreeMap;

use crate::carrier::CorrelationIds;
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

/// Begins the chain of calls anew: further calls of the scope count the running program as the first.
///
/// The chain length counts the programs from the start of the chain up to the running program, and the first receiver
/// of a later call counts 2. A limit like `THUNDRA_MAX_CHAIN_LENGTH` of `thundra-aws` takes a long chain for a loop. A
/// function with recursion on purpose, page by page, calls `restart_chain` before each recursive call.
///
/// The correlation ids, the trace and the debug switch stay unchanged. Calls made before, and the scopes of other
/// records of a batch, keep the old length. Outside of any scope, the function does nothing, and one line on standard
/// error reports the first call.
///
/// # Examples
///
/// ```
/// use thundra_core::propagation::{Inbound, Propagators, Trust};
/// use thundra_core::{Scope, correlation, outbound};
///
/// let sent = [("call-chain-length", "9"), ("x-correlation-id", "c-1")];
/// let inbound = Inbound::extract(sent, Propagators::default(), Trust::Full);
/// Scope::builder("next page").parent(inbound).begin().enter(|| {
///     correlation::restart_chain();
///     let call = outbound(&tracing::Span::current()).unwrap();
///     assert!(call.pairs().contains(&("call-chain-length", "1".to_owned())));
///     assert_eq!(correlation::id().as_deref(), Some("c-1"));
/// });
/// ```
pub fn restart_chain() {
    let changed = ScopeRef::current().and_then(|scope| scope.change_correlation(CorrelationIds::restart_chain));
    if changed.is_none() {
        diagnostics::once(
            "correlation.chain",
            "the chain of calls does not begin anew: this code runs in no invocation, request or record",
        );
    }
}
