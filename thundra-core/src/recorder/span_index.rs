//! From the `tracing` id of a span to its slot, without a lock.
//!
//! The index is a hash table without probing: each id has one cell. If another id occupies the cell, the entry goes to
//! a locked map, the *overflow*.
//!
//! # Protocol of a cell
//!
//! | tag | meaning | who may change it |
//! |---|---|---|
//! | 0 | vacant, the values are stale | any thread, to `BUSY` |
//! | `BUSY` | a thread writes the values | that thread, to the id |
//! | an id | the values belong to that id | the thread that closes the span, to 0 |
//!
//! `tracing` calls the subscriber for a span between `new_span` and `try_close`, and closes a span once, after the last
//! handle is dropped. A lookup of a live id therefore never overlaps with the removal, and the values stay the same
//! during the lookup. No second look at the tag is needed. A raw [`Id`](tracing::Id) kept beyond the life of a span may
//! name another span, here as everywhere in `tracing`.
//!
//! `tests/span_index_model.rs` runs the protocol through a model checker, and the tests of the recorder run it under
//! load.

use std::collections::HashMap;
use std::fmt;
use std::sync::{OnceLock, PoisonError};

use super::slot::SpanSlot;
use super::sync::{AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering, Value};

/// The tag of a cell during the writing of the values. Ids are smaller.
const BUSY: u64 = u64::MAX;

/// An entry of the index, within one cache line.
#[repr(align(32))]
struct Cell {
    tag: AtomicU64,
    scope: Value,
    entry: Value,
}

impl Cell {
    fn vacant() -> Self {
        Cell { tag: AtomicU64::new(0), scope: Value::new(0), entry: Value::new(0) }
    }

    /// Claims a vacant cell for an id and writes the values. Returns `false` if the cell is occupied.
    #[inline]
    fn occupy(&self, id: u64, slot: SpanSlot) -> bool {
        // Relaxed: a hint that spares an occupied cell the locked instruction. The exchange below decides.
        if self.tag.load(Ordering::Relaxed) != 0 {
            return false;
        }
        // Acquire on success pairs with the Release store of 0 in `vacate`: the reads of the vacating thread come
        // before the writes below, so the vacating thread cannot have read the new values. On failure nothing is read,
        // so Relaxed.
        if self.tag.compare_exchange(0, BUSY, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return false;
        }
        let (scope, entry) = slot.pack();
        // Relaxed: nobody reads the values under the tag BUSY, and the store of the id publishes them.
        self.scope.store(scope, Ordering::Relaxed);
        self.entry.store(entry, Ordering::Relaxed);
        // Release pairs with the Acquire load in `read`: a thread with the id sees both values.
        self.tag.store(id, Ordering::Release);
        true
    }

    /// Returns the slot of an id; `None` if the cell holds another id.
    #[inline]
    fn read(&self, id: u64) -> Option<SpanSlot> {
        // Acquire pairs with the Release store of the id in `occupy`.
        if self.tag.load(Ordering::Acquire) != id {
            return None;
        }
        // Relaxed: the load above made the values visible, and while the span is open nobody writes others.
        SpanSlot::unpack(self.scope.load(Ordering::Relaxed), self.entry.load(Ordering::Relaxed))
    }

    /// Returns the slot of an id and vacates the cell; `None` if the cell holds another id.
    #[inline]
    fn vacate(&self, id: u64) -> Option<SpanSlot> {
        // The values are read before the tag changes: afterwards the values may belong to another span.
        let slot = self.read(id)?;
        // Release pairs with the Acquire exchange in `occupy`.
        self.tag.store(0, Ordering::Release);
        Some(slot)
    }
}

/// The open spans by `tracing` id. Cells are allocated in chunks on first use. Few programs need more than one chunk.
pub(crate) struct SpanIndex<const CHUNK: usize = 128, const CHUNKS: usize = 32> {
    chunks: [OnceLock<Box<[Cell; CHUNK]>>; CHUNKS],
    overflow: Mutex<HashMap<u64, SpanSlot>>,
    /// The number of entries in the overflow, written under the lock of the overflow.
    overflowed: AtomicUsize,
}

impl<const CHUNK: usize, const CHUNKS: usize> SpanIndex<CHUNK, CHUNKS> {
    pub(crate) fn new() -> Self {
        SpanIndex {
            chunks: [const { OnceLock::new() }; CHUNKS],
            overflow: Mutex::new(HashMap::new()),
            overflowed: AtomicUsize::new(0),
        }
    }

