//! Counts of lost records, and their way to the user.
//!
//! A count travels as an attribute of a scope's root span. A root span with counts can be lost as well: [`Losses::of`]
//! takes over its counts for another root span.

use std::borrow::Cow;
use std::fmt;
use std::ops::AddAssign;

use crate::export::{ExportError, LossReason};
use crate::otlp::{read, run, tag, write};
use crate::records::is_root;
use crate::{Records, Signal, semconv};

/// Counts of lost telemetry. No count is 0.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// In the order of [`Count`]. Few counts exist, and the compiler would make a map of them for this list alone.
    counts: Vec<(Count, u64)>,
}

/// The meaning of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Count {
    /// Lost records of a signal.
    Lost(Signal, LossReason),
    /// Spans over `THUNDRA_MAX_SPANS`, which were never recorded.
    DroppedSpans,
    /// Messages without our context, or without a part of the context.
    IncompleteMessages,
    /// Events, attributes and links recorded on a root span after the end of the span.
    AfterEnd,
    /// Measurements that are in no point.
    DroppedMeasurements,
    /// Measurements without their attributes, over the limit of sets of attributes.
    OverflowingMeasurements,
}

impl Losses {
    pub(crate) const NONE: Self = Losses { counts: Vec::new() };

    /// Returns the loss of this many records of a signal.
    pub(crate) fn records(signal: Signal, count: u64, reason: LossReason) -> Self {
        Losses::only(Count::Lost(signal, reason), count)
    }

    /// Returns the count of spans over `THUNDRA_MAX_SPANS`.
    pub(crate) fn dropped_spans(count: u64) -> Self {
        Losses::only(Count::DroppedSpans, count)
    }

    /// Returns the count of messages without our context, or without a part of the context.
    pub(crate) fn incomplete_messages(count: u64) -> Self {
        Losses::only(Count::IncompleteMessages, count)
    }

    /// Returns the count of events, attributes and links recorded on a root span after the end of the span.
    pub(crate) fn after_end(count: u64) -> Self {
        Losses::only(Count::AfterEnd, count)
    }

    /// Returns the count of measurements that are in no point.
    pub(crate) fn dropped_measurements(count: u64) -> Self {
        Losses::only(Count::DroppedMeasurements, count)
    }

    /// Returns the count of measurements without their attributes.
    pub(crate) fn overflowing_measurements(count: u64) -> Self {
        Losses::only(Count::OverflowingMeasurements, count)
    }

    fn only(count: Count, number: u64) -> Self {
        let mut losses = Losses::NONE;
        losses.add(count, number);
        losses
    }

    fn add(&mut self, count: Count, number: u64) {
        if number == 0 {
            return;
        }
        let at = self.counts.partition_point(|(known, _)| *known < count);
        match self.counts.get_mut(at) {
            Some((known, total)) if *known == count => *total = total.saturating_add(number),
            _ => self.counts.insert(at, (count, number)),
        }
    }

    fn get(&self, count: Count) -> u64 {
        self.counts.iter().find(|(known, _)| *known == count).map_or(0, |(_, number)| *number)
    }

    pub(crate) fn is_none(&self) -> bool {
        self.counts.is_empty()
    }

    /// Returns the loss of records, with the counts on their root spans.
    pub(crate) fn of(records: &Records, reason: LossReason) -> Self {
        let mut losses = Losses::carried_by(records);
        losses += Losses::records(records.signal(), records.count().into(), reason);
        losses
    }

    /// Returns the loss of this many records of a signal, by the reasons of an error.
    pub(crate) fn by_reasons(signal: Signal, count: u64, error: &ExportError) -> Self {
        let (mut losses, mut left) = (Losses::NONE, count);
        for (reason, count) in error.others_lost() {
            let count = left.min(*count);
            losses += Losses::records(signal, count, *reason);
            left -= count;
        }
        losses += Losses::records(signal, left, error.loss_reason());
        losses
    }

