//! The outcomes of the records of a batch, and the failures reported to the event source.

use std::collections::HashSet;

use thundra_core::{ScopeRef, semconv};

use super::BatchEvent;
use super::error::BatchError;
use super::options::Options;
use super::source::{Handled, Order, Outcome};
use crate::captured::{FailedRecord, records_failed};

/// The outcomes of a batch.
pub(super) struct Report<E: BatchEvent> {
    /// The group of each record, by number.
    groups: Vec<usize>,
    /// The records with their numbers, in no order.
    records: Vec<(usize, Handled<E>)>,
}

/// A finished report.
pub(super) struct Finished<E: BatchEvent> {
    /// The records in the order of the batch.
    pub(super) handled: Vec<Handled<E>>,
    /// The numbers of the failed and the reported records.
    pub(super) failures: Vec<usize>,
    /// The number of records not begun in time.
    pub(super) not_begun: usize,
    /// The error in place of a response.
    pub(super) error: Option<BatchError>,
}

impl<E: BatchEvent> Report<E> {
    pub(super) fn new(groups: Vec<usize>) -> Self {
        Report { records: Vec::with_capacity(groups.len()), groups }
    }

    pub(super) fn add(&mut self, number: usize, id: E::Id, outcome: Outcome<E::Output>) {
        self.records.push((number, Handled { id, outcome, is_reported: false }));
    }

    pub(super) fn finish(self, order: Order, options: &Options) -> Finished<E> {
        let Report { groups, mut records } = self;
        records.sort_unstable_by_key(|(number, _)| *number);
        let count = records.len();
        let (mut failures, mut not_begun) = (Vec::new(), 0);
        let (mut failed, mut first) = (0, None);
        // The streams with a reported record. AWS begins again at the first reported record of a stream.
        let mut reported = HashSet::new();
        for (number, record) in &mut records {
            let stream = if order == Order::Streams { groups.get(*number).copied() } else { None };
            let is_first = |reported: &mut HashSet<Option<usize>>| reported.insert(stream);
            let is_stream = matches!(order, Order::Stream | Order::Streams);
            record.is_reported = match &record.outcome {
                Outcome::Done(_) => false,
                _ if is_stream && !options.continues => is_first(&mut reported),
                Outcome::HeldBack => !is_stream,
                Outcome::Failed(_) | Outcome::NotBegun => true,
            };
            if let Outcome::Failed(message) = &record.outcome {
                failed += 1;
                first.get_or_insert(message.as_str());
            }
            not_begun += usize::from(matches!(record.outcome, Outcome::NotBegun));
            if record.is_reported || matches!(record.outcome, Outcome::Failed(_)) {
                failures.push(*number);
            }
        }
        let is_error = match order {
            Order::Unordered => count > 0 && failed == count && !options.reports_full_failure,
            // The broker takes no partial response.
            Order::Queue => !failures.is_empty(),
            _ => false,
        };
        let error = is_error.then(|| BatchError::new(failed, count, first));
        let handled = records.into_iter().map(|(_, record)| record).collect();
        Finished { handled, failures, not_begun, error }
    }
}

/// Notes the failed records on the invocation.
pub(super) fn note(invocation: ScopeRef, failed: impl ExactSizeIterator<Item = FailedRecord>, not_begun: usize) {
    // A function may hand over several batches in one invocation.
    if failed.len() > 0 {
        invocation.add_to_attribute(semconv::THUNDRA_BATCH_FAILURES, failed.len() as u64);
        records_failed(invocation, failed);
    }
    if not_begun > 0 {
        invocation.add_to_attribute(semconv::THUNDRA_BATCH_NOT_BEGUN, not_begun as u64);
        tracing::warn!(records = not_begun, "the deadline was near: records of the batch did not begin");
    }
}
