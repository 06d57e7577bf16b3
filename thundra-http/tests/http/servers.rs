//! Servers: scopes, what they take from their callers, and where they end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use futures_util::StreamExt;
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use opentelemetry::Context;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use thundra_core::{Scope, SpanKind, correlation, current, outbound};
use thundra_http::{Client, Layer, RequestBuilderExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::{Service, ServiceBuilder, ServiceExt};

use crate::support::{attribute, error_types, exported, installed, serve};

/// What the handler of a request would send on, one pair a line.
async fn sends_on() -> String {
    correlation::set("own", "mine");
    let outbound = outbound(&tracing::Span::none()).unwrap();
    outbound.pairs().iter().map(|(key, value)| format!("{key}={value}\n")).collect()
}

/// What a server takes from a caller with these headers.
async fn taken(layer: thundra_http::ServerLayer, headers: &[(&str, String)]) -> String {
    let address = serve(Router::new().route("/", get(sends_on)).layer(layer)).await;
    let mut request = reqwest::Client::new().get(format!("http://{address}/"));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.send().await.unwrap().text().await.unwrap()
}

const CONTEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

#[tokio::test]
async fn an_edge_takes_context_and_ids_but_no_orders() {
    let (_turn, _exporter) = installed().await;
    let headers = [
        ("traceparent", CONTEXT),
        ("x-correlation-id", "c-1"),
        ("x-correlation-order", "o-9"),
        ("baggage", "tenant=7"),
        ("debug-log-enabled", "true"),
        ("call-chain-length", "7"),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let edge = taken(Layer::server(), &headers).await;
    let trusted = taken(Layer::server().trusted(), &headers).await;
    for (line, at_edge, where_trusted, why) in [
        ("x-correlation-id=c-1", true, true, "a well-formed id"),
        ("x-correlation-order=o-9", true, true, "another id"),
        ("baggage=tenant=7", true, true, "baggage"),
        ("debug-log-enabled=true", false, true, "a switch"),
        ("call-chain-length=8", false, true, "a count that ends loops"),
    ] {
        let has = |text: &str| text.lines().any(|known| known == line);
        assert_eq!((has(&edge), has(&trusted)), (at_edge, where_trusted), "{why}: {edge} {trusted}");
    }
    let sampled = |text: &str| {
        let context = text.lines().find_map(|line| line.strip_prefix("traceparent=")).unwrap().to_owned();
        assert!(context.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "the trace goes on: {context}");
        context.ends_with("-01")
    };
    assert_eq!((sampled(&edge), sampled(&trusted)), (true, false), "strangers do not switch recording off");
}

#[tokio::test]
async fn everything_taken_is_bounded() {
    let (_turn, _exporter) = installed().await;
    let members = |count: usize| (0..count).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
    let count = |line: Option<&str>| line.map_or(0, |line| line.split(',').count());
    let long = |bytes: usize| format!("a=1,b={}", "x".repeat(bytes - 6));
    for (name, value, line, expected, why) in [
        ("tracestate", members(32), "tracestate", 32, "as many members as there may be"),
        ("tracestate", members(33), "tracestate", 0, "one too many"),
        ("baggage", members(64), "baggage", 64, "as many members as there may be"),
        ("baggage", members(65), "baggage", 64, "one too many"),
        ("baggage", long(8192), "baggage", 2, "as many bytes as there may be"),
        ("baggage", long(8193), "baggage", 1, "one too many"),
        ("x-correlation-a", "x".repeat(256), "x-correlation-a", 1, "as long as an id may be"),
        ("x-correlation-a", "x".repeat(257), "x-correlation-a", 0, "one too long"),
        ("x-correlation-a", "tab\there".to_owned(), "x-correlation-a", 0, "no printable ASCII"),
        ("x-correlation-a", String::new(), "x-correlation-a", 0, "nothing"),
    ] {
        let headers = [("traceparent", CONTEXT.to_owned()), (name, value)];
        for layer in [Layer::server(), Layer::server().trusted()] {
            let text = taken(layer, &headers).await;
            let prefix = format!("{line}=");
            let found = text.lines().find_map(|found| found.strip_prefix(prefix.as_str()));
            assert_eq!(count(found), expected, "{name}: {why}");
        }
    }
    for (sent, layer, expected) in [
        (32, Layer::server(), 32),
        (32, Layer::server().trusted(), 32),
        (50, Layer::server(), 32),
        (50, Layer::server().trusted(), 40),
    ] {
        let many: Vec<_> = (0..sent).map(|n| (format!("x-correlation-k{n}"), "v".to_owned())).collect();
        let many: Vec<_> = many.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let text = taken(layer, &many).await;
        assert_eq!(text.matches("x-correlation-k").count(), expected);
        assert!(text.contains("x-correlation-id="), "a scope has an id, whatever was sent: {text}");
        assert_eq!(text.contains("x-correlation-own=mine"), expected < 40, "a stranger leaves room: {text}");
    }
}

#[tokio::test]
async fn a_request_is_described_by_the_conventions() {
    let (_turn, exporter) = installed().await;
    let app = Router::new()
        .route("/users/{id}", get(|| async { StatusCode::NOT_FOUND }).fallback(|| async { StatusCode::BAD_GATEWAY }))
        .layer(Layer::server())
        .into_make_service_with_connect_info::<SocketAddr>();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let client = Client::new();
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let request = client.get(format!("http://{address}/users/7?token=secret&s3cret"));
            let request = request.header("x-forwarded-for", "203.0.113.7, 10.0.0.1").header("user-agent", "ua/1");
            request.header("x-forwarded-proto", "https").send().await.unwrap();
            client.request("BREW".parse().unwrap(), format!("http://{address}/users/7")).send().await.unwrap();
        })
        .await;
    let spans = exported(scope, &exporter, 5).await;
    let servers: Vec<_> = spans.iter().filter(|span| span.kind == SpanKind::Server).collect();
    let port = address.port().to_string();
    for (key, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/users/{id}"),
        ("url.path", "/users/7"),
        ("url.query", "token=REDACTED&REDACTED"),
        ("url.scheme", "https"),
        ("client.address", "203.0.113.7"),
        ("network.peer.address", "127.0.0.1"),
        ("network.protocol.version", "1.1"),
        ("server.address", "127.0.0.1"),
        ("server.port", &port),
        ("user_agent.original", "ua/1"),
        ("http.response.status_code", "404"),
    ] {
        assert_eq!(attribute(servers[0], key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(servers[0].name, "GET /users/{id}");
    assert_eq!(attribute(servers[0], "error.type"), None, "4xx is the caller's error");
    assert_eq!(servers[1].name, "HTTP /users/{id}");
    assert_eq!(attribute(servers[1], "http.request.method_original").as_deref(), Some("BREW"));
    assert_eq!(attribute(servers[1], "client.address").as_deref(), Some("127.0.0.1"));
    assert_eq!(attribute(servers[1], "error.type").as_deref(), Some("502"));
}

#[tokio::test]
async fn it_is_the_end_of_the_body_that_ends_a_request() {
    let (_turn, exporter) = installed().await;
    let app = Router::new()
        .route(
            "/slowly",
            get(|| async {
                Body::from_stream(futures_util::stream::iter(0..3).then(async |n: u32| {
                    tokio::time::sleep(Duration::from_millis(40)).await;
                    tracing::info_span!("chunk", n)
                        .in_scope(|| Ok::<_, Infallible>(format!("{:?}", current().is_some())))
                }))
            }),
        )
        .route(
            "/breaks",
            get(|| async {
                Body::from_stream(futures_util::stream::iter([true, false]).then(async |works| {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    if works { Ok("some") } else { Err(std::io::Error::other("torn")) }
                }))
            }),
        )
        .route(
            "/endless",
            get(|| async {
                Body::from_stream(futures_util::stream::repeat_with(|| Ok::<_, Infallible>(vec![0; 4096])))
            }),
        )
        .route(
            "/panics",
            get(|| async {
                if true {
                    panic!("at the disco")
                }
            }),
        )
        .route("/waits", get(std::future::pending::<()>))
        .route(
            "/body-panics",
            get(|| async {
                Body::from_stream(futures_util::stream::iter([true, false]).then(async |works| {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    assert!(works, "at the disco");
                    Ok::<_, Infallible>("some")
                }))
            }),
        )
        .route(
            "/counted",
            get(|| async {
                let parts = futures_util::stream::iter([Ok::<_, Infallible>("four")]);
                let endless = parts.chain(futures_util::stream::pending());
                Response::builder().header("content-length", 4).body(Body::from_stream(endless)).unwrap()
            }),
        )
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }))
        .layer(Layer::server());
    let address = serve(app).await;
    let client = Client::new();
    let call = async |path: &str| client.get(format!("http://{address}{path}")).send().await;
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            assert_eq!(call("/slowly").await.unwrap().text().await.unwrap(), "truetruetrue", "bodies are in the scope");
            call("/breaks").await.unwrap().text().await.unwrap_err();
            let mut endless = call("/endless").await.unwrap();
            assert!(endless.chunk().await.unwrap().is_some());
            drop(endless);
            call("/panics").await.unwrap_err();
            let waiting = client.get(format!("http://{address}/waits")).timeout(Duration::from_millis(50)).send();
            waiting.await.unwrap_err();
            client.head(format!("http://{address}/slowly")).send().await.unwrap();
            call("/empty").await.unwrap();
            call("/body-panics").await.unwrap().text().await.unwrap_err();
            assert_eq!(call("/counted").await.unwrap().text().await.unwrap(), "four");
        })
        .await;
    let spans = exported(scope, &exporter, 1 + 9 + 9 + 3).await;
    let server = |name: &str, nth: usize| {
        let spans = spans.iter().filter(|span| span.kind == SpanKind::Server && span.name == name);
        spans.into_iter().nth(nth).unwrap()
    };
    for (name, error) in [
        ("GET /slowly", None),
        ("GET /breaks", Some("body_failed")),
        ("GET /endless", Some("cancelled")),
        ("GET /panics", Some("panic")),
        ("GET /waits", Some("cancelled")),
        ("HEAD /slowly", None),
        ("GET /empty", None),
        ("GET /body-panics", Some("panic")),
        ("GET /counted", None),
    ] {
        assert_eq!(attribute(server(name, 0), "error.type").as_deref(), error, "{name}");
    }
    let slowly = server("GET /slowly", 0);
    assert!(slowly.end_time.duration_since(slowly.start_time).unwrap() >= Duration::from_millis(120));
}

