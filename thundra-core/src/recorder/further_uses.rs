//! A flag for events that may be more, or less, than a span event and an ordinary log line.

use std::sync::atomic::{AtomicBool, Ordering};

/// `true` once an event of the process may be a measurement, a log record or a repetition, or a scope may decide on the
/// line of an event.
static ARE_EXPECTED: AtomicBool = AtomicBool::new(false);

/// Turns the flag on: events may have further uses from now on.
pub(crate) fn expect() {
    ARE_EXPECTED.store(true, Ordering::Relaxed);
}

/// Returns `true` if events may have further uses. A single flag covers all uses, because most programs have no further
/// uses.
#[inline]
pub(super) fn are_expected() -> bool {
    // Relaxed: the flag publishes nothing. The flag is set before the events: at the registration of a callsite, at the
    // installation, at the start of a scope, or with the mark of a span around the events.
    ARE_EXPECTED.load(Ordering::Relaxed)
}
