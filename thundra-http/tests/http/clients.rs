//! Calls: their spans, and what goes out with them.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{any, get};
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry::Context;
use opentelemetry::context::FutureExt;
use thundra_core::testing::tree;
use thundra_core::{Scope, SpanKind, correlation};
use thundra_http::{Client, Layer, RequestBuilderExt, blocking};
use tower::{ServiceBuilder, ServiceExt};
use tracing::Instrument;

use crate::support::{Record, Seen, attribute, error_types, exported, installed, nobody, serve};

/// A server that keeps what it is asked.
fn keeping(record: &Record) -> Router {
    let keep = record.clone();
    Router::new().fallback(move |request: Request| {
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let headers = request.headers().clone();
        keep.keep(Seen { method, host: String::new(), path, headers, body: Default::default() });
        async { "kept" }
    })
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
    let spans = exported(scope, &exporter, 6).await;
    let told = |word: &&str| {
        let attribute = word.split_once('=').map(|(key, _)| key);
        attribute.is_none_or(|key| ["url.full", "http.route", "http.response.status_code", "error.type"].contains(&key))
    };
    let tree = tree(&spans).replace(&address.to_string(), "server");
    let tree: Vec<_> = tree.lines().map(|line| line.split(' ').filter(told).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        tree,
        [
            "caller",
            "├ GET [client] url.full=http://server/price/7?token=REDACTED http.response.status_code=200",
            "│ └ GET /price/{product} [server] http.route=/price/{product} http.response.status_code=200",
            "│   └ price",
            "└ GET [client] ✗  url.full=http://server/broken http.response.status_code=503 error.type=503",
            "  └ GET /broken [server] ✗  http.route=/broken http.response.status_code=503 error.type=503",
        ]
    );
}

#[tokio::test]
async fn strangers_get_the_trace_and_no_ids() {
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let port = address.port();
    let client = Client::builder().resolve("stranger.example", address).build().unwrap();
    let sent = async |url: String, header: Option<(&'static str, &'static str)>| {
        let mut request = client.get(url);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.send().await.unwrap();
        record.take().remove(0).headers
    };
    let names = ["traceparent", "x-correlation-id", "call-chain-length", "x-amzn-trace-id"];
    let carried = |headers: HeaderMap| names.map(|name| headers.contains_key(name));
    Scope::builder("caller")
        .begin()
        .run(async {
            assert_eq!(carried(sent(format!("http://{address}/"), None).await), [true; 4], "loopback is ours");
            let stranger = sent(format!("http://stranger.example:{port}/"), None).await;
            assert_eq!(carried(stranger), [true, false, false, false]);
            let presigned = sent(format!("http://{address}/?X-Amz-Signature=x"), None).await;
            assert_eq!(carried(presigned), [false; 4], "presigned");
            let signed = Some(("authorization", "AWS4-HMAC-SHA256 Credential=x"));
            assert_eq!(carried(sent(format!("http://{address}/"), signed).await), [false; 4], "signed");
            let mine = sent(format!("http://{address}/"), Some(("x-correlation-id", "mine"))).await;
            assert_eq!(mine["x-correlation-id"], "mine", "what is there already wins");
            let context = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            let theirs = sent(format!("http://{address}/"), Some(("traceparent", context))).await;
            assert_eq!(theirs["traceparent"], context);
            for name in ["x-amzn-trace-id", "x-correlation-traceparent"] {
                assert!(!theirs.contains_key(name), "{name}: a context of the caller's own is not mixed with ours");
            }
            assert!(theirs.contains_key("x-correlation-id"));
        })
        .await;
    assert_eq!(carried(sent(format!("http://{address}/"), None).await), [false; 4], "outside of a scope");
}