#[tokio::test]
async fn bodies_say_of_themselves_what_they_said_before() {
    let (_turn, _exporter) = installed().await;
    let call = async |body: Body| {
        let mut body = Some(body);
        let inner = tower::service_fn(move |_: Request| {
            let body = body.take().unwrap();
            async { Ok::<_, Infallible>(Response::new(body)) }
        });
        let mut service = ServiceBuilder::new().layer(Layer::server()).service(inner);
        service.call(Request::new(Body::empty())).await.unwrap().into_body()
    };
    let full = call(Body::from("four")).await;
    assert_eq!((full.size_hint().exact(), full.is_end_stream()), (Some(4), false));
    let empty = call(Body::empty()).await;
    assert_eq!((empty.size_hint().exact(), empty.is_end_stream()), (Some(0), true));
    let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("7"))]);
    let frames = [Ok::<_, Infallible>(Frame::data(Bytes::from("data"))), Ok(Frame::trailers(trailers.clone()))];
    let collected = call(Body::new(StreamBody::new(futures_util::stream::iter(frames)))).await.collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
}

#[tokio::test]
async fn an_upgraded_connection_is_left_alone() {
    let (_turn, exporter) = installed().await;
    let app = Router::new()
        .route(
            "/socket",
            get(|request: Request| async {
                tokio::spawn(async move {
                    let mut socket = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
                    let mut ping = [0; 4];
                    socket.read_exact(&mut ping).await.unwrap();
                    socket.write_all(&ping).await.unwrap();
                });
                let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
                response.header("connection", "upgrade").header("upgrade", "echo").body(Body::empty()).unwrap()
            }),
        )
        .layer(Layer::server());
    let address = serve(app).await;
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let request = Client::new().get(format!("http://{address}/socket"));
            let answer = request.header("connection", "upgrade").header("upgrade", "echo").send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
            let mut socket = answer.upgrade().await.unwrap();
            socket.write_all(b"ping").await.unwrap();
            let mut pong = [0; 4];
            socket.read_exact(&mut pong).await.unwrap();
            assert_eq!(&pong, b"ping");
        })
        .await;
    let spans = exported(scope, &exporter, 3).await;
    assert_eq!(error_types(&spans), [""; 0]);
}

