//! The scope span: the `tracing` span that carries a scope.
//!
//! A scope exists before the scope span. `tracing` has no way to pass a slot along with a new span, so the slot waits
//! in a thread-local until the layer sees the new span.

use std::cell::Cell;

use tracing::Span;

use super::slot::SpanSlot;

/// The target of scope spans. The level is ERROR, so no filter by level hides a scope span.
pub(crate) const SCOPE_TARGET: &str = "thundra";

thread_local! {
    /// The root slot for the next scope span on this thread.
    static ADOPTING: Cell<Option<SpanSlot>> = const { Cell::new(None) };
}

/// Runs `make` to make the scope span of the scope of `root`.
pub(crate) fn adopting(root: SpanSlot, make: impl FnOnce() -> Span) -> Span {
    let _ = ADOPTING.try_with(|cell| cell.set(Some(root)));
    let span = make();
    // Without the recorder's layer, the slot is still in the thread-local.
    let _ = ADOPTING.try_with(|cell| cell.set(None));
    span
}

/// Takes the root slot for a new scope span.
pub(super) fn take_adopted() -> Option<SpanSlot> {
    ADOPTING.try_with(Cell::take).ok().flatten()
}
