use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use prost::Message as _;
use serde_json::json;

use super::*;

fn span(members: &str) -> Option<opentelemetry_proto::tonic::trace::v1::Span> {
    let json = format!(r#"{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{{{members}}}]}}]}}]}}"#);
    let bytes = protobuf(Signal::Traces, json.as_bytes()).ok()?;
    let mut request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
    request.resource_spans[0].scope_spans[0].spans.pop()
}

#[test]
fn every_form_of_a_member_is_read() {
    for (members, kind, why) in [
        (r#""kind": 2"#, 2, "a number"),
        (r#""kind": 2.0"#, 2, "a number with a fraction"),
        (r#""kind": "2""#, 2, "a number as text"),
        (r#""kind": "SPAN_KIND_SERVER""#, 2, "a name"),
        (r#""kind": null"#, 0, "the default"),
        (r#""k\u0069nd": 3"#, 3, "an escaped name"),
        (r#""new": {"kind": [1, {}]}, "kind": 4, "newer": null"#, 4, "unknown members"),
    ] {
        assert_eq!(span(members).map(|span| span.kind), Some(kind), "{why}");
    }
    for members in [
        r#""kind": true"#,
        r#""kind": "SERVER""#,
        r#""kind": 1.5"#,
        r#""kind": 1e300"#,
        r#""name": 1"#,
        r#""name": {}"#,
        r#""status": 1"#,
        r#""traceId": "0g""#,
        r#""traceId": "123""#,
        r#""startTimeUnixNano": -1"#,
        r#""startTimeUnixNano": "NaN""#,
    ] {
        assert_eq!(span(members), None, "{members}");
    }
    let ids = span(r#""traceId": "0AfF", "startTimeUnixNano": "18446744073709551615""#).unwrap();
    assert_eq!((ids.trace_id, ids.start_time_unix_nano), (vec![0x0a, 0xff], u64::MAX));
}

#[test]
fn every_type_of_a_value_is_read() {
    let value = |json: &str| {
        let span = span(&format!(r#""attributes": [{{"key": "a", "value": {json}}}]"#))?;
        span.attributes.into_iter().next()?.value?.value
    };
    for (json, expected) in [
        (r#"{"stringValue": ""}"#, Some(Value::StringValue(String::new()))),
        (r#"{"boolValue": false}"#, Some(Value::BoolValue(false))),
        (r#"{"intValue": "-9223372036854775808"}"#, Some(Value::IntValue(i64::MIN))),
        (r#"{"doubleValue": "Infinity"}"#, Some(Value::DoubleValue(f64::INFINITY))),
        (r#"{"doubleValue": "-Infinity"}"#, Some(Value::DoubleValue(f64::NEG_INFINITY))),
        (r#"{"doubleValue": "1.5"}"#, Some(Value::DoubleValue(1.5))),
        (r#"{"doubleValue": 3}"#, Some(Value::DoubleValue(3.0))),
        (r#"{"bytesValue": "-_8="}"#, Some(Value::BytesValue(vec![0xfb, 0xff]))),
        (r#"{"bytesValue": "+/8"}"#, Some(Value::BytesValue(vec![0xfb, 0xff]))),
        (r#"{"arrayValue": {}}"#, Some(Value::ArrayValue(Default::default()))),
        (r#"{"newValue": [1]}"#, None),
        (r#"{}"#, None),
    ] {
        assert_eq!(value(json), expected, "{json}");
    }
    assert!(matches!(value(r#"{"doubleValue": "NaN"}"#), Some(Value::DoubleValue(number)) if number.is_nan()));
}

#[test]
fn points_with_odd_numbers_are_read() {
    let request = json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": [{ "name": "load", "new": 1, "gauge": {
        "dataPoints": [{ "asDouble": "NaN" }, { "asInt": "-3" }, { "asDouble": 1 }] } }] }] }] });
    let bytes = protobuf(Signal::Metrics, request.to_string().as_bytes()).unwrap();
    let request = ExportMetricsServiceRequest::decode(bytes.as_slice()).unwrap();
    let Some(metric::Data::Gauge(gauge)) = &request.resource_metrics[0].scope_metrics[0].metrics[0].data else {
        panic!("{request:?}");
    };
    let values: Vec<_> = gauge.data_points.iter().map(|point| point.value).collect();
    assert!(matches!(values[0], Some(number_data_point::Value::AsDouble(number)) if number.is_nan()));
    assert_eq!(values[1], Some(number_data_point::Value::AsInt(-3)));
    assert_eq!(values[2], Some(number_data_point::Value::AsDouble(1.0)));
}
