//! The spans entered on this thread.
//!
//! Two events push a slot: entering a span of a scope, and polling the future of a scope. Either event is enough to
//! find the current slot, without the subscriber and without a lock.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};

use super::slot::SpanSlot;

/// The owner of the entries of scope futures.
const OF_SCOPES: u32 = 0;

/// An entered span, and the innermost slot before.
struct Entry {
    /// The `tracing` id of the span; 0 for the future of a scope.
    id: u64,
    /// The front that made the id. Fronts in one process may make the same ids.
    owner: u32,
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

/// Returns the name of a further owner of entries.
pub(super) fn new_owner() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(OF_SCOPES);
    // Relaxed: one read-modify-write gives each owner a separate number, and publishes nothing.
    LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
}

/// Returns the id of the innermost span of an owner; `None` outside of all.
pub(super) fn current(owner: u32) -> Option<u64> {
    let current = ENTERED.try_with(|entered| {
        let entered = entered.try_borrow().ok()?;
        entered.iter().rev().find(|entry| entry.owner == owner).map(|entry| entry.id)
    });
    current.ok().flatten()
}

/// Pushes a slot.
#[inline]
pub(super) fn push(owner: u32, id: u64, slot: SpanSlot) {
    push_entry(owner, id, Some(slot));
}

/// Pushes a span without a slot, below which the innermost slot stays.
#[inline]
pub(super) fn push_unplaced(owner: u32, id: u64) {
    push_entry(owner, id, innermost());
}

#[inline]
fn push_entry(owner: u32, id: u64, slot: Option<SpanSlot>) {
    // A thread during shutdown has lost the stack.
    let _ = ENTERED.try_with(|entered| {
        if let Ok(mut entered) = entered.try_borrow_mut() {
            entered.push(Entry { id, owner, outer: INNERMOST.replace(slot) });
        }
    });
}

/// Removes the innermost entry of an id.
#[inline]
pub(super) fn pop(owner: u32, id: u64) {
    let is_it = |entry: &Entry| entry.id == id && entry.owner == owner;
    let _ = ENTERED.try_with(|entered| {
        let Ok(mut entered) = entered.try_borrow_mut() else { return };
        if let Some(innermost) = entered.pop_if(|entry| is_it(entry)) {
            INNERMOST.set(innermost.outer);
        } else if let Some(at) = entered.iter().rposition(is_it) {
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
        push(OF_SCOPES, 0, slot);
        Entered(())
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        pop(OF_SCOPES, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::slot::{ScopeId, SlotKind};
    use super::*;

    fn slot(span: u32) -> SpanSlot {
        SpanSlot::new(ScopeId::from_u64(1), span, SlotKind::Own)
    }

    #[test]
    fn exiting_in_another_order_leaves_the_innermost_current() {
        let (push, pop) = (|id, span| push(1, id, slot(span)), |id| pop(1, id));
        (1..=3).for_each(|n| push(n, n as u32));
        pop(2);
        assert_eq!(innermost(), Some(slot(3)));
        pop(9);
        assert_eq!(innermost(), Some(slot(3)), "one that was never entered");
        pop(3);
        assert_eq!(innermost(), Some(slot(1)), "2 is gone already");
        push(1, 1);
        pop(1);
        assert_eq!(innermost(), Some(slot(1)), "entered twice");
        pop(1);
        assert_eq!(innermost(), None);
    }

    #[test]
    fn each_owner_has_a_current_span() {
        let (one, other) = (new_owner(), new_owner());
        push(one, 7, slot(1));
        let _scope = Entered::new(slot(2));
        push(other, 7, slot(3));
        push_unplaced(other, 8);
        assert_eq!((current(one), current(other), innermost()), (Some(7), Some(8), Some(slot(3))));
        pop(one, 7);
        assert_eq!((current(one), current(other), innermost()), (None, Some(8), Some(slot(3))));
        pop(other, 8);
        pop(other, 7);
        assert_eq!((current(other), innermost()), (None, Some(slot(2))));
    }
}
