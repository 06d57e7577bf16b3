//! Services that copy received headers onto their own calls.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::Full;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::TokioExecutor;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Scope, correlation};
use thundra_http::{Client, Layer, RequestBuilderExt, blocking};
use tower::{ServiceBuilder, ServiceExt};

use crate::support::{Record, Seen, exported, installed, serve};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
const RECEIVED: [(&str, &str); 9] = [
    ("traceparent", PARENT),
    ("tracestate", "vendor=1"),
    ("baggage", "tenant=7"),
    ("x-amzn-trace-id", XRAY),
    ("x-correlation-id", "c-9"),
    ("x-correlation-order", "o-9"),
    ("x-correlation-traceparent", "00-0af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01"),
    ("call-chain-length", "9"),
    ("debug-log-enabled", "true"),
];

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers
}

fn scope(received: &[(&str, &str)], trust: Trust) -> Scope {
    Scope::builder("caller").parent(Inbound::extract(received.iter().copied(), Propagators::default(), trust)).begin()
}

/// Starts a server that keeps the headers of its requests.
async fn keeping(record: &Record) -> std::net::SocketAddr {
    let keep = record.clone();
    let app = Router::new().fallback(move |request: Request| {
        let (path, headers) = (request.uri().to_string(), request.headers().clone());
        keep.keep(Seen { method: String::new(), host: String::new(), path, headers, body: Default::default() });
        async { "kept" }
    });
    serve(app).await
}

/// Returns our headers of a request.
fn ours(seen: &Seen) -> BTreeMap<String, String> {
    let ours = seen.headers.iter().filter(|(name, _)| crate::support::is_ours(name.as_str()));
    let all: Vec<_> = ours.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let count = all.len();
    let map: BTreeMap<_, _> = all.into_iter().collect();
    assert_eq!(map.len(), count, "each of them once");
    map
}

