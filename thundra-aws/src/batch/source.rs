//! The batches of an event source.

use std::fmt;

use super::BatchEvent;
use super::record::Delivery;
use crate::trigger::Extractor;

/// The functions for the batches of one event source.
///
/// The fields are private, so no other crate can implement [`BatchEvent`].
pub struct BatchSource<E: BatchEvent> {
    /// Returns the records of a batch.
    pub(super) records: fn(E) -> Vec<E::Record>,
    /// Returns the identifier of a record in the response. AWS takes an empty identifier for the failure of
    /// all records.
    pub(super) identifier: fn(&E::Record) -> String,
    /// Returns the ordered group of a record. `None` for a record without order.
    pub(super) group: fn(&E::Record) -> Option<String>,
    /// `true` if records skipped after a failure are reported as failed too.
    pub(super) reports_skipped: bool,
    /// Reads the context and the ids of a record.
    pub(super) read: fn(&E::Record, Extractor<'_>) -> Delivery,
    /// Returns the JSON payload of a record.
    pub(super) payload: fn(&E::Record) -> Option<&[u8]>,
    /// Returns the response with the identifiers of the failed records.
    pub(super) response: fn(Vec<String>) -> E::Response,
}

impl<E: BatchEvent> fmt::Debug for BatchSource<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchSource").finish_non_exhaustive()
    }
}
