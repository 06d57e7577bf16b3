//! Quantiles from buckets.

use crate::store::lower_bound;

/// Counts by bucket, in the order of buckets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets(Vec<(i64, i64)>);

impl Buckets {
    /// Adds a count. Buckets come in any order.
    pub(crate) fn add(&mut self, bucket: i64, count: i64) {
        match self.0.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(place) => {
                if let Some((_, sum)) = self.0.get_mut(place) {
                    *sum += count;
                }
            }
            Err(place) => self.0.insert(place, (bucket, count)),
        }
    }

    /// Adds other counts.
    pub(crate) fn join(&mut self, other: &Buckets) {
        other.0.iter().for_each(|(bucket, count)| self.add(*bucket, *count));
    }

    /// Returns the upper bound, in microseconds, of the bucket with a quantile; `None` without counts.
    pub(crate) fn quantile(&self, quantile: f64) -> Option<f64> {
        let total: i64 = self.0.iter().map(|(_, count)| count.max(&0)).sum();
        let rank = ((total as f64 * quantile).ceil() as i64).max(1);
        let mut below = 0;
        self.0.iter().filter(|(_, count)| *count > 0).find_map(|(bucket, count)| {
            below += count;
            (below >= rank).then(|| rounded(lower_bound(bucket + 1)))
        })
    }
}

/// Rounds to a thousandth: no duration is finer than a nanosecond.
pub(crate) fn rounded(micros: f64) -> f64 {
    (micros * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::bucket;

    #[test]
    fn a_quantile_is_in_its_bucket() {
        let mut buckets = Buckets::default();
        let nanos = |rank: i64| rank * 1_000_000;
        (1..=100).for_each(|rank| buckets.add(bucket(nanos(rank)), 1));
        for (quantile, rank) in [(0.5, 50), (0.95, 95), (0.99, 99), (0.0, 1), (1.0, 100)] {
            let bound = lower_bound(bucket(nanos(rank)) + 1);
            assert_eq!(buckets.quantile(quantile), Some(rounded(bound)), "{quantile}");
        }
        assert_eq!(Buckets::default().quantile(0.5), None);
    }
}
