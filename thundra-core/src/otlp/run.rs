//! Runs of encoded records: `ScopeSpans.spans`, `ScopeLogs.log_records` or `ScopeMetrics.metrics`.
//!
//! All three are field 2 of their message. A run of any signal is therefore one sequence of length-delimited fields,
//! and may be cut between two fields.

use std::ops::Range;

use super::read::take_field;
use super::{metric, tag, write};
use crate::Signal;

/// Iterates over the fields of a run, and yields the range of each field and its message.
pub(crate) fn messages(run: &[u8]) -> impl Iterator<Item = (Range<usize>, &[u8])> {
    let mut rest = run;
    std::iter::from_fn(move || {
        let start = run.len() - rest.len();
        let (_, message) = take_field(&mut rest)?;
        Some((start..run.len() - rest.len(), message))
    })
}

/// Returns a field whose message is split in two; `None` for a message that is one record. A metric may have many.
pub(crate) fn split(signal: Signal, message: &[u8]) -> Option<[Vec<u8>; 2]> {
    let parts = if signal == Signal::Metrics { metric::split(message)? } else { return None };
    Some(parts.map(|part| {
        let mut field = Vec::with_capacity(part.len() + 8);
        write::bytes(&mut field, tag::SPAN, &part);
        field
    }))
}

/// Returns the number of records in a message of a run: the data points of a metric, else 1.
pub(crate) fn count(signal: Signal, message: &[u8]) -> u32 {
    match signal {
        Signal::Traces | Signal::Logs => 1,
        Signal::Metrics => metric::data_points(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            for signal in Signal::ALL {
                let _ = messages(&bytes).map(|(_, message)| u64::from(count(signal, message))).sum::<u64>();
            }
        }
    }
}
