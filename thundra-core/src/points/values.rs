//! The single values of a histogram, for metric writers.

use std::collections::BTreeMap;

use super::exponential::{MIN_SCALE, bucket_of};

/// The most values kept.
const MAX_VALUES: usize = 1000;
/// The most values left after a merge.
const MAX_MERGED: usize = 500;
/// The scale of the first merge: values within 0.6 % are merged.
const FIRST_SCALE: i32 = 6;

/// Measured values, each with a count. Over 1,000 entries, equal values are joined. If over 500 entries remain, the
/// mean replaces the values of each exponential bucket. No value is refused.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Values {
    counted: Vec<(f64, u64)>,
    /// The scale of the last merge.
    scale: Option<i32>,
}

impl Values {
    #[inline]
    pub(super) fn record(&mut self, value: f64, count: u64) {
        if let Some((last, times)) = self.counted.last_mut()
            && *last == value
        {
            *times = times.saturating_add(count);
            return;
        }
        if self.counted.len() >= MAX_VALUES {
            self.compact();
        }
        self.counted.push((value, count));
    }

    pub(super) fn merge(&mut self, other: Values) {
        other.counted.into_iter().for_each(|(value, count)| self.record(value, count));
    }

    pub(crate) fn counted(&self) -> &[(f64, u64)] {
        &self.counted
    }

    #[cold]
    fn compact(&mut self) {
        self.join_equal();
        if self.counted.len() <= MAX_MERGED {
            return;
        }
        let mut scale = self.scale.unwrap_or(FIRST_SCALE);
        let merged = loop {
            let mut merged: BTreeMap<(i8, i32), Mean> = BTreeMap::new();
            for (value, count) in &self.counted {
                let sign = if *value > 0.0 { 1 } else { -i8::from(*value < 0.0) };
                let bucket = if sign == 0 { 0 } else { bucket_of(value.abs(), scale) };
                merged.entry((sign, bucket)).or_default().add(*value, *count);
            }
            if merged.len() <= MAX_MERGED || scale <= MIN_SCALE {
                break merged;
            }
            scale -= 1;
        };
        self.scale = Some(scale);
        self.counted.clear();
        self.counted.extend(merged.into_values().map(|Mean { value, count }| (value, count)));
    }

    fn join_equal(&mut self) {
        self.counted.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        self.counted.dedup_by(|(value, count), (kept, times)| {
            let is_equal = *kept == *value;
            if is_equal {
                *times = times.saturating_add(*count);
            }
            is_equal
        });
    }
}

/// The mean of measured values.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    value: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: f64, count: u64) {
        self.count = self.count.saturating_add(count);
        // All values of a bucket have the same sign. The difference is therefore finite.
        self.value += (value - self.value) * (count as f64 / self.count as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn up_to_a_thousand_values_stay_as_they_are() {
        let mut values = Values::default();
        (0..1000).for_each(|value| values.record(f64::from(value), 1));
        assert_eq!(values.counted().len(), 1000);
        values.record(999.0, 2);
        assert_eq!(values.counted().last(), Some(&(999.0, 3)), "a repeated value takes no room");
        values.record(1000.0, 1);
        assert!(values.counted().len() <= 501);
    }

    #[test]
    fn equal_values_stay_exact_in_any_order() {
        let mut values = Values::default();
        (0..10_000).for_each(|number| values.record(f64::from(number % 3), 1));
        values.compact();
        assert_eq!(values.counted(), [(0.0, 3334), (1.0, 3333), (2.0, 3333)]);
        values.record(1.0, u64::MAX);
        values.record(1.0, u64::MAX);
        assert_eq!(values.counted().last(), Some(&(1.0, u64::MAX)), "no overflow");
    }

    proptest! {
        #[test]
        fn no_value_is_refused(measured in prop::collection::vec(-1e300..1e300_f64, 0..3000), times in 1..9_u64) {
            let mut values = Values::default();
            measured.iter().for_each(|value| values.record(*value, times));
            prop_assert!(values.counted().len() <= MAX_VALUES);
            let total: u64 = values.counted().iter().map(|(_, count)| count).sum();
            prop_assert_eq!(total, measured.len() as u64 * times);
        }

        #[test]
        fn merged_values_are_near_the_measured_ones(measured in prop::collection::vec(1.0..100.0_f64, 1001..3000)) {
            let mut values = Values::default();
            measured.iter().for_each(|value| values.record(*value, 1));
            let sum: f64 = values.counted().iter().map(|(value, count)| value * *count as f64).sum();
            let exact: f64 = measured.iter().sum();
            prop_assert!((sum / exact - 1.0).abs() < 1e-9, "{} {}", sum, exact);
        }
    }
}
