//! The messages of OTLP, as far as JSON needs to know them: the number, the JSON name and the kind of each field.
//!
//! [`read`](super::read) and [`write`](super::write) know the fields of spans by themselves. This table is for the view
//! alone, and names every field of the three requests.

use crate::Signal;

/// The fields of a message.
pub(super) type Message = [Field];

/// A field of a message.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) number: u64,
    /// The name in JSON.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// `true` if the field may occur several times.
    pub(super) is_repeated: bool,
}

/// The type of a field, as JSON distinguishes it.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// Bytes of a trace or span id.
    Id,
    Bytes,
    Bool,
    /// `int32`, `uint32`, `fixed32`, or an enum.
    Number,
    /// `sint32`.
    Zigzag,
    /// `int64`, `sfixed64`.
    Signed,
    /// `uint64`.
    Varint,
    /// `fixed64`.
    Fixed,
    Double,
    Message(&'static Message),
}

use Kind::{Bool, Bytes, Double, Fixed, Id, Message as Of, Number, Signed, Text, Varint, Zigzag};

/// A field that occurs once.
const fn one(number: u64, name: &'static str, kind: Kind) -> Field {
    Field { number, name, kind, is_repeated: false }
}

/// A field that may occur several times.
const fn many(number: u64, name: &'static str, kind: Kind) -> Field {
    Field { number, name, kind, is_repeated: true }
}

/// Returns the request of a signal.
pub(super) const fn request(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &TRACES_REQUEST,
        Signal::Logs => &LOGS_REQUEST,
        Signal::Metrics => &METRICS_REQUEST,
    }
}

static TRACES_REQUEST: [Field; 1] = [many(1, "resourceSpans", Of(&RESOURCE_SPANS))];
static RESOURCE_SPANS: [Field; 3] =
    [one(1, "resource", Of(&RESOURCE)), many(2, "scopeSpans", Of(&SCOPE_SPANS)), one(3, "schemaUrl", Text)];
static SCOPE_SPANS: [Field; 3] = [one(1, "scope", Of(&SCOPE)), many(2, "spans", Of(&SPAN)), one(3, "schemaUrl", Text)];

static LOGS_REQUEST: [Field; 1] = [many(1, "resourceLogs", Of(&RESOURCE_LOGS))];
static RESOURCE_LOGS: [Field; 3] =
    [one(1, "resource", Of(&RESOURCE)), many(2, "scopeLogs", Of(&SCOPE_LOGS)), one(3, "schemaUrl", Text)];
static SCOPE_LOGS: [Field; 3] =
    [one(1, "scope", Of(&SCOPE)), many(2, "logRecords", Of(&LOG_RECORD)), one(3, "schemaUrl", Text)];

static METRICS_REQUEST: [Field; 1] = [many(1, "resourceMetrics", Of(&RESOURCE_METRICS))];
static RESOURCE_METRICS: [Field; 3] =
    [one(1, "resource", Of(&RESOURCE)), many(2, "scopeMetrics", Of(&SCOPE_METRICS)), one(3, "schemaUrl", Text)];
static SCOPE_METRICS: [Field; 3] =
    [one(1, "scope", Of(&SCOPE)), many(2, "metrics", Of(&METRIC)), one(3, "schemaUrl", Text)];

static RESOURCE: [Field; 3] = [
    many(1, "attributes", Of(&KEY_VALUE)),
    one(2, "droppedAttributesCount", Number),
    many(3, "entityRefs", Of(&ENTITY_REF)),
];
static ENTITY_REF: [Field; 4] =
    [one(1, "schemaUrl", Text), one(2, "type", Text), many(3, "idKeys", Text), many(4, "descriptionKeys", Text)];
static SCOPE: [Field; 4] = [
    one(1, "name", Text),
    one(2, "version", Text),
    many(3, "attributes", Of(&KEY_VALUE)),
    one(4, "droppedAttributesCount", Number),
];
static KEY_VALUE: [Field; 2] = [one(1, "key", Text), one(2, "value", Of(&ANY_VALUE))];
static ANY_VALUE: [Field; 7] = [
    one(1, "stringValue", Text),
    one(2, "boolValue", Bool),
    one(3, "intValue", Signed),
    one(4, "doubleValue", Double),
    one(5, "arrayValue", Of(&ARRAY_VALUE)),
    one(6, "kvlistValue", Of(&KEY_VALUE_LIST)),
    one(7, "bytesValue", Bytes),
];
static ARRAY_VALUE: [Field; 1] = [many(1, "values", Of(&ANY_VALUE))];
static KEY_VALUE_LIST: [Field; 1] = [many(1, "values", Of(&KEY_VALUE))];

