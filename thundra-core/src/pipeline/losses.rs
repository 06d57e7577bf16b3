//! Counts of lost records, and their way to the user.
//!
//! A count travels as an attribute of a scope's root span. A root span with counts can be lost as well: [`Losses::of`]
//! reads the counts back for another root span.

use std::fmt;
use std::ops::AddAssign;

use crate::otlp::{read, run, tag, write};
use crate::{Records, Signal, semconv};

/// Counts of telemetry that is not exported.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Losses {
    /// Recorded spans that were lost.
    pub spans: u64,
    /// Log records that were lost.
    pub log_records: u64,
    /// Data points of metrics that were lost.
    pub data_points: u64,
    /// Spans over `THUNDRA_MAX_SPANS`.
    pub dropped_spans: u64,
    /// Messages without our context, or without a part of the context.
    pub incomplete_messages: u64,
    /// Events, attributes and links recorded on a root span after the end of the span.
    pub after_end: u64,
}

impl Losses {
    pub(crate) const NONE: Self =
        Losses { spans: 0, log_records: 0, data_points: 0, dropped_spans: 0, incomplete_messages: 0, after_end: 0 };

    pub(crate) fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// Returns the loss of this many records.
    pub(crate) fn records(signal: Signal, count: u64) -> Self {
        match signal {
            Signal::Traces => Losses { spans: count, ..Self::NONE },
            Signal::Logs => Losses { log_records: count, ..Self::NONE },
            Signal::Metrics => Losses { data_points: count, ..Self::NONE },
        }
    }

    /// Returns the loss of records, with the counts on their root spans.
    pub(crate) fn of(records: &Records) -> Self {
        let mut losses = Self::records(records.signal(), records.count().into());
        if records.signal() == Signal::Traces {
            for (_, root) in run::messages(records.bytes()).filter(|(_, span)| is_root(span)) {
                losses.by_attribute().into_iter().for_each(|(key, count)| *count += read::span_count(root, key));
            }
        }
        losses
    }

    /// Adds the counts to the last root span. Returns `false` without a root span.
    pub(crate) fn write_to(mut self, records: &mut Records) -> bool {
        if records.signal() != Signal::Traces {
            return false;
        }
        let root = run::messages(records.bytes()).filter(|(_, span)| is_root(span)).last();
        let Some((range, root)) = root else { return false };
        let mut counted = root.to_vec();
        for (key, count) in self.by_attribute().into_iter().filter(|(_, count)| **count > 0) {
            let total = read::span_count(&counted, key).saturating_add(*count);
            if let Some(earlier) = read::span_attribute(&counted, key) {
                counted.drain(earlier);
            }
            write::attribute(&mut counted, tag::SPAN_ATTRIBUTE, key, &total.into());
        }
        let mut field = Vec::with_capacity(counted.len() + 8);
        write::bytes(&mut field, tag::SPAN, &counted);
        records.replace(range, field);
        true
    }

    fn by_attribute(&mut self) -> [(&'static str, &mut u64); 6] {
        [
            (semconv::THUNDRA_LOST_SPANS, &mut self.spans),
            (semconv::THUNDRA_LOST_LOG_RECORDS, &mut self.log_records),
            (semconv::THUNDRA_LOST_DATA_POINTS, &mut self.data_points),
            (semconv::THUNDRA_DROPPED_SPANS, &mut self.dropped_spans),
            (semconv::THUNDRA_INJECTION_INCOMPLETE_MESSAGES, &mut self.incomplete_messages),
            (semconv::THUNDRA_DROPPED_AFTER_END, &mut self.after_end),
        ]
    }

    /// Returns the losses without the records of signals that an exporter does not take.
    pub(crate) fn of_signals(mut self, takes: impl Fn(Signal) -> bool) -> Self {
        let counts = [
            (Signal::Traces, &mut self.spans),
            (Signal::Logs, &mut self.log_records),
            (Signal::Metrics, &mut self.data_points),
        ];
        counts.into_iter().filter(|(signal, _)| !takes(*signal)).for_each(|(_, count)| *count = 0);
        self
    }

    /// Returns the number of lost records of each signal.
    fn lost(&self) -> [(Signal, u64); 3] {
        [
            (Signal::Traces, self.spans + self.dropped_spans),
            (Signal::Logs, self.log_records),
            (Signal::Metrics, self.data_points),
        ]
    }

    /// Returns the losses without spans over `THUNDRA_MAX_SPANS`, which were never recorded.
    pub(crate) fn without_dropped(self) -> Self {
        Losses { dropped_spans: 0, ..self }
    }

    /// Returns `true` if records are lost. The other counts need no report.
    pub fn has_records(&self) -> bool {
        self.lost().iter().any(|(_, count)| *count > 0)
    }
}

/// Shows the numbers of lost records, as in `3 spans, 1 log record`.
impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (signal, count) in self.lost().into_iter().filter(|(_, count)| *count > 0) {
            write!(f, "{separator}{count} {}", signal.counted(count))?;
            separator = ", ";
        }
        Ok(())
    }
}

