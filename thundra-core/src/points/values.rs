//! The single values of a histogram, for writers that name them.

use std::collections::BTreeMap;

use super::exponential::{MIN_SCALE, bucket_of, middle_of};

/// The most values kept.
const MAX_VALUES: usize = 1000;
/// The most values left after a merge.
const MAX_MERGED: usize = 500;
/// The scale of the first merge: values within 0.6 % become one.
const FIRST_SCALE: i32 = 6;

/// Values with the number of times that each was measured. Over a thousand values, near ones become one: the middle of
/// their exponential bucket. No value is refused.
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
            *times += count;
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
        let mut scale = self.scale.unwrap_or(FIRST_SCALE);
        let merged = loop {
            let mut merged: BTreeMap<(i8, i32), u64> = BTreeMap::new();
            for (value, count) in &self.counted {
                let sign = if *value > 0.0 { 1 } else { -i8::from(*value < 0.0) };
                let bucket = if sign == 0 { 0 } else { bucket_of(value.abs(), scale) };
                *merged.entry((sign, bucket)).or_default() += count;
            }
            if merged.len() <= MAX_MERGED || scale <= MIN_SCALE {
                break merged;
            }
            scale -= 1;
        };
        self.scale = Some(scale);
        self.counted.clear();
        let middle = |((sign, bucket), count): ((i8, i32), u64)| {
            (if sign == 0 { 0.0 } else { f64::from(sign) * middle_of(bucket, scale) }, count)
        };
        self.counted.extend(merged.into_iter().map(middle));
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
            prop_assert!((sum / exact - 1.0).abs() < 0.02, "{} {}", sum, exact);
        }
    }
}
