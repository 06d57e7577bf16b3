//! The event of an invocation, kept for [failure evidence](crate::lifecycle::evidence).

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
#[cfg(feature = "batch")]
use thundra_core::{ScopeFlags, ScopeRef};

/// The event of a running invocation, attached to the scope of the invocation.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) event: Bytes,
    /// The name of the event source.
    pub(crate) trigger: &'static str,
    /// `true` to write a line for a success as well.
    pub(crate) is_always: bool,
    /// The numbers of the failed records.
    pub(crate) failed: Mutex<Vec<usize>>,
    pub(crate) is_written: AtomicBool,
}

impl Captured {
    /// Returns the numbers of the failed records.
    pub(crate) fn failed(&self) -> MutexGuard<'_, Vec<usize>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes the failed records of the batch of an invocation, by number in the event.
#[cfg(feature = "batch")]
pub(crate) fn records_failed(invocation: ScopeRef, numbers: impl Iterator<Item = usize>) {
    invocation.set_flags(ScopeFlags::RECORDS_FAILED);
    if let Some(captured) = invocation.attached::<Captured>() {
        captured.failed().extend(numbers);
    }
}
