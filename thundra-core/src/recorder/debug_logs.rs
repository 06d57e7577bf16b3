//! Debug logs: more detailed log lines in the scopes of a chain of calls whose `debug-log-enabled` is `true`.
//!
//! Until a scope has debug logs, the events of a disabled level stay disabled at the callsites, without a look at the
//! current scope. The first scope with debug logs makes `tracing` rebuild its callsite cache. Afterwards, each event of
//! the program's own code is checked.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};

use super::callsites;
use super::further_uses;
use super::own_code::is_own;
use super::slab::SCOPES;
use super::slot::SpanSlot;
use crate::config::LOGS;

/// `true` once a scope had debug logs.
static WERE_ENABLED: AtomicBool = AtomicBool::new(false);

/// The most detailed level of debug logs.
pub(super) const WIDEST: LevelFilter = LevelFilter::DEBUG;

/// Records the presence of a scope with debug logs, before the work of the scope begins.
pub(crate) fn enable() {
    static FIRST: Once = Once::new();

    if !LOGS {
        return;
    }
    // Other scopes wait, so no scope misses a line.
    FIRST.call_once(|| {
        WERE_ENABLED.store(true, Ordering::Relaxed);
        further_uses::expect();
        callsites::rebuild();
    });
}

/// Returns `true` once a scope had debug logs.
#[inline]
pub(super) fn were_enabled() -> bool {
    // Relaxed: `Once` orders the store before the work of every scope with debug logs. In other scopes, any answer will
    // do.
    LOGS && WERE_ENABLED.load(Ordering::Relaxed)
}

/// Returns `true` for an event written in a scope with debug logs.
pub(super) fn include(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::DEBUG && is_own(metadata)
}

/// Returns `true` if the scope of a span has debug logs.
pub(super) fn are_enabled_in(slot: SpanSlot) -> bool {
    SCOPES.lock(slot.scope).is_some_and(|scope| scope.correlation.debug_log_enabled())
}
