//! The points of the process, between two collections.
//!
//! Each thread adds to one of a few shards. No lock is shared by all threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::set::Points;

const SHARDS: usize = 16;

static ALL: [Mutex<Shard>; SHARDS] = [const { Mutex::new(Shard::EMPTY) }; SHARDS];

/// The points of some threads.
#[derive(Debug)]
pub(crate) struct Shard {
    /// The points measured outside of scopes. A writer gets the points at the collection.
    pub(crate) outside: Option<Box<Points>>,
    /// The points of ended scopes, already handed to the writer, if any.
    pub(crate) ended: Option<Box<Points>>,
}

impl Shard {
    const EMPTY: Self = Shard { outside: None, ended: None };
}

/// Locks the shard of the current thread.
#[inline]
pub(crate) fn of_thread() -> MutexGuard<'static, Shard> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! { static SHARD: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS }
    let at = SHARD.try_with(|shard| *shard).unwrap_or(0);
    let [first, ..] = &ALL;
    ALL.get(at).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the points of all threads: points measured outside of scopes, and points of ended scopes.
pub(crate) fn take() -> (Points, Points) {
    let (mut outside, mut ended) = (Points::default(), Points::default());
    for shard in &ALL {
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = (shard.outside.take(), shard.ended.take());
        drop(shard);
        taken.0.into_iter().for_each(|mut points| outside.merge(&mut points));
        taken.1.into_iter().for_each(|mut points| ended.merge(&mut points));
    }
    (outside, ended)
}
