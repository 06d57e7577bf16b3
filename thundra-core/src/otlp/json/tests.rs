use std::fmt::Debug;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar, metric,
    number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use proptest::prelude::*;
use prost::Message;
use serde_json::Value as Json;

use super::*;
use crate::otlp::{tag, write};

/// Asserts that the official types read a request of theirs back from our JSON, and returns the JSON.
fn assert_read_back<R>(signal: Signal, request: &R) -> Json
where
    R: Message + Debug + PartialEq + for<'de> serde::Deserialize<'de>,
{
    let json = super::request(signal, &request.encode_to_vec());
    assert_eq!(&serde_json::from_str::<R>(&json).unwrap(), request, "{json}");
    serde_json::from_str(&json).unwrap()
}

fn value(value: any_value::Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

fn text(text: &str) -> Option<AnyValue> {
    value(any_value::Value::StringValue(text.to_owned()))
}

fn key_value(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// Returns an attribute of each type.
fn attributes() -> Vec<KeyValue> {
    use any_value::Value::{
        ArrayValue as Array, BoolValue, BytesValue, DoubleValue, IntValue, KvlistValue, StringValue,
    };
    let all = [
        StringValue("\"\\\u{1}\u{2028} é".into()),
        BoolValue(true),
        BoolValue(false),
        IntValue(i64::MIN),
        IntValue(i64::MAX),
        DoubleValue(0.1),
        DoubleValue(-1e300),
        DoubleValue(5e-324),
        Array(ArrayValue { values: vec![AnyValue { value: Some(IntValue(1)) }, AnyValue { value: None }] }),
        Array(ArrayValue::default()),
        KvlistValue(KeyValueList { values: vec![key_value("inner", text("x"))] }),
        BytesValue(vec![0, 255, 16]),
    ];
    all.into_iter().map(|of_type| key_value("key", value(of_type))).collect()
}

fn resource() -> Option<Resource> {
    let entity = EntityRef {
        schema_url: "s".into(),
        r#type: "service".into(),
        id_keys: vec!["service.name".into(), "service.namespace".into()],
        description_keys: vec!["service.version".into()],
    };
    Some(Resource { attributes: attributes(), dropped_attributes_count: 1, entity_refs: vec![entity] })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: "scope".into(),
        version: "1".into(),
        attributes: attributes(),
        dropped_attributes_count: u32::MAX,
    })
}

#[test]
fn the_official_types_read_every_field_of_spans() {
    let event = span::Event {
        time_unix_nano: u64::MAX,
        name: "event".into(),
        attributes: attributes(),
        dropped_attributes_count: 2,
    };
    let link = span::Link {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        trace_state: "a=b".into(),
        attributes: attributes(),
        dropped_attributes_count: 3,
        flags: 0x301,
    };
    let span = Span {
        trace_id: (0..16).collect(),
        span_id: vec![0xfe; 8],
        trace_state: "rojo=00".into(),
        parent_span_id: vec![3; 8],
        flags: u32::MAX,
        name: "span".into(),
        kind: 3,
        start_time_unix_nano: 1,
        end_time_unix_nano: u64::MAX,
        attributes: attributes(),
        dropped_attributes_count: 4,
        events: vec![event.clone(), span::Event::default()],
        dropped_events_count: 5,
        links: vec![link.clone(), span::Link::default()],
        dropped_links_count: 6,
        status: Some(Status { message: "why".into(), code: 2 }),
    };
    let spans = vec![span, Span { status: Some(Status::default()), ..Span::default() }];
    let scope_spans = ScopeSpans { scope: scope(), spans, schema_url: "s".into() };
    let resource_spans = ResourceSpans {
        resource: resource(),
        scope_spans: vec![scope_spans, ScopeSpans::default()],
        schema_url: "s".into(),
    };
    let request = ExportTraceServiceRequest { resource_spans: vec![resource_spans, ResourceSpans::default()] };
    let json = assert_read_back(Signal::Traces, &request);
    let span = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(
        (&span["traceId"], &span["endTimeUnixNano"], &span["kind"], &span["attributes"][3]["value"]),
        (
            &"000102030405060708090a0b0c0d0e0f".into(),
            &"18446744073709551615".into(),
            &3.into(),
            &serde_json::json!({ "intValue": "-9223372036854775808" })
        )
    );
}

#[test]
fn the_official_types_read_every_field_of_log_records() {
    let record = LogRecord {
        time_unix_nano: 1,
        observed_time_unix_nano: u64::MAX,
        severity_number: 9,
        severity_text: "INFO".into(),
        body: text("a line\n"),
        attributes: attributes(),
        dropped_attributes_count: 1,
        flags: 1,
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        event_name: "event".into(),
    };
    let log_records = vec![record, LogRecord::default()];
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, schema_url: "s".into() }];
    let resource_logs = vec![ResourceLogs { resource: resource(), scope_logs, schema_url: "s".into() }];
    assert_read_back(Signal::Logs, &ExportLogsServiceRequest { resource_logs });
}

fn exemplars() -> Vec<Exemplar> {
    let exemplar = |value| Exemplar {
        filtered_attributes: attributes(),
        time_unix_nano: 7,
        span_id: vec![1; 8],
        trace_id: vec![2; 16],
        value: Some(value),
    };
    vec![exemplar(exemplar::Value::AsInt(-7)), exemplar(exemplar::Value::AsDouble(0.5))]
}

