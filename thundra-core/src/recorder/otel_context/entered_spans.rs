//! Feature `otel-spans`: the entered `tracing` span is OpenTelemetry's current span.

use std::cell::RefCell;
use std::mem::ManuallyDrop;

use opentelemetry::{Context, ContextGuard};

use super::super::slot::SpanSlot;
use super::context_at;

/// An entered span, with the guard of the attached context.
struct Entered {
    /// The `tracing` id of the span.
    id: u64,
    // Dropping a guard uses a thread-local. When a thread ends inside a span, the thread-local is gone.
    guard: ManuallyDrop<ContextGuard>,
}

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

/// Attaches the context of an entered span.
pub(crate) fn enter(id: u64, slot: SpanSlot) {
    let Some(guard) = context_at(slot).map(Context::attach).map(ManuallyDrop::new) else { return };
    let _ = ENTERED.try_with(|entered| {
        if let Ok(mut entered) = entered.try_borrow_mut() {
            entered.push(Entered { id, guard });
        }
    });
}

/// Detaches the context of an exited span.
pub(crate) fn exit(id: u64) {
    let entered = ENTERED.try_with(|entered| {
        let mut entered = entered.try_borrow_mut().ok()?;
        let at = entered.iter().rposition(|entered| entered.id == id)?;
        Some(entered.remove(at).guard)
    });
    // Dropping the values of a context may enter spans, so the list is no longer borrowed here.
    entered.ok().flatten().map(ManuallyDrop::into_inner);
}
