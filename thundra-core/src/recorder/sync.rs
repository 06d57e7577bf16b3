//! The synchronisation primitives of the span index. The model test substitutes the primitives of a model checker.

pub(super) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
pub(super) use std::sync::{Mutex, MutexGuard};

/// A word ordered by the tag of the cell. The model checker substitutes plain memory, and reports every unordered
/// access as a data race.
pub(super) type Value = AtomicU64;