#[tokio::test]
async fn every_client_replaces_forwarded_headers() {
    let (_turn, exporter) = installed().await;
    let record = Record::default();
    let url = format!("http://{}/", keeping(&record).await);
    let scope = scope(&RECEIVED, Trust::Full);
    scope
        .run(async {
            correlation::set("order", "o-10");
            Client::new().get(&url).headers(headers(&RECEIVED)).send().await.unwrap();
            Client::from(reqwest::Client::new()).get(&url).headers(headers(&RECEIVED)).send().await.unwrap();
            reqwest::Client::new().get(&url).headers(headers(&RECEIVED)).send_traced().await.unwrap();
            let service = ServiceBuilder::new().layer(Layer::client()).service(reqwest::Client::new());
            service
                .oneshot(reqwest::Client::new().get(&url).headers(headers(&RECEIVED)).build().unwrap())
                .await
                .unwrap();
            let hyper = HyperClient::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
            let hyper = ServiceBuilder::new().layer(Layer::client()).service(hyper);
            let mut request = http::Request::get(&url).body(Full::default()).unwrap();
            request.headers_mut().extend(headers(&RECEIVED));
            hyper.oneshot(request).await.unwrap();
            let defaults = Client::builder().default_headers(headers(&RECEIVED)).build().unwrap();
            defaults.get(&url).send().await.unwrap();
            let (span, to) = (tracing::Span::current(), url.clone());
            let blocking = move || {
                blocking::Client::new().get(to).headers(headers(&RECEIVED)).send().unwrap();
            };
            tokio::task::spawn_blocking(move || span.in_scope(blocking)).await.unwrap();
        })
        .await;
    let spans = exported(scope, &exporter, 8).await;
    let seen = record.take();
    assert_eq!(seen.len(), 7);
    for (nth, (seen, span)) in seen.iter().zip(&spans).enumerate() {
        let own = format!("00-0af7651916cd43dd8448eb211c80319c-{}-01", span.context.span_id);
        let xray = format!("Root=1-0af76519-16cd43dd8448eb211c80319c;Parent={};Sampled=1", span.context.span_id);
        let expected = [
            ("traceparent", own.as_str()),
            ("tracestate", "vendor=1"),
            ("baggage", "tenant=7"),
            ("x-amzn-trace-id", &xray),
            ("x-correlation-id", "c-9"),
            ("x-correlation-order", "o-10"),
            ("x-correlation-traceparent", &own),
            ("call-chain-length", "10"),
            ("debug-log-enabled", "true"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(ours(seen), BTreeMap::from(expected), "client {nth}");
    }
}

/// Several lines of a header, as received and as joined by a program with a map of headers.
#[tokio::test]
async fn every_line_of_a_forwarded_header_is_replaced() {
    let (_turn, exporter) = installed().await;
    let record = Record::default();
    let url = format!("http://{}/", keeping(&record).await);
    let parents = ["c7ad6b7169203331-01", "d7ad6b7169203331-01", "e7ad6b7169203331-00"]
        .map(|rest| format!("00-0af7651916cd43dd8448eb211c80319c-{rest}"));
    let xrays = [XRAY.to_owned(), XRAY.replace("Parent=5", "Parent=6")];
    let orders = ["o-1", "o-2"].map(str::to_owned);
    let ids = ["c-1", "c-2"].map(str::to_owned);
    let lengths = ["3", "3"].map(str::to_owned);
    let names = [
        ("traceparent", &parents[..]),
        ("x-correlation-traceparent", &parents),
        ("x-amzn-trace-id", &xrays),
        ("x-correlation-order", &orders),
        ("x-correlation-id", &ids),
        ("call-chain-length", &lengths),
    ];
    let lines = || names.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (*name, line.as_str())));
    let inbound = Inbound::extract(lines(), Propagators::default(), Trust::Full);
    let scope = Scope::builder("caller").parent(inbound).begin();
    scope
        .run(async {
            correlation::set("order", "own");
            let client = Client::new();
            let as_they_came = lines().fold(client.get(&url), |request, (name, line)| request.header(name, line));
            as_they_came.send().await.unwrap();
            let joined = names.map(|(name, lines)| (name, lines.join(", ")));
            joined.iter().fold(client.get(&url), |request, (n, v)| request.header(*n, v)).send().await.unwrap();
        })
        .await;
    let spans = exported(scope, &exporter, 3).await;
    for (seen, span) in record.take().iter().zip(&spans) {
        let ours = ours(seen);
        for name in ["traceparent", "x-correlation-traceparent"] {
            assert!(ours[name].contains(&span.context.span_id.to_string()), "{ours:?}");
        }
        assert!(ours["x-amzn-trace-id"].contains(&format!("Parent={};", span.context.span_id)), "{ours:?}");
        let others = ["x-correlation-order", "x-correlation-id", "call-chain-length"].map(|name| ours[name].as_str());
        assert_eq!(others, ["own", "c-1", "4"]);
    }
}

#[tokio::test]
async fn switches_of_an_untrusted_caller_are_not_forwarded() {
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let url = format!("http://{}/", keeping(&record).await);
    scope(&RECEIVED, Trust::Edge)
        .run(async { Client::new().get(&url).headers(headers(&RECEIVED)).send().await.unwrap() })
        .await;
    let sent = ours(&record.take()[0]);
    assert_eq!((sent["call-chain-length"].as_str(), sent["debug-log-enabled"].as_str()), ("1", "false"));
}