#[tokio::test]
async fn a_plain_server_names_its_requests_after_their_method() {
    let (_turn, exporter) = installed().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler = tower::service_fn(|request: http::Request<hyper::body::Incoming>| async move {
        match request.uri().path() {
            "/fails" => Err(std::io::Error::other("no disk: http://u:secret@store.internal/?token=secret")),
            _ => Ok(http::Response::new(Full::new(Bytes::from("plain")))),
        }
    });
    let service = ServiceBuilder::new().layer(Layer::server()).service(handler);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(service.clone());
            let connection = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            tokio::spawn(async move { connection.serve_connection(TokioIo::new(stream), service).await.is_ok() });
        }
    });
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let client = Client::new();
            let answer = client.get(format!("http://{address}/a/path/7")).send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), "plain");
            client.get(format!("http://{address}/fails")).send().await.unwrap_err();
            let prior = Client::builder().http2_prior_knowledge().build().unwrap();
            prior.post(format!("http://{address}/")).send().await.unwrap();
        })
        .await;
    let spans = exported(scope, &exporter, 7).await;
    let servers: Vec<_> = spans.iter().filter(|span| span.kind == SpanKind::Server).collect();
    let names: Vec<_> = servers.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["GET", "GET", "POST"]);
    assert!(!format!("{servers:?}").contains("secret"));
    assert_eq!(attribute(servers[1], "error.type").as_deref(), Some("service_failed"));
    let http2 = servers[2];
    assert_eq!(attribute(http2, "network.protocol.version").as_deref(), Some("2"));
    assert_eq!(attribute(http2, "server.address").as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn a_request_inside_of_a_scope_or_suppressed_begins_none() {
    let (_turn, exporter) = installed().await;
    let mut service =
        Router::new().route("/users/{id}", get(|| async { "" })).layer(Layer::server()).into_service::<Body>();
    let request = || Request::get("/users/7").body(Body::empty()).unwrap();
    let scope = Scope::builder("invocation").begin();
    scope.set_flags(thundra_core::ScopeFlags::HTTP_REQUEST);
    scope.run(service.ready().await.unwrap().call(request())).await.unwrap();
    let mut plain = ServiceBuilder::new()
        .layer(Layer::server())
        .service(tower::service_fn(|_: Request| async { Ok::<_, Infallible>(Response::new(Body::empty())) }));
    let suppressed = {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        plain.call(request())
    };
    suppressed.await.unwrap();
    let spans = exported(scope, &exporter, 1).await;
    assert_eq!((spans[0].name.as_str(), exporter.spans().len()), ("GET /users/{id}", 1));
    assert_eq!(attribute(&spans[0], "http.route").as_deref(), Some("/users/{id}"));
}

#[tokio::test]
async fn a_router_in_a_handler_is_a_part_of_what_it_is_called_in() {
    let (_turn, exporter) = installed().await;
    let inner = || Router::new().route("/inner/{id}", get(|| async { "" })).layer(Layer::server());
    let call_inner = move || inner().oneshot(Request::get("/inner/7").body(Body::empty()).unwrap());
    let outer = Router::new().route("/outer/{id}", get(move || async move { call_inner().await.unwrap() }));
    // The layer stands twice: the one further out has no route yet.
    let mut outer = ServiceBuilder::new().layer(Layer::server()).service(outer.layer(Layer::server()));
    let caller = Scope::builder("caller").begin();
    let context = thundra_core::propagation::format_traceparent(&caller.context().unwrap());
    let request = Request::get("/outer/7").header("traceparent", context).body(Body::empty()).unwrap();
    outer.call(request).await.unwrap().into_body().collect().await.unwrap();
    let spans = exported(caller, &exporter, 2).await;
    let server = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
    assert_eq!(server.name, "GET /outer/{id}");
    assert_eq!(attribute(server, "http.route").as_deref(), Some("/outer/{id}"));

    // What is no request has no route: a message, the record of a batch.
    let scope = Scope::builder("message").begin();
    scope.run(call_inner()).await.unwrap();
    let spans = exported(scope, &exporter, 1).await;
    assert_eq!((spans[0].name.as_str(), attribute(&spans[0], "http.route")), ("message", None));

    // An invocation is the first request in it.
    let scope = Scope::builder("invocation").begin();
    scope.set_flags(thundra_core::ScopeFlags::HTTP_REQUEST);
    let routes = Router::new().route("/outer", get(move || async move { call_inner().await.unwrap() }));
    let first = routes.layer(Layer::server()).oneshot(Request::get("/outer").body(Body::empty()).unwrap());
    scope.run(first).await.unwrap();
    scope.run(call_inner()).await.unwrap();
    assert_eq!(exported(scope, &exporter, 1).await[0].name, "GET /outer");
}

/// A request of this method and with these headers, in the trace of a scope.
fn request_of(scope: &Scope, method: &str, uri: &str, headers: &[(&str, &str)]) -> Request {
    let context = thundra_core::propagation::format_traceparent(&scope.context().unwrap());
    let request = Request::builder().method(method).uri(uri).header("traceparent", context);
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_stranger_fills_no_span() {
    let (_turn, exporter) = installed().await;
    let scope = Scope::builder("caller").begin();
    let long = "é".repeat(3_000);
    let agent = "x".repeat(30_000);
    let uri = format!("http://{}.example/{}?{}", "h".repeat(300), "p".repeat(30_000), "k=v&".repeat(7_000));
    let mut request = request_of(&scope, &"M".repeat(300), &uri, &[("user-agent", &agent)]);
    request.headers_mut().insert("x-forwarded-host", HeaderValue::from_bytes(long.as_bytes()).unwrap());
    let service = tower::service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    ServiceBuilder::new().layer(Layer::server()).service(service).oneshot(request).await.unwrap();
    let spans = exported(scope, &exporter, 2).await;
    let server = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
    for (key, bytes) in [
        ("user_agent.original", 256),
        ("url.path", 2048),
        ("url.query", 2048),
        ("http.request.method_original", 64),
        ("server.address", 255),
    ] {
        assert_eq!(attribute(server, key).map(|value| value.len()), Some(bytes), "{key}");
    }
}

#[tokio::test]
async fn proxies_say_who_asked_for_what() {
    let (_turn, exporter) = installed().await;
    let by = ("forwarded", "for=\"[2001:db8::1]:4711\";proto=https;host=a.example:8443");
    let others =
        [("x-forwarded-for", "[2001:db8::2]"), ("x-forwarded-proto", "https, http"), ("x-forwarded-host", "b.example")];
    let host = ("host", "d.example:81");
    for (uri, headers, [client, scheme, address, port]) in [
        (
            "http://c.example/",
            vec![by, others[0], others[1], others[2], host],
            ["2001:db8::1", "https", "a.example", "8443"],
        ),
        ("http://c.example/", vec![others[0], others[1], others[2], host], ["2001:db8::2", "https", "b.example", ""]),
        ("http://c.example/", vec![host], ["192.0.2.1", "http", "c.example", ""]),
        ("/", vec![host], ["192.0.2.1", "http", "d.example", "81"]),
    ] {
        let scope = Scope::builder("caller").begin();
        let mut request = request_of(&scope, "GET", uri, &headers);
        request.extensions_mut().insert(SocketAddr::from(([192, 0, 2, 1], 4711)));
        let service = tower::service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
        ServiceBuilder::new().layer(Layer::server()).service(service).oneshot(request).await.unwrap();
        let spans = exported(scope, &exporter, 2).await;
        let server = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
        for (key, value) in [
            ("client.address", client),
            ("url.scheme", scheme),
            ("server.address", address),
            ("server.port", port),
            ("network.peer.address", "192.0.2.1"),
            ("network.peer.port", "4711"),
        ] {
            assert_eq!(attribute(server, key).unwrap_or_default(), value, "{key}: {uri} {headers:?}");
        }
    }
}

#[tokio::test]
async fn a_stranger_makes_up_no_names_by_asking_for_methods() {
    let (_turn, exporter) = installed().await;
    let answer = |path: &str| {
        let response = Response::builder().header("content-type", "application/grpc");
        let trailers = |code| HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static(code))]);
        let body = |code| {
            Body::new(StreamBody::new(futures_util::stream::iter([Ok::<_, Infallible>(Frame::trailers(trailers(
                code,
            )))])))
        };
        let result = match path {
            path if path.ends_with("Refused") => response.header("grpc-status", "16").body(Body::empty()),
            path if path.ends_with("Missing") => response.header("grpc-status", "12").body(Body::empty()),
            path if path.ends_with("Late") => response.body(body("12")),
            path if path.ends_with("Strange") => response.header("grpc-status", "what").body(Body::empty()),
            path if path.ends_with("Empty") => response.header("grpc-status", "0").body(Body::empty()),
            path if path.ends_with("Forbidden") => response.status(403).body(Body::empty()),
            path if path.ends_with("Begun") => response.body(body("5")),
            _ => response.body(body("0")),
        };
        result.unwrap()
    };
    let plain = tower::service_fn(move |request: Request| async move {
        match (request.uri().path(), request.headers().contains_key("x-guarded")) {
            ("/shop.Names/Waits", _) => std::future::pending().await,
            ("/shop.Names/Fails", _) => Err(std::io::Error::other("no disk")),
            (_, true) => Ok(answer("/Refused")),
            (path, false) => Ok(answer(path)),
        }
    });
    let plain = ServiceBuilder::new().layer(Layer::server()).service(plain);
    let refused = move || async move { answer("/Refused") };
    let missing = move || async move { answer("/Missing") };
    let routed = Router::new()
        .route("/shop.Names/RoutedRefused", post(refused))
        .route("/shop.Names/RoutedMissing", post(missing))
        .route("/shop.Wild/{*method}", post(refused))
        .layer(Layer::server());
    let grpc = ("content-type", "application/grpc");
    for (path, guarded, name, method, code, why) in [
        ("Waits", false, "POST", None, None, "nobody saw an answer"),
        ("Fails", false, "POST", None, None, "there was no answer"),
        ("Refused", false, "grpc", Some("_OTHER"), Some("UNAUTHENTICATED"), "by a guard, for all it knows"),
        ("Missing", false, "grpc", Some("_OTHER"), Some("UNIMPLEMENTED"), "no such method"),
        ("Late", false, "grpc", Some("_OTHER"), Some("UNIMPLEMENTED"), "no such method, said late"),
        ("Strange", false, "grpc", Some("_OTHER"), None, "no outcome"),
        ("Forbidden", false, "grpc", Some("_OTHER"), None, "by a guard that knows HTTP alone"),
        ("Empty", false, "shop.Names/Empty", Some("shop.Names/Empty"), Some("OK"), "a success"),
        ("Begun", false, "shop.Names/Begun", Some("shop.Names/Begun"), Some("NOT_FOUND"), "an answer was begun"),
        ("Begun", true, "grpc", Some("_OTHER"), Some("UNAUTHENTICATED"), "no success so far"),
        ("Place", true, "grpc", Some("_OTHER"), Some("UNAUTHENTICATED"), "the same"),
        ("Place", false, "shop.Names/Place", Some("shop.Names/Place"), Some("OK"), "a success at the end"),
        ("Place", true, "shop.Names/Place", Some("shop.Names/Place"), Some("UNAUTHENTICATED"), "known by now"),
    ] {
        let scope = Scope::builder("caller").begin();
        let mut headers = vec![grpc, ("x-forwarded-for", "203.0.113.7")];
        headers.extend(guarded.then_some(("x-guarded", "")));
        let request = request_of(&scope, "POST", &format!("/shop.Names/{path}"), &headers);
        let call =
            async { plain.clone().oneshot(request).await?.into_body().collect().await.map_err(std::io::Error::other) };
        let _ = tokio::time::timeout(Duration::from_millis(50), call).await;
        let spans = exported(scope, &exporter, 2).await;
        let server = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
        let told = ["rpc.method", "rpc.response.status_code"].map(|key| attribute(server, key));
        assert_eq!(
            (server.name.as_str(), told[0].as_deref(), told[1].as_deref()),
            (name, method, code),
            "{path}: {why}"
        );
        let original = attribute(server, "rpc.method_original");
        assert_eq!(original, (method == Some("_OTHER")).then(|| format!("shop.Names/{path}")), "{path}: {why}");
        let system = method.map(|_| "grpc".to_owned());
        assert_eq!(attribute(server, "rpc.system.name"), system, "{path}: {why}");
        let client = method.is_none().then(|| "203.0.113.7".to_owned());
        assert_eq!(attribute(server, "client.address"), client, "{path}: {why}");
    }
    for (path, name, why) in [
        ("/shop.Names/RoutedRefused", "shop.Names/RoutedRefused", "the route is the method"),
        ("/shop.Names/RoutedMissing", "shop.Names/RoutedMissing", "the route is the method"),
        ("/shop.Wild/Any", "grpc", "the route takes anything"),
    ] {
        let scope = Scope::builder("caller").begin();
        routed.clone().oneshot(request_of(&scope, "POST", path, &[grpc])).await.unwrap();
        let spans = exported(scope, &exporter, 2).await;
        assert_eq!(spans.iter().find(|span| span.kind == SpanKind::Server).unwrap().name, name, "{why}");
    }
}

