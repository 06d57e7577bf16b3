//! A process with variables: trusted hosts, trusted callers, captured headers.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, dead_code)]

#[path = "http/support.rs"]
mod support;

use axum::Router;
use axum::routing::get;
use support::{attribute, exported, installed_with, serve};
use thundra_core::{Scope, SpanKind, correlation, outbound};
use thundra_http::{Client, Layer};

#[tokio::test]
async fn variables_add_trusted_hosts_callers_and_headers() {
    let (_turn, exporter) = installed_with(&[
        ("THUNDRA_PROPAGATE_HOSTS", "partner.example, *.shop.example, https://bad.example"),
        ("THUNDRA_TRUST", "all"),
        ("OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS", "X-Sent, Authorization"),
        ("OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS", "x-answered"),
        ("OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS", "x-sent"),
        ("OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS", "x-answered, x-absent"),
        ("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET, BREW"),
    ])
    .await;
    let handler = || async {
        let debug = outbound(&tracing::Span::none()).unwrap().correlation.debug_log_enabled();
        let id = correlation::get("order").unwrap_or_default();
        ([("x-answered", "a"), ("x-other", "b")], format!("{id} {debug}"))
    };
    let address = serve(Router::new().route("/", get(handler)).layer(Layer::server())).await;
    let hosts = ["partner.example", "a.shop.example", "shop.example", "bad.example"];
    let builder = hosts.iter().fold(Client::builder(), |builder, host| builder.resolve(host, address));
    let client = builder.build().unwrap();
    let scope = Scope::builder("caller").begin();
    let responses = scope
        .run(async {
            correlation::set("order", "o-9");
            let mut responses = Vec::new();
            for host in hosts.into_iter().chain(hosts) {
                let request = client.get(format!("http://{host}:{}/", address.port()));
                let request = request.header("x-sent", "s").bearer_auth("secret").header("debug-log-enabled", "true");
                responses.push(request.send().await.unwrap().text().await.unwrap());
            }
            responses
        })
        .await;
    let expected = ["o-9 true", "o-9 true", " true", " true"];
    assert_eq!(responses, [expected, expected].concat(), "named hosts get ids, and callers are obeyed");
    let spans = exported(scope, &exporter, 17).await;
    assert!(!format!("{spans:?}").contains("secret"));
    let calls: Vec<_> = spans.iter().filter(|span| attribute(span, "url.full").is_some()).collect();
    let served: Vec<_> = spans.iter().filter(|span| attribute(span, "url.path").is_some()).collect();
    for (span, key, value) in [
        (calls[0], "http.request.header.x-sent", Some("[s]")),
        (calls[0], "http.request.header.authorization", Some("[REDACTED]")),
        (calls[0], "http.response.header.x-answered", Some("[a]")),
        (calls[0], "http.response.header.x-other", None),
        (served[0], "http.request.header.x-sent", Some("[s]")),
        (served[0], "http.request.header.authorization", None),
        (served[0], "http.response.header.x-answered", Some("[a]")),
        (served[0], "http.response.header.x-absent", None),
        (calls[0], "thundra.injection.skipped", None),
        (calls[2], "thundra.injection.skipped", Some("correlation ids: not one of our hosts")),
    ] {
        assert_eq!(attribute(span, key).as_deref(), value, "{key}");
    }
    let long = "s".repeat(1025);
    let scope = Scope::builder("caller").begin();
    let request = client.get(format!("http://{address}/"));
    scope.run((0..9).fold(request, |request, _| request.header("x-sent", &long)).send()).await.unwrap();
    for span in exported(scope, &exporter, 3).await.iter().filter(|span| span.name != "caller") {
        // Headers of an untrusted caller are cut.
        let (values, bytes) = if span.kind == SpanKind::Server { (8, 1024) } else { (9, 1025) };
        let expected = format!("[{}]", vec!["s".repeat(bytes); values].join(","));
        assert_eq!(attribute(span, "http.request.header.x-sent"), Some(expected));
    }
    for (method, name, known) in
        [("GET", "GET", "GET"), ("BREW", "BREW", "BREW"), ("brew", "HTTP", "_OTHER"), ("POST", "HTTP", "_OTHER")]
    {
        let scope = Scope::builder("caller").begin();
        scope.run(client.request(method.parse().unwrap(), format!("http://{address}/")).send()).await.unwrap();
        for span in exported(scope, &exporter, 3).await.iter().filter(|span| span.name != "caller") {
            let route = if span.kind == SpanKind::Server { " /" } else { "" };
            assert_eq!(span.name, format!("{name}{route}"));
            assert_eq!(attribute(span, "http.request.method").as_deref(), Some(known));
            let original = attribute(span, "http.request.method_original");
            assert_eq!(original.as_deref(), (known == "_OTHER").then_some(method));
        }
    }
}

#[test]
fn each_problem_is_reported_once() {
    let test = ["--exact", "variables_add_trusted_hosts_callers_and_headers", "--nocapture"];
    let output = std::process::Command::new(std::env::current_exe().unwrap()).args(test).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let mut ours: Vec<_> = said.lines().filter(|line| line.starts_with("thundra: ")).collect();
    ours.sort_unstable();
    assert_eq!(
        ours,
        [
            "thundra: THUNDRA_PROPAGATE_HOSTS=\"https://bad.example\" is not used: it takes a list of names, *.example.com, \
             networks such as 203.0.113.0/24, or *",
            "thundra: correlation ids are not sent to \"bad.example\"; to send them there set \
             THUNDRA_PROPAGATE_HOSTS=partner.example,*.shop.example,bad.example",
            "thundra: correlation ids are not sent to \"shop.example\"; to send them there set \
             THUNDRA_PROPAGATE_HOSTS=partner.example,*.shop.example,shop.example",
        ]
    );
}
