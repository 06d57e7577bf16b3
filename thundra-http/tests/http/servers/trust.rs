//! Context and ids of callers: the accepted parts, and the limits.

use axum::Router;
use axum::routing::get;
use thundra_core::{Scope, SpanKind, correlation, outbound};
use thundra_http::Layer;

use crate::support::{attribute, exported, installed, serve};

/// Returns the pairs that the handler of a request would send on, one a line.
async fn sends_on() -> String {
    correlation::set("own", "mine");
    let outbound = outbound(&tracing::Span::none()).unwrap();
    outbound.pairs().iter().map(|(key, value)| format!("{key}={value}\n")).collect()
}

/// Returns the pairs that a handler sends on when a caller has sent these headers.
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
async fn an_edge_accepts_context_and_ids_and_obeys_no_switch() {
    let (_turn, exporter) = installed().await;
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
    assert_eq!((sampled(&edge), sampled(&trusted)), (true, false), "an untrusted caller does not switch recording off");

    let caller = Scope::builder("caller").begin();
    let headers = [("traceparent", caller.context().unwrap().to_string()), headers[1].clone(), headers[2].clone()];
    taken(Layer::server(), &headers).await;
    let spans = exported(caller, &exporter, 2).await;
    let request = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
    let ids = ["x-correlation-id", "x-correlation-order", "x-correlation-own"].map(|key| attribute(request, key));
    assert_eq!(ids.each_ref().map(Option::as_deref), [Some("c-1"), Some("o-9"), Some("mine")]);
}

#[tokio::test]
async fn everything_accepted_is_bounded() {
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
        assert_eq!(text.contains("x-correlation-own=mine"), expected < 40, "a foreign leaves room: {text}");
    }
}
