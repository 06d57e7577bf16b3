//! The scopes of the process.
//!
//! Each scope has a place with a lock. The first places are in the slab itself. Further places are allocated in chunks,
//! each as large as all before. Places are reused with the memory. All scopes share one list of vacant places.
//! Beginning a scope locks the list, and so does the end of the last hold on a scope. Spans never lock the list.
//!
//! A place has a *generation*, increased with each reuse. A [`ScopeId`] names place and generation. [`Slab::lock`]
//! compares the generations under the lock of the place, so an old id finds nothing instead of a later scope. The
//! generation is outside of the lock: whoever has a hold on a place reads the name of the scope without the lock.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::open_span::OpenSpan;
use super::scope_state::{ScopeState, Wake};
use super::slot::{ScopeId, SlotKind, SpanSlot};
use super::waiting::Waiting;
use crate::config::Limits;

/// The places in the slab itself. A function in Lambda needs no other.
const FIRST: u32 = 8;
const CHUNKS: u32 = 13;
const PLACES: u32 = FIRST << CHUNKS;

/// Set in the generation of a place while its scope [waits](super::waiting). The id of the scope then matches no
/// generation, so finding a scope that has begun takes no further question.
const WAITS: u32 = 1 << 31;

/// The scopes of the process.
pub(crate) static SCOPES: Slab = Slab::new();

/// A set of scopes, at most 65,536 at a time.
pub(crate) struct Slab {
    /// The first places. Each span finds its scope three times, here without a further pointer.
    first: OnceLock<[Place; FIRST as usize]>,
    /// The further places.
    chunks: [OnceLock<Box<[Place]>>; CHUNKS as usize],
    /// The places free for reuse.
    vacant: Mutex<Vec<u32>>,
    /// The number of places ever used. Higher places are fresh.
    used: AtomicU32,
    /// The number of open, unrecorded scopes.
    unrecorded: AtomicU32,
}

/// Returns the chunk of a further place, and the position within the chunk; `None` for one of the first places.
#[inline]
fn chunk(index: u32) -> Option<(usize, usize)> {
    let log = index.checked_ilog2()?;
    Some((log.checked_sub(FIRST.ilog2())? as usize, (index & ((1 << log) - 1)) as usize))
}

/// The place of a scope.
struct Place {
    /// Changed under the lock.
    generation: AtomicU32,
    state: Mutex<ScopeState>,
}

impl Place {
    fn vacant() -> Self {
        Place { generation: AtomicU32::new(0), state: Mutex::new(ScopeState::vacant()) }
    }

    fn lock(&self) -> MutexGuard<'_, ScopeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn generation(&self) -> u32 {
        // Relaxed: changes are under the lock of the place, and happen to no place that the caller has a hold on.
        self.generation.load(Ordering::Relaxed)
    }

    /// Makes the place ready for another scope. The caller has locked the place.
    fn reset(&self, state: &mut ScopeState) {
        state.reset();
        self.renew();
    }

    /// Changes the generation. The caller has locked the place.
    #[inline]
    fn renew(&self) {
        // Relaxed: see `generation`.
        self.generation.store(self.generation().wrapping_add(1) & !WAITS, Ordering::Relaxed);
    }
}

impl Slab {
    pub(super) const fn new() -> Self {
        Slab {
            first: OnceLock::new(),
            chunks: [const { OnceLock::new() }; CHUNKS as usize],
            vacant: Mutex::new(Vec::new()),
            used: AtomicU32::new(0),
            unrecorded: AtomicU32::new(0),
        }
    }

    /// Claims a place for a scope, with one hold, and runs `fill` on the state; `None` with 65,536 open scopes.
    pub(crate) fn claim(&self, fill: impl FnOnce(&mut ScopeState, ScopeId)) -> Option<ScopeId> {
        let (index, place) = self.claim_place()?;
        let mut state = place.lock();
        let id = ScopeId::new(index, place.generation());
        state.hold();
        fill(&mut state, id);
        if !state.recorded {
            // Relaxed: see `some_are_unrecorded`.
            self.unrecorded.fetch_add(1, Ordering::Relaxed);
        }
        Some(id)
    }

