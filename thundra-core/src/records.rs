//! Encoded telemetry on its way out.

use std::fmt;
use std::ops::Range;

use crate::otlp::{read, run, span};
use crate::{Signal, SpanData, kept_run, semconv};

/// Finished spans, log records or data points: a run of OTLP messages of one [`Signal`].
///
/// A [`Scope`](crate::Scope) returns its spans in this form, and [`flush`](crate::flush) exports the spans. Spans of
/// one scope may belong to several traces, since each record of a batch can be part of its producer's trace.
///
/// # Examples
///
/// ```
/// use thundra_core::{Records, Scope, Signal};
///
/// let mut spans = Scope::builder("first").begin().finish();
/// spans.append(Scope::builder("second").begin().finish())?;
/// assert_eq!((spans.signal(), spans.count()), (Signal::Traces, 2));
/// assert_eq!(spans.spans().map(|span| span.name).collect::<Vec<_>>(), ["first", "second"]);
/// # Ok::<(), thundra_core::MixedSignals>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Records {
    signal: Signal,
    /// A run of `ScopeSpans.spans`, `ScopeLogs.log_records` or `ScopeMetrics.metrics` fields.
    bytes: Vec<u8>,
    count: u32,
    /// The start of the withheld records in `bytes`: spans that X-Ray did not sample. Exporters that
    /// [follow X-Ray](crate::export::Export::follows_xray) get the records before this place alone.
    withheld_at: usize,
}

impl Records {
    /// Returns no records of a signal.
    pub(crate) const fn none(signal: Signal) -> Self {
        Records { signal, bytes: Vec::new(), count: 0, withheld_at: 0 }
    }

    /// Returns the `count` spans of a run of `ScopeSpans.spans` fields.
    #[inline]
    pub(crate) const fn of_spans(bytes: Vec<u8>, count: u32) -> Self {
        let withheld_at = bytes.len();
        Records { signal: Signal::Traces, bytes, count, withheld_at }
    }

    /// Returns the `count` log records of a run of `ScopeLogs.log_records` fields.
    pub(crate) const fn of_logs(bytes: Vec<u8>, count: u32) -> Self {
        let withheld_at = bytes.len();
        Records { signal: Signal::Logs, bytes, count, withheld_at }
    }

    /// Returns the records of an encoded run: `ScopeSpans.spans`, `ScopeLogs.log_records` or `ScopeMetrics.metrics`
    /// fields. Malformed bytes end the run.
    #[doc(hidden)]
    pub fn from_encoded(signal: Signal, mut bytes: Vec<u8>) -> Self {
        let (mut end, mut count) = (0, 0);
        for (range, message) in run::messages(&bytes) {
            (end, count) = (range.end, count + run::count(signal, message));
        }
        bytes.truncate(end);
        Records { signal, bytes, count, withheld_at: end }
    }

    /// Withholds all records from exporters that follow X-Ray.
    #[doc(hidden)]
    #[must_use]
    pub fn withheld(self) -> Self {
        Records { withheld_at: 0, ..self }
    }

    /// Returns the records for exporters that do not follow X-Ray: all.
    #[inline]
    pub(crate) fn for_all(self) -> Self {
        let withheld_at = self.bytes.len();
        Records { withheld_at, ..self }
    }

    /// Returns the records for exporters that follow X-Ray: without the withheld ones.
    pub(crate) fn for_xray(mut self) -> Self {
        if self.withheld_at < self.bytes.len() {
            self.bytes.truncate(self.withheld_at);
            self.count = run::messages(&self.bytes).map(|(_, message)| run::count(self.signal, message)).sum();
        }
        self
    }

