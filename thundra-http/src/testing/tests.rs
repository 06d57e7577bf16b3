//! The collector, and the wait for a whole trace.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use std::time::{Duration, Instant};

use super::*;

const TRACE: [u8; 16] = [7; 16];

fn text(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn span(name: &str, id: u8, parent: Option<u8>) -> Span {
    let parent_span_id = parent.map(|parent| vec![parent; 8]).unwrap_or_default();
    let (trace_id, span_id) = (TRACE.to_vec(), vec![id; 8]);
    let start_time_unix_nano = u64::from(id);
    Span { trace_id, span_id, parent_span_id, name: name.to_owned(), kind: 2, start_time_unix_nano, ..Span::default() }
}

fn resource(service: &str) -> Option<Resource> {
    Some(Resource { attributes: vec![text("service.name", service)], ..Resource::default() })
}

fn traces(service: &str, spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let spans = ResourceSpans { resource: resource(service), scope_spans, ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![spans] }.encode_to_vec()
}

fn logs(service: &str, id: &str) -> Vec<u8> {
    let attributes = vec![text("x-correlation-id", id)];
    let body = Some(AnyValue { value: Some(any_value::Value::StringValue("received".to_owned())) });
    let record = LogRecord { trace_id: TRACE.to_vec(), attributes, body, severity_number: 9, ..LogRecord::default() };
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
    let logs = ResourceLogs { resource: resource(service), scope_logs, ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![logs] }.encode_to_vec()
}

/// Posts a body, and returns the status.
fn post(collector: &Collector, path: &str, headers: &str, body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(collector.address()).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

const PROTOBUF: &str = "content-type: application/x-protobuf\r\n";

#[test]
fn every_form_of_a_request_is_read() {
    let collector = Collector::start().unwrap();
    let gzip = |body: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    };
    let json = br#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},
        "scopeSpans":[{"spans":[{"traceId":"07070707070707070707070707070707","spanId":"0303030303030303","name":"c","kind":3,
        "startTimeUnixNano":"3","attributes":[{"key":"n","value":{"intValue":"7"}}]}]}]}]}"#;
    let first = traces("web", vec![span("a", 1, None)]);
    for (path, headers, body, status) in [
        ("/v1/traces", PROTOBUF.to_owned(), first.clone(), 200),
        ("/v1/traces", PROTOBUF.to_owned(), first, 200),
        (
            "/v1/traces/",
            format!("{PROTOBUF}content-encoding: gzip\r\n"),
            gzip(&traces("web", vec![span("b", 2, Some(1))])),
            200,
        ),
        ("/v1/traces", "content-type: application/json; charset=utf-8\r\n".to_owned(), json.to_vec(), 200),
        ("/v1/logs", PROTOBUF.to_owned(), logs("web", "order-1"), 200),
        ("/v1/metrics", PROTOBUF.to_owned(), Vec::new(), 200),
        ("/v1/traces", "content-type: application/json\r\n".to_owned(), b"{".to_vec(), 400),
        ("/v1/traces", format!("{PROTOBUF}content-encoding: gzip\r\n"), b"plain".to_vec(), 400),
        ("/v1/traces", PROTOBUF.to_owned(), vec![0xff; 4], 400),
        ("/v1/traces", format!("{PROTOBUF}content-encoding: br\r\n"), Vec::new(), 415),
        ("/traces", PROTOBUF.to_owned(), Vec::new(), 404),
    ] {
        assert_eq!(post(&collector, path, &headers, &body), status, "{path} {headers}");
    }
    let recorded = collector.recorded();
    let names: Vec<_> = recorded.spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"], "the repeated one once");
    assert_eq!(recorded.span("c").unwrap().attribute("n"), Some(&7.into()));
    assert_eq!(recorded.span("a").unwrap().attribute("service.name"), Some(&"web".into()));
    assert_eq!(recorded.logs[0].attribute("service.name"), Some(&"web".into()));
}

