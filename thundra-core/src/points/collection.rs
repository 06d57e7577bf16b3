//! The collection of points at a flush.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::attributes::AttributeSet;
use super::instrument::{Instrument, Number};
use super::registry::Registry;
use super::set::{PointHash, Points};
use super::switch::{self, Wanted};
use super::{shards, unaggregated};
use crate::clock::now;
use crate::config::{HistogramAggregation, MEASURES, TemporalityPreference};
use crate::contained::contained;
use crate::pipeline::backlog;
#[cfg(feature = "testing")]
use crate::{Records, Signal};
use crate::{TraceContext, Value, diagnostics};

/// A writer of points, for example as EMF: see [`write_points_with`](crate::metrics::write_points_with).
pub type Writer = fn(&PointsOf<'_>);

/// A reader of current values, such as the memory in use: see [`observe_with`].
pub type Observer = fn(&mut Observations);

static COLLECTION: Mutex<Collection> =
    Mutex::new(Collection { registry: Registry::NEW, interval: None, next: None, observers: Vec::new() });
static WRITER: OnceLock<Writer> = OnceLock::new();

/// The longest time between two collections. Longer times could overflow the clock.
const LONGEST_INTERVAL: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[derive(Debug)]
struct Collection {
    registry: Registry,
    /// The time between two collections; `None` to collect with each flush.
    interval: Option<Duration>,
    /// The time of the next collection.
    next: Option<Instant>,
    observers: Vec<Observer>,
}

impl Collection {
    /// Returns `true` if a collection is due or `is_last` is set, and then sets the time of the next collection.
    fn begins(&mut self, now: Instant, is_last: bool) -> bool {
        let is_due = is_last || self.next.is_none_or(|next| next <= now);
        if is_due {
            self.next = self.interval.map(|interval| now + interval);
        }
        is_due
    }
}

/// Points for a [writer](crate::metrics::write_points_with), with facts about the measuring scope.
#[derive(Debug)]
#[non_exhaustive]
pub struct PointsOf<'a> {
    /// The points.
    pub points: &'a Points,
    /// The outermost scope, with all nested scopes; `None` for points measured outside of scopes.
    pub scope: Option<&'a ScopeFacts>,
}

/// Facts about the scope of points.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScopeFacts {
    /// The fields of the scope's log lines, and the correlation ids.
    pub log_fields: Vec<(Cow<'static, str>, Value)>,
    /// The context of the root span.
    pub context: Option<TraceContext>,
}

/// The values read by observers.
#[derive(Debug, Default)]
pub struct Observations {
    points: Points,
    attributes: AttributeSet,
}