    /// Claims a place for a scope that [waits](super::waiting), as [`claim`](Self::claim) does.
    pub(crate) fn claim_waiting(&self, wake: Wake, keep: impl FnOnce(&mut Waiting)) -> Option<ScopeId> {
        let (index, place) = self.claim_place()?;
        let mut state = place.lock();
        state.hold();
        state.recorded = false;
        state.wait(wake, keep);
        // Relaxed: see `some_are_unrecorded`.
        self.unrecorded.fetch_add(1, Ordering::Relaxed);
        let generation = place.generation();
        // Relaxed: see `generation`.
        place.generation.store(generation | WAITS, Ordering::Relaxed);
        Some(ScopeId::new(index, generation))
    }

    #[inline(always)]
    fn claim_place(&self) -> Option<(u32, &Place)> {
        let reused = self.vacant.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let index = match reused {
            Some(index) => index,
            None => {
                let next = |used: u32| (used < PLACES).then_some(used + 1);
                // Relaxed: one read-modify-write gives each caller a separate number, and publishes nothing. The chunk
                // is published by its `OnceLock`, the state by the lock of the place.
                self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?
            }
        };
        let place = match chunk(index) {
            None => self.first.get_or_init(|| std::array::from_fn(|_| Place::vacant())).get(index as usize),
            Some((chunk, position)) => {
                let places = || (0..FIRST << chunk).map(|_| Place::vacant()).collect();
                self.chunks.get(chunk)?.get_or_init(places).get(position)
            }
        };
        Some((index, place?))
    }

    /// Returns `true` once a scope was claimed.
    pub(crate) fn were_claimed(&self) -> bool {
        // Relaxed: the answer is for a line on standard error at the end of the program.
        self.used.load(Ordering::Relaxed) > 0
    }

    /// Returns `true` while an unrecorded scope is open. The spans of unrecorded scopes are in no index.
    #[cfg(feature = "registry")]
    #[inline]
    pub(crate) fn some_are_unrecorded(&self) -> bool {
        // Relaxed: a caller in an unrecorded scope got the span from the thread that claimed the scope. The caller
        // therefore sees the addition, and the subtraction comes after the owner and all spans are gone. For other
        // callers any result will do.
        self.unrecorded.load(Ordering::Relaxed) > 0
    }