fn number_points() -> Vec<NumberDataPoint> {
    let point = |value| NumberDataPoint {
        attributes: attributes(),
        start_time_unix_nano: 1,
        time_unix_nano: 2,
        exemplars: exemplars(),
        flags: 1,
        value: Some(value),
    };
    vec![point(number_data_point::Value::AsInt(i64::MIN)), point(number_data_point::Value::AsDouble(-0.25))]
}

fn histogram_points() -> Vec<HistogramDataPoint> {
    let point = HistogramDataPoint {
        attributes: attributes(),
        start_time_unix_nano: 1,
        time_unix_nano: 2,
        count: u64::MAX,
        sum: Some(1.5),
        bucket_counts: vec![0, 1, u64::MAX],
        explicit_bounds: vec![0.0, -1.5],
        exemplars: exemplars(),
        flags: 1,
        min: Some(-1.0),
        max: Some(3.0),
    };
    vec![point, HistogramDataPoint::default()]
}

fn exponential_points() -> Vec<ExponentialHistogramDataPoint> {
    let buckets = |offset| Some(Buckets { offset, bucket_counts: vec![1, 300, u64::MAX] });
    let point = ExponentialHistogramDataPoint {
        attributes: attributes(),
        start_time_unix_nano: 1,
        time_unix_nano: 2,
        count: 3,
        sum: Some(1.5),
        scale: -10,
        zero_count: 4,
        positive: buckets(i32::MAX),
        negative: buckets(i32::MIN),
        flags: 1,
        exemplars: exemplars(),
        min: Some(-1.0),
        max: Some(3.0),
        zero_threshold: 0.001,
    };
    vec![point]
}

fn summary_points() -> Vec<SummaryDataPoint> {
    let point = SummaryDataPoint {
        attributes: attributes(),
        start_time_unix_nano: 1,
        time_unix_nano: 2,
        count: 3,
        sum: 4.5,
        quantile_values: vec![ValueAtQuantile { quantile: 0.99, value: 12.5 }],
        flags: 1,
    };
    vec![point]
}

#[test]
fn the_official_types_read_every_field_of_data_points() {
    use metric::Data;
    let all = [
        Data::Gauge(Gauge { data_points: number_points() }),
        Data::Sum(Sum { data_points: number_points(), aggregation_temporality: 2, is_monotonic: true }),
        Data::Histogram(Histogram { data_points: histogram_points(), aggregation_temporality: 1 }),
        Data::ExponentialHistogram(ExponentialHistogram {
            data_points: exponential_points(),
            aggregation_temporality: 2,
        }),
        Data::Summary(Summary { data_points: summary_points() }),
    ];
    let metrics = all.into_iter().map(|data| Metric {
        name: "metric".into(),
        description: "what it counts".into(),
        unit: "1".into(),
        metadata: attributes(),
        data: Some(data),
    });
    let scope_metrics = ScopeMetrics { scope: scope(), metrics: metrics.collect(), schema_url: "s".into() };
    let resource_metrics =
        ResourceMetrics { resource: resource(), scope_metrics: vec![scope_metrics], schema_url: "s".into() };
    assert_read_back(Signal::Metrics, &ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] });
}

/// Returns the JSON of a span with one attribute of this value.
fn json_of(value: any_value::Value) -> Json {
    let attributes = vec![key_value("key", Some(AnyValue { value: Some(value) }))];
    let scope_spans = vec![ScopeSpans { spans: vec![Span { attributes, ..Span::default() }], ..Default::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    let protobuf = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
    serde_json::from_str(&super::request(Signal::Traces, &protobuf)).unwrap()
}

#[test]
fn numbers_that_json_does_not_have_are_text() {
    for (number, expected) in [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity"), (f64::NEG_INFINITY, "-Infinity")] {
        let json = json_of(any_value::Value::DoubleValue(number));
        let value = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"][0]["value"];
        assert_eq!(value, &serde_json::json!({ "doubleValue": expected }));
    }
}

#[test]
fn a_deep_value_is_cut_and_takes_no_deep_stack() {
    let wrapped = |tag, inner: Vec<u8>| {
        let mut outer = Vec::with_capacity(inner.len() + 8);
        write::bytes(&mut outer, tag, &inner);
        outer
    };
    let array = |inner| wrapped(tag::ARRAY, wrapped(tag::ARRAY_VALUE, inner));
    let deep = (0..5_000).fold(vec![tag::BOOL, 1], |inner, _| array(inner));
    let attribute = wrapped(tag::SPAN_ATTRIBUTE, wrapped(tag::VALUE, deep));
    let protobuf = super::super::request::encode(&[], &wrapped(tag::SPAN, attribute));
    let json: Json = serde_json::from_str(&super::request(Signal::Traces, &protobuf)).unwrap();
    assert!(json.pointer("/resourceSpans/0/scopeSpans/0/spans/0/attributes/0/value/arrayValue/values/0").is_some());
}

proptest! {
    #[test]
    fn any_bytes_become_json_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for signal in Signal::ALL {
            let json = super::request(signal, &bytes);
            prop_assert!(serde_json::from_str::<Json>(&json).is_ok(), "{}", json);
        }
    }
}
