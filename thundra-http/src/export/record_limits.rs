//! Limits of a destination beyond the limits of OTLP: for a record, for the resource, and for the times in a request.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use thundra_core::export::{Batch, EncodedRecord, ExportError, LossReason};
use thundra_core::{Resource, diagnostics};

/// The attribute never left out of the resource.
const SERVICE_NAME: &str = "service.name";

/// The limits of a destination.
///
/// Records over a limit of a record are lost, and counted. A batch over a limit of a request is sent in parts. A
/// resource over the limit loses its longest attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordLimits {
    /// The most bytes of a request before compression.
    pub request_bytes: usize,
    /// The bytes added by the destination for each record.
    pub bytes_beside_record: usize,
    /// The most spans, log records or data points of a request.
    pub records: u32,
    /// The most bytes of a span, log record or metric.
    pub record_bytes: usize,
    /// The most bytes of the resource and the instrumentation scope.
    pub resource_bytes: usize,
    /// The greatest age of a record.
    pub age: Duration,
    /// The longest time of a record ahead of the local clock.
    pub ahead: Duration,
    /// The longest time between the first and the last record of a request.
    pub spread: Duration,
}

/// A part of a batch within the limits of the destination.
#[derive(Debug)]
pub(super) struct Fitting {
    /// `None` if nothing is left.
    pub(super) batch: Option<Batch>,
    pub(super) unfit: Unfit,
}

/// The records over the limits of the destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unfit {
    too_large: u64,
    too_old: u64,
    ahead: u64,
}

impl RecordLimits {
    /// Returns the records of a batch within the limits of the destination. `short` keeps a shortened resource.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](thundra_core::export::ExportErrorKind::TooLarge) where the records are too many for a request.
    pub(super) fn fit(
        &self,
        batch: &Batch,
        now: SystemTime,
        short: &OnceLock<Arc<Resource>>,
    ) -> Result<Fitting, ExportError> {
        let unfit = self.unfit(batch, now);
        let taken = match unfit.count() {
            0 => batch.clone(),
            lost if lost >= u64::from(batch.count()) => return Ok(Fitting { batch: None, unfit }),
            _ => {
                let fits = batch.encoded().filter(|record| self.refusal(record, now).is_none());
                batch.with_fields(&fits.flat_map(|record| record.field()).copied().collect::<Vec<_>>())
            }
        };
        let bytes = taken.fields_len() + taken.encoded().count() * self.bytes_beside_record;
        if taken.count() > self.records || taken.request_len(bytes) > self.request_bytes || self.spreads(&taken) {
            return Err(ExportError::too_large("the endpoint takes fewer records in a request"));
        }
        let taken = if taken.request_len(0) > self.resource_bytes {
            taken.with_resource(short.get_or_init(|| Arc::new(self.shortened(&taken))).clone())
        } else {
            taken
        };
        Ok(Fitting { batch: Some(taken), unfit })
    }

    fn unfit(&self, batch: &Batch, now: SystemTime) -> Unfit {
        let mut unfit = Unfit::default();
        for record in batch.encoded() {
            let count = match self.refusal(&record, now) {
                None => continue,
                Some(Refusal::TooLarge) => &mut unfit.too_large,
                Some(Refusal::TooOld) => &mut unfit.too_old,
                Some(Refusal::Ahead) => &mut unfit.ahead,
            };
            *count += u64::from(record.count());
        }
        unfit
    }

    fn refusal(&self, record: &EncodedRecord<'_>, now: SystemTime) -> Option<Refusal> {
        if record.message_len() > self.record_bytes {
            return Some(Refusal::TooLarge);
        }
        let (first, last) = record.times()?;
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        match () {
            () if Duration::from_nanos(first) < now.saturating_sub(self.age) => Some(Refusal::TooOld),
            () if Duration::from_nanos(last) > now.saturating_add(self.ahead) => Some(Refusal::Ahead),
            () => None,
        }
    }

    /// Returns `true` if the records of a batch are too far apart for a request.
    fn spreads(&self, batch: &Batch) -> bool {
        let (mut first, mut last) = (u64::MAX, 0);
        for (start, end) in batch.encoded().filter_map(|record| record.times()) {
            (first, last) = (start.min(first), end.max(last));
        }
        // A single record cannot be divided by time.
        Duration::from_nanos(last.saturating_sub(first)) > self.spread && batch.encoded().nth(1).is_some()
    }

    /// Returns the resource without the longest attributes, and reports the removed attributes.
    fn shortened(&self, batch: &Batch) -> Resource {
        let mut attributes = batch.resource().attributes().to_vec();
        let mut left_out = Vec::new();
        let resource = loop {
            let resource = Resource::new(attributes.iter().cloned());
            let longest = attributes.iter().enumerate().filter(|(_, (key, _))| key != SERVICE_NAME);
            let longest = longest.max_by_key(|(_, (key, value))| key.len() + value.to_string().len());
            match longest.map(|(index, _)| index) {
                Some(index) if batch.with_resource(Arc::new(resource.clone())).request_len(0) > self.resource_bytes => {
                    left_out.push(attributes.remove(index).0);
                }
                _ => break resource,
            }
        };
        diagnostics::once(
            &format!("resource.{}", batch.signal()),
            format_args!(
                "the resource of {} is longer than the {} bytes that their endpoint takes: it is sent without {}",
                batch.signal().records(),
                self.resource_bytes,
                left_out.join(", ")
            ),
        );
        resource
    }
}

/// The reason why the destination would refuse a record.
enum Refusal {
    TooLarge,
    TooOld,
    Ahead,
}

impl Unfit {
    pub(super) fn count(&self) -> u64 {
        self.too_large + self.too_old + self.ahead
    }

    /// Adds the unfit records to the result of sending the other records.
    pub(super) fn added_to(self, sent: Result<(), ExportError>) -> Result<(), ExportError> {
        let lost = [
            (self.too_large, "a record is larger than the endpoint takes", LossReason::TooLarge),
            (self.too_old, "a record is older than the endpoint takes", LossReason::TooOld),
            (self.ahead, "the time of a record is too far ahead for the endpoint", LossReason::TooNew),
        ];
        lost.into_iter().filter(|(count, ..)| *count > 0).fold(sent, |sent, (count, text, reason)| {
            Err(match sent {
                Ok(()) => ExportError::partial(count, text).with_loss_reason(reason),
                Err(error) => error.with_more_lost(count, reason),
            })
        })
    }
}

#[cfg(test)]
mod tests;
