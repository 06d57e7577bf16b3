//! The protocol of the span index under a model checker: [loom] runs each test in every interleaving of its threads, and
//! lets every load see each value that the memory orderings allow.
//!
//! The index has one cell here, so that all ids collide.
//!
//! [loom]: https://docs.rs/loom
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
}

use slot::{ScopeId, SlotKind, SpanSlot};

type SpanIndex = span_index::SpanIndex<1, 1>;

fn slot(id: u64) -> SpanSlot {
    SpanSlot::new(ScopeId::from_u64(id), id as u32, SlotKind::Own)
}

/// Runs a test with an index whose cell has held a span before, so that a torn read would find values of that span.
fn check(test: impl Fn(Arc<SpanIndex>) + Sync + Send + 'static) {
    loom::model(move || {
        let index = Arc::new(SpanIndex::new());
        index.insert(9, slot(9));
        assert_eq!(index.remove(9), Some(slot(9)));
        test(index);
    });
}

/// Runs `work` on another thread of the model.
fn spawn<R: 'static>(index: &Arc<SpanIndex>, work: impl FnOnce(&SpanIndex) -> R + 'static) -> thread::JoinHandle<R> {
    let index = index.clone();
    thread::spawn(move || work(&index))
}

#[test]
fn an_id_is_published_together_with_its_slot() {
    check(|index| {
        let writer = spawn(&index, |index| index.insert(1, slot(1)));
        // Nothing orders this lookup behind the insert.
        let found = index.get(1);
        assert!(found.is_none() || found == Some(slot(1)), "{found:?}");
        writer.join().unwrap();
        assert_eq!(index.get(1), Some(slot(1)));
    });
}

#[test]
fn of_two_ids_for_one_cell_both_are_found() {
    check(|index| {
        let insert = |id| {
            spawn(&index, move |index| {
                index.insert(id, slot(id));
                assert_eq!(index.get(id), Some(slot(id)));
            })
        };
        [insert(1), insert(2)].into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!([1, 2].map(|id| index.remove(id)), [1, 2].map(|id| Some(slot(id))));
        assert_eq!([1, 2].map(|id| index.get(id)), [None, None]);
    });
}

#[test]
fn one_id_from_two_threads_leaves_nothing_behind() {
    check(|index| {
        let insert = || spawn(&index, |index| index.insert(1, slot(1)));
        [insert(), insert()].into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(index.get(1), Some(slot(1)));
        assert_eq!(index.remove(1), Some(slot(1)));
        assert_eq!(index.get(1), None);
    });
}

#[test]
fn a_span_in_the_overflow_is_found_while_its_cell_changes_hands() {
    check(|index| {
        (1..=2).for_each(|id| index.insert(id, slot(id)));
        let others = spawn(&index, |index| {
            assert_eq!(index.remove(1), Some(slot(1)));
            index.insert(3, slot(3));
            assert_eq!(index.get(3), Some(slot(3)));
        });
        assert_eq!(index.get(2), Some(slot(2)));
        assert_eq!(index.remove(2), Some(slot(2)));
        others.join().unwrap();
        assert_eq!([1, 2, 3].map(|id| index.get(id)), [None, None, Some(slot(3))]);
    });
}

#[test]
fn a_span_in_its_cell_is_found_while_the_overflow_changes() {
    check(|index| {
        index.insert(1, slot(1));
        let others = spawn(&index, |index| {
            index.insert(2, slot(2));
            assert_eq!(index.remove(2), Some(slot(2)));
        });
        assert_eq!(index.get(1), Some(slot(1)));
        assert_eq!(index.remove(1), Some(slot(1)));
        others.join().unwrap();
        assert_eq!([1, 2].map(|id| index.get(id)), [None, None]);
    });
}

#[test]
fn a_closing_span_has_its_own_slot_while_another_takes_its_cell() {
    check(|index| {
        index.insert(1, slot(1));
        let next = spawn(&index, |index| {
            index.insert(2, slot(2));
            assert_eq!(index.get(2), Some(slot(2)));
        });
        assert_eq!(index.get(1), Some(slot(1)));
        assert_eq!(index.remove(1), Some(slot(1)));
        next.join().unwrap();
        assert_eq!([1, 2].map(|id| index.get(id)), [None, Some(slot(2))]);
    });
}