#[tokio::test]
async fn calls_that_fail_are_told_apart_and_told_without_addresses() {
    let (_turn, exporter) = installed().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let waiting = silent.local_addr().unwrap();
    let resetting = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let reset = resetting.local_addr().unwrap();
    std::thread::spawn(move || {
        let listener = resetting.into_std().unwrap();
        listener.set_nonblocking(false).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 2").unwrap();
    });
    let refused = nobody().await;
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let client = Client::new();
            let slow = client.get(format!("http://{waiting}/?q=secret")).timeout(Duration::from_millis(50));
            assert!(slow.send().await.unwrap_err().is_timeout());
            assert!(client.get(format!("http://{refused}/?q=secret")).send().await.unwrap_err().is_connect());
            assert!(client.get(format!("http://{reset}/?q=secret")).send().await.unwrap_err().is_request());
            let dropped = client.get(format!("http://{waiting}/?q=secret")).send();
            tokio::time::timeout(Duration::from_millis(50), dropped).await.unwrap_err();
            assert!(client.get("no address").send().await.unwrap_err().is_builder(), "there is no request to tell of");
        })
        .await;
    let spans = exported(scope, &exporter, 5).await;
    let expected = ["cancelled", "connection_error", "request_failed", "timeout"];
    assert_eq!(error_types(&spans), expected);
    assert!(!format!("{spans:?}").contains("secret"));
}

#[tokio::test]
async fn every_verb_and_every_way_to_send_is_traced() {
    let (_turn, exporter) = installed().await;
    let record = Record::default();
    let url = format!("http://{}/", serve(keeping(&record)).await);
    let client = Client::new();
    let genuine = Client::from(reqwest::Client::new());
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            for request in [client.get(&url), client.post(&url), client.put(&url), client.patch(&url)] {
                request.send().await.unwrap();
            }
            for request in [client.delete(&url), client.head(&url), client.request("QUERY".parse().unwrap(), &url)] {
                request.send().await.unwrap();
            }
            client.request("brew".parse().unwrap(), &url).send().await.unwrap();
            client.execute(client.get(&url).build().unwrap()).await.unwrap();
            let (client, request) = client.get(&url).try_clone().unwrap().build_split();
            thundra_http::RequestBuilder::from_parts(client.clone(), request.unwrap()).send().await.unwrap();
            genuine.get(&url).send().await.unwrap();
            thundra_http::get(&url).await.unwrap();
            client.oneshot(genuine.get(&url).build().unwrap()).await.unwrap();
            reqwest::Client::new().get(&url).send_traced().await.unwrap();
        })
        .await;
    let spans = exported(scope, &exporter, 15).await;
    let calls: Vec<_> = spans.iter().filter(|span| span.kind == SpanKind::Client).collect();
    let methods: Vec<_> = calls.iter().map(|span| attribute(span, "http.request.method").unwrap()).collect();
    assert_eq!(methods[..8], ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "QUERY", "_OTHER"]);
    assert_eq!(
        (calls[7].name.as_str(), attribute(calls[7], "http.request.method_original")),
        ("HTTP", Some("brew".into()))
    );
    assert_eq!(calls.len(), 14);
    let seen = record.take();
    for (call, seen) in calls.iter().zip(&seen) {
        let context = seen.headers["traceparent"].to_str().unwrap();
        assert!(context.contains(&call.context.span_id.to_string()), "each request has its own span for a parent");
        assert_eq!(attribute(call, "network.protocol.version").as_deref(), Some("1.1"));
        assert_eq!(attribute(call, "network.peer.address").as_deref(), Some("127.0.0.1"));
    }
}

#[tokio::test]
async fn two_hundred_calls_at_once_have_two_hundred_right_parents() {
    let (_turn, exporter) = installed().await;
    let app = Router::new().route("/{n}", any(|| async {})).layer(Layer::server());
    let address = serve(app).await;
    let scope = Scope::builder("caller").begin();
    let client = Client::new();
    let blocking = tokio::task::spawn_blocking(blocking::Client::new).await.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..200 {
        let worker = scope.span().in_scope(|| tracing::info_span!("worker", n));
        let url = format!("http://{address}/{n}");
        if n % 4 == 0 {
            let blocking = blocking.clone();
            calls.spawn_blocking(move || worker.in_scope(|| blocking.get(url).send().unwrap().status()));
        } else {
            let client = client.clone();
            calls.spawn(async move { client.get(url).send().await.unwrap().status() }.instrument(worker));
        }
    }
    while let Some(status) = calls.join_next().await {
        assert_eq!(status.unwrap(), StatusCode::OK);
    }
    tokio::task::spawn_blocking(move || drop(blocking)).await.unwrap();
    let spans = exported(scope, &exporter, 601).await;
    let child = |of: &thundra_core::SpanData| {
        let mut children = spans.iter().filter(|span| span.parent_span_id == Some(of.context.span_id));
        let child = children.next().unwrap();
        assert!(children.next().is_none());
        child
    };
    let mut right = 0;
    for worker in spans.iter().filter(|span| span.name == "worker") {
        let n = attribute(worker, "n").unwrap();
        let call = child(worker);
        assert_eq!(attribute(call, "url.full"), Some(format!("http://{address}/{n}")));
        assert_eq!(attribute(child(call), "url.path"), Some(format!("/{n}")));
        right += 1;
    }
    assert_eq!(right, 200);
}

