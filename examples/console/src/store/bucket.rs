//! Buckets of durations: four to a doubling, from a microsecond.

/// The number of buckets: up to 2⁴⁰ µs, which is twelve days.
pub(crate) const BUCKETS: i64 = 162;

/// Returns the bucket of a duration in nanoseconds.
pub(crate) fn bucket(duration: i64) -> i64 {
    if duration < 1000 {
        return 0;
    }
    (((duration as f64 / 1e3).log2() * 4.0).floor() as i64 + 1).clamp(1, BUCKETS - 1)
}

/// Returns the lower bound of a bucket in microseconds.
pub(crate) fn lower_bound(bucket: i64) -> f64 {
    if bucket <= 0 { 0.0 } else { ((bucket - 1) as f64 / 4.0).exp2() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_between_the_bounds_of_its_bucket() {
        for nanos in [0, 1, 999, 1000, 1001, 1_189_207, 1_189_208, 5_000_000, 86_400_000_000_000, 1 << 61] {
            let bucket = bucket(nanos);
            assert!((0..BUCKETS).contains(&bucket));
            assert!(lower_bound(bucket) <= nanos as f64 / 1e3, "{nanos}");
            assert!(nanos as f64 / 1e3 < lower_bound(bucket + 1) || bucket == BUCKETS - 1, "{nanos}");
        }
    }
}