    /// Locks the scope of an id; `None` after the scope is gone. A scope that waits begins.
    pub(crate) fn lock(&self, id: ScopeId) -> Option<MutexGuard<'_, ScopeState>> {
        self.lock_at_once(id)
    }

    /// Locks as [`lock`](Self::lock) does, inlined: for the begin of each span.
    #[inline(always)]
    pub(super) fn lock_at_once(&self, id: ScopeId) -> Option<MutexGuard<'_, ScopeState>> {
        let place = self.place(id.index())?;
        let state = place.lock();
        if place.generation() == id.generation() {
            return Some(state);
        }
        drop(state);
        self.wake(id)
    }

    /// Locks the scope of an id, if the scope waits, and begins the scope, unless another thread just did.
    #[cold]
    #[inline(never)]
    fn wake(&self, id: ScopeId) -> Option<MutexGuard<'_, ScopeState>> {
        let mut state = self.lock_as_is(id)?;
        if state.is_waiting() {
            // Relaxed: see `generation`.
            self.place(id.index())?.generation.store(id.generation(), Ordering::Relaxed);
            state.wake();
        }
        Some(state)
    }

    /// Locks the scope of an id as it is: the scope may wait. `None` after the scope is gone.
    #[inline]
    pub(crate) fn lock_as_is(&self, id: ScopeId) -> Option<MutexGuard<'_, ScopeState>> {
        let place = self.place(id.index())?;
        let state = place.lock();
        (place.generation() & !WAITS == id.generation()).then_some(state)
    }

    /// Returns the scope in a place on which the caller has a hold.
    #[inline]
    pub(super) fn held(&self, index: u32) -> Option<ScopeId> {
        Some(ScopeId::new(index, self.place(index)?.generation() & !WAITS))
    }

    /// Returns the latest scope in a place with a generation that is equal to `generation`, modulo a power of two.
    #[inline]
    pub(super) fn latest(&self, index: u32, generation: u32, modulus: u32) -> Option<ScopeId> {
        // Relaxed in `generation`: whoever handed the caller the name of the scope saw its generation, or a later one.
        let now = self.place(index)?.generation() & !WAITS;
        let since = now.wrapping_sub(generation) & (modulus - 1);
        Some(ScopeId::new(index, now.wrapping_sub(since) & !WAITS))
    }

    /// Locks a place on which the caller has a hold.
    #[inline]
    pub(super) fn lock_held(&self, index: u32) -> Option<MutexGuard<'_, ScopeState>> {
        Some(self.place(index)?.lock())
    }

    #[inline]
    fn place(&self, index: u32) -> Option<&Place> {
        if index < FIRST {
            return self.first.get()?.get(index as usize);
        }
        self.further_place(index)
    }

    fn further_place(&self, index: u32) -> Option<&Place> {
        let (chunk, position) = chunk(index)?;
        self.chunks.get(chunk)?.get()?.get(position)
    }

    /// Returns the root of the open scope with a key.
    pub(super) fn find(&self, key: &str) -> Option<SpanSlot> {
        // Relaxed: the scope was claimed before the key was handed to a library.
        (0..self.used.load(Ordering::Relaxed)).find_map(|index| {
            let place = self.place(index)?;
            let state = place.lock();
            let is_it = !state.sealed && state.names.as_ref().is_some_and(|names| names.has_key(key));
            is_it.then(|| SpanSlot::root_of(ScopeId::new(index, place.generation()), state.recorded))
        })
    }

    /// Returns the scopes nested in a scope, directly or not.
    pub(super) fn nested_in(&self, outermost: ScopeId) -> Vec<ScopeId> {
        // Relaxed: a scope claimed meanwhile may be missed.
        let nested: Vec<(ScopeId, ScopeId)> = (0..self.used.load(Ordering::Relaxed))
            .filter_map(|index| {
                let place = self.place(index)?;
                let state = place.lock();
                Some((ScopeId::new(index, place.generation()), state.outer?))
            })
            .collect();
        let mut found = BTreeSet::from([outermost.to_u64()]);
        // Each pass goes one level deeper.
        loop {
            let before = found.len();
            let inside = |(_, outer): &&(ScopeId, ScopeId)| found.contains(&outer.to_u64());
            let inner: Vec<u64> = nested.iter().filter(inside).map(|(id, _)| id.to_u64()).collect();
            found.extend(inner);
            if found.len() == before {
                break;
            }
        }
        found.remove(&outermost.to_u64());
        found.into_iter().map(ScopeId::from_u64).collect()
    }

    /// Runs `f` on the record of a span; `None` for a slot without a record.
    pub(crate) fn edit<R>(&self, slot: SpanSlot, f: impl FnOnce(&mut OpenSpan, &Limits) -> R) -> Option<R> {
        if !matches!(slot.kind(), SlotKind::Own | SlotKind::Root) {
            return None;
        }
        let mut scope = self.lock(slot.scope)?;
        scope.span(slot.index()).map(|(span, limits)| f(span, limits))
    }

    /// Gives up one hold on a scope. The last hold leaves the place vacant.
    #[inline]
    pub(crate) fn release(&self, id: ScopeId, mut state: MutexGuard<'_, ScopeState>) {
        if state.give_up() {
            self.vacate(id.index(), state);
        }
    }

    /// Leaves a place without holds vacant.
    pub(super) fn vacate(&self, index: u32, mut state: MutexGuard<'_, ScopeState>) {
        if !state.recorded {
            // Relaxed: see `some_are_unrecorded`.
            self.unrecorded.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(place) = self.place(index) {
            if state.is_waiting() {
                state.stop_waiting();
                place.renew();
            } else {
                place.reset(&mut state);
            }
        }
        // The next owner may get the place only after the change of the generation.
        drop(state);
        self.vacant.lock().unwrap_or_else(PoisonError::into_inner).push(index);
    }
}
