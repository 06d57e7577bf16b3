//! The spans entered on this thread.
//!
//! Two events push a slot: entering a span of a scope, and polling the future of a scope. Either event is enough to
//! find the current slot, without the subscriber and without a lock.

use std::cell::{Cell, RefCell};

use super::slot::SpanSlot;

/// An entered span, and the innermost slot before.
struct Entry {
    /// The `tracing` id of the span; 0 for the future of a scope.
    id: u64,
    outer: Option<SpanSlot>,
}

thread_local! {
    /// The innermost slot, apart from the stack. Without a destructor, a read is one load.
    static INNERMOST: Cell<Option<SpanSlot>> = const { Cell::new(None) };
    static ENTERED: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// Returns the slot of the innermost entered span.
#[inline]
pub(crate) fn innermost() -> Option<SpanSlot> {
    INNERMOST.get()
}

/// Pushes a slot.
#[inline]
pub(crate) fn push(id: u64, slot: SpanSlot) {
    // A thread during shutdown has lost the stack.
    let _ = ENTERED.try_with(|entered| {
        if let Ok(mut entered) = entered.try_borrow_mut() {
            entered.push(Entry { id, outer: INNERMOST.replace(Some(slot)) });
        }
    });
}

/// Removes the innermost entry of an id.
#[inline]
pub(crate) fn pop(id: u64) {
    let _ = ENTERED.try_with(|entered| {
        let Ok(mut entered) = entered.try_borrow_mut() else { return };
        if let Some(innermost) = entered.pop_if(|entry| entry.id == id) {
            INNERMOST.set(innermost.outer);
        } else if let Some(at) = entered.iter().rposition(|entry| entry.id == id) {
            remove(&mut entered, at);
        }
    });
}

/// Removes an entry below the innermost. Spans may be exited in any order.
#[cold]
fn remove(entered: &mut Vec<Entry>, at: usize) {
    let Entry { outer, .. } = entered.remove(at);
    if let Some(inner) = entered.get_mut(at) {
        inner.outer = outer;
    }
}

/// A guard of an entered slot. Dropping the guard exits the slot.
pub(crate) struct Entered(());

impl Entered {
    pub(crate) fn new(slot: SpanSlot) -> Self {
        push(0, slot);
        Entered(())
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        pop(0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::slot::{ScopeId, SlotKind};
    use super::*;

    #[test]
    fn exiting_in_another_order_leaves_the_innermost_current() {
        let slot = |span| Some(SpanSlot::new(ScopeId::from_u64(1), span, SlotKind::Own));
        (1..=3).for_each(|n| push(n, slot(n as u32).unwrap()));
        pop(2);
        assert_eq!(innermost(), slot(3));
        pop(9);
        assert_eq!(innermost(), slot(3), "one that was never entered");
        pop(3);
        assert_eq!(innermost(), slot(1), "2 is gone already");
        push(1, slot(1).unwrap());
        pop(1);
        assert_eq!(innermost(), slot(1), "entered twice");
        pop(1);
        assert_eq!(innermost(), None);
    }
}
