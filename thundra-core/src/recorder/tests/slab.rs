use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::super::scope_names::ScopeNames;
use super::super::scope_state::ScopeState;
use super::super::slab::Slab;
use super::super::slot::ScopeId;
use super::super::waiting::{Waiting, Woken};
use super::Gate;
use crate::TraceId;
use crate::carrier::Trust;

/// The places of a slab.
const PLACES: usize = 65_536;

fn release(slab: &Slab, id: ScopeId) {
    let state = slab.lock(id).expect("the scope is open");
    slab.release(id, state);
}

fn recorded(state: &mut ScopeState, _: ScopeId) {
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
fn a_few_bits_of_a_generation_name_the_latest_such_scope() {
    const MODULUS: u32 = 4;
    let slab = Slab::new();
    let mut scopes: Vec<ScopeId> = Vec::new();
    for _ in 0..3 * MODULUS {
        let scope = slab.claim(recorded).unwrap();
        scopes.push(scope);
        for latest in scopes.iter().rev().take(MODULUS as usize) {
            let named = slab.latest(latest.index(), latest.generation() % MODULUS, MODULUS);
            assert_eq!(named, Some(*latest), "with {scope:?} open");
        }
        release(&slab, scope);
    }
    assert_eq!(slab.latest(PLACES as u32 - 1, 0, MODULUS), None, "never claimed");
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
        state.limit_spans(2);
        assert_eq!((0..3).filter(|_| state.open(0, false).is_some()).count(), 2, "one is over the limit");
        state.close(1, 0);
        (state.sealed, state.flags, state.outer) = (true, 7, Some(scope));
        state.correlation.set("order", "o-9");
        state.log.begin(Default::default(), vec![("a".into(), 1.into())]);
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
    assert_eq!((&state.log.fields, &state.baggage, &state.received_context), (&None, &None, &None));
    assert!(state.take_finished().is_empty());
    assert_eq!(state.open(0, false).map(|(index, _)| index), Some(0), "the root has the first record again");
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
    let unrecorded = slab.claim(|state, _| state.recorded = false).unwrap();
    assert!(slab.some_are_unrecorded());
    release(&slab, recorded);
    assert!(slab.some_are_unrecorded());
    release(&slab, unrecorded);
    assert!(!slab.some_are_unrecorded());
}

/// Some threads begin and end scopes. Other threads look up all ids ever made, most of them old.
#[test]
fn threads_find_the_scope_of_an_id_or_none() {
    const OWNERS: u32 = 3;
    const ROUNDS: u32 = if cfg!(debug_assertions) { 20_000 } else { 200_000 };
    let slab = Slab::new();
    let trace_id = |owner: u32, round: u32| {
        TraceId::from_bytes(((u128::from(owner) << 64) | u128::from(round + 1)).to_be_bytes()).unwrap()
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
                            .claim(|state, _| {
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

/// The owner and the spans give up a scope at the same time.
#[test]
fn the_last_of_several_holders_frees_the_place_once() {
    const HOLDERS: usize = 4;
    const ROUNDS: u32 = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
    let slab = Slab::new();
    let (given_up, open) = (AtomicUsize::new(0), Mutex::new(None));
    std::thread::scope(|threads| {
        for holder in 0..HOLDERS {
            let (slab, given_up, open) = (&slab, &given_up, &open);
            threads.spawn(move || {
                for round in 0..ROUNDS {
                    if holder == 0 {
                        let id = slab.claim(recorded).unwrap();
                        (1..HOLDERS).for_each(|_| slab.lock(id).unwrap().hold());
                        *open.lock().unwrap() = Some((round, id));
                    }
                    let id = loop {
                        match *open.lock().unwrap() {
                            Some((of, id)) if of == round => break id,
                            _ => std::thread::yield_now(),
                        }
                    };
                    assert_eq!((id.index(), id.generation()), (0, round), "one place serves all rounds");
                    release(slab, id);
                    given_up.fetch_add(1, Ordering::AcqRel);
                    while holder == 0 && given_up.load(Ordering::Acquire) < HOLDERS * (round as usize + 1) {
                        std::thread::yield_now();
                    }
                    assert!(holder > 0 || slab.lock(id).is_none());
                }
            });
        }
    });
}

/// The threads leave a gate before each step, so that the steps coincide.
#[test]
fn claims_and_releases_at_the_same_time_are_counted_right() {
    const ROUNDS: usize = if cfg!(debug_assertions) { 3_000 } else { 30_000 };
    for round in 0..ROUNDS {
        let (slab, gate) = (Slab::new(), Gate::new(2));
        let work = || {
            gate.pass();
            let first = slab.claim(|state, _| state.recorded = false).unwrap();
            gate.pass();
            let were_counted = slab.some_are_unrecorded();
            let second = slab.claim(|state, _| state.recorded = false).unwrap();
            gate.pass();
            [first, second].into_iter().for_each(|id| release(&slab, id));
            (first, second, were_counted)
        };
        let (one, other) = std::thread::scope(|threads| {
            let other = threads.spawn(work);
            (work(), other.join().unwrap())
        });
        let places: HashSet<_> = [one.0, one.1, other.0, other.1].map(ScopeId::index).into();
        assert_eq!((places.len(), one.2, other.2), (4, true, true), "round {round}");
        assert!(!slab.some_are_unrecorded(), "round {round}");
    }
}

#[test]
fn a_place_changes_hands_between_threads() {
    const ROUNDS: usize = if cfg!(debug_assertions) { 50_000 } else { 500_000 };
    let (slab, gate) = (Slab::new(), Gate::new(2));
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                gate.pass();
                for _ in 0..ROUNDS {
                    let id = slab.claim(|state, _| state.recorded = false).unwrap();
                    assert!(slab.some_are_unrecorded(), "this one is");
                    release(&slab, id);
                }
            });
        }
    });
    assert!(!slab.some_are_unrecorded());
}

