//! The encoded records of a batch, for destinations with a limit for each record or each request.

use std::sync::Arc;

use super::Batch;
use crate::otlp::{metric, read, request, run};
use crate::{Records, Resource, Signal};

/// The bit of `Span.flags` for a sampled span.
const SAMPLED: u64 = 1;

/// A record of a batch, as OTLP bytes.
#[derive(Clone, Copy, Debug)]
pub struct EncodedRecord<'a> {
    signal: Signal,
    field: &'a [u8],
    message: &'a [u8],
}

impl<'a> EncodedRecord<'a> {
    /// Returns the bytes in the run of the batch.
    pub fn field(&self) -> &'a [u8] {
        self.field
    }

    /// Returns the length of the `Span`, `LogRecord` or `Metric`.
    pub fn message_len(&self) -> usize {
        self.message.len()
    }

    /// Returns the number of data points of a metric, else 1.
    pub fn count(&self) -> u32 {
        run::count(self.signal, self.message)
    }

    /// Returns `true` for a span with the sampled flag.
    pub fn is_sampled(&self) -> bool {
        let flags = read::fields(self.message).find(|field| self.signal == Signal::Traces && field.number == 16);
        flags.and_then(|flags| flags.integer()).is_some_and(|flags| flags & SAMPLED != 0)
    }

    /// Returns the first and the last time of the record, in nanoseconds since 1970: the start of a span, the time of a
    /// log record, the times of data points. `None` without a time.
    pub fn times(&self) -> Option<(u64, u64)> {
        let time = |message: &[u8], number| {
            read::fields(message).find(|field| field.number == number)?.integer().filter(|time| *time > 0)
        };
        match self.signal {
            Signal::Traces => time(self.message, 7).map(|start| (start, start)),
            // LogRecord.time_unix_nano, else observed_time_unix_nano.
            Signal::Logs => time(self.message, 1).or_else(|| time(self.message, 11)).map(|time| (time, time)),
            Signal::Metrics => {
                let times = metric::points(self.message).filter_map(|point| time(point, 3));
                times.fold(None, |range, time| match range {
                    Some((first, last)) => Some((time.min(first), time.max(last))),
                    None => Some((time, time)),
                })
            }
        }
    }
}

impl Batch {
    /// Iterates over the encoded records, in order of their ends.
    #[doc(hidden)]
    pub fn encoded(&self) -> impl Iterator<Item = EncodedRecord<'_>> {
        let (signal, bytes) = (self.signal(), self.records().bytes());
        run::messages(bytes)
            .filter_map(move |(range, message)| Some(EncodedRecord { signal, field: bytes.get(range)?, message }))
    }

    /// Returns the length of a protobuf request, from the total length of the records' [fields](EncodedRecord::field).
    #[doc(hidden)]
    pub fn request_len(&self, fields: usize) -> usize {
        request::len(self.resource().encoded().len(), fields)
    }

    /// Returns the number of bytes of the records.
    #[doc(hidden)]
    pub fn fields_len(&self) -> usize {
        self.records().bytes().len()
    }

    /// Returns a batch of the same records for another resource.
    #[doc(hidden)]
    #[must_use]
    pub fn with_resource(&self, resource: Arc<Resource>) -> Batch {
        Batch::new(resource, self.records().clone())
    }

    /// Returns a batch of the same program with other records, given as their [fields](EncodedRecord::field).
    #[doc(hidden)]
    #[must_use]
    pub fn with_fields(&self, fields: &[u8]) -> Batch {
        self.with_records(Records::from_encoded(self.signal(), fields.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::test_records::{logs, metrics};

    fn batch(records: Records) -> Batch {
        Batch::new(Arc::new(Resource::new([("service.name".to_owned(), "orders".into())])), records)
    }

    #[test]
    fn a_batch_is_the_sum_of_its_records() {
        let mut spans = Records::default();
        for name in ["first", "second", "third"] {
            spans.append(Scope::builder(name).begin().finish()).unwrap();
        }
        for records in [spans, logs(&["first", "second"]), metrics(&[2, 0, 3])] {
            let batch = batch(records);
            let fields: Vec<u8> = batch.encoded().flat_map(|record| record.field()).copied().collect();
            assert_eq!(fields.len(), batch.fields_len());
            assert_eq!(batch.encoded().map(|record| record.count()).sum::<u32>(), batch.count());
            assert_eq!(batch.request_len(fields.len()), batch.to_protobuf().len());
            assert_eq!(batch.with_fields(&fields).to_protobuf(), batch.to_protobuf());
        }
    }

    #[test]
    fn a_span_has_its_start_and_its_sampling_decision() {
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(5);
        let span = batch(Scope::builder("span").start_time(time).begin().finish());
        let span = span.encoded().next().unwrap();
        assert_eq!((span.times(), span.is_sampled()), (Some((5_000_000_000, 5_000_000_000)), true));
        let span = EncodedRecord { message: &[], ..span };
        assert_eq!((span.times(), span.is_sampled()), (None, false));
    }
}
