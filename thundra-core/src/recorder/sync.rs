//! The synchronisation primitives of the span index. Its model test puts those of a model checker in their place.

pub(super) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
pub(super) use std::sync::{Mutex, MutexGuard};

/// A word whose reads and writes the tag of its cell orders. For the model checker it is plain memory, in which an access that
/// is not ordered is a data race.
pub(super) type Value = AtomicU64;
