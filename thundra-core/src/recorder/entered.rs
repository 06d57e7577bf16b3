//! The spans entered on this thread.
//!
//! Two events push a slot: entering a span of a scope, and polling the future of a scope. Either event is enough to
//! find the current slot, without the subscriber and without a lock.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};

use super::slot::SpanSlot;

/// The owner of the entries of scope futures.
const OF_SCOPES: u32 = 0;

/// The number of entries in memory of the thread, which needs no destructor. Few threads enter more spans at a time.
const NEAR: usize = 16;

/// An entered span, and the innermost slot before.
#[derive(Clone, Copy)]
struct Entry {
    /// The `tracing` id of the span; for a scope, 0 or the id of the [span that it lacks](super::bare_scope).
    id: u64,
    /// The front that made the id. Fronts in one process may make the same ids.
    owner: u32,
    outer: Option<SpanSlot>,
}

impl Entry {
    const NONE: Entry = Entry { id: 0, owner: OF_SCOPES, outer: None };
}

/// The stack of a thread, the outermost entry first.
struct Stack {
    /// The innermost slot. A read is one load.
    innermost: Cell<Option<SpanSlot>>,
    depth: Cell<usize>,
    near: [Cell<Entry>; NEAR],
}

thread_local! {
    static STACK: Stack = const {
        Stack { innermost: Cell::new(None), depth: Cell::new(0), near: [const { Cell::new(Entry::NONE) }; NEAR] }
    };
    /// The entries above the near ones.
    static FAR: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// Returns what `with` makes of the far entries; `None` in a thread during shutdown, which has lost them.
#[cold]
fn far<R>(with: impl FnOnce(&mut Vec<Entry>) -> R) -> Option<R> {
    FAR.try_with(|far| far.try_borrow_mut().ok().map(|mut far| with(&mut far))).ok().flatten()
}

impl Stack {
    fn get(&self, at: usize) -> Option<Entry> {
        match self.near.get(at) {
            Some(entry) => Some(entry.get()),
            None => far(|far| far.get(at - NEAR).copied())?,
        }
    }

    fn set(&self, at: usize, entry: Entry) {
        match self.near.get(at) {
            Some(near) => near.set(entry),
            None => drop(far(|far| far.get_mut(at - NEAR).map(|place| *place = entry))),
        }
    }

    // By parts: an entry would be in memory twice.
    #[inline]
    fn push(&self, owner: u32, id: u64, slot: Option<SpanSlot>) {
        let depth = self.depth.get();
        let Some(near) = self.near.get(depth) else { return self.push_far(owner, id, slot) };
        near.set(Entry { id, owner, outer: self.innermost.get() });
        self.depth.set(depth + 1);
        self.innermost.set(slot);
    }

    #[cold]
    #[inline(never)]
    fn push_far(&self, owner: u32, id: u64, slot: Option<SpanSlot>) {
        let outer = self.innermost.get();
        if far(|far| far.push(Entry { id, owner, outer })).is_some() {
            self.depth.set(self.depth.get() + 1);
            self.innermost.set(slot);
        }
    }

    #[inline]
    fn pop(&self, owner: u32, id: u64) {
        let Some(last) = self.depth.get().checked_sub(1) else { return };
        match self.near.get(last).map(Cell::get) {
            Some(entry) if entry.id == id && entry.owner == owner => {
                self.depth.set(last);
                self.innermost.set(entry.outer);
            }
            _ => self.remove(owner, id),
        }
    }

    /// Removes an entry that is far, or below the innermost. Spans may be exited in any order.
    #[cold]
    fn remove(&self, owner: u32, id: u64) {
        let depth = self.depth.get();
        let is_it = |at: &usize| self.get(*at).is_some_and(|entry| entry.id == id && entry.owner == owner);
        let Some(at) = (0..depth).rev().find(is_it) else { return };
        let Some(Entry { outer, .. }) = self.get(at) else { return };
        match self.get(at + 1).filter(|_| at + 1 < depth) {
            Some(inner) => self.set(at + 1, Entry { outer, ..inner }),
            None => self.innermost.set(outer),
        }
        for above in at + 1..depth {
            self.get(above).into_iter().for_each(|entry| self.set(above - 1, entry));
        }
        if depth > NEAR {
            far(Vec::pop);
        }
        self.depth.set(depth - 1);
    }
}

/// Returns the slot of the innermost entered span.
#[inline]
pub(crate) fn innermost() -> Option<SpanSlot> {
    STACK.with(|stack| stack.innermost.get())
}

/// Returns the name of a further owner of entries.
pub(super) fn new_owner() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(OF_SCOPES);
    // Relaxed: one read-modify-write gives each owner a separate number, and publishes nothing.
    LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
}

/// Returns the id of the innermost span of an owner, or of a scope that lacks a span; `None` outside of all.
pub(super) fn current(owner: u32) -> Option<u64> {
    STACK.with(|stack| {
        let mut entries = (0..stack.depth.get()).rev().filter_map(|at| stack.get(at));
        let is_it = |entry: &Entry| entry.owner == owner || (entry.owner == OF_SCOPES && entry.id != 0);
        entries.find(is_it).map(|entry| entry.id)
    })
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
    STACK.with(|stack| stack.push(owner, id, slot));
}

/// Removes the innermost entry of an id.
#[inline]
pub(super) fn pop(owner: u32, id: u64) {
    STACK.with(|stack| stack.pop(owner, id));
}

/// A guard of an entered slot. Dropping the guard exits the slot.
pub(crate) struct Entered {
    id: u64,
}

impl Entered {
    pub(crate) fn new(slot: SpanSlot) -> Self {
        Entered::bare(slot, 0)
    }

    /// Enters a scope with the id of the [span that it lacks](super::bare_scope), or with 0.
    #[inline]
    pub(crate) fn bare(slot: SpanSlot, id: u64) -> Self {
        push(OF_SCOPES, id, slot);
        Entered { id }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        pop(OF_SCOPES, self.id);
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
    fn entries_above_the_near_ones_are_like_the_others() {
        const ALL: u64 = 3 * NEAR as u64;
        let all = || (1..=ALL).for_each(|id| push(1, id, slot(id as u32)));
        all();
        (1..=ALL).rev().for_each(|id| {
            assert_eq!((current(1), innermost()), (Some(id), Some(slot(id as u32))));
            pop(1, id);
        });
        all();
        (1..=ALL).for_each(|id| {
            assert_eq!(innermost(), Some(slot(ALL as u32)));
            pop(1, id);
        });
        assert_eq!((current(1), innermost()), (None, None));
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
