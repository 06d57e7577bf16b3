//! The carrier of a scope: a `tracing` span.
//!
//! A scope exists before the carrier span. `tracing` has no way to pass a slot along with a new span, so the slot waits in a
//! thread-local until the layer sees the new span.

use std::cell::Cell;

use tracing::Span;

use super::slot::SpanSlot;

/// The target of carrier spans. The level is ERROR, so that no filter by level hides a carrier span.
pub(crate) const SCOPE_TARGET: &str = "thundra";

thread_local! {
    /// The root slot for the next carrier span on this thread.
    static ADOPTING: Cell<Option<SpanSlot>> = const { Cell::new(None) };
}

/// Runs `make` to make the carrier span of the scope of `root`.
pub(crate) fn adopting(root: SpanSlot, make: impl FnOnce() -> Span) -> Span {
    let _ = ADOPTING.try_with(|cell| cell.set(Some(root)));
    let span = make();
    // Without our layer, the slot is still there.
    let _ = ADOPTING.try_with(|cell| cell.set(None));
    span
}

/// Takes the root slot for a new carrier span.
pub(super) fn take_adopted() -> Option<SpanSlot> {
    ADOPTING.try_with(Cell::take).ok().flatten()
}