#[tokio::test]
async fn forwarded_headers_stay_where_ours_may_not_go() {
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let address = keeping(&record).await;
    let client = Client::builder().resolve("foreign.example", address).build().unwrap();
    let scope = scope(&RECEIVED, Trust::Full);
    let sent = async |url: String, more: &[(&'static str, &'static str)]| {
        let request = client.get(url).headers(headers(&[&RECEIVED[..], more].concat()));
        scope.run(request.send()).await.unwrap();
        ours(&record.take()[0])
    };
    let before: BTreeMap<_, _> = RECEIVED.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let presigned = sent(format!("http://{address}/?X-Amz-Signature=x"), &[]).await;
    assert_eq!(presigned, before, "a presigned address");
    let signed = sent(format!("http://{address}/"), &[("authorization", "AWS4-HMAC-SHA256 Credential=x")]).await;
    assert_eq!(signed, before, "a signed request");
    let mut foreign = sent(format!("http://foreign.example:{}/", address.port()), &[]).await;
    let parent = foreign.insert("traceparent".to_owned(), PARENT.to_owned()).unwrap();
    assert!(parent.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && parent != PARENT, "{parent}");
    assert_eq!(foreign, before, "a foreign gets the trace of ours and no id");
}

#[tokio::test]
async fn headers_that_were_not_received_belong_to_the_program() {
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let url = format!("http://{}/", keeping(&record).await);
    let scope = scope(&RECEIVED, Trust::Full);
    let other = "00-0af7651916cd43dd8448eb211c80319c-d7ad6b7169203331-01";
    for (own, unchanged, why) in [
        (&[("x-correlation-order", "o-8")][..], &["x-correlation-order"][..], "another id"),
        (&[("call-chain-length", "8")], &["call-chain-length"], "another length"),
        (&[("baggage", "tenant=8")], &["baggage"], "other baggage"),
        (
            &[("traceparent", other), ("tracestate", "vendor=1"), ("x-amzn-trace-id", "Root=1")],
            &["traceparent", "tracestate", "x-amzn-trace-id"],
            "another context, and what it brings along",
        ),
        (&[("x-correlation-order", "o-9"), ("x-correlation-order", "o-8")], &["x-correlation-order"], "one of two"),
    ] {
        let sent = headers(own);
        scope.run(Client::new().get(&url).headers(sent.clone()).send()).await.unwrap();
        let seen = record.take();
        for name in unchanged {
            let values = |headers: &HeaderMap| headers.get_all(*name).iter().cloned().collect::<Vec<_>>();
            assert_eq!(values(&seen[0].headers), values(&sent), "{why}: {name}");
        }
    }
}

#[tokio::test]
async fn a_rejected_tracestate_is_not_sent_beside_our_context() {
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let url = format!("http://{}/", keeping(&record).await);
    for (received, trust) in [
        (&[("traceparent", PARENT), ("tracestate", "vendor=1,Malformed=2")][..], Trust::Full),
        (&[("traceparent", PARENT), ("tracestate", "ot=th:8")], Trust::Edge),
        (&[("traceparent", PARENT), ("traceparent", PARENT), ("tracestate", "vendor=1")], Trust::Full),
    ] {
        scope(received, trust).run(Client::new().get(&url).headers(headers(received)).send()).await.unwrap();
        let sent = ours(&record.take()[0]);
        assert!(sent["traceparent"] != PARENT && !sent.contains_key("tracestate"), "{received:?}: {sent:?}");
    }
}

#[tokio::test]
async fn a_redirect_to_a_foreign_host_keeps_headers_of_the_program() {
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let foreign = keeping(&record).await;
    let to = format!("http://foreign.example:{}/", foreign.port());
    let home = Router::new().fallback(move || async move { axum::response::Redirect::temporary(&to) });
    let home = serve(home).await;
    let client = Client::builder().resolve("foreign.example", foreign).build().unwrap();
    let call = client.get(format!("http://{home}/")).headers(headers(&RECEIVED));
    scope(&RECEIVED, Trust::Full).run(call.send()).await.unwrap();
    let sent = ours(&record.take()[0]);
    assert_eq!((sent["call-chain-length"].as_str(), sent["x-correlation-order"].as_str()), ("9", "o-9"));
    assert_ne!(sent["traceparent"], PARENT);
}