    /// Returns the counts on the root spans of records.
    pub(crate) fn carried_by(records: &Records) -> Self {
        let mut losses = Losses::NONE;
        if records.signal() == Signal::Traces {
            for (_, root) in run::messages(records.bytes()).filter(|(_, span)| is_root(span)) {
                losses += Losses::on(root);
            }
        }
        losses
    }

    /// Returns the counts on a root span.
    fn on(root: &[u8]) -> Self {
        let mut losses = Losses::NONE;
        for attribute in read::span_attributes(root) {
            if let Some(count) = Count::of_key(attribute.key) {
                losses.add(count, attribute.count());
            }
        }
        losses
    }

    /// Adds the counts to the last root span, but not within the first `tried_bytes`. Returns `false` without such a
    /// root span.
    pub(crate) fn write_to(&self, records: &mut Records, tried_bytes: usize) -> bool {
        if records.signal() != Signal::Traces {
            return false;
        }
        let untried = run::messages(records.bytes()).filter(|(range, _)| range.start >= tried_bytes);
        let root = untried.filter(|(_, span)| is_root(span)).last();
        let Some((range, root)) = root else { return false };
        let mut total = Losses::on(root);
        total += self.clone();
        let mut counted = without_counts(root);
        let sums = Signal::ALL.map(|signal| (Cow::Borrowed(sum_key(signal)), total.lost(signal)));
        let counts = total.counts.iter().map(|(count, number)| (count.key(), *number));
        for (key, number) in sums.into_iter().filter(|(_, sum)| *sum > 0).chain(counts) {
            write::attribute(&mut counted, tag::SPAN_ATTRIBUTE, &key, &number.into());
        }
        let mut field = Vec::with_capacity(counted.len() + 8);
        write::bytes(&mut field, tag::SPAN, &counted);
        records.replace(range, field);
        true
    }

    /// Returns the losses of the signals of an exporter.
    pub(crate) fn of_signals(&self, takes: impl Fn(Signal) -> bool) -> Self {
        let mut losses = self.clone();
        losses.counts.retain(|(count, _)| !matches!(count, Count::Lost(signal, _) if !takes(*signal)));
        losses
    }

    /// Returns the number of lost records of a signal, without spans over `THUNDRA_MAX_SPANS`.
    pub(crate) fn lost(&self, signal: Signal) -> u64 {
        let of_signal = |count: &Count| matches!(count, Count::Lost(lost, _) if *lost == signal);
        self.counts.iter().filter(|(count, _)| of_signal(count)).map(|(_, number)| number).sum()
    }

    /// Returns the number of records of a signal lost for a reason.
    pub(crate) fn of_reason(&self, signal: Signal, reason: LossReason) -> u64 {
        self.get(Count::Lost(signal, reason))
    }

    /// Returns the number of missing records of each signal.
    fn missing(&self) -> [(Signal, u64); 3] {
        let dropped = self.get(Count::DroppedSpans);
        Signal::ALL.map(|signal| match signal {
            Signal::Traces => (signal, self.lost(signal) + dropped),
            _ => (signal, self.lost(signal)),
        })
    }

    /// Returns the losses without spans over `THUNDRA_MAX_SPANS`, which were never recorded.
    pub(crate) fn without_dropped(mut self) -> Self {
        self.counts.retain(|(count, _)| *count != Count::DroppedSpans);
        self
    }

    /// Returns `true` if records are lost. The other counts need no report.
    pub fn has_records(&self) -> bool {
        self.missing().iter().any(|(_, count)| *count > 0)
    }
}

/// Shows the numbers of lost records, as in `3 spans, 1 log record`.
impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (signal, count) in self.missing().into_iter().filter(|(_, count)| *count > 0) {
            write!(f, "{separator}{count} {}", signal.counted(count))?;
            separator = ", ";
        }
        Ok(())
    }
}

impl AddAssign for Losses {
    fn add_assign(&mut self, other: Self) {
        other.counts.into_iter().for_each(|(count, number)| self.add(count, number));
    }
}

