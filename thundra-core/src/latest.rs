//! A value for frequent reads without a lock, and for rare changes.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::LocalKey;

/// The newest of the values set in this process, if any.
///
/// Each value lives as long as the process. A thread takes the lock once after each change. Otherwise a read loads one
/// number. If a value is set, the read also looks at the copy of the thread.
#[derive(Debug)]
pub(crate) struct Latest<T: 'static> {
    /// The number of changes. Zero without a value.
    changes: AtomicU64,
    value: Mutex<Option<&'static T>>,
    seen: &'static LocalKey<Cell<Seen<T>>>,
}

/// The value last seen by a thread, with the number of changes up to then.
pub(crate) type Seen<T> = (u64, Option<&'static T>);

impl<T> Latest<T> {
    /// Returns a place without a value. Each thread keeps the last seen value in `seen`.
    pub(crate) const fn new(seen: &'static LocalKey<Cell<Seen<T>>>) -> Self {
        Latest { changes: AtomicU64::new(0), value: Mutex::new(None), seen }
    }

    /// Returns the value.
    #[inline]
    pub(crate) fn get(&self) -> Option<&'static T> {
        // Relaxed: the lock publishes the value. A thread that misses the change reads the old value once more.
        match self.changes.load(Ordering::Relaxed) {
            0 => None,
            changes => self.seen_at(changes),
        }
    }

    // Most programs never come here.
    #[cold]
    fn seen_at(&self, changes: u64) -> Option<&'static T> {
        match self.seen.try_with(Cell::get) {
            Ok((seen, value)) if seen == changes => value,
            _ => {
                let value = *self.value.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = self.seen.try_with(|seen| seen.set((changes, value)));
                value
            }
        }
    }

    /// Replaces the value. `None` takes the value away.
    pub(crate) fn set(&self, value: Option<T>) -> Option<&'static T> {
        let value: Option<&'static T> = value.map(|value| &*Box::leak(Box::new(value)));
        let mut place = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        *place = value;
        self.changes.fetch_add(1, Ordering::Relaxed);
        value
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn every_thread_sees_the_newest_value() {
        thread_local! { static SEEN: Cell<Seen<u32>> = const { Cell::new((0, None)) } }
        static LATEST: Latest<u32> = Latest::new(&SEEN);
        let here_and_there = || [LATEST.get().copied(), thread::spawn(|| LATEST.get().copied()).join().unwrap()];
        assert_eq!(here_and_there(), [None, None]);
        for value in [Some(1), Some(2), None, Some(2)] {
            assert_eq!(LATEST.set(value).copied(), value);
            assert_eq!(here_and_there(), [value, value]);
        }
    }
}
