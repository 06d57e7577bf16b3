//! Runs of encoded records: `ScopeSpans.spans`, `ScopeLogs.log_records` or `ScopeMetrics.metrics`.
//!
//! All three are field 2 of their message. A run of any signal is therefore one sequence of length-delimited fields,
//! and may be cut between two fields.

use std::ops::Range;

use super::read::{fields, take_field};
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

/// Returns the number of records in a message of a run: the data points of a metric, else 1.
pub(crate) fn count(signal: Signal, message: &[u8]) -> u32 {
    match signal {
        Signal::Traces | Signal::Logs => 1,
        Signal::Metrics => u32::try_from(data_points(message).count()).unwrap_or(u32::MAX),
    }
}

/// Iterates over the data points of a `Metric`.
pub(crate) fn data_points(metric: &[u8]) -> impl Iterator<Item = &[u8]> {
    // Metric.{gauge, sum, histogram, exponential_histogram, summary}, which all have `data_points = 1`.
    let data = fields(metric).filter(|field| matches!(field.number, 5 | 7 | 9 | 10 | 11));
    let points = data.filter_map(|field| field.bytes()).flat_map(fields).filter(|field| field.number == 1);
    points.filter_map(|point| point.bytes())
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