impl Count {
    /// Returns the attribute of the count.
    fn key(self) -> Cow<'static, str> {
        match self {
            Count::Lost(signal, reason) => format!("{}.{reason}", sum_key(signal)).into(),
            Count::DroppedSpans => semconv::THUNDRA_DROPPED_SPANS.into(),
            Count::IncompleteMessages => semconv::THUNDRA_INJECTION_INCOMPLETE_MESSAGES.into(),
            Count::AfterEnd => semconv::THUNDRA_DROPPED_AFTER_END.into(),
            Count::DroppedMeasurements => semconv::THUNDRA_DROPPED_MEASUREMENTS.into(),
            Count::OverflowingMeasurements => semconv::THUNDRA_OVERFLOWING_MEASUREMENTS.into(),
        }
    }

    /// Returns the count in an attribute. A sum is not a count.
    fn of_key(key: &[u8]) -> Option<Self> {
        let key = str::from_utf8(key).ok().filter(|key| key.starts_with("thundra."))?;
        match key {
            semconv::THUNDRA_DROPPED_SPANS => return Some(Count::DroppedSpans),
            semconv::THUNDRA_INJECTION_INCOMPLETE_MESSAGES => return Some(Count::IncompleteMessages),
            semconv::THUNDRA_DROPPED_AFTER_END => return Some(Count::AfterEnd),
            semconv::THUNDRA_DROPPED_MEASUREMENTS => return Some(Count::DroppedMeasurements),
            semconv::THUNDRA_OVERFLOWING_MEASUREMENTS => return Some(Count::OverflowingMeasurements),
            _ => {}
        }
        let (sum, name) = key.rsplit_once('.')?;
        let signal = Signal::ALL.into_iter().find(|signal| sum_key(*signal) == sum)?;
        let reason = LossReason::ALL.iter().find(|reason| reason.name() == name)?;
        Some(Count::Lost(signal, *reason))
    }
}

/// Returns the attribute with the number of lost records of a signal, for whatever reason.
fn sum_key(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => semconv::THUNDRA_LOST_SPANS,
        Signal::Logs => semconv::THUNDRA_LOST_LOG_RECORDS,
        Signal::Metrics => semconv::THUNDRA_LOST_DATA_POINTS,
    }
}