static SPAN: [Field; 16] = [
    one(1, "traceId", Id),
    one(2, "spanId", Id),
    one(3, "traceState", Text),
    one(4, "parentSpanId", Id),
    one(16, "flags", Number),
    one(5, "name", Text),
    one(6, "kind", Number),
    one(7, "startTimeUnixNano", Fixed),
    one(8, "endTimeUnixNano", Fixed),
    many(9, "attributes", Of(&KEY_VALUE)),
    one(10, "droppedAttributesCount", Number),
    many(11, "events", Of(&EVENT)),
    one(12, "droppedEventsCount", Number),
    many(13, "links", Of(&LINK)),
    one(14, "droppedLinksCount", Number),
    one(15, "status", Of(&STATUS)),
];
static EVENT: [Field; 4] = [
    one(1, "timeUnixNano", Fixed),
    one(2, "name", Text),
    many(3, "attributes", Of(&KEY_VALUE)),
    one(4, "droppedAttributesCount", Number),
];
static LINK: [Field; 6] = [
    one(1, "traceId", Id),
    one(2, "spanId", Id),
    one(3, "traceState", Text),
    many(4, "attributes", Of(&KEY_VALUE)),
    one(5, "droppedAttributesCount", Number),
    one(6, "flags", Number),
];
static STATUS: [Field; 2] = [one(2, "message", Text), one(3, "code", Number)];

static LOG_RECORD: [Field; 11] = [
    one(1, "timeUnixNano", Fixed),
    one(11, "observedTimeUnixNano", Fixed),
    one(2, "severityNumber", Number),
    one(3, "severityText", Text),
    one(5, "body", Of(&ANY_VALUE)),
    many(6, "attributes", Of(&KEY_VALUE)),
    one(7, "droppedAttributesCount", Number),
    one(8, "flags", Number),
    one(9, "traceId", Id),
    one(10, "spanId", Id),
    one(12, "eventName", Text),
];

static METRIC: [Field; 9] = [
    one(1, "name", Text),
    one(2, "description", Text),
    one(3, "unit", Text),
    one(5, "gauge", Of(&GAUGE)),
    one(7, "sum", Of(&SUM)),
    one(9, "histogram", Of(&HISTOGRAM)),
    one(10, "exponentialHistogram", Of(&EXPONENTIAL_HISTOGRAM)),
    one(11, "summary", Of(&SUMMARY)),
    many(12, "metadata", Of(&KEY_VALUE)),
];
static GAUGE: [Field; 1] = [many(1, "dataPoints", Of(&NUMBER_POINT))];
static SUM: [Field; 3] =
    [many(1, "dataPoints", Of(&NUMBER_POINT)), one(2, "aggregationTemporality", Number), one(3, "isMonotonic", Bool)];
static HISTOGRAM: [Field; 2] = [many(1, "dataPoints", Of(&HISTOGRAM_POINT)), one(2, "aggregationTemporality", Number)];
static EXPONENTIAL_HISTOGRAM: [Field; 2] =
    [many(1, "dataPoints", Of(&EXPONENTIAL_POINT)), one(2, "aggregationTemporality", Number)];
static SUMMARY: [Field; 1] = [many(1, "dataPoints", Of(&SUMMARY_POINT))];

static NUMBER_POINT: [Field; 7] = [
    many(7, "attributes", Of(&KEY_VALUE)),
    one(2, "startTimeUnixNano", Fixed),
    one(3, "timeUnixNano", Fixed),
    one(4, "asDouble", Double),
    one(6, "asInt", Signed),
    many(5, "exemplars", Of(&EXEMPLAR)),
    one(8, "flags", Number),
];
static HISTOGRAM_POINT: [Field; 11] = [
    many(9, "attributes", Of(&KEY_VALUE)),
    one(2, "startTimeUnixNano", Fixed),
    one(3, "timeUnixNano", Fixed),
    one(4, "count", Fixed),
    one(5, "sum", Double),
    many(6, "bucketCounts", Fixed),
    many(7, "explicitBounds", Double),
    many(8, "exemplars", Of(&EXEMPLAR)),
    one(10, "flags", Number),
    one(11, "min", Double),
    one(12, "max", Double),
];
static EXPONENTIAL_POINT: [Field; 14] = [
    many(1, "attributes", Of(&KEY_VALUE)),
    one(2, "startTimeUnixNano", Fixed),
    one(3, "timeUnixNano", Fixed),
    one(4, "count", Fixed),
    one(5, "sum", Double),
    one(6, "scale", Zigzag),
    one(7, "zeroCount", Fixed),
    one(8, "positive", Of(&BUCKETS)),
    one(9, "negative", Of(&BUCKETS)),
    one(10, "flags", Number),
    many(11, "exemplars", Of(&EXEMPLAR)),
    one(12, "min", Double),
    one(13, "max", Double),
    one(14, "zeroThreshold", Double),
];
static BUCKETS: [Field; 2] = [one(1, "offset", Zigzag), many(2, "bucketCounts", Varint)];
static SUMMARY_POINT: [Field; 7] = [
    many(7, "attributes", Of(&KEY_VALUE)),
    one(2, "startTimeUnixNano", Fixed),
    one(3, "timeUnixNano", Fixed),
    one(4, "count", Fixed),
    one(5, "sum", Double),
    many(6, "quantileValues", Of(&QUANTILE)),
    one(8, "flags", Number),
];
static QUANTILE: [Field; 2] = [one(1, "quantile", Double), one(2, "value", Double)];
static EXEMPLAR: [Field; 6] = [
    many(7, "filteredAttributes", Of(&KEY_VALUE)),
    one(2, "timeUnixNano", Fixed),
    one(3, "asDouble", Double),
    one(6, "asInt", Signed),
    one(4, "spanId", Id),
    one(5, "traceId", Id),
];