fn keep(slab: &Slab, pairs: &[(&str, &[u8])]) -> ScopeId {
    let wake = |waiting: &Waiting, _: &Woken, state: &mut ScopeState| {
        assert!(state.names.is_none(), "it wakes once");
        let keys: Vec<_> = waiting.pairs().map(|(key, value)| format!("{key}={}", value.escape_ascii())).collect();
        state.names = Some(Arc::new(ScopeNames { key: None, origins: keys }));
    };
    let woken = Woken { config: crate::config(), trust: Trust::Edge, ids: None };
    slab.claim_waiting(wake, |waiting| waiting.keep(woken, pairs)).unwrap()
}

#[test]
fn a_scope_that_waits_begins_once_and_leaves_nothing() {
    let slab = Slab::new();
    let kept = |id| slab.lock(id).and_then(|state| Some(state.names.as_ref()?.origins.clone()));
    let asked = keep(&slab, &[("a", b"1"), ("", b""), ("b", b"\xff")]);
    assert!(slab.lock_as_is(asked).unwrap().is_waiting() && slab.some_are_unrecorded());
    for _ in 0..2 {
        assert_eq!(kept(asked).unwrap(), ["a=1", "=", "b=\\xff"]);
        assert!(!slab.lock_as_is(asked).unwrap().is_waiting());
    }
    release(&slab, asked);
    assert!(!slab.some_are_unrecorded());
    let unasked = keep(&slab, &[("c", b"3")]);
    assert_eq!((unasked.index(), unasked.generation()), (asked.index(), asked.generation() + 1));
    assert!(slab.lock_as_is(asked).is_none() && slab.lock(asked).is_none(), "an old id wakes nothing");
    let state = slab.lock_as_is(unasked).unwrap();
    assert!(state.is_waiting());
    slab.release(unasked, state);
    assert!(!slab.some_are_unrecorded());
    assert!(slab.lock_as_is(unasked).is_none() && slab.lock(unasked).is_none(), "it is gone");
    let next = keep(&slab, &[]);
    assert_eq!((next.index(), kept(next).unwrap()), (asked.index(), Vec::new()), "nothing of the scopes before");
    release(&slab, next);
    assert_eq!(slab.claim(recorded).map(ScopeId::index), Some(asked.index()));
}