#[tokio::test]
async fn other_clients_are_wrapped() {
    let (_turn, exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let scope = Scope::builder("caller").begin();
    let reqwest = ServiceBuilder::new().layer(Layer::client()).service(reqwest::Client::new());
    let hyper = HyperClient::builder(TokioExecutor::new()).build_http::<Full<axum::body::Bytes>>();
    let hyper = ServiceBuilder::new().layer(Layer::client()).service(hyper);
    let refused = nobody().await;
    scope
        .run(async {
            let request = reqwest::Request::new(reqwest::Method::GET, format!("http://{address}/a").parse().unwrap());
            assert_eq!(reqwest.oneshot(request).await.unwrap().text().await.unwrap(), "kept");
            let request = |to| http::Request::get(format!("http://{to}/b")).body(Full::default()).unwrap();
            let answer = hyper.clone().oneshot(request(address)).await.unwrap();
            assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "kept");
            hyper.oneshot(request(refused)).await.unwrap_err();
        })
        .await;
    let spans = exported(scope, &exporter, 4).await;
    for span in &spans[..2] {
        assert_eq!(span.attribute("http.response.status_code"), Some(&200_i64.into()));
        assert_eq!(attribute(span, "network.peer.port"), Some(address.port().to_string()));
    }
    assert_eq!(error_types(&spans), ["connection_error"]);
    assert!(record.take().iter().all(|seen| seen.carries() == (true, true)));
}

#[tokio::test]
async fn a_request_over_one_connection_is_for_its_host() {
    let (_turn, exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let scope = Scope::builder("caller").begin();
    let hosts = [address.to_string(), "stranger.example".to_owned()];
    for host in &hosts {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let sender = tower::service_fn(move |request| sender.send_request(request));
        let client = ServiceBuilder::new().layer(Layer::client()).service(sender);
        let request = http::Request::get("/x?token=secret").header("host", host).body(Empty::<Bytes>::new()).unwrap();
        scope.run(client.oneshot(request)).await.unwrap();
    }
    let spans = exported(scope, &exporter, 3).await;
    let port = address.port().to_string();
    for (nth, name, port) in [(0, "127.0.0.1", Some(port)), (1, "stranger.example", None)] {
        assert_eq!(attribute(&spans[nth], "server.address").as_deref(), Some(name));
        assert_eq!(attribute(&spans[nth], "server.port"), port);
        let url = format!("//{}/x?token=REDACTED", hosts[nth]);
        assert_eq!(attribute(&spans[nth], "url.full"), Some(url));
    }
    assert_eq!(record.take().iter().map(Seen::carries).collect::<Vec<_>>(), [(true, true), (true, false)]);
}

#[tokio::test]
async fn other_clients_fail_with_a_reason_and_without_addresses() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    async fn fails<E: std::fmt::Display + 'static>(error: E) {
        let mut error = Some(error);
        let service = tower::service_fn(move |_: http::Request<()>| {
            let error = error.take().unwrap();
            async { Err::<http::Response<()>, _>(error) }
        });
        let client = ServiceBuilder::new().layer(Layer::client()).service(service);
        assert!(client.oneshot(http::Request::get("http://a.example/").body(()).unwrap()).await.is_err());
    }
    let (_turn, exporter) = installed().await;
    let refused = nobody().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let waiting = silent.local_addr().unwrap();
    let theirs = async || reqwest::get(format!("http://{refused}/?q=secret")).await.unwrap_err();
    let patient = reqwest::Client::builder().timeout(Duration::from_millis(50)).build().unwrap();
    let late = async || patient.get(format!("http://{waiting}/?q=secret")).send().await.unwrap_err();
    let hyper = HyperClient::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let timed_out = ServiceBuilder::new()
        .layer(Layer::client())
        .layer(tower::timeout::TimeoutLayer::new(Duration::from_millis(50)))
        .service(hyper);
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            fails(theirs().await).await;
            fails(Boxed::from(theirs().await)).await;
            fails(std::io::Error::other(theirs().await)).await;
            fails(format!("in words: {}", theirs().await)).await;
            for to in [waiting, refused] {
                let request = http::Request::get(format!("http://{to}/b")).body(Full::default()).unwrap();
                timed_out.clone().oneshot(request).await.unwrap_err();
            }
            fails(Box::<dyn std::error::Error>::from("no reason at http://a.example/?q=secret")).await;
            fails(std::io::Error::from(std::io::ErrorKind::TimedOut)).await;
            fails(Boxed::from(late().await)).await;
            fails(std::io::Error::other(late().await)).await;
        })
        .await;
    let spans = exported(scope, &exporter, 11).await;
    let told: Vec<_> = spans.iter().filter_map(|span| attribute(span, "error.type")).collect();
    let (connection, timeout, other) = ("connection_error", "timeout", "request_failed");
    assert_eq!(
        told,
        [connection, connection, connection, other, timeout, connection, other, timeout, timeout, timeout]
    );
    let text = format!("{spans:?}");
    assert!(!text.contains("secret") && text.contains("/?REDACTED"), "{text}");
    assert!(text.contains("client error (Connect): tcp connect error"), "causes are told: {text}");
}

