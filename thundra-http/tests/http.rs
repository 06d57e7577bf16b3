//! A client and a server in one process, and the collector's side of the exporter: all over real sockets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use thundra_core::export::{Batch, Export, ExportError};
use thundra_core::testing::{MemoryExporter, tree};
use thundra_core::{Config, Env, Scope, SpanData, Trace, correlation, flush, install};
use thundra_http::{Client, Layer, OtlpExporter, RequestBuilderExt};
use tokio::sync::{Mutex as Turn, MutexGuard};

/// The exporter of this process, for one test at a time.
async fn installed() -> (MutexGuard<'static, ()>, MemoryExporter) {
    static EXPORTER: OnceLock<MemoryExporter> = OnceLock::new();
    static TURN: Turn<()> = Turn::const_new(());
    let turn = TURN.lock().await;
    let exporter = EXPORTER.get_or_init(|| {
        let exporter = MemoryExporter::new();
        let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "off")]));
        assert!(install(config, vec![Box::new(exporter.clone())]));
        exporter
    });
    flush(Trace::default(), None).await;
    exporter.clear();
    (turn, exporter.clone())
}

/// Finishes the caller's scope and says what was exported of its trace. Servers of earlier tests may still be
/// ending their requests.
async fn exported(scope: Scope, exporter: &MemoryExporter) -> Vec<SpanData> {
    let trace = scope.context().unwrap().trace_id;
    flush(scope.finish(), None).await;
    exporter.spans().into_iter().filter(|span| span.context.trace_id == trace).collect()
}

fn error_types(spans: &[SpanData]) -> Vec<String> {
    let mut types: Vec<_> = spans.iter().filter_map(|span| Some(span.attribute("error.type")?.to_string())).collect();
    types.sort_unstable();
    types
}

async fn serve(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

#[tokio::test]
async fn a_request_is_one_trace_across_client_and_server() {
    #[tracing::instrument]
    async fn price(product: u32) -> String {
        correlation::get("order").unwrap_or_default()
    }
    let (_turn, exporter) = installed().await;
    let app = Router::new()
        .route("/price/{product}", get(|| async { price(7).await }))
        .route("/broken", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .layer(Layer::server());
    let address = serve(app).await;
    let scope = Scope::builder("caller").begin();
    let (order, status) = scope
        .run(async {
            correlation::set("order", "o-9");
            let client = Client::new();
            let answer = client.get(format!("http://{address}/price/7?token=secret")).send().await.unwrap();
            let order = answer.text().await.unwrap();
            let broken = reqwest::Client::new().get(format!("http://{address}/broken")).send_traced().await.unwrap();
            (order, broken.status())
        })
        .await;
    assert_eq!((order.as_str(), status), ("o-9", StatusCode::SERVICE_UNAVAILABLE));
    let spans = exported(scope, &exporter).await;
    let port = address.port();
    let client = |path: &str, rest: &str| {
        format!(
            "http.request.method=GET server.address=127.0.0.1 server.port={port} url.full=http://127.0.0.1:{port}{path} {rest}"
        )
    };
    let server = |path: &str, route: &str, rest: &str| {
        format!(
            "thundra.parent.source=tracecontext http.request.method=GET url.path={path} url.scheme=http \
             network.protocol.version=1.1 http.route={route} server.address=127.0.0.1 server.port={port} {rest}"
        )
    };
    // The root in X-Ray's spelling is random.
    let without_xray = |line: &str| {
        let words = line.split(' ').filter(|word| !word.starts_with("thundra.xray.root"));
        words.collect::<Vec<_>>().join(" ")
    };
    let tree: Vec<_> = tree(&spans).lines().map(without_xray).collect();
    assert_eq!(
        tree,
        [
            "caller thundra.parent.source=none".to_owned(),
            format!("├ GET [client] {}", client("/price/7?token=REDACTED", "http.response.status_code=200")),
            format!(
                "│ └ GET /price/{{product}} [server] {}",
                server("/price/7", "/price/{product}", "http.response.status_code=200")
            ),
            "│   └ price product=7".to_owned(),
            format!("└ GET [client] ✗  {}", client("/broken", "http.response.status_code=503 error.type=503")),
            format!(
                "  └ GET /broken [server] ✗  {}",
                server("/broken", "/broken", "http.response.status_code=503 error.type=503")
            ),
        ]
    );
}

#[tokio::test]
async fn strangers_get_the_trace_and_no_ids() {
    let (_turn, _exporter) = installed().await;
    let seen = Arc::new(Mutex::new(HeaderMap::new()));
    let keep = seen.clone();
    let app = Router::new().fallback(move |request: Request| {
        *keep.lock().unwrap() = request.headers().clone();
        async { "" }
    });
    let address = serve(app).await;
    let client: Client = reqwest::Client::builder().resolve("stranger.example", address).build().unwrap().into();
    let scope = Scope::builder("caller").begin();
    let sent = async |url: String, header: Option<(&'static str, &'static str)>| {
        let mut request = client.get(url);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.send().await.unwrap();
        let headers = seen.lock().unwrap().clone();
        let names = ["traceparent", "x-correlation-id", "call-chain-length", "x-amzn-trace-id"];
        names.map(|name| headers.contains_key(name))
    };
    let port = address.port();
    scope
        .run(async {
            assert_eq!(sent(format!("http://{address}/"), None).await, [true; 4], "loopback is ours");
            assert_eq!(sent(format!("http://stranger.example:{port}/"), None).await, [true, false, false, false]);
            assert_eq!(sent(format!("http://{address}/?X-Amz-Signature=x"), None).await, [false; 4], "presigned");
            let signed = Some(("authorization", "AWS4-HMAC-SHA256 Credential=x"));
            assert_eq!(sent(format!("http://{address}/"), signed).await, [false; 4], "signed");
            sent(format!("http://{address}/"), Some(("x-correlation-id", "mine"))).await;
            assert_eq!(seen.lock().unwrap()["x-correlation-id"], "mine", "what is there already wins");
        })
        .await;
    assert_eq!(sent(format!("http://{address}/"), None).await, [false; 4], "outside of a scope nothing is added");
}

#[tokio::test]
async fn a_timeout_and_a_refused_connection_are_told_apart() {
    let (_turn, exporter) = installed().await;
    let app = Router::new().route("/slow", get(|| async { std::future::pending::<()>().await })).layer(Layer::server());
    let address = serve(app).await;
    let refused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let client = Client::new();
            let slow = client.get(format!("http://{address}/slow")).timeout(Duration::from_millis(100)).send();
            assert!(slow.await.unwrap_err().is_timeout());
            assert!(client.get(format!("http://{refused}/")).send().await.unwrap_err().is_connect());
        })
        .await;
    let types = error_types(&exported(scope, &exporter).await);
    assert!(types.contains(&"timeout".to_owned()) && types.contains(&"connection_error".to_owned()), "{types:?}");
}

