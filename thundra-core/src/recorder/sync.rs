//! The synchronisation primitives of the span index. Its model test puts those of a model checker in their place.

pub(super) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
pub(super) use std::sync::{Mutex, MutexGuard};
