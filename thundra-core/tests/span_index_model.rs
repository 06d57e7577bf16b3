//! The protocol of the span index under a model checker: [loom] runs each test in the interleavings of its threads, and
//! lets every load see each value that the memory orderings allow.
//!
//! The index has one cell here, so that all ids collide. Run the test with
//!
//! ```sh
//! RUSTFLAGS="--cfg thundra_model" cargo test -p thundra-core --test span_index_model --target-dir target/model
//! ```
//!
//! [loom]: https://docs.rs/loom
#![cfg(thundra_model)]
#![allow(dead_code, unreachable_pub)]

use std::sync::Arc;

use loom::thread;

#[path = "../src/recorder/slot.rs"]
mod slot;
#[path = "../src/recorder/span_index.rs"]
mod span_index;

/// The primitives of the model checker, in place of those of the standard library.
mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};

    /// Plain memory: the model checker reports each access that races with a write.
    pub(super) struct Value(loom::cell::Cell<u64>);

    impl Value {
        pub(super) fn new(value: u64) -> Self {
            Value(loom::cell::Cell::new(value))
        }

        pub(super) fn load(&self, _: Ordering) -> u64 {
            self.0.get()
        }

        pub(super) fn store(&self, value: u64, _: Ordering) {
            self.0.set(value);
        }
    }
}

use slot::{ScopeId, SlotKind, SpanSlot};

type SpanIndex = span_index::SpanIndex<1, 1>;

fn slot(id: u64) -> SpanSlot {
    SpanSlot::new(ScopeId::from_u64(id), id as u32, SlotKind::Own)
}

/// The most preemptions of an interleaving. Each piece of work here has few steps, and the bound keeps the test within
/// seconds.
const PREEMPTIONS: usize = 3;

/// Runs two pieces of work at the same time, in every interleaving, then `after`.
///
/// The index has the spans of `open` in it, and stale values of others, so that a torn read would find those. Each
/// piece of work is also the one that starts first: where a thread reads an atomic before it writes it, loom notices
/// conflicts of the write with the other thread in one of the two orders only.
fn race<A, B>(
    open: &'static [u64],
    one: impl Fn(&SpanIndex) -> A + Copy + Send + Sync + 'static,
    other: impl Fn(&SpanIndex) -> B + Copy + Send + Sync + 'static,
    after: impl Fn(&SpanIndex, A, B) + Copy + Send + Sync + 'static,
) where
    A: 'static,
    B: 'static,
{
    for one_is_first in [true, false] {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(PREEMPTIONS);
        model.check(move || {
            let index = Arc::new(SpanIndex::new());
            index.insert(9, slot(9));
            assert_eq!(index.remove(9), Some(slot(9)));
            open.iter().for_each(|id| index.insert(*id, slot(*id)));
            let spawn_one = |index: Arc<SpanIndex>| thread::spawn(move || one(&index));
            let spawn_other = |index: Arc<SpanIndex>| thread::spawn(move || other(&index));
            let (one, other) = if one_is_first {
                (spawn_one(index.clone()), spawn_other(index.clone()))
            } else {
                let other = spawn_other(index.clone());
                (spawn_one(index.clone()), other)
            };
            let (one, other) = (one.join().unwrap(), other.join().unwrap());
            after(&index, one, other);
        });
    }
}

/// Starts a span and looks it up.
fn start(index: &SpanIndex, id: u64) {
    index.insert(id, slot(id));
    assert_eq!(index.get(id), Some(slot(id)), "an open span is found");
}

/// Looks up a span that is open and closes it.
fn close(index: &SpanIndex, id: u64) {
    assert_eq!(index.get(id), Some(slot(id)), "an open span is found");
    assert_eq!(index.remove(id), Some(slot(id)), "a span closes with the slot that it had");
    assert_eq!(index.get(id), None, "a closed span leaves nothing behind");
}

#[test]
fn an_id_is_published_together_with_its_slot() {
    let write = |index: &SpanIndex| index.insert(1, slot(1));
    // Nothing orders this lookup behind the insert.
    let read = |index: &SpanIndex| index.get(1);
    race(&[], write, read, |index, (), found| {
        assert!(found.is_none() || found == Some(slot(1)), "{found:?}");
        assert_eq!(index.get(1), Some(slot(1)));
    });
}

#[test]
fn of_two_ids_for_one_cell_both_are_found() {
    race(
        &[],
        |index| start(index, 1),
        |index| start(index, 2),
        |index, (), ()| {
            [1, 2].into_iter().for_each(|id| close(index, id));
        },
    );
}

#[test]
fn one_id_from_two_threads_leaves_nothing_behind() {
    race(&[], |index| start(index, 1), |index| start(index, 1), |index, (), ()| close(index, 1));
}

#[test]
fn a_span_in_the_overflow_is_found_while_its_cell_changes_hands() {
    // The cell holds 1, the overflow 2.
    let others = |index: &SpanIndex| {
        close(index, 1);
        start(index, 3);
    };
    race(&[1, 2], others, |index| close(index, 2), |index, (), ()| close(index, 3));
}

#[test]
fn a_span_in_its_cell_is_found_while_the_overflow_changes() {
    let others = |index: &SpanIndex| {
        start(index, 2);
        close(index, 2);
    };
    race(&[1], others, |index| close(index, 1), |_, (), ()| ());
}

#[test]
fn a_closing_span_has_its_own_slot_while_another_takes_its_cell() {
    race(&[1], |index| close(index, 1), |index| start(index, 2), |index, (), ()| close(index, 2));
}

#[test]
fn spans_in_the_overflow_do_not_hide_each_other() {
    // The cell holds 1, so that both others go to the overflow.
    let comes_and_goes = |index: &SpanIndex| {
        start(index, 2);
        close(index, 2);
    };
    race(&[1], comes_and_goes, |index| start(index, 3), |index, (), ()| close(index, 3));
}