    /// Returns the kind of the records.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// Returns the number of spans, log records or data points.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Returns `true` if there is nothing to export.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Config, Env, Scope};
    ///
    /// let config = Config::from_env(&Env::from_pairs([("OTEL_TRACES_SAMPLER", "always_off")]));
    /// let records = Scope::builder("job").begin_with(&config).finish();
    /// assert!(records.is_empty(), "the trace is not sampled");
    /// ```
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Iterates over the spans, in the order they ended. Yields nothing for another signal.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::Scope;
    ///
    /// let records = Scope::builder("job").attribute("job.rows", 3).begin().finish();
    /// let span = records.spans().next().unwrap();
    /// assert_eq!((span.name.as_str(), span.attribute("job.rows")), ("job", Some(&3.into())));
    /// ```
    pub fn spans(&self) -> impl Iterator<Item = SpanData> + '_ {
        let run = if self.signal == Signal::Traces { &self.bytes[..] } else { &[] };
        span::spans(run)
    }

    /// Adds records of the same signal. Empty records take over any signal.
    ///
    /// # Errors
    ///
    /// [`MixedSignals`] returns the records unchanged where they are of another signal.
    ///
    /// # Examples
    ///
    /// A loop gathers the spans of several jobs for one flush:
    ///
    /// ```
    /// use thundra_core::{Records, Scope};
    ///
    /// let mut all = Records::default();
    /// for job in ["first", "second"] {
    ///     all.append(Scope::builder(job).begin().finish())?;
    /// }
    /// assert_eq!(all.count(), 2);
    /// # Ok::<(), thundra_core::MixedSignals>(())
    /// ```
    pub fn append(&mut self, other: Records) -> Result<(), MixedSignals> {
        if self.bytes.is_empty() {
            *self = other;
        } else if self.signal == other.signal {
            self.count += other.count;
            let (shared, withheld) = other.bytes.split_at_checked(other.withheld_at).unwrap_or((&other.bytes, &[]));
            if self.withheld_at == self.bytes.len() {
                self.bytes.extend_from_slice(shared);
            } else {
                self.bytes.splice(self.withheld_at..self.withheld_at, shared.iter().copied());
            }
            self.withheld_at += shared.len();
            self.bytes.extend_from_slice(withheld);
            kept_run::keep(other.bytes);
        } else if !other.bytes.is_empty() {
            return Err(MixedSignals(other));
        }
        Ok(())
    }

    /// Returns the encoded run.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the encoded run, with the memory.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Replaces the field of a record.
    pub(crate) fn replace(&mut self, range: Range<usize>, field: Vec<u8>) {
        if range.end <= self.withheld_at {
            self.withheld_at = self.withheld_at + field.len() - range.len();
        }
        self.bytes.splice(range, field);
    }

    /// Returns the first records, as many as fit into `max_bytes`, and the rest. `at_least_one` takes the first message
    /// at any size.
    pub(crate) fn cut(mut self, max_bytes: usize, at_least_one: bool) -> (Records, Records) {
        let none = Records::none(self.signal);
        if self.bytes.len() <= max_bytes {
            return (self, none);
        }
        let (mut end, mut count) = (0, 0);
        for (range, message) in run::messages(&self.bytes) {
            if range.end > max_bytes && !(at_least_one && end == 0) {
                break;
            }
            (end, count) = (range.end, count + run::count(self.signal, message));
        }
        if end == 0 {
            return (none, self);
        }
        let bytes = self.bytes.split_off(end);
        let others = Records {
            signal: self.signal,
            bytes,
            count: self.count.saturating_sub(count),
            withheld_at: self.withheld_at.saturating_sub(end),
        };
        self.count = count;
        self.withheld_at = self.withheld_at.min(end);
        (self, others)
    }

    /// Returns the same records, the root spans first.
    pub(crate) fn roots_first(mut self) -> Self {
        if self.signal == Signal::Traces {
            let (mut roots, mut others) = (Vec::with_capacity(self.bytes.len()), Vec::new());
            for (range, span) in run::messages(&self.bytes) {
                let side = if is_root(span) { &mut roots } else { &mut others };
                side.extend_from_slice(self.bytes.get(range).unwrap_or_default());
            }
            roots.append(&mut others);
            self.bytes = roots;
        }
        self
    }

    /// Returns the first records and the last records, of the latter as many as fit into `max_bytes`.
    pub(crate) fn cut_end(self, max_bytes: usize) -> (Records, Records) {
        let surplus = self.bytes.len().saturating_sub(max_bytes);
        let starts = run::messages(&self.bytes).map(|(range, _)| range.start);
        let start = starts.chain([self.bytes.len()]).find(|start| *start >= surplus);
        self.cut(start.unwrap_or_default(), false)
    }

    /// Returns the first records, as many as fit into `max_bytes` but at least one, and the rest. A long metric
    /// is cut between its data points.
    pub(crate) fn cut_request(self, max_bytes: usize) -> (Records, Records) {
        let (mut request, mut rest) = self.cut(max_bytes, true);
        while request.bytes.len() > max_bytes
            && let Some((first, mut second)) = request.split()
        {
            // Records of one signal.
            let _ = second.append(rest);
            (request, rest) = (first, second);
        }
        (request, rest)
    }

    /// Returns two parts with the same number of messages, or of data points of a single metric; `None` for a single
    /// record.
    pub(crate) fn split(&self) -> Option<(Records, Records)> {
        let half = run::messages(&self.bytes).count() / 2;
        if half == 0 {
            let (_, message) = run::messages(&self.bytes).next()?;
            let [first, second] = run::split(self.signal, message)?;
            return Some((Records::from_encoded(self.signal, first), Records::from_encoded(self.signal, second)));
        }
        let (mut end, mut count) = (0, 0);
        for (range, message) in run::messages(&self.bytes).take(half) {
            (end, count) = (range.end, count + run::count(self.signal, message));
        }
        let (first, second) = self.bytes.split_at_checked(end).filter(|_| end > 0)?;
        let part = |bytes: &[u8], count, withheld_at| Records {
            signal: self.signal,
            bytes: bytes.to_vec(),
            count,
            withheld_at,
        };
        let others = self.count.saturating_sub(count);
        Some((
            part(first, count, self.withheld_at.min(end)),
            part(second, others, self.withheld_at.saturating_sub(end)),
        ))
    }
}

/// Returns `true` for the root span of a scope. Only root spans have the attribute.
pub(crate) fn is_root(span: &[u8]) -> bool {
    read::span_attributes(span).any(|attribute| attribute.key == semconv::THUNDRA_PARENT_SOURCE.as_bytes())
}