/// Returns `true` for the root span of a scope. Only root spans have the attribute.
fn is_root(span: &[u8]) -> bool {
    read::span_attribute(span, semconv::THUNDRA_PARENT_SOURCE).is_some()
}

impl AddAssign for Losses {
    fn add_assign(&mut self, other: Self) {
        self.spans += other.spans;
        self.log_records += other.log_records;
        self.data_points += other.data_points;
        self.dropped_spans += other.dropped_spans;
        self.incomplete_messages += other.incomplete_messages;
        self.after_end += other.after_end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::test_records::{logs, metrics};

    fn counts(records: &Records) -> Vec<(String, [Option<String>; 6])> {
        let keys = Losses::default().by_attribute().map(|(key, _)| key);
        records
            .spans()
            .map(|span| (span.name.clone(), keys.map(|key| span.attribute(key).map(ToString::to_string))))
            .collect()
    }

    #[test]
    fn the_last_root_carries_the_counts_and_gives_them_back() {
        let mut records = Scope::builder("first").attribute("thundra.dropped_spans", 7_u64).begin().finish();
        let last = Scope::builder("last").attribute("thundra.dropped_spans", 200_u64).begin().finish();
        records.append(last).unwrap();
        let losses = Losses { spans: 5, dropped_spans: 1_000_000, ..Losses::NONE };
        assert!(losses.write_to(&mut records));
        let text = |n: &str| Some(n.to_owned());
        assert_eq!(
            counts(&records),
            [
                ("first".to_owned(), [None, None, None, text("7"), None, None]),
                ("last".to_owned(), [text("5"), None, None, text("1000200"), None, None])
            ]
        );
        let losses = Losses { log_records: 8, data_points: 9, incomplete_messages: 3, after_end: 4, ..Losses::NONE };
        assert!(losses.write_to(&mut records));
        let expected = Losses { spans: 7, dropped_spans: 1_000_207, ..losses };
        assert_eq!(Losses::of(&records), expected);
    }

    #[test]
    fn without_a_root_the_counts_wait() {
        let losses = Losses { spans: 1, ..Losses::NONE };
        for mut records in [Records::default(), logs(&["record"]), metrics(&[1])] {
            let before = records.clone();
            assert!(!losses.write_to(&mut records));
            assert_eq!(records, before);
        }
    }

    #[test]
    fn each_signal_has_a_count_of_its_own() {
        let mut losses = Losses::of(&logs(&["first", "second"]));
        losses += Losses::of(&metrics(&[3, 1]));
        assert_eq!(losses, Losses { log_records: 2, data_points: 4, ..Losses::NONE });
        assert_eq!(losses.to_string(), "2 log records, 4 data points");
        for (signal, shown) in
            [(Signal::Traces, "1 span"), (Signal::Logs, "1 log record"), (Signal::Metrics, "1 data point")]
        {
            assert_eq!(Losses::records(signal, 1).to_string(), shown);
        }
        losses += Losses { spans: 1, dropped_spans: 2, ..Losses::NONE };
        assert_eq!(losses.to_string(), "3 spans, 2 log records, 4 data points");
    }
}
