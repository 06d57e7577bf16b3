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
    /// The failed records.
    pub(crate) failed: Mutex<Vec<FailedRecord>>,
    pub(crate) is_written: AtomicBool,
}

impl Captured {
    /// Returns the failed records.
    pub(crate) fn failed(&self) -> MutexGuard<'_, Vec<FailedRecord>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A failed record of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "batch"), allow(dead_code))]
pub(crate) enum FailedRecord {
    /// The `messageId` or the `eventID` of the record. The function may have handed over some records of the event, in
    /// another order.
    Named(String),
    /// The number of a record without a name, in the batch handed over by the function.
    Numbered(usize),
}

/// Returns `true` if the event of the invocation is kept.
#[cfg(feature = "batch")]
pub(crate) fn is_captured(invocation: ScopeRef) -> bool {
    invocation.attached::<Captured>().is_some()
}

/// Notes the failed records of a batch of an invocation.
#[cfg(feature = "batch")]
pub(crate) fn records_failed(invocation: ScopeRef, records: impl Iterator<Item = FailedRecord>) {
    invocation.set_flags(ScopeFlags::RECORDS_FAILED);
    if let Some(captured) = invocation.attached::<Captured>() {
        captured.failed().extend(records);
    }
}
