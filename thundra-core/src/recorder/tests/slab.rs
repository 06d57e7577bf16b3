use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};

use super::super::scope_state::ScopeState;
use super::super::slab::Slab;
use super::super::slot::ScopeId;
use crate::TraceId;

/// The places of a slab.
const PLACES: usize = 65_536;

fn release(slab: &Slab, id: ScopeId) {
    let state = slab.lock(id).expect("the scope is open");
    slab.release(id, state);
}

fn recorded(state: &mut ScopeState) {
    state.recorded = true;
}

#[test]
fn an_old_id_finds_nothing() {
    let slab = Slab::new();
    let first = slab.claim(recorded).unwrap();
    assert!(slab.lock(first).is_some());
    release(&slab, first);
    assert!(slab.lock(first).is_none(), "the scope is gone");
    let second = slab.claim(recorded).unwrap();
    assert_eq!((second.index(), second.generation()), (first.index(), first.generation() + 1));
    assert!(slab.lock(first).is_none(), "another scope has the place");
    assert!(slab.lock(second).is_some());
    for never in [ScopeId::from_u64(u64::MAX), ScopeId::new(64, 0), ScopeId::new(PLACES as u32, 0)] {
        assert!(slab.lock(never).is_none(), "{never:?} was never claimed");
    }
}

#[test]
fn a_place_is_vacant_after_its_last_holder() {
    let slab = Slab::new();
    let scope = slab.claim(recorded).unwrap();
    slab.lock(scope).unwrap().hold();
    release(&slab, scope);
    assert!(slab.lock(scope).is_some(), "a span holds it still");
    assert_ne!(slab.claim(recorded).unwrap().index(), scope.index());
    release(&slab, scope);
    assert_eq!(slab.claim(recorded).unwrap().index(), scope.index());
}

#[test]
fn a_reused_place_has_nothing_of_the_scope_before() {
    let slab = Slab::new();
    let scope = slab.claim(recorded).unwrap();
    {
        let mut state = slab.lock(scope).unwrap();
        state.limits.spans = 2;
        (0..3).for_each(|_| drop(state.open()));
        state.close(1, 0);
        (state.sealed, state.flags, state.outer) = (true, 7, Some(scope));
        state.correlation.set("order", "o-9");
        state.log_fields = Some(b",\"a\":1".as_slice().into());
        (state.baggage, state.received_context) = (Some("a=1".into()), Some("{}".into()));
        state.incomplete_messages = 1;
    }
    release(&slab, scope);
    let next = slab.claim(recorded).unwrap();
    assert_eq!(next.index(), scope.index());
    let mut state = slab.lock(next).unwrap();
    assert_eq!((state.sealed, state.flags, state.outer), (false, 0, None));
    assert_eq!((state.started, state.dropped, state.finished_count, state.incomplete_messages), (0, 0, 0, 0));
    assert_eq!(state.correlation, Default::default());
    assert_eq!((&state.log_fields, &state.baggage, &state.received_context), (&None, &None, &None));
    assert!(state.take_finished().is_empty());
    assert_eq!(state.open().map(|(index, _)| index), Some(0), "the root has the first record again");
}

#[test]
fn when_all_places_are_taken_a_claim_fails_until_one_is_free() {
    let slab = Slab::new();
    let scopes: Vec<_> = (0..PLACES).map(|_| slab.claim(recorded).expect("a place")).collect();
    assert_eq!((slab.claim(recorded), slab.claim(recorded)), (None, None));
    release(&slab, scopes[1234]);
    assert_eq!(slab.claim(recorded).map(ScopeId::index), Some(1234));
    assert_eq!(slab.claim(recorded), None);
}

#[test]
fn scopes_that_are_not_recorded_are_counted_while_they_are_open() {
    let slab = Slab::new();
    assert!(!slab.were_claimed());
    let recorded = slab.claim(recorded).unwrap();
    assert!(slab.were_claimed() && !slab.some_are_unrecorded());
    let unrecorded = slab.claim(|state| state.recorded = false).unwrap();
    assert!(slab.some_are_unrecorded());
    release(&slab, recorded);
    assert!(slab.some_are_unrecorded());
    release(&slab, unrecorded);
    assert!(!slab.some_are_unrecorded());
}

/// Some threads begin and end scopes. Others look up all ids that were ever made, most of which are old.
#[test]
fn threads_find_the_scope_of_an_id_or_none() {
    const OWNERS: u32 = 3;
    const ROUNDS: u32 = if cfg!(debug_assertions) { 20_000 } else { 200_000 };
    let slab = Slab::new();
    let trace_id = |owner: u32, round: u32| {
        TraceId::from_bytes((u128::from(owner) << 64 | u128::from(round) + 1).to_be_bytes()).unwrap()
    };
    let latest: [Mutex<Option<(ScopeId, TraceId)>>; OWNERS as usize] = Default::default();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let owners: Vec<_> = (0..OWNERS)
            .map(|owner| {
                let (slab, latest) = (&slab, &latest);
                threads.spawn(move || {
                    for round in 0..ROUNDS {
                        let own = trace_id(owner, round);
                        let scope = slab
                            .claim(|state| {
                                state.recorded = round % 2 == 0;
                                state.trace_id = own;
                            })
                            .unwrap();
                        *latest[owner as usize].lock().unwrap() = Some((scope, own));
                        if round % 2 == 1 {
                            assert!(slab.some_are_unrecorded(), "this one is");
                        }
                        let state = slab.lock(scope).expect("an open scope is found");
                        assert_eq!(state.trace_id, own, "and is nobody else's");
                        slab.release(scope, state);
                        assert!(slab.lock(scope).is_none(), "a scope that is gone is not found");
                    }
                })
            })
            .collect();
        threads.spawn(|| {
            let mut seen = Vec::new();
            while !done.load(Ordering::Relaxed) {
                seen.extend(latest.iter().filter_map(|latest| *latest.lock().unwrap()));
                for (scope, trace_id) in &seen {
                    if let Some(state) = slab.lock(*scope) {
                        assert_eq!(state.trace_id, *trace_id, "an old id finds no other scope");
                    }
                }
                seen.drain(..seen.len().saturating_sub(64));
            }
        });
        let results: Vec<_> = owners.into_iter().map(|owner| owner.join()).collect();
        done.store(true, Ordering::Relaxed);
        assert!(results.iter().all(Result::is_ok));
    });
    assert!(!slab.some_are_unrecorded());
}

/// The owner and the spans of a scope give it up at the same time.
#[test]
fn the_last_of_several_holders_frees_the_place_once() {
    const HOLDERS: usize = 4;
    const ROUNDS: u32 = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
    let slab = Slab::new();
    let barrier = Barrier::new(HOLDERS);
    let scope = Mutex::new(None);
    std::thread::scope(|threads| {
        for holder in 0..HOLDERS {
            let (slab, barrier, scope) = (&slab, &barrier, &scope);
            threads.spawn(move || {
                for round in 0..ROUNDS {
                    if holder == 0 {
                        let id = slab.claim(recorded).unwrap();
                        (1..HOLDERS).for_each(|_| slab.lock(id).unwrap().hold());
                        *scope.lock().unwrap() = Some(id);
                    }
                    barrier.wait();
                    let id = scope.lock().unwrap().unwrap();
                    assert_eq!((id.index(), id.generation()), (0, round), "one place serves all rounds");
                    release(slab, id);
                    barrier.wait();
                    assert!(slab.lock(id).is_none());
                }
            });
        }
    });
}
