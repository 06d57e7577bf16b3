//! The exporter, and a collector whose responses a test chooses.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use thundra_core::export::{Batch, Export, ExportError, ExportErrorKind};
use thundra_core::{Config, Env, Scope, Signal};
use thundra_http::export::OtlpExporter;

use crate::support::serve;

type Requests = Arc<Mutex<Vec<(HeaderMap, Vec<u8>)>>>;

/// A collector with the given responses.
async fn collector(responses: Vec<(StatusCode, Vec<u8>)>) -> (SocketAddr, Requests) {
    let requests = Requests::default();
    let (keep, next) = (requests.clone(), Arc::new(AtomicUsize::new(0)));
    let app = Router::new().route(
        "/v1/traces",
        post(move |headers: HeaderMap, body: axum::body::Bytes| {
            keep.lock().unwrap().push((headers, body.to_vec()));
            let response = responses.get(next.fetch_add(1, Ordering::Relaxed)).cloned();
            async move { response.unwrap_or((StatusCode::OK, Vec::new())) }
        }),
    );
    (serve(app).await, requests)
}

fn exporter(address: SocketAddr, pairs: &[(&str, &str)]) -> OtlpExporter {
    let endpoint = format!("http://{address}");
    let base = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())];
    let config = Config::from_env(&Env::from_pairs(base.iter().chain(pairs).copied()));
    OtlpExporter::new(&config.otlp).unwrap()
}

fn batch() -> Batch {
    let config = Config::from_env(&Env::from_pairs([("OTEL_SERVICE_NAME", "orders")]));
    Batch::new(Arc::new(config.resource.clone()), Scope::builder("root").begin_with(&config).finish())
}

/// Returns the text of the cause of an error.
fn cause(result: Result<(), ExportError>) -> String {
    std::error::Error::source(&result.unwrap_err()).unwrap().to_string()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

#[tokio::test]
async fn a_busy_collector_gets_the_batch_once_it_can() {
    let busy = (StatusCode::SERVICE_UNAVAILABLE, Vec::new());
    let partial = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess { rejected_spans: 0, error_message: "a warning".into() }),
    };
    let (address, requests) = collector(vec![busy.clone(), busy, (StatusCode::OK, partial.encode_to_vec())]).await;
    let settings = [("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k%201"), ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")];
    exporter(address, &settings).export(&batch(), soon()).await.unwrap();
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 3);
    let (headers, body) = &requests[2];
    assert_eq!(
        (&headers["api-key"], &headers["content-encoding"]),
        (&"k 1".parse().unwrap(), &"gzip".parse().unwrap())
    );
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(body.as_slice()), &mut plain).unwrap();
    let request = ExportTraceServiceRequest::decode(plain.as_slice()).unwrap();
    assert_eq!(request.resource_spans[0].scope_spans[0].spans[0].name, "root");
}

#[tokio::test]
async fn an_endpoint_may_have_a_query_and_credentials() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = seen.clone();
    let app = Router::new().fallback(move |uri: axum::http::Uri, headers: HeaderMap| {
        keep.lock().unwrap().push((uri.to_string(), headers.get("authorization").cloned()));
        async { StatusCode::OK }
    });
    let address = serve(app).await;
    let base = format!("HTTP://user:p%40w@{address}/base?key=s3cr3t");
    for headers in ["x=1", "Authorization=Bearer%20own"] {
        let pairs = [("OTEL_EXPORTER_OTLP_ENDPOINT", base.as_str()), ("OTEL_EXPORTER_OTLP_HEADERS", headers)];
        let exporter = OtlpExporter::new(&Config::from_env(&Env::from_pairs(pairs)).otlp).unwrap();
        let shown = format!("{exporter:?}");
        assert!(
            !["s3cr3t", "p@w", "p%40w", "own", "dXNlcjpwQHc="].iter().any(|secret| shown.contains(secret)),
            "{shown}"
        );
        exporter.export(&batch(), soon()).await.unwrap();
    }
    let path = "/base/v1/traces?key=s3cr3t".to_owned();
    assert_eq!(
        *seen.lock().unwrap(),
        [(path.clone(), Some("Basic dXNlcjpwQHc=".parse().unwrap())), (path, Some("Bearer own".parse().unwrap()))]
    );
}