/// An error that cannot be formatted, nor asked for its cause.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("broken")
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        panic!("broken")
    }
}

#[tokio::test]
async fn an_error_that_cannot_be_formatted_passes_through() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    async fn fails(_: http::Request<()>) -> Result<http::Response<Full<Bytes>>, Broken> {
        Err(Broken)
    }
    async fn fails_boxed(_: http::Request<()>) -> Result<http::Response<Full<Bytes>>, Boxed> {
        Err(Boxed::from(Broken))
    }
    let (_turn, exporter) = installed().await;
    let request = || http::Request::get("http://a.example/").body(()).unwrap();
    let server = ServiceBuilder::new().layer(Layer::server()).service(tower::service_fn(fails));
    assert!(server.oneshot(request()).await.is_err());
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let client = ServiceBuilder::new().layer(Layer::client()).service(tower::service_fn(fails));
            assert!(client.oneshot(request()).await.is_err());
            let client = ServiceBuilder::new().layer(Layer::client()).service(tower::service_fn(fails_boxed));
            assert!(client.oneshot(request()).await.unwrap_err().is::<Broken>());
        })
        .await;
    let spans = exported(scope, &exporter, 3).await;
    assert_eq!(error_types(&spans), ["request_failed", "request_failed"]);
}

#[tokio::test]
async fn an_outcome_from_the_future_is_an_error() {
    let (_turn, exporter) = installed().await;
    let service = tower::service_fn(|_: http::Request<()>| async {
        let response = http::Response::builder().header("content-type", "application/grpc");
        Ok::<_, std::convert::Infallible>(response.header("grpc-status", "17").body(()).unwrap())
    });
    let client = ServiceBuilder::new().layer(Layer::client()).service(service);
    let request = http::Request::post("http://a.internal/shop.Orders/Place").header("content-type", "application/grpc");
    let scope = Scope::builder("caller").begin();
    scope.run(client.oneshot(request.body(()).unwrap())).await.unwrap();
    let spans = exported(scope, &exporter, 2).await;
    let told = ["rpc.response.status_code", "error.type"].map(|key| attribute(&spans[0], key).unwrap());
    assert_eq!((spans[0].name.as_str(), told), ("shop.Orders/Place", ["UNKNOWN", "UNKNOWN"].map(str::to_owned)));
}