/// A collector whose outcome the sender decides.
struct Collector;

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let order = correlation::get("order");
        match request.into_inner().resource_spans.len() {
            0 if order.as_deref() != Some("o-9") => Err(tonic::Status::internal("the ids are lost")),
            0 => Ok(tonic::Response::new(ExportTraceServiceResponse::default())),
            1 => Err(tonic::Status::not_found("the caller's")),
            _ => Err(tonic::Status::unavailable("the server's")),
        }
    }
}

#[tokio::test]
async fn grpc_has_names_and_outcomes_of_its_own() {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
    const METHOD: &str = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let (_turn, exporter) = installed().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = tonic::transport::Server::builder().layer(Layer::server());
    let server = server.add_service(TraceServiceServer::new(Collector));
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    tokio::spawn(server.serve_with_incoming(incoming));
    let channel =
        tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    let channel = ServiceBuilder::new().layer(Layer::client()).service(channel);
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            correlation::set("order", "o-9");
            let origin = format!("http://{address}").parse().unwrap();
            let mut client = TraceServiceClient::with_origin(channel.clone(), origin);
            for spans in 0..3 {
                let request = ExportTraceServiceRequest { resource_spans: vec![Default::default(); spans] };
                let _ = client.export(request).await;
            }
            let unknown = LogsServiceClient::new(channel).export(ExportLogsServiceRequest::default()).await;
            assert_eq!(unknown.unwrap_err().code(), tonic::Code::Unimplemented);
        })
        .await;
    let spans = exported(scope, &exporter, 9).await;
    let of = |kind: SpanKind| {
        let spans = spans.iter().filter(|span| span.kind == kind);
        spans
            .map(|span| {
                let told = ["rpc.method", "rpc.response.status_code", "error.type"].map(|key| attribute(span, key));
                assert_eq!(attribute(span, "rpc.system.name").as_deref(), Some("grpc"));
                let [method, code, error] = told.map(Option::unwrap_or_default);
                format!("{}: {method} {code} {error}", span.name)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(SpanKind::Server),
        [
            format!("{METHOD}: {METHOD} OK "),
            format!("{METHOD}: {METHOD} NOT_FOUND "),
            format!("{METHOD}: {METHOD} UNAVAILABLE UNAVAILABLE"),
            "grpc: _OTHER UNIMPLEMENTED UNIMPLEMENTED".to_owned(),
        ]
    );
    let logs = "opentelemetry.proto.collector.logs.v1.LogsService/Export";
    assert_eq!(
        of(SpanKind::Client),
        [
            format!("{METHOD}: {METHOD}  "),
            format!("{METHOD}: {METHOD} NOT_FOUND NOT_FOUND"),
            format!("{METHOD}: {METHOD} UNAVAILABLE UNAVAILABLE"),
            format!("{logs}: {logs} UNIMPLEMENTED UNIMPLEMENTED"),
        ]
    );
}

#[tokio::test]
async fn a_request_that_only_says_that_it_is_grpc_makes_no_names() {
    let (_turn, exporter) = installed().await;
    let grpc = || async { Response::builder().header("content-type", "application/grpc").body(Body::empty()).unwrap() };
    let app = Router::new()
        .route("/orders/{id}", post(|| async { "an order" }))
        .route("/waits/{id}", post(std::future::pending::<()>))
        .route("/shop.Orders/{*rest}", post(grpc))
        .layer(Layer::server());
    let address = serve(app).await;
    let call = async |path: &str| {
        let request = reqwest::Client::new().post(format!("http://{address}{path}"));
        request.header("content-type", "application/grpc").timeout(Duration::from_millis(300)).send_traced().await
    };
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            call("/orders/8f3a").await.unwrap();
            call("/nowhere/8f3a").await.unwrap();
            call("/shop.Orders/Place").await.unwrap();
            call("/waits/8f3a").await.unwrap_err();
        })
        .await;
    let spans = exported(scope, &exporter, 9).await;
    let of = |path: &str| {
        let is_it = |span: &&thundra_core::SpanData| attribute(span, "url.path").as_deref() == Some(path);
        let span = spans.iter().filter(|span| span.kind == SpanKind::Server).find(is_it).unwrap();
        (span.name.to_string(), attribute(span, "rpc.system.name"), attribute(span, "rpc.method"))
    };
    assert_eq!(of("/orders/8f3a"), ("POST /orders/{id}".to_owned(), None, None));
    assert_eq!(of("/nowhere/8f3a"), ("POST".to_owned(), None, None));
    let (system, method) = (Some("grpc".to_owned()), Some("shop.Orders/Place".to_owned()));
    assert_eq!(of("/shop.Orders/Place"), ("shop.Orders/Place".to_owned(), system, method));
    assert_eq!(of("/waits/8f3a").0, "POST /waits/{id}", "an answer would have told");
    let calls = spans.iter().filter(|span| span.kind == SpanKind::Client);
    let calls: Vec<_> = calls
        .map(|call| (call.name.as_str(), attribute(call, "rpc.system.name"), attribute(call, "rpc.method")))
        .collect();
    let (system, method) = (Some("grpc".to_owned()), Some("shop.Orders/Place".to_owned()));
    assert_eq!(calls[..3], [("POST", None, None), ("POST", None, None), ("shop.Orders/Place", system, method)]);

    let mut service = Router::new()
        .route("/orders/{id}", post(|| async { "an order" }))
        .layer(Layer::server())
        .into_service::<Body>();
    let request = Request::post("/orders/8f3a").header("content-type", "application/grpc").body(Body::empty()).unwrap();
    let scope = Scope::builder("invocation").begin();
    scope.set_flags(thundra_core::ScopeFlags::HTTP_REQUEST);
    scope.run(service.ready().await.unwrap().call(request)).await.unwrap();
    assert_eq!(exported(scope, &exporter, 1).await[0].name, "POST /orders/{id}");
}
