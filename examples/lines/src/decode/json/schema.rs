//! The messages of OTLP: the names of their members in JSON, and their fields in protobuf.

use opentelemetry_proto::tonic::logs::v1::SeverityNumber;
use opentelemetry_proto::tonic::metrics::v1::AggregationTemporality;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use thundra_core::Signal;

use Kind::{Bool, Bytes, Double, Enum, Fixed32, Fixed64, Id, Int64, Sfixed64, Sint32, Text, Uint32, Uint64};

/// A message.
#[derive(Debug)]
pub(super) struct Message(&'static [Field]);

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) number: u32,
    pub(super) kind: Kind,
}

/// The type of a field. A repeated one has the type of its values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Bool,
    Text,
    Bytes,
    /// Bytes that OTLP has as hexadecimal digits in JSON.
    Id,
    Double,
    Sint32,
    Uint32,
    Fixed32,
    Int64,
    Uint64,
    Fixed64,
    Sfixed64,
    /// An enumeration, with the number of each name.
    Enum(fn(&str) -> Option<i32>),
    Message(&'static Message),
}

impl Message {
    /// Returns the field with a name.
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.0.iter().find(|field| field.name == name)
    }
}

/// Returns the request of a signal.
pub(super) fn of(signal: Signal) -> &'static Message {
    match signal {
        Signal::Logs => &LOGS,
        Signal::Metrics => &METRICS,
        _ => &TRACES,
    }
}

/// Makes a field.
const fn field(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind }
}

/// Makes a field with a message.
const fn of_message(name: &'static str, number: u32, message: &'static Message) -> Field {
    field(name, number, Kind::Message(message))
}

static ANY_VALUE: Message = Message(&[
    field("stringValue", 1, Text),
    field("boolValue", 2, Bool),
    field("intValue", 3, Int64),
    field("doubleValue", 4, Double),
    of_message("arrayValue", 5, &ARRAY_VALUE),
    of_message("kvlistValue", 6, &KEY_VALUE_LIST),
    field("bytesValue", 7, Bytes),
]);
static ARRAY_VALUE: Message = Message(&[of_message("values", 1, &ANY_VALUE)]);
static KEY_VALUE_LIST: Message = Message(&[of_message("values", 1, &KEY_VALUE)]);
static KEY_VALUE: Message = Message(&[field("key", 1, Text), of_message("value", 2, &ANY_VALUE)]);
static SCOPE: Message = Message(&[
    field("name", 1, Text),
    field("version", 2, Text),
    of_message("attributes", 3, &KEY_VALUE),
    field("droppedAttributesCount", 4, Uint32),
]);
static RESOURCE: Message = Message(&[
    of_message("attributes", 1, &KEY_VALUE),
    field("droppedAttributesCount", 2, Uint32),
    of_message("entityRefs", 3, &ENTITY_REF),
]);
static ENTITY_REF: Message = Message(&[
    field("schemaUrl", 1, Text),
    field("type", 2, Text),
    field("idKeys", 3, Text),
    field("descriptionKeys", 4, Text),
]);

static TRACES: Message = Message(&[of_message("resourceSpans", 1, &RESOURCE_SPANS)]);
static RESOURCE_SPANS: Message = Message(&[
    of_message("resource", 1, &RESOURCE),
    of_message("scopeSpans", 2, &SCOPE_SPANS),
    field("schemaUrl", 3, Text),
]);
static SCOPE_SPANS: Message =
    Message(&[of_message("scope", 1, &SCOPE), of_message("spans", 2, &SPAN), field("schemaUrl", 3, Text)]);
static SPAN: Message = Message(&[
    field("traceId", 1, Id),
    field("spanId", 2, Id),
    field("traceState", 3, Text),
    field("parentSpanId", 4, Id),
    field("name", 5, Text),
    field("kind", 6, Enum(|name| SpanKind::from_str_name(name).map(i32::from))),
    field("startTimeUnixNano", 7, Fixed64),
    field("endTimeUnixNano", 8, Fixed64),
    of_message("attributes", 9, &KEY_VALUE),
    field("droppedAttributesCount", 10, Uint32),
    of_message("events", 11, &EVENT),
    field("droppedEventsCount", 12, Uint32),
    of_message("links", 13, &LINK),
    field("droppedLinksCount", 14, Uint32),
    of_message("status", 15, &STATUS),
    field("flags", 16, Fixed32),
]);
static EVENT: Message = Message(&[
    field("timeUnixNano", 1, Fixed64),
    field("name", 2, Text),
    of_message("attributes", 3, &KEY_VALUE),
    field("droppedAttributesCount", 4, Uint32),
]);
static LINK: Message = Message(&[
    field("traceId", 1, Id),
    field("spanId", 2, Id),
    field("traceState", 3, Text),
    of_message("attributes", 4, &KEY_VALUE),
    field("droppedAttributesCount", 5, Uint32),
    field("flags", 6, Fixed32),
]);
static STATUS: Message = Message(&[
    field("message", 2, Text),
    field("code", 3, Enum(|name| StatusCode::from_str_name(name).map(i32::from))),
]);

static LOGS: Message = Message(&[of_message("resourceLogs", 1, &RESOURCE_LOGS)]);
static RESOURCE_LOGS: Message = Message(&[
    of_message("resource", 1, &RESOURCE),
    of_message("scopeLogs", 2, &SCOPE_LOGS),
    field("schemaUrl", 3, Text),
]);
static SCOPE_LOGS: Message =
    Message(&[of_message("scope", 1, &SCOPE), of_message("logRecords", 2, &LOG_RECORD), field("schemaUrl", 3, Text)]);