#[tokio::test]
async fn the_blocking_client_is_traced() {
    let (_turn, exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let refused = nobody().await;
    let scope = Scope::builder("caller").begin();
    let span = scope.span().clone();
    let calls = move || {
        let builder = thundra_http::ClientBuilder::new().user_agent("ua");
        let client = blocking::ClientBuilder::from(builder).build().unwrap();
        let answer = client.post(format!("http://{address}/")).body("b").send().unwrap();
        assert_eq!(answer.text().unwrap(), "kept");
        let genuine = blocking::Client::from(reqwest::blocking::Client::new());
        genuine.execute(genuine.get(format!("http://{address}/")).build().unwrap()).unwrap();
        assert!(blocking::get(format!("http://{refused}/")).unwrap_err().is_connect());
    };
    tokio::task::spawn_blocking(move || span.in_scope(calls)).await.unwrap();
    let spans = exported(scope, &exporter, 4).await;
    let statuses: Vec<_> = spans.iter().map(|span| attribute(span, "http.response.status_code")).collect();
    assert_eq!(statuses, [Some("200".into()), Some("200".into()), None, None]);
    assert_eq!(error_types(&spans), ["connection_error"]);
    let seen = record.take();
    assert!(seen.iter().all(|seen| seen.carries() == (true, true)));
    assert_eq!(seen[0].headers["user-agent"], "ua");
}

#[tokio::test]
async fn code_that_suppresses_telemetry_is_not_traced() {
    let (_turn, exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let hyper = HyperClient::builder(TokioExecutor::new()).build_http::<Empty<axum::body::Bytes>>();
    let mut hyper = ServiceBuilder::new().layer(Layer::client()).service(hyper);
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let request = http::Request::get(format!("http://{address}/")).body(Empty::new()).unwrap();
            let suppressed = Context::current().with_telemetry_suppressed();
            Client::new().get(format!("http://{address}/")).send().with_context(suppressed).await.unwrap();
            let wrapped = {
                let _suppressed = Context::enter_telemetry_suppressed_scope();
                tower::Service::call(&mut hyper, request)
            };
            wrapped.await.unwrap();
        })
        .await;
    assert_eq!(exported(scope, &exporter, 1).await.len(), 1);
    let seen = record.take();
    assert_eq!(seen.iter().map(Seen::carries).collect::<Vec<_>>(), [(false, false); 2]);
}

#[tokio::test]
async fn settings_of_the_builder_reach_the_client() {
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let counting = tower::layer::layer_fn(move |connector| {
        let count = count.clone();
        ServiceBuilder::new()
            .map_request(move |asked| {
                count.fetch_add(1, Ordering::Relaxed);
                asked
            })
            .service(connector)
    });
    let client = Client::builder()
        .user_agent("a test")
        .default_headers([("x-default".parse().unwrap(), "d".parse().unwrap())].into_iter().collect())
        .connector_layer(counting)
        .connector_layer(tower::timeout::TimeoutLayer::new(Duration::from_secs(5)))
        .configure(|builder| builder.http1_only())
        .dns_resolver(Arc::new(Everywhere))
        .build()
        .unwrap();
    let url = format!("http://anywhere.internal:{}/", address.port());
    assert_eq!(client.get(url).bearer_auth("t").send().await.unwrap().text().await.unwrap(), "kept");
    let headers = record.take().remove(0).headers;
    let named = ["user-agent", "x-default", "authorization"].map(|name| headers[name].to_str().unwrap().to_owned());
    assert_eq!(named, ["a test", "d", "Bearer t"]);
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    assert!(format!("{client:?}").starts_with("Client {"), "{client:?}");
}

/// Every name is loopback.
struct Everywhere;

impl thundra_http::dns::Resolve for Everywhere {
    fn resolve(&self, _: thundra_http::dns::Name) -> thundra_http::dns::Resolving {
        let addresses: thundra_http::dns::Addrs = Box::new(std::iter::once(([127, 0, 0, 1], 0).into()));
        Box::pin(async { Ok(addresses) })
    }
}

/// An error that is its own cause.
#[derive(Debug)]
struct Endless;

impl std::fmt::Display for Endless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no such name")
    }
}

impl std::error::Error for Endless {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self)
    }
}

impl thundra_http::dns::Resolve for Endless {
    fn resolve(&self, _: thundra_http::dns::Name) -> thundra_http::dns::Resolving {
        Box::pin(async { Err(Endless.into()) })
    }
}

