use std::sync::RwLock;

use super::super::slot::{ScopeId, SlotKind, SpanSlot};
use super::super::span_index::SpanIndex;
use super::Gate;

fn slot(id: u64) -> SpanSlot {
    SpanSlot::new(ScopeId::from_u64(id), id as u32, SlotKind::Own)
}

#[test]
fn colliding_ids_are_kept_apart() {
    let index: SpanIndex = SpanIndex::new();
    let ids: Vec<u64> = (1..20_000).collect();
    ids.iter().for_each(|&id| index.insert(id, slot(id)));
    assert!(ids.iter().all(|&id| index.get(id) == Some(slot(id))));
    assert!(ids.iter().all(|&id| index.remove(id) == Some(slot(id))));
    assert!(ids.iter().all(|&id| index.get(id).is_none() && index.remove(id).is_none()));
    assert_eq!(index.overflow_len(), 0);
}

#[test]
fn an_id_that_is_inserted_again_takes_no_second_entry() {
    let index: SpanIndex = SpanIndex::new();
    (0..2).for_each(|_| index.insert(7, slot(7)));
    assert_eq!((index.get(7), index.overflow_len()), (Some(slot(7)), 0));
}

#[test]
fn an_entry_in_the_overflow_outlives_the_one_in_its_cell() {
    let index = SpanIndex::<1, 1>::new();
    (1..=3).for_each(|id| index.insert(id, slot(id)));
    assert_eq!((index.remove(1), index.overflow_len()), (Some(slot(1)), 2));
    index.insert(4, slot(4));
    // 2 is in the overflow, and its cell holds 4.
    assert_eq!(
        (1..=4).map(|id| index.get(id)).collect::<Vec<_>>(),
        [None, Some(slot(2)), Some(slot(3)), Some(slot(4))]
    );
    index.remove(4);
    // The cell is vacant now, so a second insert puts 2 there as well: both entries go.
    index.insert(2, slot(2));
    assert_eq!((index.remove(2), index.get(2), index.overflow_len()), (Some(slot(2)), None, 1));
}

/// A span as `tracing` treats it: any thread that holds a handle may look it up, and the span closes with the last
/// handle. The write lock stands for the count of handles. `None` is a closed span.
type Handle = RwLock<Option<u64>>;

/// Few cells and many threads: nearly every insert collides.
#[test]
fn threads_find_what_they_hold_and_nothing_else() {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = if cfg!(debug_assertions) { 20_000 } else { 200_000 };
    let index = SpanIndex::<2, 2>::new();
    let handles: [Handle; THREADS as usize] = Default::default();
    std::thread::scope(|threads| {
        for thread in 0..THREADS {
            let (index, handles) = (&index, &handles);
            threads.spawn(move || {
                for round in 0..ROUNDS {
                    // Ids come again, as those of the registry do.
                    let id = 1 + thread + THREADS * (round % 5);
                    index.insert(id, slot(id));
                    *handles[thread as usize].write().unwrap() = Some(id);
                    for other in handles {
                        if let Some(id) = *other.read().unwrap() {
                            assert_eq!(index.get(id), Some(slot(id)), "an open span is found");
                            if round % 3 == 0 {
                                // Every thread that polls a task of an unrecorded scope inserts the task's span.
                                index.insert(id, slot(id));
                            }
                        }
                    }
                    *handles[thread as usize].write().unwrap() = None;
                    assert_eq!(index.remove(id), Some(slot(id)), "a span closes with the slot that it had");
                    assert_eq!(index.get(id), None, "a closed span leaves nothing behind");
                }
            });
        }
    });
    assert_eq!(index.overflow_len(), 0);
}

/// Two threads that insert at the same time, with nothing between them that would order them.
#[test]
fn inserts_at_the_same_time_lose_nothing() {
    const ROUNDS: u64 = if cfg!(debug_assertions) { 50_000 } else { 500_000 };
    // Of each round: the ids of the two threads. All have the same cell.
    for (one, other, why) in [(1, 1, "one span"), (1, 2, "two spans")] {
        let (index, gate) = (SpanIndex::<1, 1>::new(), Gate::new(2));
        std::thread::scope(|threads| {
            for (id, closes) in [(one, true), (other, one != other)] {
                let (index, gate) = (&index, &gate);
                threads.spawn(move || {
                    for _ in 0..ROUNDS {
                        gate.pass();
                        index.insert(id, slot(id));
                        let found = index.get(id);
                        gate.pass();
                        let removed = if closes { index.remove(id) } else { Some(slot(id)) };
                        gate.pass();
                        let left = index.get(id);
                        // Checked when nobody waits at the gate any more for a thread that has panicked.
                        let expected = (Some(slot(id)), Some(slot(id)), None);
                        if (found, removed, left) != expected {
                            gate.open();
                        }
                        assert_eq!((found, removed, left), expected, "{why}");
                    }
                });
            }
        });
        assert_eq!(index.overflow_len(), 0, "{why}");
    }
}
