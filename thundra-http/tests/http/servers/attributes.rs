//! Names and attributes of server spans.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use thundra_core::{Scope, SpanKind};
use thundra_http::{Client, Layer};
use tower::{ServiceBuilder, ServiceExt};

use crate::support::{attribute, exported, installed};

use super::request_of;

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
            let response = client.get(format!("http://{address}/a/path/7")).send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "plain");
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
async fn an_untrusted_caller_fills_no_span() {
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
async fn proxies_report_the_caller_and_the_host() {
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
