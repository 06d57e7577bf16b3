//! Whether events are more than span events, and lines of the levels that are written.

use std::sync::atomic::{AtomicBool, Ordering};

/// `true` once an event of the process may be a measurement or a log record, or its scope may decide on its line.
static ARE_EXPECTED: AtomicBool = AtomicBool::new(false);

/// Takes note that events may have further uses from now on.
pub(crate) fn expect() {
    ARE_EXPECTED.store(true, Ordering::Relaxed);
}

/// Returns `true` if events may have further uses. One flag for all of them: most programs have none.
#[inline]
pub(super) fn are_expected() -> bool {
    // Relaxed: the flag publishes nothing. What sets it comes before the events: the registration of a callsite, the
    // installation, or the start of a scope.
    ARE_EXPECTED.load(Ordering::Relaxed)
}
