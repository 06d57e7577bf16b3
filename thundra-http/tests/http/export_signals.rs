//! The exporter and the three signals, each with a separate endpoint, settings and pauses.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Gauge, Metric, NumberDataPoint, ScopeMetrics};
use prost::Message;
use thundra_core::export::{Batch, Export, ExportError, ExportErrorKind};
use thundra_core::{Config, Env, Records, Resource, Scope, Signal};
use thundra_http::export::OtlpExporter;

use crate::support::serve;

/// A request received by a collector.
struct Request {
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

type Requests = Arc<Mutex<Vec<Request>>>;

/// Starts a collector on one host. Returns the address and the requests; `respond` gets the path of each request.
async fn collector(
    respond: impl Fn(&str) -> (StatusCode, Vec<u8>) + Clone + Send + Sync + 'static,
) -> (String, Requests) {
    let requests = Requests::default();
    let keep = requests.clone();
    let app = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: axum::body::Bytes| {
        let response = respond(uri.path());
        keep.lock().unwrap().push(Request { path: uri.path().to_owned(), headers, body: body.to_vec() });
        async { response }
    });
    (format!("http://{}", serve(app).await), requests)
}

fn ok(_: &str) -> (StatusCode, Vec<u8>) {
    (StatusCode::OK, Vec::new())
}

fn exporter(variables: &[(&str, &str)]) -> OtlpExporter {
    OtlpExporter::new(&Config::from_env(&Env::from_pairs(variables.iter().copied())).otlp).unwrap()
}

/// Returns a batch of one span, two log records, or three data points.
fn batch(signal: Signal) -> Batch {
    let records = match signal {
        Signal::Logs => {
            let scope = ScopeLogs { log_records: vec![LogRecord::default(); 2], ..ScopeLogs::default() };
            Records::from_encoded(signal, scope.encode_to_vec())
        }
        Signal::Metrics => {
            let data = Data::Gauge(Gauge { data_points: vec![NumberDataPoint::default(); 3] });
            let metrics = vec![Metric { data: Some(data), ..Metric::default() }];
            Records::from_encoded(signal, ScopeMetrics { metrics, ..ScopeMetrics::default() }.encode_to_vec())
        }
        _ => Scope::builder("root").begin().finish(),
    };
    Batch::new(Arc::new(Resource::new([])), records)
}

async fn export(exporter: &dyn Export, signal: Signal) -> Result<(), ExportErrorKind> {
    let deadline = Instant::now() + Duration::from_secs(20);
    exporter.export(&batch(signal), deadline).await.map_err(|error: ExportError| error.kind())
}

#[tokio::test]
async fn each_signal_goes_to_its_own_address_in_its_own_form() {
    let ((all, shared), (own, alone)) = (collector(ok).await, collector(ok).await);
    let exact = format!("{own}/exact?key=1");
    let exporter = exporter(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &all),
        ("OTEL_EXPORTER_OTLP_HEADERS", "tenant=all"),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "tenant=logs"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &exact),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip"),
    ]);
    assert!(Signal::ALL.into_iter().all(|signal| exporter.takes(signal)));
    for signal in Signal::ALL {
        assert_eq!(export(&exporter, signal).await, Ok(()), "{signal}");
    }
    let shared = shared.lock().unwrap();
    let [traces, logs] = &shared[..] else { panic!("{} requests", shared.len()) };
    assert_eq!((&*traces.path, &*logs.path), ("/v1/traces", "/v1/logs"));
    assert_eq!(traces.headers["tenant"], "all");
    assert_eq!(logs.headers["tenant"], "logs");
    let spans = ExportTraceServiceRequest::decode(&*traces.body).unwrap();
    assert_eq!(spans.resource_spans[0].scope_spans[0].spans.len(), 1);
    assert_eq!(logs.headers["content-type"], "application/json");
    let records: ExportLogsServiceRequest = serde_json::from_slice(&logs.body).unwrap();
    assert_eq!(records.resource_logs[0].scope_logs[0].log_records.len(), 2);

    let alone = alone.lock().unwrap();
    assert_eq!((alone.len(), &*alone[0].path), (1, "/exact"));
    assert_eq!(alone[0].headers["content-encoding"], "gzip");
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*alone[0].body), &mut plain).unwrap();
    let points = ExportMetricsServiceRequest::decode(&*plain).unwrap();
    assert_eq!(points.resource_metrics[0].scope_metrics[0].metrics.len(), 1);
}

