//! A document, and its metrics.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::measured::Measured;
use super::or_default;
use super::units::{bounds, is_count, ucum};
use crate::decode::DecodeError;
use crate::value::attribute;

/// A document of the embedded metric format.
#[derive(Debug)]
pub struct Document {
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

impl Document {
    /// Reads a document; `None` for any other line.
    ///
    /// # Errors
    ///
    /// If a line with metrics is not a valid document.
    pub fn read(line: &str) -> Option<Result<Self, DecodeError>> {
        if !(line.contains(r#""_aws""#) && line.contains(r#""CloudWatchMetrics""#)) {
            return None;
        }
        // Some runtimes write time, request id and level before the JSON.
        let json = line.get(line.find('{')?..)?;
        let malformed = |error| DecodeError::Malformed(format!("a document with metrics: {error}"));
        Some(Self::parse(json).map_err(malformed))
    }

    fn parse(json: &str) -> Result<Self, serde_json::Error> {
        let mut members: Map<String, Json> = serde_json::from_str(json)?;
        let metadata = serde_json::from_value(members.remove("_aws").unwrap_or_default())?;
        Ok(Document { metadata, members })
    }

    /// Returns the service named by the document.
    pub fn service(&self) -> Option<&str> {
        self.members.get("service").and_then(Json::as_str)
    }

    /// Returns the metrics with a value, measured by a resource, and the errors of the other metrics. A request without
    /// metrics is empty.
    pub fn metrics(&self, resource: Resource) -> (ExportMetricsServiceRequest, Vec<String>) {
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
        let data = if is_count(unit) {
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
                ..measured.distribution(bounds(unit))
            };
            Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality })
        };
        Metric { name: name.clone(), unit: ucum(unit).to_owned(), data: Some(data), ..Metric::default() }
    }
}
