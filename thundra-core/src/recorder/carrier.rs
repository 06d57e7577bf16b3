//! The `tracing` span that carries a scope.
//!
//! A scope exists before its span does. `tracing` offers no way to pass the scope's slot along with a new span, so the slot
//! waits in a thread-local until the layer sees that span.

use std::cell::Cell;

use tracing::Span;

use super::slot::SpanSlot;

/// The target of the spans that carry a scope. They are made at ERROR, so that no level filters them.
pub(crate) const SCOPE_TARGET: &str = "thundra";

thread_local! {
    /// The root slot of the scope whose span is being made on this thread.
    static ADOPTING: Cell<Option<SpanSlot>> = const { Cell::new(None) };
}

/// Runs `make`, which makes the span that carries the scope of `root`.
pub(crate) fn adopting(root: SpanSlot, make: impl FnOnce() -> Span) -> Span {
    let _ = ADOPTING.try_with(|cell| cell.set(Some(root)));
    let span = make();
    // Without our layer nobody has taken it.
    let _ = ADOPTING.try_with(|cell| cell.set(None));
    span
}

/// Takes the root slot of the scope whose span is being made.
pub(super) fn take_adopted() -> Option<SpanSlot> {
    ADOPTING.try_with(Cell::take).ok().flatten()
}
