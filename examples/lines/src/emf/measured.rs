//! The measurements of a metric.

use opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint;
use serde::Deserialize;

use super::or_default;

/// The value of a metric: a number, several, several with their counts, or their statistics.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Measured {
    One(f64),
    Several(Vec<f64>),
    #[serde(rename_all = "PascalCase")]
    Counted {
        values: Vec<f64>,
        #[serde(default, deserialize_with = "or_default")]
        counts: Vec<f64>,
    },
    #[serde(rename_all = "PascalCase")]
    Statistics {
        max: f64,
        min: f64,
        sum: f64,
        count: f64,
    },
}

impl Measured {
    /// Returns the values, each with its count.
    fn counted(&self) -> Vec<(f64, u64)> {
        match self {
            Measured::One(value) => vec![(*value, 1)],
            Measured::Several(values) => values.iter().map(|value| (*value, 1)).collect(),
            Measured::Counted { values, counts } => {
                let counts = counts.iter().map(|count| *count as u64).chain(std::iter::repeat(1));
                values.iter().copied().zip(counts).collect()
            }
            Measured::Statistics { .. } => Vec::new(),
        }
    }

    /// Returns the sum of the measurements.
    pub(super) fn sum(&self) -> f64 {
        match self {
            Measured::Statistics { sum, .. } => *sum,
            several => several.counted().iter().fold(0.0, |sum, (value, count)| add(sum, value * *count as f64)),
        }
    }

    /// Returns the measurements in buckets. Statistics have no buckets.
    pub(super) fn distribution(&self, bounds: &[f64]) -> HistogramDataPoint {
        if let Measured::Statistics { max, min, sum, count } = *self {
            let (count, sum, min, max) = (count as u64, Some(sum), Some(min), Some(max));
            return HistogramDataPoint { count, sum, min, max, ..HistogramDataPoint::default() };
        }
        let counted = self.counted();
        let mut bucket_counts = vec![0; bounds.len() + 1];
        for (value, count) in &counted {
            if let Some(bucket) = bucket_counts.get_mut(bounds.partition_point(|bound| bound < value)) {
                *bucket = count.saturating_add(*bucket);
            }
        }
        HistogramDataPoint {
            count: counted.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count)),
            sum: Some(self.sum()),
            min: counted.iter().map(|(value, _)| *value).reduce(f64::min),
            max: counted.iter().map(|(value, _)| *value).reduce(f64::max),
            bucket_counts,
            explicit_bounds: bounds.to_vec(),
            ..HistogramDataPoint::default()
        }
    }
}

/// Adds two numbers. A sum out of range becomes the nearest finite number: JSON has no infinity.
pub(super) fn add(one: f64, other: f64) -> f64 {
    (one + other.clamp(f64::MIN, f64::MAX)).clamp(f64::MIN, f64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_a_value_is_measured() {
        for (value, expected) in [
            (json!(2), Some((1, 2.0, Some(2.0), Some(2.0)))),
            (json!([1.0, 2.0]), Some((2, 3.0, Some(1.0), Some(2.0)))),
            (json!({ "Values": [1, 2], "Counts": [1, 3] }), Some((4, 7.0, Some(1.0), Some(2.0)))),
            (json!({ "Values": [1, 2], "Counts": [-1] }), Some((1, 2.0, Some(1.0), Some(2.0)))),
            (json!({ "Max": 3, "Min": 1, "Count": 2, "Sum": 4 }), Some((2, 4.0, Some(1.0), Some(3.0)))),
            (json!([]), Some((0, 0.0, None, None))),
            (json!("2"), None),
            (json!(null), None),
        ] {
            let measured = Measured::deserialize(&value).ok();
            let point = measured.map(|measured| (measured.sum(), measured.distribution(&[])));
            let found = point.map(|(sum, point)| (point.count, sum, point.min, point.max));
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn a_value_is_in_the_bucket_below_its_bound() {
        let point = Measured::Several(vec![0.0, 5.0, 5.1, 20000.0]).distribution(&[0.0, 5.0, 10.0, 10000.0]);
        assert_eq!((point.min, point.max), (Some(0.0), Some(20000.0)));
        assert_eq!(point.bucket_counts, [1, 1, 1, 0, 1]);
    }

    #[test]
    fn a_sum_out_of_range_stays_a_number() {
        for (value, sum, count, why) in [
            ("[1e308,1e308,-3]", f64::MAX, 3, "too large"),
            ("[-1e308,-1e308]", f64::MIN, 2, "too small"),
            (r#"{"Values":[1e308,-1e308],"Counts":[10,10]}"#, 0.0, 20, "with counts"),
            (r#"{"Values":[0,0],"Counts":[1e300,1]}"#, 0.0, u64::MAX, "a count too large"),
            (r#"{"Values":[2],"Counts":null}"#, 2.0, 1, "no counts"),
        ] {
            let point = serde_json::from_str::<Measured>(value).unwrap().distribution(&[]);
            assert_eq!((point.sum, point.count), (Some(sum), count), "{why}");
        }
    }
}
