//! Documents of CloudWatch's embedded metric format as metrics.
//!
//! A document does not say the kind of an instrument. The unit decides: `Count` is a sum, anything else a histogram.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use serde_json::Value as Json;

use super::value::{resource, text};

/// Reads a document; `None` for other JSON.
pub(super) fn read(document: &Json, service: &str) -> Option<ExportMetricsServiceRequest> {
    let metadata = document.get("_aws")?;
    let directives = metadata.get("CloudWatchMetrics")?.as_array()?;
    let time_unix_nano = (metadata.get("Timestamp").and_then(Json::as_f64).unwrap_or(0.0).max(0.0) * 1e6) as u64;
    let service = document.get("service").and_then(Json::as_str).unwrap_or(service);
    let scope_metrics = directives.iter().map(|directive| {
        let attributes = dimensions(document, directive);
        let defined = directive.get("Metrics").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let metrics = defined.iter().filter_map(|definition| metric(document, definition, &attributes, time_unix_nano));
        ScopeMetrics { metrics: metrics.collect(), ..ScopeMetrics::default() }
    });
    let metrics = ResourceMetrics {
        resource: Some(resource(service)),
        scope_metrics: scope_metrics.collect(),
        ..ResourceMetrics::default()
    };
    Some(ExportMetricsServiceRequest { resource_metrics: vec![metrics] })
}

/// Returns the dimensions of all sets. In CloudWatch, each set is a metric with the same measurements.
fn dimensions(document: &Json, directive: &Json) -> Vec<KeyValue> {
    let sets = directive.get("Dimensions").and_then(Json::as_array).into_iter().flatten();
    let mut attributes: Vec<KeyValue> = Vec::new();
    for key in sets.filter_map(Json::as_array).flatten().filter_map(Json::as_str) {
        let is_new = attributes.iter().all(|known| known.key != key);
        if let Some(value) = document.get(key).and_then(Json::as_str).filter(|_| is_new) {
            attributes.push(text(key, value));
        }
    }
    attributes
}

fn metric(document: &Json, definition: &Json, attributes: &[KeyValue], time_unix_nano: u64) -> Option<Metric> {
    let name = definition.get("Name")?.as_str()?;
    let unit = definition.get("Unit").and_then(Json::as_str).unwrap_or_default();
    let measured = Measured::of(document.get(name)?)?;
    let attributes = attributes.to_vec();
    let data = if unit == "Count" {
        let value = Some(Number::AsDouble(measured.sum));
        let point = NumberDataPoint { attributes, time_unix_nano, value, ..NumberDataPoint::default() };
        Data::Sum(Sum { data_points: vec![point], aggregation_temporality: 1, is_monotonic: false })
    } else {
        let point = HistogramDataPoint {
            attributes,
            time_unix_nano,
            count: measured.count,
            sum: Some(measured.sum),
            min: measured.min,
            max: measured.max,
            ..HistogramDataPoint::default()
        };
        Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 1 })
    };
    Some(Metric { name: name.to_owned(), unit: unit.to_owned(), data: Some(data), ..Metric::default() })
}

/// The measurements of a metric.
#[derive(Debug, Default, PartialEq)]
struct Measured {
    count: u64,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
}

impl Measured {
    /// Reads a number, several, several with their counts, or their statistics.
    fn of(value: &Json) -> Option<Self> {
        if let Some(number) = value.as_f64() {
            return Some(Measured { count: 1, sum: number, min: Some(number), max: Some(number) });
        }
        let statistic = |name: &str| value.get(name).and_then(Json::as_f64);
        if let Some(sum) = statistic("Sum") {
            let count = statistic("Count").unwrap_or(0.0) as u64;
            return Some(Measured { count, sum, min: statistic("Min"), max: statistic("Max") });
        }
        let values = value.as_array().or_else(|| value.get("Values")?.as_array())?;
        let counts = value.get("Counts").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_f64);
        let mut measured = Measured::default();
        for (number, count) in values.iter().filter_map(Json::as_f64).zip(counts.chain(std::iter::repeat(1.0))) {
            measured.count += count.max(0.0) as u64;
            measured.sum += number * count;
            measured.min = Some(measured.min.map_or(number, |min| min.min(number)));
            measured.max = Some(measured.max.map_or(number, |max| max.max(number)));
        }
        Some(measured)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_a_value_is_measured() {
        let measured = |count, sum, min, max| Some(Measured { count, sum, min, max });
        for (value, expected) in [
            (json!(2), measured(1, 2.0, Some(2.0), Some(2.0))),
            (json!([1.0, 2.0]), measured(2, 3.0, Some(1.0), Some(2.0))),
            (json!({ "Values": [1, 2], "Counts": [1, 3] }), measured(4, 7.0, Some(1.0), Some(2.0))),
            (json!({ "Max": 3, "Min": 1, "Count": 2, "Sum": 4 }), measured(2, 4.0, Some(1.0), Some(3.0))),
            (json!([]), measured(0, 0.0, None, None)),
            (json!("2"), None),
            (json!(null), None),
        ] {
            assert_eq!(Measured::of(&value), expected, "{value}");
        }
    }

    #[test]
    fn a_document_has_a_metric_for_each_definition_with_a_value() {
        let document = json!({
            "_aws": { "Timestamp": 1000, "CloudWatchMetrics": [{ "Namespace": "Shop", "Dimensions": [["service"], ["service", "x"]],
                "Metrics": [{ "Name": "placed", "Unit": "Count" }, { "Name": "time", "Unit": "Milliseconds" }, { "Name": "none" }] }] },
            "service": "orders", "placed": 2, "time": [5, 6],
        });
        let request = read(&document, "unknown").unwrap();
        let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
        let names: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(names, ["placed", "time"]);
        assert_eq!(request.resource_metrics[0].resource, Some(resource("orders")));
        assert!(read(&json!({ "_aws": {} }), "").is_none());
    }
}