    /// Returns the chunk of an id, and the position of the cell in the chunk.
    #[inline]
    fn chunk(&self, id: u64) -> (Option<&OnceLock<Box<[Cell; CHUNK]>>>, usize) {
        // An id of the registry is a reused address, below the number of the thread (from bit 38) and a generation
        // (from bit 51). Without the generation few cells serve all spans, and stay in the cache.
        let spread = id.wrapping_add((id >> 38 & 0x1fff).wrapping_mul(617)) as usize;
        (self.chunks.get(spread / CHUNK % CHUNKS), spread % CHUNK)
    }

    #[inline]
    fn cell(&self, id: u64) -> Option<&Cell> {
        let (chunk, position) = self.chunk(id);
        chunk?.get()?.get(position)
    }

    /// Records the slot of an id. Concurrent inserts of one id always carry the same slot, so any insert may win.
    #[inline]
    pub(crate) fn insert(&self, id: u64, slot: SpanSlot) {
        let (chunk, position) = self.chunk(id);
        let cells = chunk.map(|chunk| chunk.get_or_init(|| Box::new(std::array::from_fn(|_| Cell::vacant()))));
        let cell = cells.and_then(|cells| cells.get(position));
        if cell.is_some_and(|cell| cell.occupy(id, slot)) {
            return;
        }
        // Another insert of the same id may have taken the cell. Relaxed: the values are not read. Until the other
        // insert is done, the overflow takes the entry a second time, and `remove` allows for both entries.
        if cell.is_none_or(|cell| cell.tag.load(Ordering::Relaxed) != id) {
            self.insert_overflow(id, slot);
        }
    }

    /// Returns the slot of an id.
    #[inline]
    pub(crate) fn get(&self, id: u64) -> Option<SpanSlot> {
        if let Some(slot) = self.cell(id).and_then(|cell| cell.read(id)) {
            return Some(slot);
        }
        if self.has_overflow() { self.get_overflow(id) } else { None }
    }

    /// Removes an id and returns the slot of the id.
    #[inline]
    pub(crate) fn remove(&self, id: u64) -> Option<SpanSlot> {
        let slot = self.cell(id).and_then(|cell| cell.vacate(id));
        // Of two concurrent inserts of one id, one may have gone to the overflow: both entries have to go, since
        // `tracing` uses the id again.
        if self.has_overflow() { self.remove_overflow(id).or(slot) } else { slot }
    }

    /// Returns `true` if the overflow has entries.
    #[inline]
    fn has_overflow(&self) -> bool {
        // Relaxed: the map is read under the lock, and the count is only a hint to skip the map. Handing an id to
        // another thread synchronises the threads, so a thread with an id in the overflow sees a count with the entry,
        // or a later count. All counts during the life of the entry are above 0, since counts are written under the
        // lock.
        self.overflowed.load(Ordering::Relaxed) != 0
    }

    /// Returns the number of entries in the overflow.
    #[cfg(test)]
    pub(super) fn overflow_len(&self) -> usize {
        self.overflowed.load(Ordering::Relaxed)
    }

    fn lock_overflow(&self) -> MutexGuard<'_, HashMap<u64, SpanSlot>> {
        self.overflow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn get_overflow(&self, id: u64) -> Option<SpanSlot> {
        self.lock_overflow().get(&id).copied()
    }

    #[cold]
    fn insert_overflow(&self, id: u64, slot: SpanSlot) {
        let mut overflow = self.lock_overflow();
        overflow.insert(id, slot);
        // Relaxed: see `has_overflow`.
        self.overflowed.store(overflow.len(), Ordering::Relaxed);
    }

    #[cold]
    fn remove_overflow(&self, id: u64) -> Option<SpanSlot> {
        let mut overflow = self.lock_overflow();
        let slot = overflow.remove(&id);
        // Relaxed: see `has_overflow`.
        self.overflowed.store(overflow.len(), Ordering::Relaxed);
        slot
    }
}

impl<const CHUNK: usize, const CHUNKS: usize> fmt::Debug for SpanIndex<CHUNK, CHUNKS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanIndex").field("overflowed", &self.overflowed).finish_non_exhaustive()
    }
}