#[tokio::test]
async fn panics_and_cancellations_are_told() {
    let (_turn, exporter) = installed().await;
    let app = Router::new()
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("at the disco")
                }
            }),
        )
        .layer(Layer::server());
    let address = serve(app).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let waiting = silent.local_addr().unwrap();
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let client = Client::new();
            client.get(format!("http://{address}/panic")).send().await.unwrap_err();
            let dropped = client.get(format!("http://{waiting}/")).send();
            tokio::time::timeout(Duration::from_millis(50), dropped).await.unwrap_err();
        })
        .await;
    let types = error_types(&exported(scope, &exporter).await);
    assert_eq!(types, ["cancelled", "panic", "request_failed"]);
}

#[tokio::test]
async fn reqwest_is_a_service_too() {
    use tower::{ServiceBuilder, ServiceExt};
    let (_turn, exporter) = installed().await;
    let address = serve(Router::new().route("/", get(|| async { "here" }))).await;
    let client = ServiceBuilder::new().layer(Layer::client()).service(reqwest::Client::new());
    let scope = Scope::builder("caller").begin();
    let request = reqwest::Request::new(reqwest::Method::GET, format!("http://{address}/").parse().unwrap());
    assert_eq!(scope.run(client.oneshot(request)).await.unwrap().text().await.unwrap(), "here");
    let spans = exported(scope, &exporter).await;
    assert_eq!(spans[0].attribute("http.response.status_code"), Some(&200_i64.into()));
}

type Requests = Arc<Mutex<Vec<(HeaderMap, Vec<u8>)>>>;

/// A collector that answers as it is told.
async fn collector(answers: Vec<(StatusCode, Vec<u8>)>) -> (SocketAddr, Requests) {
    let requests = Requests::default();
    let (keep, next) = (requests.clone(), Arc::new(AtomicUsize::new(0)));
    let app = Router::new().route(
        "/v1/traces",
        post(move |headers: HeaderMap, body: axum::body::Bytes| {
            keep.lock().unwrap().push((headers, body.to_vec()));
            let answer = answers.get(next.fetch_add(1, Ordering::Relaxed)).cloned();
            async move { answer.unwrap_or((StatusCode::OK, Vec::new())) }
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
    assert!(matches!(refused, Err(ExportError::Permanent(_))), "{refused:?}");
    assert_eq!(requests.lock().unwrap().len(), 1);

    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let dead = exporter(nobody, &[]);
    let first = dead.export(&batch(), soon()).await.unwrap_err().to_string();
    assert!(first.contains("could not be reached"), "{first}");
    let second = dead.export(&batch(), soon()).await.unwrap_err().to_string();
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
    assert!(matches!(result, Err(ExportError::Retryable(_))), "{result:?}");
    // A handshake record of TLS: 22, version 3.1.
    assert_eq!(first_bytes.await.unwrap(), [22, 3, 1]);
}

#[tokio::test]
async fn a_silent_collector_costs_no_more_than_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let exporter = exporter(listener.local_addr().unwrap(), &[]);
    let started = Instant::now();
    let result = exporter.export(&batch(), started + Duration::from_millis(200)).await;
    assert!(matches!(result, Err(ExportError::Retryable(_))), "{result:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "it waited for more than the deadline");
}
