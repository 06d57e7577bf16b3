//! Which span is current on this thread.
//!
//! Two things push here: entering a recorded span, and polling the future of a scope. So code in a scope
//! finds it through either, and needs neither the subscriber nor a lock.

use std::cell::RefCell;

use super::Place;

struct Entry {
    /// The `tracing` id of the span that was entered; 0 for a scope's future.
    id: u64,
    place: Place,
}

thread_local! {
    static STACK: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// The innermost current place. `None` too where the thread is shutting down.
#[inline]
pub(crate) fn current() -> Option<Place> {
    STACK.try_with(|stack| stack.try_borrow().ok()?.last().map(|entry| entry.place)).ok()?
}

#[inline]
pub(crate) fn push(id: u64, place: Place) {
    let _ = STACK.try_with(|stack| {
        if let Ok(mut stack) = stack.try_borrow_mut() {
            stack.push(Entry { id, place });
        }
    });
}

/// Takes the innermost entry of this id away; spans may be left in another order than they were entered.
#[inline]
pub(crate) fn pop(id: u64) {
    let _ = STACK.try_with(|stack| {
        let Ok(mut stack) = stack.try_borrow_mut() else { return };
        if stack.last().is_some_and(|entry| entry.id == id) {
            stack.pop();
        } else if let Some(at) = stack.iter().rposition(|entry| entry.id == id) {
            stack.remove(at);
        }
    });
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
