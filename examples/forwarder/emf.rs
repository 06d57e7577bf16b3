//! Documents of CloudWatch's embedded metric format as OTLP metrics.
//!
//! A document does not name the kind of an instrument, and the kind must not change from document to document. The unit
//! therefore decides: a metric of the unit `Count` is a sum, and any other metric a histogram, even of a single value.
//! CloudWatch stores each metric as a distribution. A histogram keeps the same figures: number, sum, minimum and
//! maximum. Sums and histograms are deltas, because a document holds the measurements since the previous document.
//!
//! The namespace becomes the name of the scope, and dimensions become attributes. The other members of a document are
//! ids and other unbounded values: as attributes of metrics, each value would start a time series. The other members
//! therefore stay in the log.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};

use self::series::add;
use crate::value::attribute;

pub(crate) mod series;

/// The units of CloudWatch, and the same units in UCUM.
const UNITS: [(&str, &str); 27] = [
    ("None", ""),
    ("Count", "1"),
    ("Seconds", "s"),
    ("Milliseconds", "ms"),
    ("Microseconds", "us"),
    ("Percent", "%"),
    ("Bytes", "By"),
    ("Kilobytes", "kBy"),
    ("Megabytes", "MBy"),
    ("Gigabytes", "GBy"),
    ("Terabytes", "TBy"),
    ("Bits", "bit"),
    ("Kilobits", "kbit"),
    ("Megabits", "Mbit"),
    ("Gigabits", "Gbit"),
    ("Terabits", "Tbit"),
    ("Count/Second", "1/s"),
    ("Bytes/Second", "By/s"),
    ("Kilobytes/Second", "kBy/s"),
    ("Megabytes/Second", "MBy/s"),
    ("Gigabytes/Second", "GBy/s"),
    ("Terabytes/Second", "TBy/s"),
    ("Bits/Second", "bit/s"),
    ("Kilobits/Second", "kbit/s"),
    ("Megabits/Second", "Mbit/s"),
    ("Gigabits/Second", "Gbit/s"),
    ("Terabits/Second", "Tbit/s"),
];

/// The bounds of buckets that OpenTelemetry recommends, for times in seconds and for anything else.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const BOUNDS: [f64; 15] =
    [0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0];

/// A document.
#[derive(Debug)]
pub(crate) struct Document {
    metadata: Metadata,
    members: Map<String, Json>,
}

/// The member `_aws`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    timestamp: f64,
    cloud_watch_metrics: Vec<Directive>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: String,
    #[serde(default, deserialize_with = "or_default")]
    dimensions: Vec<Vec<String>>,
    #[serde(default, deserialize_with = "or_default")]
    metrics: Vec<Definition>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    unit: String,
}

/// The value of a metric: a number, several, several with their counts, or their statistics.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Measured {
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