#[tokio::test]
async fn signals_without_an_endpoint_are_not_taken() {
    for (variables, signals) in [
        (&[][..], &[Signal::Traces][..]),
        (&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c")], &[Signal::Traces]),
        (&[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://c")], &[Signal::Traces, Signal::Logs]),
        (&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://c")], &[Signal::Traces, Signal::Metrics]),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c")], &Signal::ALL),
    ] {
        let exporter = exporter(variables);
        let taken: Vec<_> = Signal::ALL.into_iter().filter(|signal| exporter.takes(*signal)).collect();
        assert_eq!(taken, signals, "{variables:?}");
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_pauses_its_own_signal() {
    for (status, kind, pauses) in [
        (StatusCode::NOT_FOUND, ExportErrorKind::Permanent, false),
        (StatusCode::SERVICE_UNAVAILABLE, ExportErrorKind::Retryable, true),
    ] {
        let respond = move |path: &str| if path == "/v1/logs" { (status, Vec::new()) } else { ok(path) };
        let (endpoint, requests) = collector(respond).await;
        let exporter = exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
        assert_eq!(export(&exporter, Signal::Logs).await, Err(kind), "{status}");
        assert_eq!(Signal::ALL.map(|signal| exporter.is_paused(signal)), [false, pauses, false], "{status}");
        assert_eq!(export(&exporter, Signal::Traces).await, Ok(()), "{status}");
        assert_eq!(export(&exporter, Signal::Metrics).await, Ok(()), "{status}");
        let paths: Vec<_> = requests.lock().unwrap().iter().map(|request| request.path.clone()).collect();
        assert!(paths.ends_with(&["/v1/traces".to_owned(), "/v1/metrics".to_owned()]), "{paths:?}");
        exporter.resume();
        assert!(!exporter.is_paused(Signal::Logs));
    }
}

#[tokio::test]
async fn a_collector_that_does_not_know_a_signal_is_not_asked_for_it_again() {
    for status in [StatusCode::NOT_FOUND, StatusCode::NOT_IMPLEMENTED] {
        let (endpoint, requests) = collector(move |_| (status, Vec::new())).await;
        // Elsewhere a slow refusal is followed by a pause.
        let exporter = exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).in_background();
        let asked = |path: &str| requests.lock().unwrap().iter().filter(|request| request.path == path).count();
        let fork = exporter.fork().unwrap();
        // Two flushes of several requests each, one through a fork, do not count as three flushes.
        for exporter in [&exporter as &dyn Export, &*fork] {
            let deadline = Instant::now() + Duration::from_secs(20);
            for _ in 0..3 {
                let result = exporter.export(&batch(Signal::Logs), deadline).await;
                assert_eq!(result.unwrap_err().kind(), ExportErrorKind::Permanent);
            }
        }
        assert_eq!(asked("/v1/logs"), 6);
        for signal in [Signal::ALL; 6].concat() {
            assert_eq!(export(&exporter, signal).await, Err(ExportErrorKind::Permanent), "refused, and counted");
        }
        assert_eq!(["/v1/logs", "/v1/metrics", "/v1/traces"].map(asked), [7, 3, 6], "{status}");
        assert!(!exporter.is_paused(Signal::Logs), "nothing waits");
        exporter.resume();
        assert_eq!(export(&*fork, Signal::Logs).await, Err(ExportErrorKind::Permanent));
        assert_eq!(asked("/v1/logs"), 7, "neither a fork nor a last flush asks");
        exporter.renew();
        assert_eq!(export(&exporter, Signal::Logs).await, Err(ExportErrorKind::Permanent));
        assert_eq!(asked("/v1/logs"), 8, "a process restored from a snapshot asks");
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_pauses_all_of_its_signals() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (other, _) = collector(ok).await;
    let exporter = exporter(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{nobody}")),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &other),
    ]);
    assert_eq!(export(&exporter, Signal::Logs).await, Err(ExportErrorKind::Retryable));
    assert_eq!(Signal::ALL.map(|signal| exporter.is_paused(signal)), [true, true, false]);
    assert_eq!(export(&exporter, Signal::Metrics).await, Ok(()), "on another host");
}

#[tokio::test]
async fn signals_of_one_host_share_a_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(Mutex::new(0));
    let count = connections.clone();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            *count.lock().unwrap() += 1;
            tokio::spawn(async move {
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                // Each request is small and complete after one read, and a response is due.
                while let Ok(1..) = tokio::io::AsyncReadExt::read(&mut connection, &mut buffer).await.inspect(|read| {
                    request.extend_from_slice(&buffer[..*read]);
                }) {
                    let head = request.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
                    let Some(head) = head else { continue };
                    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
                    let length: usize =
                        text.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
                    if request.len() < head + length {
                        continue;
                    }
                    request.clear();
                    let response = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    tokio::io::AsyncWriteExt::write_all(&mut connection, response).await.unwrap();
                }
            });
        }
    });
    let exporter = exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    for signal in [Signal::ALL, Signal::ALL].concat() {
        assert_eq!(export(&exporter, signal).await, Ok(()), "{signal}");
    }
    assert_eq!(*connections.lock().unwrap(), 1);
}

#[tokio::test]
async fn rejected_log_records_are_counted() {
    let rejected = ExportLogsPartialSuccess { rejected_log_records: 1, error_message: "too old".into() };
    let body = ExportLogsServiceResponse { partial_success: Some(rejected) }.encode_to_vec();
    let (endpoint, _) = collector(move |_| (StatusCode::OK, body.clone())).await;
    let exporter = exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let result = export(&exporter, Signal::Logs).await;
    assert!(matches!(result, Err(ExportErrorKind::Partial { lost: 1, .. })), "{result:?}");
}
