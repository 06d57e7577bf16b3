//! The error of a batch.

use std::error::Error;
use std::fmt;

/// The error of a batch that failed as a whole.
///
/// Either every record of a source without order failed, or the event source takes no partial response. The event
/// source delivers all records again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchError {
    /// The number of records that failed.
    pub failed: usize,
    /// The number of records in the batch.
    pub records: usize,
    /// The text of the first error. `None` if no record failed, and some did not begin in time.
    pub first: Option<String>,
}

impl BatchError {
    pub(super) fn new(failed: usize, records: usize, first: Option<&str>) -> Self {
        BatchError { failed, records, first: first.map(str::to_owned) }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.first {
            Some(first) => write!(f, "{} of {} records of the batch failed, first: {first}", self.failed, self.records),
            None => write!(f, "not all of {} records of the batch began before the deadline", self.records),
        }
    }
}

impl Error for BatchError {}