/// The parts arrive in an order with a seemingly whole trace after each part.
#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_whole_once_every_parent_and_every_expected_span_is_there() {
    let collector = Collector::start().unwrap();
    let parts = [
        ("/v1/logs", logs("orders", "order-1")),
        ("/v1/traces", traces("orders", vec![span("POST /orders", 1, None)])),
        ("/v1/traces", traces("ship", vec![span("ship", 3, Some(2))])),
        ("/v1/traces", traces("bill", vec![span("bill", 2, Some(1))])),
    ];
    let waiting = collector.trace_of("order-1").with_spans(["ship"]).into_future();
    let posting = async {
        for (path, body) in parts {
            tokio::task::block_in_place(|| assert_eq!(post(&collector, path, PROTOBUF, &body), 200));
        }
    };
    let (trace, ()) = tokio::join!(waiting, posting);
    let expected = "POST /orders [server] service.name=orders\n\
                    └ bill [server] service.name=bill\n  \
                      └ ship [server] service.name=ship\n";
    let trace = trace.unwrap();
    assert_eq!(trace.snapshot(), expected);
    assert!(trace.has_logged("received"));

    let hex = "07".repeat(16);
    let quick = Duration::from_millis(20);
    assert_eq!(collector.trace_of(hex).quiet(quick).await.unwrap().spans.len(), 3, "by the trace id, and quiet");
    let two = collector.trace_of("order-1").until(|trace| trace.logs.len() == 1).await.unwrap();
    assert_eq!(two.spans.len(), 3, "by a condition");
}

#[test]
fn a_trace_is_found_by_an_id_on_a_span() {
    let collector = Collector::start().unwrap();
    let mut root = span("POST /orders", 1, None);
    root.attributes.push(text("x-correlation-id", "order-1"));
    let spans = vec![root, span("quote", 2, Some(1))];
    assert_eq!(post(&collector, "/v1/traces", PROTOBUF, &traces("orders", spans)), 200);
    let trace = collector.trace_of("order-1").with_spans(["quote"]).wait().unwrap();
    assert_eq!((trace.spans.len(), trace.logs.len()), (2, 0));
}

#[test]
fn what_is_missing_and_what_has_arrived_is_shown() {
    let collector = Collector::start().unwrap();
    let quick = Duration::from_millis(20);
    let error = collector.trace_of("order-1").within(quick).wait().unwrap_err().to_string();
    assert!(error.contains("- no span has arrived in a trace with this id\n0 requests have arrived"), "{error}");

    assert_eq!(post(&collector, "/v1/logs", PROTOBUF, &logs("orders", "order-1")), 200);
    assert_eq!(post(&collector, "/v1/traces", PROTOBUF, &traces("ship", vec![span("ship", 3, Some(2))])), 200);
    assert_eq!(post(&collector, "/v1/traces", PROTOBUF, b"\xff"), 400);
    let error = collector.trace_of("order-2").within(quick).wait().unwrap_err().to_string();
    assert!(error.contains("Trace 07070707070707070707070707070707 begins with \"ship\""), "{error}");
    let wait = collector.trace_of("order-1").with_spans(["ship", "bill", "ship"]).until(|_| false).within(quick);
    let began = Instant::now();
    let error = format!("{:?}", wait.wait().unwrap_err());
    assert!(began.elapsed() >= quick);
    for part in [
        "the trace of \"order-1\" is not whole after 20ms:\n",
        "- the span \"bill\" has not arrived\n",
        "- the span \"ship\" has not arrived\n",
        "- the parent 0202020202020202 of the span \"ship\" has not arrived\n",
        "- the condition does not hold\n",
        "3 requests have arrived, with 1 spans and 1 log records in all traces.\n",
        "Refused: a request with traces: the body is not protobuf: ",
        "Of this trace:\nship [server] service.name=ship\n",
    ] {
        assert!(error.contains(part), "{part:?} is not in {error}");
    }
    let wait = collector.trace_of("order-1").sent_by("0202020202020202").within(Duration::MAX);
    let whole = wait.quiet(quick).wait().unwrap();
    assert_eq!(whole.spans.len(), 1, "the parent is the test's own");
}

#[test]
fn a_dropped_collector_closes_its_port() {
    let collector = Collector::start().unwrap();
    let address = collector.address();
    let _open = TcpStream::connect(address).unwrap();
    drop(collector);
    assert!(TcpStream::connect(address).is_err());
}
