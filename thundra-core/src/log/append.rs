//! Keys of a scope, in all log lines of the scope.

use crate::recorder::current;
use crate::recorder::slab::SCOPES;
use crate::redact::mask;
use crate::{Value, diagnostics};

/// Adds a key to the log lines of the current scope, in place of an earlier value of the key.
///
/// Scopes nested afterwards, such as the records of a batch, begin with the keys of the outer scope. The keys end with
/// the scope. A scope has up to 100 keys, and 64 KiB for all keys together. A key over a limit is not added, and a line
/// on standard error reports the key. Outside of any scope, `append` does nothing, and a line on standard error reports
/// the first call outside.
///
/// # Examples
///
/// ```
/// use thundra_core::{Scope, log};
///
/// # let _default = tracing::subscriber::set_default(thundra_core::subscriber(thundra_core::config()));
/// Scope::builder("checkout").begin().enter(|| {
///     log::append("order", "o-9");
///     log::append("attempt", 2);
///     tracing::info!("charged"); // {…"message":"charged",…"order":"o-9","attempt":2…}
/// });
/// ```
pub fn append(key: impl AsRef<str>, value: impl Into<Value>) {
    let key = key.as_ref();
    // The conversion is the program's, and may log, so the scope is not yet locked.
    let value = value.into();
    let value = mask::attribute(key, &value).unwrap_or(value);
    let is_appended = current::slot().and_then(|slot| Some(SCOPES.lock(slot.scope)?.log.append(key, value)));
    match is_appended {
        Some(true) => {}
        Some(false) => diagnostics::once(
            "log.append",
            format_args!("the key {key:?} is not in the log lines: a scope has up to 100 keys, and 64 KiB for them"),
        ),
        None => diagnostics::once(
            "log.scope",
            format_args!("the key {key:?} is not in the log lines: this code runs in no invocation, request or record"),
        ),
    }
}
