//! An event source as the batch API sees it.

use std::fmt;

use super::BatchEvent;
use super::record::Delivery;
use crate::trigger::Extractor;

/// The functions by which a batch of one event source is worked on.
///
/// The fields are private, so no other crate can implement [`BatchEvent`].
pub struct BatchSource<E: BatchEvent> {
    /// Returns the records of a batch.
    pub(super) records: fn(E) -> Vec<E::Record>,
    /// Returns the identifier of a record in the response. AWS takes an empty one for the failure of all records.
    pub(super) identifier: fn(&E::Record) -> String,
    /// Returns the group whose records keep their order. `None` for a record on its own.
    pub(super) group: fn(&E::Record) -> Option<String>,
    /// `true` if the records that were skipped because an earlier one failed are reported as failed too.
    pub(super) reports_skipped: bool,
    /// Reads the context and the ids of a record.
    pub(super) read: fn(&E::Record, Extractor<'_>) -> Delivery,
    /// Returns the JSON payload of a record.
    pub(super) payload: fn(&E::Record) -> Option<&[u8]>,
    /// Returns the response that names the records that failed.
    pub(super) response: fn(Vec<String>) -> E::Response,
}

impl<E: BatchEvent> fmt::Debug for BatchSource<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchSource").finish_non_exhaustive()
    }
}
