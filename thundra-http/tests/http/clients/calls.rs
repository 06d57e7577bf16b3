//! Calls of our clients and of reqwest's: a span for each.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get};
use http_body_util::Empty;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::TokioExecutor;
use opentelemetry::Context;
use opentelemetry::context::FutureExt;
use thundra_core::testing::tree;
use thundra_core::{Scope, SpanKind, correlation};
use thundra_http::{Client, Layer, RequestBuilderExt, blocking};
use tower::{ServiceBuilder, ServiceExt};
use tracing::Instrument;

use crate::support::{Record, Seen, attribute, error_types, exported, installed, nobody, serve};

use super::keeping;

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
            let response = client.get(format!("http://{address}/price/7?token=secret")).send().await.unwrap();
            let order = response.text().await.unwrap();
            let broken = reqwest::Client::new().get(format!("http://{address}/broken")).send_traced().await.unwrap();
            (order, broken.status())
        })
        .await;
    assert_eq!((order.as_str(), status), ("o-9", StatusCode::SERVICE_UNAVAILABLE));
    let spans = exported(scope, &exporter, 6).await;
    let recorded = |word: &&str| {
        let attribute = word.split_once('=').map(|(key, _)| key);
        attribute.is_none_or(|key| ["url.full", "http.route", "http.response.status_code", "error.type"].contains(&key))
    };
    let tree = tree(&spans).replace(&address.to_string(), "server");
    let tree: Vec<_> =
        tree.lines().map(|line| line.split(' ').filter(recorded).collect::<Vec<_>>().join(" ")).collect();
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
async fn every_method_that_sends_is_traced() {
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
async fn two_hundred_concurrent_calls_have_the_right_parents() {
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
        let response = client.post(format!("http://{address}/")).body("b").send().unwrap();
        assert_eq!(response.text().unwrap(), "kept");
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
