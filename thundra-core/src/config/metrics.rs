//! The aggregation of metrics, and the interval of exports.

use std::time::Duration;

use super::Reader;
use super::list as v;

const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);

/// The [buckets] of histograms over OTLP.
///
/// [buckets]: https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp/#additional-environment-variable-configuration
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistogramAggregation {
    /// `explicit_bucket_histogram`: the boundaries of the semantic conventions for seconds, else those of the SDKs.
    #[default]
    ExplicitBuckets,
    /// `base2_exponential_bucket_histogram`: up to 160 buckets, as fine as the values allow.
    ExponentialBuckets,
}

/// Reads the time between two exports. Zero would export without a pause.
pub(super) fn export_interval(reader: &mut Reader<'_>) -> Duration {
    reader.milliseconds_over_zero(&v::METRIC_EXPORT_INTERVAL).unwrap_or(DEFAULT_INTERVAL)
}

/// Reads the buckets of histograms.
pub(super) fn histogram_aggregation(reader: &mut Reader<'_>) -> HistogramAggregation {
    let words = [
        ("explicit_bucket_histogram", HistogramAggregation::ExplicitBuckets),
        ("base2_exponential_bucket_histogram", HistogramAggregation::ExponentialBuckets),
    ];
    reader.one_of(&v::OTLP_METRICS_HISTOGRAM, &words).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Env};

    #[test]
    fn an_interval_is_a_number_of_milliseconds_over_zero() {
        for (value, interval, problems) in [
            (None, DEFAULT_INTERVAL, 0),
            (Some("15000"), Duration::from_secs(15), 0),
            (Some("0"), DEFAULT_INTERVAL, 1),
            (Some("1m"), DEFAULT_INTERVAL, 1),
        ] {
            let (config, found) =
                Config::read(&Env::from_pairs(value.map(|value| ("OTEL_METRIC_EXPORT_INTERVAL", value))));
            assert_eq!((config.metric_export_interval, found.len()), (interval, problems), "{value:?}");
        }
    }

    #[test]
    fn buckets_are_chosen_by_name() {
        let read = |value| {
            let name = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
            Config::read(&Env::from_pairs([(name, value)])).0.histogram_aggregation
        };
        assert_eq!(read("Base2_Exponential_Bucket_Histogram"), HistogramAggregation::ExponentialBuckets);
        assert_eq!(read("explicit_bucket_histogram"), HistogramAggregation::ExplicitBuckets);
    }
}