/// Returns a root span without the attributes of counts and sums.
fn without_counts(root: &[u8]) -> Vec<u8> {
    let is_sum = |key: &[u8]| Signal::ALL.iter().any(|signal| sum_key(*signal).as_bytes() == key);
    let (mut kept, mut from) = (Vec::with_capacity(root.len() + 64), 0);
    for attribute in read::span_attributes(root) {
        if is_sum(attribute.key) || Count::of_key(attribute.key).is_some() {
            kept.extend_from_slice(root.get(from..attribute.range.start).unwrap_or_default());
            from = attribute.range.end;
        }
    }
    kept.extend_from_slice(root.get(from..).unwrap_or_default());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::test_records::{logs, metrics};
    use LossReason::{BacklogFull, KeepLimit, QueueFull, Refused, Unsent};
    use Signal::{Logs, Metrics, Traces};

    /// Returns the counts on each span, as in `lost_spans=5`.
    fn counts(records: &Records) -> Vec<(String, Vec<String>)> {
        let count = |(key, value): (String, crate::Value)| {
            let key = key.strip_prefix("thundra.").filter(|key| *key != "parent.source")?;
            Some(format!("{key}={value}"))
        };
        records.spans().map(|span| (span.name, span.attributes.into_iter().filter_map(count).collect())).collect()
    }

    fn sum(losses: impl IntoIterator<Item = Losses>) -> Losses {
        let mut sum = Losses::NONE;
        losses.into_iter().for_each(|losses| sum += losses);
        sum
    }

    #[test]
    fn the_last_root_carries_the_counts_and_gives_them_back() {
        let mut records = Scope::builder("first").attribute("thundra.dropped_spans", 7_u64).begin().finish();
        let last = Scope::builder("last").attribute("thundra.dropped_spans", 200_u64).attribute("job", 1);
        records.append(last.begin().finish()).unwrap();
        let losses = sum([
            Losses::records(Traces, 5, QueueFull),
            Losses::records(Traces, 2, Refused),
            Losses::dropped_spans(1_000_000),
        ]);
        assert!(losses.write_to(&mut records, 0));
        assert_eq!(
            counts(&records),
            [
                ("first".to_owned(), vec!["dropped_spans=7".to_owned()]),
                (
                    "last".to_owned(),
                    ["lost_spans=7", "lost_spans.queue_full=5", "lost_spans.refused=2", "dropped_spans=1000200",]
                        .map(str::to_owned)
                        .to_vec()
                )
            ]
        );
        assert_eq!(records.spans().last().unwrap().attribute("job"), Some(&1.into()));
        let more = sum([
            Losses::records(Traces, 1, QueueFull),
            Losses::records(Traces, 4, KeepLimit),
            Losses::records(Logs, 8, Refused),
            Losses::records(Metrics, 9, BacklogFull),
            Losses::incomplete_messages(3),
            Losses::after_end(4),
        ]);
        assert!(more.write_to(&mut records, 0));
        let (_, last) = counts(&records).pop().unwrap();
        assert_eq!(
            last.join(" "),
            "lost_spans=12 lost_log_records=8 lost_data_points=9 lost_spans.queue_full=6 lost_spans.refused=2 \
             lost_spans.keep_limit=4 lost_log_records.refused=8 lost_data_points.backlog_full=9 dropped_spans=1000200 \
             injection.incomplete_messages=3 dropped_after_end=4"
        );
        let expected = sum([losses, more, Losses::dropped_spans(207), Losses::records(Traces, 2, Unsent)]);
        assert_eq!(Losses::of(&records, Unsent), expected);
    }

    #[test]
    fn each_count_has_an_attribute_of_its_own() {
        let lost =
            Signal::ALL.into_iter().flat_map(|signal| LossReason::ALL.iter().map(move |reason| (signal, *reason)));
        let lost = lost.map(|(signal, reason)| Count::Lost(signal, reason));
        let others = [
            Count::DroppedSpans,
            Count::IncompleteMessages,
            Count::AfterEnd,
            Count::DroppedMeasurements,
            Count::OverflowingMeasurements,
        ];
        for count in lost.chain(others) {
            assert_eq!(Count::of_key(count.key().as_bytes()), Some(count));
        }
        for key in
            ["thundra.lost_spans", "thundra.lost_spans.", "thundra.lost_spans.other", "thundra.x.refused", "other"]
        {
            assert_eq!(Count::of_key(key.as_bytes()), None, "{key}");
        }
    }

    #[test]
    fn without_a_root_the_counts_wait() {
        let losses = Losses::records(Traces, 1, Refused);
        for mut records in [Records::default(), logs(&["record"]), metrics(&[1])] {
            let before = records.clone();
            assert!(!losses.write_to(&mut records, 0));
            assert_eq!(records, before);
        }
    }

    #[test]
    fn each_signal_has_a_count_of_its_own() {
        let mut losses = Losses::of(&logs(&["first", "second"]), Refused);
        losses += Losses::of(&metrics(&[3, 1]), QueueFull);
        assert_eq!(losses, sum([Losses::records(Logs, 2, Refused), Losses::records(Metrics, 4, QueueFull)]));
        assert_eq!(losses.to_string(), "2 log records, 4 data points");
        for (signal, shown) in [(Traces, "1 span"), (Logs, "1 log record"), (Metrics, "1 data point")] {
            assert_eq!(Losses::records(signal, 1, Refused).to_string(), shown);
        }
        losses += sum([Losses::records(Traces, 1, Refused), Losses::dropped_spans(2)]);
        assert_eq!(losses.to_string(), "3 spans, 2 log records, 4 data points");
        assert_eq!(losses.of_signals(|signal| signal == Logs).to_string(), "2 spans, 2 log records");
        assert_eq!(Losses::records(Traces, 0, Refused), Losses::NONE, "no loss");
    }
}