/// Reads `null` as the default. Writers in languages with null references write `null` for unset members.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Document {
    /// Reads a document; `None` for any other line.
    ///
    /// # Errors
    ///
    /// If a line with metrics is not a valid document.
    pub(crate) fn read(line: &str) -> Option<Result<Self, String>> {
        if !(line.contains(r#""_aws""#) && line.contains(r#""CloudWatchMetrics""#)) {
            return None;
        }
        // Some runtimes write time, request id and level before the JSON.
        let json = line.get(line.find('{')?..)?;
        Some(Self::parse(json).map_err(|error| format!("a document with metrics: {error}")))
    }

    fn parse(json: &str) -> Result<Self, serde_json::Error> {
        let mut members: Map<String, Json> = serde_json::from_str(json)?;
        let metadata = serde_json::from_value(members.remove("_aws").unwrap_or_default())?;
        Ok(Document { metadata, members })
    }

    /// Returns the service named by the document.
    pub(crate) fn service(&self) -> Option<&str> {
        self.members.get("service").and_then(Json::as_str)
    }

    /// Returns the metrics with a value, measured by a resource, and the errors of the other metrics.
    pub(crate) fn metrics(&self, resource: Resource) -> (ExportMetricsServiceRequest, Vec<String>) {
        let mut errors = Vec::new();
        let directives = self.metadata.cloud_watch_metrics.iter();
        let scopes = directives.map(|directive| self.scope(directive, &mut errors));
        let scope_metrics: Vec<_> = scopes.filter(|scope| !scope.metrics.is_empty()).collect();
        if scope_metrics.is_empty() {
            return (ExportMetricsServiceRequest::default(), errors);
        }
        let metrics = ResourceMetrics { resource: Some(resource), scope_metrics, ..ResourceMetrics::default() };
        (ExportMetricsServiceRequest { resource_metrics: vec![metrics] }, errors)
    }

    fn scope(&self, directive: &Directive, errors: &mut Vec<String>) -> ScopeMetrics {
        let attributes = self.dimensions(directive);
        let mut metrics = Vec::new();
        for definition in &directive.metrics {
            // A directive may name more metrics than a document has.
            let Some(value) = self.members.get(&definition.name).filter(|value| !value.is_null()) else { continue };
            match Measured::deserialize(value) {
                Ok(measured) => metrics.push(self.metric(definition, &measured, attributes.clone())),
                Err(_) => errors.push(format!("the value of {:?} is no number", definition.name)),
            }
        }
        let scope = InstrumentationScope { name: directive.namespace.clone(), ..InstrumentationScope::default() };
        ScopeMetrics { scope: Some(scope), metrics, ..ScopeMetrics::default() }
    }

    /// Returns the dimensions of all sets. In CloudWatch, each set is a metric with the same measurements.
    fn dimensions(&self, directive: &Directive) -> Vec<KeyValue> {
        let mut attributes: Vec<KeyValue> = Vec::new();
        for key in directive.dimensions.iter().flatten() {
            let is_new = attributes.iter().all(|known| known.key != *key);
            if let Some(value) = self.members.get(key).and_then(Json::as_str).filter(|_| is_new) {
                attributes.push(attribute(key, Value::StringValue(value.to_owned())));
            }
        }
        attributes
    }

    fn metric(&self, definition: &Definition, measured: &Measured, attributes: Vec<KeyValue>) -> Metric {
        let Definition { name, unit } = definition;
        let time_unix_nano = (self.metadata.timestamp.max(0.0) * 1e6) as u64;
        // A document has no start time. A delta needs an interval that is not empty.
        let start_time_unix_nano = time_unix_nano.saturating_sub(1_000_000);
        let aggregation_temporality = AggregationTemporality::Delta.into();
        let data = if unit == "Count" {
            let value = Some(Number::AsDouble(measured.sum()));
            let point = NumberDataPoint {
                start_time_unix_nano,
                time_unix_nano,
                attributes,
                value,
                ..NumberDataPoint::default()
            };
            // The document does not say if the count only goes up.
            Data::Sum(Sum { data_points: vec![point], aggregation_temporality, is_monotonic: false })
        } else {
            let point = HistogramDataPoint {
                start_time_unix_nano,
                time_unix_nano,
                attributes,
                ..measured.distribution(if unit == "Seconds" { &SECONDS } else { &BOUNDS })
            };
            Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality })
        };
        let unit = UNITS.iter().find(|(name, _)| name == unit).map_or(unit.as_str(), |(_, unit)| unit);
        Metric { name: name.clone(), unit: unit.to_owned(), data: Some(data), ..Metric::default() }
    }
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

    fn sum(&self) -> f64 {
        match self {
            Measured::Statistics { sum, .. } => *sum,
            several => several.counted().iter().fold(0.0, |sum, (value, count)| add(sum, value * *count as f64)),
        }
    }

    fn distribution(&self, bounds: &[f64]) -> HistogramDataPoint {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(document: &str) -> Vec<ScopeMetrics> {
        let (mut request, errors) = Document::read(document).unwrap().unwrap().metrics(Resource::default());
        assert_eq!(errors, Vec::<String>::new(), "{document}");
        request.resource_metrics.pop().map(|run| run.scope_metrics).unwrap_or_default()
    }

    fn document(unit: &str, value: &str) -> String {
        format!(
            r#"{{"_aws":{{"Timestamp":1764115200000,"CloudWatchMetrics":[{{"Namespace":"Shop","Dimensions":[["service"],["service","method"]],
            "Metrics":[{{"Name":"m","Unit":"{unit}"}}]}}]}},"service":"orders","method":"visa","function_request_id":"r-1","m":{value}}}"#
        )
    }

    #[test]
    fn a_count_is_a_sum_and_anything_else_a_histogram() {
        for (unit, value, count, sum, why) in [
            ("Count", "2", None, 2.0, "a number"),
            ("Count", "[1.0,2.0]", None, 3.0, "several, as of the Powertools"),
            ("Count", r#"{"Values":[1,2],"Counts":[1,3]}"#, None, 7.0, "with counts"),
            ("Milliseconds", "12.5", Some(1), 12.5, "a number"),
            ("Seconds", "[1,2,3]", Some(3), 6.0, "several"),
            ("None", "[]", Some(0), 0.0, "none"),
            ("Bytes", r#"{"Values":[1,2],"Counts":[1,3]}"#, Some(4), 7.0, "with counts"),
            ("Bytes", r#"{"Max":3,"Min":1,"Count":2,"Sum":4}"#, Some(2), 4.0, "statistics"),
        ] {
            let scope = metrics(&document(unit, value)).remove(0);
            assert_eq!(scope.scope.unwrap().name, "Shop");
            let metric = &scope.metrics[0];
            let (attributes, time) = match metric.data.as_ref().unwrap() {
                Data::Sum(Sum { data_points, aggregation_temporality: 1, .. }) => {
                    assert_eq!((data_points[0].value, count), (Some(Number::AsDouble(sum)), None), "{why}");
                    let point = &data_points[0];
                    (&point.attributes, (point.start_time_unix_nano, point.time_unix_nano))
                }
                Data::Histogram(Histogram { data_points, aggregation_temporality: 1 }) => {
                    let point = &data_points[0];
                    assert_eq!((Some(point.count), point.sum), (count, Some(sum)), "{why}");
                    let in_buckets: u64 = point.bucket_counts.iter().sum();
                    assert!(point.bucket_counts.is_empty() || in_buckets == point.count, "{why}");
                    (&point.attributes, (point.start_time_unix_nano, point.time_unix_nano))
                }
                other => panic!("{why}: {other:?}"),
            };
            assert_eq!(time, (1_764_115_199_999_000_000, 1_764_115_200_000_000_000), "a delta of an interval");
            let keys: Vec<_> = attributes.iter().map(|attribute| attribute.key.as_str()).collect();
            assert_eq!(keys, ["service", "method"], "the dimensions, and no id");
        }
    }

    #[test]
    fn a_value_is_in_the_bucket_below_its_bound() {
        let scope = metrics(&document("Milliseconds", "[0,5,5.1,20000]")).remove(0);
        let Some(Data::Histogram(histogram)) = &scope.metrics[0].data else { panic!("a histogram") };
        let point = &histogram.data_points[0];
        assert_eq!((point.min, point.max), (Some(0.0), Some(20000.0)));
        assert_eq!(point.bucket_counts, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(scope.metrics[0].unit, "ms");
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
            let scope = metrics(&document("None", value)).remove(0);
            let Some(Data::Histogram(histogram)) = &scope.metrics[0].data else { panic!("{why}: a histogram") };
            assert_eq!((histogram.data_points[0].sum, histogram.data_points[0].count), (Some(sum), count), "{why}");
        }
    }

    #[test]
    fn what_is_no_document_is_named_and_other_lines_are_not() {
        for (line, error, why) in [
            (r#"{"message":"_aws"}"#.to_owned(), None, "another line"),
            (r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Na"#.to_owned(), Some("EOF"), "a line that was cut"),
            (r#"{"_aws":{"CloudWatchMetrics":[]}}"#.to_owned(), Some("missing field `Timestamp`"), "no time"),
        ] {
            match (Document::read(&line), error) {
                (None, None) => {}
                (Some(Err(found)), Some(error)) => assert!(found.contains(error), "{why}: {found}"),
                (found, _) => panic!("{why}: {found:?}"),
            }
        }
        let early = document("Count", "2").replace("1764115200000", "0");
        assert_eq!(metrics(&early).len(), 1, "nothing was before 1970");
        let prefixed = format!("2025-11-26T00:00:00.000Z\tr-1\tINFO\t{}\n", document("Count", "2"));
        assert_eq!(metrics(&prefixed).len(), 1, "behind a prefix");
    }

    #[test]
    fn a_metric_without_a_value_costs_no_other_metric() {
        const DEFINED: &str = r#"{"Name":"m","Unit":"Count"}"#;
        let here = |definitions: &str| document("Count", "3").replace(DEFINED, definitions);
        for (line, names, errors, why) in [
            (here(r#"{"Name":"gone"},{"Name":"m"}"#), &["m"][..], &[][..], "no member"),
            (here(r#"{"Name":"gone"},{"Name":"m"}"#).replace("r-1\"", "r-1\",\"gone\":null"), &["m"], &[], "null"),
            (here(r#"{"Name":"service"},{"Name":"m"}"#), &["m"], &["the value of \"service\" is no number"], "a text"),
            (here(r#"{"Name":"m","Unit":null}"#), &["m"], &[], "a unit that is null"),
            (here(r#"{"Name":"gone"}"#), &[], &[], "no metric at all"),
            (here("").replace("\"Metrics\":[]", "\"Metrics\":null"), &[], &[], "metrics that are null"),
        ] {
            let (request, found) = Document::read(&line).unwrap().unwrap().metrics(Resource::default());
            let scopes = request.resource_metrics.iter().flat_map(|run| &run.scope_metrics);
            let metrics: Vec<_> = scopes.flat_map(|scope| &scope.metrics).map(|metric| metric.name.as_str()).collect();
            assert_eq!(
                (metrics.as_slice(), found.iter().map(String::as_str).collect()),
                (names, errors.to_vec()),
                "{why}"
            );
        }
    }
}