static LOG_RECORD: Message = Message(&[
    field("timeUnixNano", 1, Fixed64),
    field("severityNumber", 2, Enum(|name| SeverityNumber::from_str_name(name).map(i32::from))),
    field("severityText", 3, Text),
    of_message("body", 5, &ANY_VALUE),
    of_message("attributes", 6, &KEY_VALUE),
    field("droppedAttributesCount", 7, Uint32),
    field("flags", 8, Fixed32),
    field("traceId", 9, Id),
    field("spanId", 10, Id),
    field("observedTimeUnixNano", 11, Fixed64),
    field("eventName", 12, Text),
]);

static METRICS: Message = Message(&[of_message("resourceMetrics", 1, &RESOURCE_METRICS)]);
static RESOURCE_METRICS: Message = Message(&[
    of_message("resource", 1, &RESOURCE),
    of_message("scopeMetrics", 2, &SCOPE_METRICS),
    field("schemaUrl", 3, Text),
]);
static SCOPE_METRICS: Message =
    Message(&[of_message("scope", 1, &SCOPE), of_message("metrics", 2, &METRIC), field("schemaUrl", 3, Text)]);
static METRIC: Message = Message(&[
    field("name", 1, Text),
    field("description", 2, Text),
    field("unit", 3, Text),
    of_message("gauge", 5, &GAUGE),
    of_message("sum", 7, &SUM),
    of_message("histogram", 9, &HISTOGRAM),
    of_message("exponentialHistogram", 10, &EXPONENTIAL_HISTOGRAM),
    of_message("summary", 11, &SUMMARY),
    of_message("metadata", 12, &KEY_VALUE),
]);
static GAUGE: Message = Message(&[of_message("dataPoints", 1, &NUMBER_DATA_POINT)]);
static SUM: Message =
    Message(&[of_message("dataPoints", 1, &NUMBER_DATA_POINT), TEMPORALITY, field("isMonotonic", 3, Bool)]);
static HISTOGRAM: Message = Message(&[of_message("dataPoints", 1, &HISTOGRAM_DATA_POINT), TEMPORALITY]);
static EXPONENTIAL_HISTOGRAM: Message =
    Message(&[of_message("dataPoints", 1, &EXPONENTIAL_HISTOGRAM_DATA_POINT), TEMPORALITY]);
static SUMMARY: Message = Message(&[of_message("dataPoints", 1, &SUMMARY_DATA_POINT)]);
const TEMPORALITY: Field =
    field("aggregationTemporality", 2, Enum(|name| AggregationTemporality::from_str_name(name).map(i32::from)));
static NUMBER_DATA_POINT: Message = Message(&[
    field("startTimeUnixNano", 2, Fixed64),
    field("timeUnixNano", 3, Fixed64),
    field("asDouble", 4, Double),
    of_message("exemplars", 5, &EXEMPLAR),
    field("asInt", 6, Sfixed64),
    of_message("attributes", 7, &KEY_VALUE),
    field("flags", 8, Uint32),
]);
static HISTOGRAM_DATA_POINT: Message = Message(&[
    field("startTimeUnixNano", 2, Fixed64),
    field("timeUnixNano", 3, Fixed64),
    field("count", 4, Fixed64),
    field("sum", 5, Double),
    field("bucketCounts", 6, Fixed64),
    field("explicitBounds", 7, Double),
    of_message("exemplars", 8, &EXEMPLAR),
    of_message("attributes", 9, &KEY_VALUE),
    field("flags", 10, Uint32),
    field("min", 11, Double),
    field("max", 12, Double),
]);
static EXPONENTIAL_HISTOGRAM_DATA_POINT: Message = Message(&[
    of_message("attributes", 1, &KEY_VALUE),
    field("startTimeUnixNano", 2, Fixed64),
    field("timeUnixNano", 3, Fixed64),
    field("count", 4, Fixed64),
    field("sum", 5, Double),
    field("scale", 6, Sint32),
    field("zeroCount", 7, Fixed64),
    of_message("positive", 8, &BUCKETS),
    of_message("negative", 9, &BUCKETS),
    field("flags", 10, Uint32),
    of_message("exemplars", 11, &EXEMPLAR),
    field("min", 12, Double),
    field("max", 13, Double),
    field("zeroThreshold", 14, Double),
]);
static BUCKETS: Message = Message(&[field("offset", 1, Sint32), field("bucketCounts", 2, Uint64)]);
static SUMMARY_DATA_POINT: Message = Message(&[
    field("startTimeUnixNano", 2, Fixed64),
    field("timeUnixNano", 3, Fixed64),
    field("count", 4, Fixed64),
    field("sum", 5, Double),
    of_message("quantileValues", 6, &QUANTILE),
    of_message("attributes", 7, &KEY_VALUE),
    field("flags", 8, Uint32),
]);
static QUANTILE: Message = Message(&[field("quantile", 1, Double), field("value", 2, Double)]);
static EXEMPLAR: Message = Message(&[
    field("timeUnixNano", 2, Fixed64),
    field("asDouble", 3, Double),
    field("spanId", 4, Id),
    field("traceId", 5, Id),
    field("asInt", 6, Sfixed64),
    of_message("filteredAttributes", 7, &KEY_VALUE),
]);
