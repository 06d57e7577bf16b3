//! Distributions of values.

use super::exponential::Exponential;
use super::switch::Wanted;
use super::values::Values;

/// The default boundaries of the [SDK specification].
///
/// [SDK specification]: https://opentelemetry.io/docs/specs/otel/metrics/sdk/#explicit-bucket-histogram-aggregation
const DEFAULT_BOUNDS: &[f64] =
    &[0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0];
/// The boundaries of the semantic conventions for durations in seconds.
const SECONDS_BOUNDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The boundaries for sizes in bytes, from 1 KiB to 4 GiB.
const BYTES_BOUNDS: &[f64] = &[
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262144.0,
    1048576.0,
    4194304.0,
    16777216.0,
    67108864.0,
    268435456.0,
    1073741824.0,
    4294967296.0,
];

/// The boundaries and counts of explicit buckets. The last count is for values above all boundaries.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Explicit {
    pub(crate) bounds: &'static [f64],
    counts: [u64; DEFAULT_BOUNDS.len() + 1],
}

impl Explicit {
    fn new(unit: &str) -> Self {
        let bounds = match unit {
            "s" => SECONDS_BOUNDS,
            "By" => BYTES_BOUNDS,
            _ => DEFAULT_BOUNDS,
        };
        Explicit { bounds, counts: [0; DEFAULT_BOUNDS.len() + 1] }
    }

    pub(crate) fn counts(&self) -> &[u64] {
        self.counts.get(..=self.bounds.len()).unwrap_or_default()
    }

    #[inline]
    fn record(&mut self, value: f64, count: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.counts.get_mut(bucket).into_iter().for_each(|bucket| *bucket = bucket.saturating_add(count));
    }

    fn merge(&mut self, other: &Explicit) {
        if self.bounds == other.bounds {
            self.counts.iter_mut().zip(other.counts).for_each(|(to, from)| *to = to.saturating_add(from));
        } else {
            // The unit of the instrument became known in between. A value moves to the bucket of its upper boundary.
            let bounds = other.bounds.iter().copied().chain([f64::INFINITY]);
            bounds.zip(other.counts).for_each(|(bound, count)| self.record(bound, count));
        }
    }
}

/// The buckets of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Distribution {
    Explicit(Explicit),
    Exponential(Exponential),
}

/// A distribution of values, with buckets for OTLP and single values for a metric writer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Histogram {
    pub(crate) count: u64,
    pub(crate) sum: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) distribution: Option<Distribution>,
    pub(crate) values: Option<Values>,
}

impl Histogram {
    pub(super) fn new(unit: &str, wanted: Wanted) -> Self {
        let distribution = match wanted {
            Wanted { otlp: false, .. } => None,
            Wanted { exponential: true, .. } => Some(Distribution::Exponential(Exponential::new())),
            _ => Some(Distribution::Explicit(Explicit::new(unit))),
        };
        Histogram {
            count: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            distribution,
            values: wanted.writer.then(Values::default),
        }
    }

    #[inline]
    pub(super) fn record(&mut self, value: f64, count: u64) {
        self.count = self.count.saturating_add(count);
        self.add_to_sum(value * count as f64);
        (self.min, self.max) = (self.min.min(value), self.max.max(value));
        match &mut self.distribution {
            Some(Distribution::Explicit(buckets)) => buckets.record(value, count),
            Some(Distribution::Exponential(buckets)) => buckets.record(value, count),
            None => {}
        }
        if let Some(values) = &mut self.values {
            values.record(value, count);
        }
    }

    pub(super) fn merge(&mut self, other: Histogram) {
        self.count = self.count.saturating_add(other.count);
        self.add_to_sum(other.sum);
        (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
        match (&mut self.distribution, other.distribution) {
            (Some(Distribution::Explicit(one)), Some(Distribution::Explicit(other))) => one.merge(&other),
            (Some(Distribution::Exponential(one)), Some(Distribution::Exponential(other))) => one.merge(other),
            (one, other) => *one = one.take().or(other),
        }
        if let (Some(one), Some(other)) = (&mut self.values, other.values) {
            one.merge(other);
        }
    }

    /// Adds to the sum. The sum stays finite.
    fn add_to_sum(&mut self, value: f64) {
        self.sum = (self.sum + value).clamp(f64::MIN, f64::MAX);
    }
}