impl Observations {
    /// Adds a measurement, usually of a gauge.
    pub fn record(
        &mut self,
        instrument: &'static Instrument,
        value: impl Into<Number>,
        attributes: &[(&'static str, Value)],
    ) {
        let value = value.into();
        if !value.suits(instrument.kind) {
            return unaggregated::count_dropped(1);
        }
        self.attributes.clear();
        attributes.iter().for_each(|(key, value)| self.attributes.push(key, value));
        let attributes = self.attributes.bytes();
        let hash = PointHash::of(instrument.name, instrument.kind, attributes);
        self.points.record(&instrument.identity(), attributes, hash, value, 1);
    }
}

fn collection() -> MutexGuard<'static, Collection> {
    COLLECTION.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets the writer of points. The first call counts.
pub(crate) fn write_with(writer: Writer) {
    if WRITER.set(writer).is_ok() {
        switch::want(Wanted { writer: true, ..Wanted::NOTHING });
    }
}

/// Adds an observer. Each collection calls the observer.
pub fn observe_with(observer: Observer) {
    collection().observers.push(observer);
}

/// Starts the collection for OTLP.
pub(crate) fn start(temporality: TemporalityPreference, aggregation: HistogramAggregation) {
    let exponential = aggregation == HistogramAggregation::ExponentialBuckets;
    let wanted = Wanted { otlp: true, exponential, ..Wanted::NOTHING };
    collection().registry.start(temporality, wanted, now());
    switch::want(wanted);
}

/// Aggregates measurements for tests from now on.
#[cfg(feature = "testing")]
pub(crate) fn aggregate() {
    switch::want(Wanted { otlp: true, ..Wanted::NOTHING });
}

/// Encodes points for a test.
#[cfg(feature = "testing")]
pub(crate) fn encode(points: &Points) -> Records {
    let mut encoded = Vec::new();
    let window = super::encode::Window { is_delta: true, start: 0, end: now() };
    super::encode::metrics(points, |_| true, window, &mut encoded);
    Records::from_encoded(Signal::Metrics, encoded)
}

/// Collects at an interval from now on, in place of each flush. Meant for programs with a flushing thread.
pub fn collect_every(interval: Duration) {
    let mut collection = collection();
    collection.interval = Some(interval.min(LONGEST_INTERVAL));
    collection.next = None;
    collection.begins(Instant::now(), false);
}

/// Drops all points, and restarts the registry, in each process restored from a snapshot.
pub(crate) fn restart() {
    let _ = shards::take();
    let mut collection = collection();
    collection.registry.restart(now());
    collection.next = collection.interval.map(|interval| Instant::now() + interval);
}

/// Hands the points of an ended scope, or of an open scope before the deadline, to the writer and to the collection.
/// The caller holds no lock.
#[cold]
pub(crate) fn hand_over(mut points: Box<Points>, facts: &ScopeFacts) {
    if !MEASURES {
        return;
    }
    write(&points, Some(facts));
    // Points measured before measuring was turned off are exported all the same.
    if Wanted::installed().otlp {
        points.forget_values();
        let mut shard = shards::of_thread();
        match &mut shard.ended {
            Some(ended) => ended.merge(&mut points),
            vacant => *vacant = Some(points),
        }
    }
}

/// Calls the writer, and catches a panic.
fn write(points: &Points, scope: Option<&ScopeFacts>) {
    if let Some(writer) = WRITER.get().filter(|_| !points.is_empty()) {
        let _ = contained(|| writer(&PointsOf { points, scope }));
    }
}

/// Collects for a flush, if a collection is due. `is_last` collects in any case.
#[inline]
pub(crate) fn collect(is_last: bool) {
    if !Wanted::installed().is_nothing() {
        collect_if_due(is_last);
    }
}

#[cold]
fn collect_if_due(is_last: bool) {
    let mut collection = collection();
    if !collection.begins(Instant::now(), is_last) {
        return;
    }
    let is_off = !switch::are_wanted();
    let observers = if is_off { Vec::new() } else { collection.observers.clone() };
    // An observer, or the writer, is free to measure and to log.
    drop(collection);
    let mut observations = Observations::default();
    observers.iter().for_each(|observe| {
        let _ = contained(|| observe(&mut observations));
    });
    let (mut outside, mut ended) = shards::take();
    if is_off && outside.is_empty() && ended.is_empty() {
        return;
    }
    outside.merge(&mut observations.points);
    write(&outside, None);
    if Wanted::installed().otlp {
        outside.forget_values();
        outside.merge(&mut ended);
        let records = self::collection().registry.collect(outside, now());
        backlog::add(records);
    }
    unaggregated::hand_over();
}

/// Counts a refused measurement, and reports the reason.
#[cold]
pub(crate) fn refuse(name: &str, why: &str) {
    unaggregated::count_dropped(1);
    diagnostics::once(&format!("metric {name}"), format_args!("the metric {name:?} is not recorded: {why}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_begins_with_each_flush_or_at_the_interval_and_at_the_end() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let new = |interval| Collection { registry: Registry::NEW, interval, next: None, observers: Vec::new() };
        let mut each_flush = new(None);
        assert!((0..3).all(|_| each_flush.begins(start, false)));
        let mut minutely = new(Some(60 * second));
        let begun = [0, 1, 59, 60, 61, 300, 301].map(|seconds| minutely.begins(start + seconds * second, false));
        assert_eq!(begun, [true, false, false, true, false, true, false], "a missed collection is not made up for");
        assert!(minutely.begins(start + 302 * second, true), "the last one");
        assert!(new(Some(LONGEST_INTERVAL)).begins(start, false));
    }
}