#[tokio::test]
async fn an_error_that_is_its_own_cause_is_recorded() {
    let (_turn, exporter) = installed().await;
    // A call that does not end would keep its thread.
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let scope = Scope::builder("caller").begin();
        let client = Client::builder().dns_resolver(Arc::new(Endless)).build().unwrap();
        assert!(runtime.block_on(scope.run(client.get("http://anywhere.internal/").send())).is_err());
        done.send(scope).unwrap();
    });
    let scope = ended.recv_timeout(Duration::from_secs(20)).expect("the call ends");
    let spans = exported(scope, &exporter, 2).await;
    assert!(tree(&spans).contains("no such name: no such name"), "{}", tree(&spans));
}

#[tokio::test]
async fn default_headers_win_over_ours() {
    const CONTEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let url = format!("http://{address}/");
    let ids = [
        ("x-correlation-id", "batch-7"),
        ("x-correlation-order", "o-1"),
        ("baggage", "tenant=8"),
        ("call-chain-length", "4"),
        ("debug-log-enabled", "true"),
        ("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
    ];
    let context = [("traceparent", CONTEXT), ("tracestate", "a=1")];
    for defaults in [&ids[..], &context[..], &context[..1]] {
        let headers = || -> HeaderMap {
            let pairs = defaults.iter().chain(&[("x-default", "d")]);
            pairs.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
        };
        let client = Client::builder().default_headers(headers()).build().unwrap();
        let scope = Scope::builder("caller").begin();
        scope
            .run(async {
                correlation::set("order", "o-9");
                client.get(&url).send().await.unwrap();
                client.get(&url).header("x-correlation-id", "mine").send().await.unwrap();
            })
            .await;
        let span = scope.span().clone();
        let (ours, theirs) = (headers(), headers());
        let url = url.clone();
        let blocking = move || {
            let client = blocking::Client::builder().default_headers(ours).build().unwrap();
            client.get(&url).send().unwrap();
            let (client, request) = client.get(&url).build_split();
            client.execute(request.unwrap()).unwrap();
            let builder = thundra_http::ClientBuilder::new().default_headers(theirs);
            blocking::ClientBuilder::from(builder).build().unwrap().get(&url).send().unwrap();
        };
        tokio::task::spawn_blocking(move || span.in_scope(blocking)).await.unwrap();
        let seen = record.take();
        assert_eq!(seen.len(), 5);
        for (nth, seen) in seen.iter().enumerate() {
            for (name, value) in headers().iter().filter(|(name, _)| nth != 1 || *name != "x-correlation-id") {
                let values: Vec<_> = seen.headers.get_all(name).iter().collect();
                assert_eq!(values, [value], "request {nth}: {name}");
            }
            if defaults[0].0 == "traceparent" {
                let mixed = seen.headers.contains_key("x-amzn-trace-id")
                    || seen.headers.contains_key("x-correlation-traceparent")
                    || seen.headers.contains_key("tracestate") != (defaults.len() > 1);
                assert!(!mixed, "request {nth}: a context of the caller's own is not mixed with ours");
            }
        }
        assert_eq!(seen[1].headers["x-correlation-id"], "mine", "a request's own wins over the defaults");
    }
}

#[test]
fn debug_shows_no_credentials() {
    const URL: &str = "http://user:s3cr3t@a.example/x?q=s3cr3t";
    let mut headers = HeaderMap::new();
    for name in ["x-api-key", "authorization"] {
        headers.insert(name, "s3cr3t".parse().unwrap());
    }
    let builder = Client::builder().default_headers(headers.clone());
    let mut shown = format!("{builder:?} {builder:#?}");
    let client = builder.build().unwrap();
    let request = client.get(URL).headers(headers.clone());
    shown += &format!("{client:?} {client:#?} {request:?} {request:#?}");
    let builder = blocking::Client::builder().default_headers(headers.clone());
    shown += &format!("{builder:?}");
    let client = builder.build().unwrap();
    let request = client.get(URL).headers(headers);
    shown += &format!("{client:?} {request:?} {request:#?}");
    assert!(!shown.contains("s3cr3t") && shown.contains("a.example"), "{shown}");
}
