//! From a span's `tracing` id to its place, without a lock.
//!
//! Slots are tagged with the id they serve: once the place is written, and until the span is closed, when nobody
//! asks any more. Where a slot is taken, a locked map serves.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::Place;

/// Slots are made in chunks, when one is needed: few programs need more than the first.
const CHUNK: usize = 128;
const CHUNKS: usize = 32;
/// The tag of a slot whose place is being written. No id is so large.
const BUSY: u64 = u64::MAX;

/// A slot lies in one cache line.
#[derive(Default)]
#[repr(align(32))]
struct Slot {
    tag: AtomicU64,
    scope: AtomicU64,
    entry: AtomicU64,
}

impl Slot {
    #[inline]
    fn place(&self) -> Option<Place> {
        Place::unpack(self.scope.load(Ordering::Relaxed), self.entry.load(Ordering::Relaxed))
    }
}

pub(crate) struct Table {
    chunks: [OnceLock<Box<[Slot; CHUNK]>>; CHUNKS],
    overflow: Mutex<HashMap<u64, Place>>,
    overflowed: AtomicUsize,
}

impl Table {
    pub(crate) fn new() -> Self {
        Table {
            chunks: [const { OnceLock::new() }; CHUNKS],
            overflow: Mutex::default(),
            overflowed: AtomicUsize::new(0),
        }
    }

    /// The chunk of an id, and its place there.
    #[inline]
    fn chunk(&self, id: u64) -> (Option<&OnceLock<Box<[Slot; CHUNK]>>>, usize) {
        // The registry's ids are an address that is used again, below the thread's number (from bit 38) and a
        // generation (from bit 51). Without the generation few slots serve, and stay in the cache.
        let spread = id.wrapping_add((id >> 38 & 0x1fff).wrapping_mul(617)) as usize;
        (self.chunks.get(spread / CHUNK % CHUNKS), spread % CHUNK)
    }

    #[inline]
    fn slot(&self, id: u64) -> Option<&Slot> {
        let (chunk, place) = self.chunk(id);
        chunk?.get()?.get(place)
    }

    /// Says where an id is. Whoever says it of an id that others know already says the same as they.
    #[inline]
    pub(crate) fn insert(&self, id: u64, place: Place) {
        let (chunk, place_in_chunk) = self.chunk(id);
        let slots = chunk.map(|chunk| chunk.get_or_init(|| Box::new(std::array::from_fn(|_| Slot::default()))));
        let slot = slots.and_then(|slots| slots.get(place_in_chunk));
        if let Some(slot) = slot
            && slot.tag.load(Ordering::Relaxed) == 0
            && slot.tag.compare_exchange(0, BUSY, Ordering::Acquire, Ordering::Relaxed).is_ok()
        {
            let (scope, entry) = place.pack();
            slot.scope.store(scope, Ordering::Relaxed);
            slot.entry.store(entry, Ordering::Relaxed);
            slot.tag.store(id, Ordering::Release);
            return;
        }
        if slot.is_none_or(|slot| slot.tag.load(Ordering::Relaxed) != id) {
            self.insert_overflow(id, place);
        }
    }

    #[cold]
    fn insert_overflow(&self, id: u64, place: Place) {
        let mut overflow = self.overflow.lock().unwrap_or_else(PoisonError::into_inner);
        overflow.insert(id, place);
        self.overflowed.store(overflow.len(), Ordering::Release);
    }

    #[inline]
    pub(crate) fn get(&self, id: u64) -> Option<Place> {
        if let Some(slot) = self.slot(id)
            && slot.tag.load(Ordering::Acquire) == id
        {
            return slot.place();
        }
        if self.overflowed.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.get_overflow(id)
    }

    #[cold]
    fn get_overflow(&self, id: u64) -> Option<Place> {
        self.overflow.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    #[inline]
    pub(crate) fn remove(&self, id: u64) -> Option<Place> {
        let mut place = None;
        if let Some(slot) = self.slot(id)
            && slot.tag.load(Ordering::Acquire) == id
        {
            place = slot.place();
            slot.tag.store(0, Ordering::Release);
        }
        // Of two threads that said it at once, one may have said it there.
        if self.overflowed.load(Ordering::Acquire) == 0 { place } else { self.remove_overflow(id).or(place) }
    }

    #[cold]
    fn remove_overflow(&self, id: u64) -> Option<Place> {
        let mut overflow = self.overflow.lock().unwrap_or_else(PoisonError::into_inner);
        let place = overflow.remove(&id);
        self.overflowed.store(overflow.len(), Ordering::Release);
        place
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("overflowed", &self.overflowed).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PlaceKind, ScopeId};
    use super::*;

    #[test]
    fn colliding_ids_are_kept_apart() {
        let table = Table::new();
        let place = |n: u64| Place::new(ScopeId::from_u64(n), n as u32, PlaceKind::Own);
        let ids: Vec<u64> = (1..20_000).collect();
        ids.iter().for_each(|&id| table.insert(id, place(id)));
        assert!(ids.iter().all(|&id| table.get(id) == Some(place(id))));
        assert!(ids.iter().all(|&id| table.remove(id) == Some(place(id))));
        assert!(ids.iter().all(|&id| table.get(id).is_none()));
        assert_eq!(table.overflowed.load(Ordering::Relaxed), 0);
    }
}