/// The error of [`Records::append`]: records of another signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixedSignals(Records);

impl MixedSignals {
    /// Returns the records that were not added.
    pub fn into_records(self) -> Records {
        self.0
    }
}

impl fmt::Display for MixedSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be added to records of another signal", self.0.signal.records())
    }
}

impl std::error::Error for MixedSignals {}

/// No spans.
impl Default for Records {
    fn default() -> Self {
        Records::none(Signal::Traces)
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("signal", &self.signal)
            .field("count", &self.count)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::test_records::{logs, metrics};

    fn spans(number: usize) -> Records {
        let mut spans = Records::default();
        (0..number).for_each(|_| spans.append(Scope::builder("span").begin().finish()).unwrap());
        spans
    }

    #[test]
    fn a_cut_keeps_every_record_on_one_of_its_sides() {
        for records in [spans(10), logs(&["record"; 10]), metrics(&[1; 10])] {
            let (signal, all) = (records.signal(), records.bytes.len());
            for (max, one, kept) in [
                (all, false, 10),
                (all - 1, false, 9),
                (all / 2, false, 5),
                (1, false, 0),
                (1, true, 1),
                (all, true, 10),
            ] {
                let (cut, others) = records.clone().cut(max, one);
                assert_eq!((cut.count, others.count), (kept, 10 - kept), "{signal} {max}");
                assert_eq!((cut.signal, others.signal), (signal, signal));
                let counted = |records: &Records| Records::from_encoded(signal, records.bytes.clone()).count;
                assert_eq!((counted(&cut), counted(&others)), (cut.count, others.count), "{signal} {max}");
            }
        }
        let (cut, others) = spans(4).cut(1, true);
        assert_eq!((cut.spans().count(), others.spans().count()), (1, 3));
    }

    #[test]
    fn a_metric_has_as_many_records_as_data_points() {
        let records = metrics(&[3, 0, 2]);
        assert_eq!(records.count(), 5);
        let (first, second) = records.split().unwrap();
        assert_eq!((first.count(), second.count()), (3, 2));
        let (one, two) = first.split().unwrap();
        assert_eq!((one.count(), two.count()), (1, 2), "between the data points of a single metric");
        assert_eq!(one.split(), None, "a data point stays in one piece");
        let (cut, others) = records.cut(1, true);
        assert_eq!((cut.count(), others.count()), (3, 2));
    }

    #[test]
    fn halves_have_the_same_number_of_messages() {
        for (number, halves) in [(0, None), (1, None), (2, Some((1, 1))), (5, Some((2, 3)))] {
            let names = vec!["record"; number];
            let split = logs(&names).split().map(|(first, second)| (first.count(), second.count()));
            assert_eq!(split, halves, "{number}");
        }
    }

    #[test]
    fn records_of_another_signal_are_given_back() {
        let mut records = Records::default();
        records.append(logs(&["first"])).unwrap();
        assert_eq!(records.append(spans(2)).unwrap_err().into_records().count(), 2);
        records.append(Records::default()).unwrap();
        records.append(logs(&["second"])).unwrap();
        assert_eq!((records.signal(), records.count(), records.spans().count()), (Signal::Logs, 2, 0));
    }

    #[test]
    fn withheld_records_stay_apart_in_every_part() {
        let names = |records: &Records| records.spans().map(|span| span.name).collect::<String>();
        let span = |name: &'static str| Scope::builder(name).begin().finish();
        let mut records = span("a").withheld();
        for (name, withheld) in [("b", false), ("c", true), ("d", false)] {
            let span = if withheld { span(name).withheld() } else { span(name) };
            records.append(span).unwrap();
        }
        assert_eq!((names(&records).as_str(), records.count()), ("bdac", 4));
        let length = records.bytes.len() / 4;
        for (max, first, second) in [(length, "b", "d"), (2 * length, "bd", ""), (3 * length, "bd", "")] {
            let (cut, others) = records.clone().cut(max, false);
            let (cut, others) = (cut.for_xray(), others.for_xray());
            assert_eq!((names(&cut).as_str(), names(&others).as_str()), (first, second), "{max}");
            assert_eq!((cut.count(), others.count()), (first.len() as u32, second.len() as u32));
        }
        let (first, second) = records.split().unwrap();
        assert_eq!((names(&first.for_xray()).as_str(), names(&second.for_xray()).as_str()), ("bd", ""));
        let field = span("longer").bytes;
        records.replace(0..length, field);
        assert_eq!(names(&records.clone().for_xray()), "longerd");
        assert_eq!(records.for_all().for_xray().count(), 4);
    }

    #[test]
    fn what_follows_malformed_bytes_is_left_out() {
        let mut bytes = logs(&["first", "second"]).bytes;
        let all = bytes.len();
        bytes.extend_from_slice(&[0x12, 100, 1]);
        let records = Records::from_encoded(Signal::Logs, bytes);
        assert_eq!((records.count, records.bytes.len()), (2, all));
    }
}
