//! Points of one series and one time, joined.
//!
//! A writer divides many values among documents of the same time. A backend with one point per series and time would
//! keep only one of the values.

use std::collections::HashMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, Metric, NumberDataPoint};
use prost::Message as _;

use super::measured::add;

/// Joins the metrics of documents with the same series and time.
pub fn join_series(request: &mut ExportMetricsServiceRequest) {
    for scope in request.resource_metrics.iter_mut().flat_map(|run| &mut run.scope_metrics) {
        let (mut joined, mut places): (Vec<Metric>, HashMap<_, usize>) = Default::default();
        for metric in std::mem::take(&mut scope.metrics) {
            let place = *places.entry(identity(&metric)).or_insert(joined.len());
            match joined.get_mut(place) {
                Some(known) => join_data(known.data.as_mut(), metric.data),
                None => joined.push(metric),
            }
        }
        scope.metrics = joined;
    }
}

/// Returns a metric without measurements: name, unit, kind, attributes and time.
fn identity(metric: &Metric) -> Vec<u8> {
    let mut metric = metric.clone();
    match &mut metric.data {
        Some(Data::Sum(sum)) => sum.data_points.iter_mut().for_each(|point| point.value = None),
        Some(Data::Histogram(histogram)) => {
            for point in &mut histogram.data_points {
                let (attributes, time_unix_nano) = (std::mem::take(&mut point.attributes), point.time_unix_nano);
                *point = HistogramDataPoint { attributes, time_unix_nano, ..HistogramDataPoint::default() };
            }
        }
        _ => {}
    }
    metric.encode_to_vec()
}

fn join_data(known: Option<&mut Data>, other: Option<Data>) {
    match (known, other) {
        (Some(Data::Sum(known)), Some(Data::Sum(other))) => {
            known.data_points.iter_mut().zip(other.data_points).for_each(|(known, other)| join_sum(known, &other));
        }
        (Some(Data::Histogram(known)), Some(Data::Histogram(other))) => {
            known
                .data_points
                .iter_mut()
                .zip(other.data_points)
                .for_each(|(known, other)| join_histogram(known, &other));
        }
        _ => {}
    }
}

fn join_sum(known: &mut NumberDataPoint, other: &NumberDataPoint) {
    if let (Some(Number::AsDouble(sum)), Some(Number::AsDouble(value))) = (&mut known.value, other.value) {
        *sum = add(*sum, value);
    }
}

fn join_histogram(known: &mut HistogramDataPoint, other: &HistogramDataPoint) {
    let either = |one: Option<f64>, other, join: fn(f64, f64) -> f64| one.into_iter().chain(other).reduce(join);
    known.count = known.count.saturating_add(other.count);
    known.sum = either(known.sum, other.sum, add);
    known.min = either(known.min, other.min, f64::min);
    known.max = either(known.max, other.max, f64::max);
    if known.explicit_bounds == other.explicit_bounds {
        let buckets = known.bucket_counts.iter_mut().zip(&other.bucket_counts);
        buckets.for_each(|(known, other)| *known = known.saturating_add(*other));
    } else {
        // Statistics have no buckets, so the joined values have none.
        known.explicit_bounds.clear();
        known.bucket_counts.clear();
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::resource::v1::Resource;

    use super::super::Document;
    use super::*;

    fn document(method: &str, time: u64, unit: &str, value: &str) -> ExportMetricsServiceRequest {
        let line = format!(
            r#"{{"_aws":{{"Timestamp":{time},"CloudWatchMetrics":[{{"Namespace":"Shop","Dimensions":[["method"]],
            "Metrics":[{{"Name":"m","Unit":"{unit}"}}]}}]}},"method":"{method}","m":{value}}}"#
        );
        Document::read(&line).unwrap().unwrap().metrics(Resource::default()).0
    }

    /// Returns the metrics of several documents of one delivery.
    fn joined<const N: usize>(documents: [(&str, u64, &str, &str); N]) -> Vec<Metric> {
        let mut requests = documents.into_iter().map(|(method, time, unit, value)| document(method, time, unit, value));
        let mut request = requests.next().unwrap();
        let metrics = &mut request.resource_metrics[0].scope_metrics[0].metrics;
        requests.for_each(|mut other| metrics.append(&mut other.resource_metrics[0].scope_metrics[0].metrics));
        join_series(&mut request);
        request.resource_metrics.remove(0).scope_metrics.remove(0).metrics
    }

    fn histogram(metric: &Metric) -> &HistogramDataPoint {
        match &metric.data {
            Some(Data::Histogram(histogram)) if histogram.data_points.len() == 1 => &histogram.data_points[0],
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn points_of_one_series_and_time_are_one_point() {
        let metrics = joined([("visa", 1, "Count", "2"), ("visa", 1, "Count", "[3,4]")]);
        let Some(Data::Sum(sum)) = &metrics[0].data else { panic!("{metrics:?}") };
        assert_eq!((metrics.len(), sum.data_points[0].value), (1, Some(Number::AsDouble(9.0))));
        let metrics = joined([("visa", 1, "Milliseconds", "[1,7]"), ("visa", 1, "Milliseconds", "[20,2]")]);
        let point = histogram(&metrics[0]);
        assert_eq!((metrics.len(), point.count, point.sum), (1, 4, Some(30.0)));
        assert_eq!((point.min, point.max), (Some(1.0), Some(20.0)));
        assert_eq!(point.bucket_counts.get(..4), Some(&[0, 2, 1, 1][..]));
    }

    #[test]
    fn statistics_leave_no_buckets() {
        const STATISTICS: &str = r#"{"Max":3,"Min":1,"Count":2,"Sum":4}"#;
        for values in [["[5]", STATISTICS], [STATISTICS, "[5]"], [STATISTICS, r#"{"Max":5,"Min":5,"Count":1,"Sum":5}"#]]
        {
            let metrics = joined(values.map(|value| ("visa", 1, "Bytes", value)));
            let point = histogram(&metrics[0]);
            assert_eq!((metrics.len(), point.count, point.sum), (1, 3, Some(9.0)), "{values:?}");
            assert_eq!((point.min, point.max), (Some(1.0), Some(5.0)), "{values:?}");
            assert!(point.bucket_counts.is_empty() && point.explicit_bounds.is_empty(), "{values:?}");
        }
    }

    #[test]
    fn other_points_stay_apart() {
        for (other, why) in [
            (("cash", 1, "Count", "1"), "other attributes"),
            (("visa", 2, "Count", "1"), "another time"),
            (("visa", 1, "None", "1"), "another unit"),
        ] {
            assert_eq!(joined([("visa", 1, "Count", "1"), other]).len(), 2, "{why}");
        }
    }
}