#[tokio::test]
async fn json_is_what_the_official_types_read() {
    let (address, requests) = collector(vec![]).await;
    exporter(address, &[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]).export(&batch(), soon()).await.unwrap();
    let requests = requests.lock().unwrap();
    let request: ExportTraceServiceRequest = serde_json::from_slice(&requests[0].1).unwrap();
    let batch = &request.resource_spans[0];
    assert_eq!(batch.scope_spans[0].spans[0].name, "root");
    assert!(batch.resource.as_ref().unwrap().attributes.iter().any(|attribute| attribute.key == "service.name"));
}

#[tokio::test]
async fn a_refusal_is_final_and_a_dead_collector_is_left_alone() {
    let (address, requests) = collector(vec![(StatusCode::BAD_REQUEST, Vec::new())]).await;
    let refused = exporter(address, &[]).export(&batch(), soon()).await;
    assert_eq!(refused.map_err(|error| error.kind()), Err(ExportErrorKind::Permanent));
    assert_eq!(requests.lock().unwrap().len(), 1);

    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let dead = exporter(nobody, &[]);
    let first = cause(dead.export(&batch(), soon()).await);
    assert!(first.contains("could not be reached"), "{first}");
    let second = cause(dead.export(&batch(), soon()).await);
    assert!(second.contains("a moment ago"), "{second}");
}

#[tokio::test]
async fn an_https_collector_is_spoken_to_in_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let config = Config::from_env(&Env::from_pairs([("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())]));
    let exporter = OtlpExporter::new(&config.otlp).unwrap();
    let first_bytes = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut hello = [0; 3];
        tokio::io::AsyncReadExt::read_exact(&mut connection, &mut hello).await.unwrap();
        hello
    });
    let result = exporter.export(&batch(), Instant::now() + Duration::from_secs(2)).await;
    assert_eq!(result.map_err(|error| error.kind()), Err(ExportErrorKind::Retryable));
    // A handshake record of TLS: 22, version 3.1.
    assert_eq!(first_bytes.await.unwrap(), [22, 3, 1]);
}

#[tokio::test]
async fn a_silent_collector_costs_no_more_than_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let exporter = exporter(listener.local_addr().unwrap(), &[]);
    let started = Instant::now();
    let result = exporter.export(&batch(), started + Duration::from_millis(200)).await;
    assert_eq!(result.map_err(|error| error.kind()), Err(ExportErrorKind::Retryable));
    assert!(started.elapsed() < Duration::from_secs(5), "it waited for more than the deadline");
}

#[tokio::test]
async fn a_fork_has_a_connection_and_pauses_of_its_own() {
    let (address, requests) = collector(vec![(StatusCode::OK, Vec::new())]).await;
    let exporter = exporter(address, &[("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k-1")]);
    exporter.export(&batch(), soon()).await.unwrap();
    let fork = exporter.fork().unwrap();
    let forked = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(fork.export(&batch(), soon()))
    });
    let result = tokio::task::spawn_blocking(|| forked.join().unwrap()).await.unwrap();
    result.unwrap();
    exporter.export(&batch(), soon()).await.unwrap();
    let requests = std::mem::take(&mut *requests.lock().unwrap());
    let keys: Vec<_> = requests.iter().map(|(headers, _)| headers["api-key"].clone()).collect();
    assert_eq!(keys, ["k-1"; 3], "headers are the same");
    let dead = unreachable_exporter().await;
    dead.export(&batch(), soon()).await.unwrap_err();
    assert!(dead.is_paused(Signal::Traces) && !dead.fork().unwrap().is_paused(Signal::Traces));
}

/// Returns an exporter to a port without a server.
async fn unreachable_exporter() -> OtlpExporter {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    exporter(port, &[])
}
