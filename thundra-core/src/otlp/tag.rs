//! Keys of the fields that are written: `number << 3 | wire type`.

// The outer messages of all signals: their numbers are the same.
pub(crate) const RESOURCE_RECORDS: u8 = 0x0a; // Export…ServiceRequest.resource_{spans,logs,metrics} = 1
pub(crate) const RESOURCE: u8 = 0x0a; // Resource{Spans,Logs,Metrics}.resource = 1
pub(crate) const SCOPE_RECORDS: u8 = 0x12; // Resource{Spans,Logs,Metrics}.scope_{spans,logs,metrics} = 2
pub(crate) const SCOPE: u8 = 0x0a; // Scope{Spans,Logs,Metrics}.scope = 1
pub(crate) const SCOPE_NAME: u8 = 0x0a; // InstrumentationScope.name = 1
pub(crate) const SCOPE_VERSION: u8 = 0x12; // InstrumentationScope.version = 2
pub(crate) const RESOURCE_ATTRIBUTE: u8 = 0x0a; // Resource.attributes = 1
pub(crate) const SPAN: u8 = 0x12; // ScopeSpans.spans = 2; the same for ScopeLogs.log_records, ScopeMetrics.metrics

pub(crate) const SPAN_TRACE_ID: u8 = 0x0a;
pub(crate) const SPAN_ID: u8 = 0x12;
pub(crate) const SPAN_TRACE_STATE: u8 = 0x1a;
pub(crate) const SPAN_PARENT: u8 = 0x22;
pub(crate) const SPAN_NAME: u8 = 0x2a;
pub(crate) const SPAN_KIND: u8 = 0x30;
pub(crate) const SPAN_START: u8 = 0x39;
pub(crate) const SPAN_END: u8 = 0x41;
pub(crate) const SPAN_ATTRIBUTE: u8 = 0x4a;
pub(crate) const SPAN_DROPPED_ATTRIBUTES: u8 = 0x50;
pub(crate) const SPAN_EVENT: u8 = 0x5a;
pub(crate) const SPAN_DROPPED_EVENTS: u8 = 0x60;
pub(crate) const SPAN_LINK: u8 = 0x6a;
pub(crate) const SPAN_DROPPED_LINKS: u8 = 0x70;
pub(crate) const SPAN_STATUS: u8 = 0x7a;
/// `Span.flags = 16`: two bytes of key.
pub(crate) const SPAN_FLAGS: [u8; 2] = [0x85, 0x01];

pub(crate) const EVENT_TIME: u8 = 0x09;
pub(crate) const EVENT_NAME: u8 = 0x12;
pub(crate) const EVENT_ATTRIBUTE: u8 = 0x1a;
pub(crate) const EVENT_DROPPED_ATTRIBUTES: u8 = 0x20;

pub(crate) const LINK_TRACE_ID: u8 = 0x0a;
pub(crate) const LINK_SPAN_ID: u8 = 0x12;
pub(crate) const LINK_TRACE_STATE: u8 = 0x1a;
pub(crate) const LINK_ATTRIBUTE: u8 = 0x22;
pub(crate) const LINK_DROPPED_ATTRIBUTES: u8 = 0x28;
pub(crate) const LINK_FLAGS: u8 = 0x35;

pub(crate) const STATUS_MESSAGE: u8 = 0x12;
pub(crate) const STATUS_CODE: u8 = 0x18;

pub(crate) const LOG_TIME: u8 = 0x09;
pub(crate) const LOG_SEVERITY: u8 = 0x10;
pub(crate) const LOG_SEVERITY_TEXT: u8 = 0x1a;
pub(crate) const LOG_BODY: u8 = 0x2a;
pub(crate) const LOG_ATTRIBUTE: u8 = 0x32;
pub(crate) const LOG_DROPPED_ATTRIBUTES: u8 = 0x38;
pub(crate) const LOG_FLAGS: u8 = 0x45;
pub(crate) const LOG_TRACE_ID: u8 = 0x4a;
pub(crate) const LOG_SPAN_ID: u8 = 0x52;
pub(crate) const LOG_OBSERVED_TIME: u8 = 0x59;
pub(crate) const LOG_EVENT_NAME: u8 = 0x62;

pub(crate) const METRIC_NAME: u8 = 0x0a;
pub(crate) const METRIC_DESCRIPTION: u8 = 0x12;
pub(crate) const METRIC_UNIT: u8 = 0x1a;
pub(crate) const METRIC_GAUGE: u8 = 0x2a;
pub(crate) const METRIC_SUM: u8 = 0x3a;
pub(crate) const METRIC_HISTOGRAM: u8 = 0x4a;
pub(crate) const METRIC_EXPONENTIAL_HISTOGRAM: u8 = 0x52;

// The same for Gauge, Sum, Histogram and ExponentialHistogram.
pub(crate) const DATA_POINT: u8 = 0x0a;
pub(crate) const AGGREGATION_TEMPORALITY: u8 = 0x10;
pub(crate) const SUM_IS_MONOTONIC: u8 = 0x18;

// The same for the data points of all kinds.
pub(crate) const DATA_POINT_START: u8 = 0x11;
pub(crate) const DATA_POINT_TIME: u8 = 0x19;

pub(crate) const NUMBER_POINT_DOUBLE: u8 = 0x21;
pub(crate) const NUMBER_POINT_INT: u8 = 0x31;
pub(crate) const NUMBER_POINT_ATTRIBUTE: u8 = 0x3a;

// The same for HistogramDataPoint and ExponentialHistogramDataPoint.
pub(crate) const HISTOGRAM_POINT_COUNT: u8 = 0x21;
pub(crate) const HISTOGRAM_POINT_SUM: u8 = 0x29;

pub(crate) const HISTOGRAM_POINT_BUCKET_COUNTS: u8 = 0x32;
pub(crate) const HISTOGRAM_POINT_BOUNDS: u8 = 0x3a;
pub(crate) const HISTOGRAM_POINT_ATTRIBUTE: u8 = 0x4a;
pub(crate) const HISTOGRAM_POINT_MIN: u8 = 0x59;
pub(crate) const HISTOGRAM_POINT_MAX: u8 = 0x61;

pub(crate) const EXPONENTIAL_POINT_ATTRIBUTE: u8 = 0x0a;
pub(crate) const EXPONENTIAL_POINT_SCALE: u8 = 0x30;
pub(crate) const EXPONENTIAL_POINT_ZERO_COUNT: u8 = 0x39;
pub(crate) const EXPONENTIAL_POINT_POSITIVE: u8 = 0x42;
pub(crate) const EXPONENTIAL_POINT_NEGATIVE: u8 = 0x4a;
pub(crate) const EXPONENTIAL_POINT_MIN: u8 = 0x61;
pub(crate) const EXPONENTIAL_POINT_MAX: u8 = 0x69;
pub(crate) const BUCKETS_OFFSET: u8 = 0x08;
pub(crate) const BUCKETS_COUNTS: u8 = 0x12;

pub(super) const KEY: u8 = 0x0a; // KeyValue.key = 1
pub(super) const VALUE: u8 = 0x12; // KeyValue.value = 2
pub(crate) const STRING: u8 = 0x0a; // AnyValue.string_value = 1
pub(super) const BOOL: u8 = 0x10; // AnyValue.bool_value = 2
pub(super) const INT: u8 = 0x18; // AnyValue.int_value = 3
pub(super) const DOUBLE: u8 = 0x21; // AnyValue.double_value = 4
pub(super) const ARRAY: u8 = 0x2a; // AnyValue.array_value = 5
pub(super) const ARRAY_VALUE: u8 = 0x0a; // ArrayValue.values = 1
