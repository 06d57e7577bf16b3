//! Which span is current on this thread.
//!
//! Two things push here: entering a span that belongs to a scope, and polling the future of a scope. So code in
//! a scope finds it through either, and needs neither the subscriber nor a lock.

use std::cell::{Cell, RefCell};

use super::Place;

/// What was entered, and what was current before.
struct Entry {
    /// The `tracing` id of the span; 0 for a scope's future.
    id: u64,
    outer: Option<Place>,
}

thread_local! {
    /// Needs no destructor, so asking for it is one read.
    static CURRENT: Cell<Option<Place>> = const { Cell::new(None) };
    static ENTERED: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// The innermost current place.
#[inline]
pub(crate) fn current() -> Option<Place> {
    CURRENT.get()
}

#[inline]
pub(crate) fn push(id: u64, place: Place) {
    // A thread that is shutting down has no such stack any more.
    let _ = ENTERED.try_with(|entered| {
        if let Ok(mut entered) = entered.try_borrow_mut() {
            entered.push(Entry { id, outer: CURRENT.replace(Some(place)) });
        }
    });
}

/// Takes the innermost entry of this id away, if there is one.
#[inline]
pub(crate) fn pop(id: u64) {
    let _ = ENTERED.try_with(|entered| {
        let Ok(mut entered) = entered.try_borrow_mut() else { return };
        if let Some(innermost) = entered.pop_if(|entry| entry.id == id) {
            CURRENT.set(innermost.outer);
        } else if let Some(at) = entered.iter().rposition(|entry| entry.id == id) {
            take_out(&mut entered, at);
        }
    });
}

/// Spans may be left in another order than they were entered.
#[cold]
fn take_out(entered: &mut Vec<Entry>, at: usize) {
    let Entry { outer, .. } = entered.remove(at);
    // There is one: the innermost was another.
    if let Some(inner) = entered.get_mut(at) {
        inner.outer = outer;
    }
}

/// Makes a place current until it is dropped.
pub(crate) struct Current(());

impl Current {
    pub(crate) fn enter(place: Place) -> Self {
        push(0, place);
        Current(())
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        pop(0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PlaceKind, ScopeId};
    use super::*;

    #[test]
    fn what_is_left_in_another_order_leaves_the_innermost_current() {
        let place = |span| Some(Place::new(ScopeId::from_u64(1), span, PlaceKind::Own));
        (1..=3).for_each(|n| push(n, place(n as u32).unwrap()));
        pop(2);
        assert_eq!(current(), place(3));
        pop(9);
        assert_eq!(current(), place(3), "one that was never entered");
        pop(3);
        assert_eq!(current(), place(1), "2 is gone already");
        push(1, place(1).unwrap());
        pop(1);
        assert_eq!(current(), place(1), "entered twice");
        pop(1);
        assert_eq!(current(), None);
    }
}
