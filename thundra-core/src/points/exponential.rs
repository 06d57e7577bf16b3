//! Base-2 exponential buckets, by the [data model] of OpenTelemetry.
//!
//! At a scale, bucket `i` holds the values in `(base^i, base^(i+1)]` with `base = 2^(2^-scale)`.
//!
//! [data model]: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram

use std::f64::consts::LOG2_E;

/// The most buckets of each sign.
const MAX_BUCKETS: i64 = 160;
const MAX_SCALE: i32 = 20;
/// The lowest scale, with a single bucket for all numbers above 1.
pub(super) const MIN_SCALE: i32 = -10;

/// Returns the bucket of a positive number.
pub(super) fn bucket_of(value: f64, scale: i32) -> i32 {
    let bits = value.to_bits();
    let (biased, significand) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    // Subnormal numbers have the exponent of the first set bit.
    let exponent = if biased == 0 { 11 - 1074 - significand.leading_zeros() as i32 + 52 } else { biased - 1023 };
    let is_power = if biased == 0 { significand.is_power_of_two() } else { significand == 0 };
    if scale <= 0 {
        // The upper bound belongs to the bucket.
        return (exponent - i32::from(is_power)) >> -scale;
    }
    if is_power {
        return (exponent << scale) - 1;
    }
    let index = (value.ln() * LOG2_E * f64::from(1 << scale)).ceil() as i32 - 1;
    // Rounding must not move a number past a power of two.
    index.clamp(exponent << scale, ((exponent + 1) << scale) - 1)
}

/// The buckets of positive or of negative values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Buckets {
    /// The number of the first bucket.
    pub(crate) offset: i32,
    pub(crate) counts: Vec<u64>,
}

impl Buckets {
    fn end(&self) -> i64 {
        i64::from(self.offset) + self.counts.len() as i64
    }

    /// Returns the decrease of the scale needed to fit the buckets together with a range of buckets.
    fn excess(&self, low: i64, high: i64) -> i32 {
        let (mut low, mut high) =
            if self.counts.is_empty() { (low, high) } else { (low.min(self.offset.into()), high.max(self.end() - 1)) };
        let mut by = 0;
        while high - low >= MAX_BUCKETS {
            (low, high, by) = (low >> 1, high >> 1, by + 1);
        }
        by
    }

    fn downscale(&mut self, by: i32) {
        if by == 0 || self.counts.is_empty() {
            return;
        }
        let counts = std::mem::take(&mut self.counts);
        let offset = self.offset >> by;
        for (bucket, count) in (self.offset..).zip(counts) {
            let at = ((bucket >> by) - offset) as usize;
            if self.counts.len() <= at {
                self.counts.resize(at + 1, 0);
            }
            self.counts.last_mut().into_iter().for_each(|last| *last = last.saturating_add(count));
        }
        self.offset = offset;
    }

    fn add(&mut self, bucket: i32, count: u64) {
        if self.counts.is_empty() {
            self.offset = bucket;
        }
        if bucket < self.offset {
            let more = (self.offset - bucket) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.offset = bucket;
        }
        let at = (bucket - self.offset) as usize;
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        self.counts.get_mut(at).into_iter().for_each(|bucket| *bucket = bucket.saturating_add(count));
    }
}

/// An exponential histogram, without sum and extremes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exponential {
    pub(crate) scale: i32,
    pub(crate) zero_count: u64,
    pub(crate) positive: Buckets,
    pub(crate) negative: Buckets,
}

impl Exponential {
    pub(super) fn new() -> Self {
        Exponential { scale: MAX_SCALE, zero_count: 0, positive: Buckets::default(), negative: Buckets::default() }
    }

    pub(super) fn record(&mut self, value: f64, count: u64) {
        if value == 0.0 {
            self.zero_count = self.zero_count.saturating_add(count);
            return;
        }
        let mut bucket = bucket_of(value.abs(), self.scale);
        let buckets = if value > 0.0 { &self.positive } else { &self.negative };
        let excess = buckets.excess(bucket.into(), bucket.into());
        if excess > 0 {
            self.downscale(excess);
            bucket >>= excess;
        }
        let buckets = if value > 0.0 { &mut self.positive } else { &mut self.negative };
        buckets.add(bucket, count);
    }

    pub(super) fn merge(&mut self, mut other: Exponential) {
        let scale = self.scale.min(other.scale);
        self.downscale(self.scale - scale);
        other.downscale(other.scale - scale);
        let excess = |one: &Buckets, other: &Buckets| match other.counts.is_empty() {
            true => 0,
            false => one.excess(other.offset.into(), other.end() - 1),
        };
        let by = excess(&self.positive, &other.positive).max(excess(&self.negative, &other.negative));
        self.downscale(by);
        other.downscale(by);
        self.zero_count = self.zero_count.saturating_add(other.zero_count);
        for (to, from) in [(&mut self.positive, other.positive), (&mut self.negative, other.negative)] {
            (from.offset..).zip(from.counts).filter(|(_, count)| *count > 0).for_each(|(at, count)| to.add(at, count));
        }
    }

    fn downscale(&mut self, by: i32) {
        self.scale -= by;
        self.positive.downscale(by);
        self.negative.downscale(by);
    }
}
