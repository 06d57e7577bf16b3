//! Clients without the rules, and policies that make calls.

use std::time::Duration;

use super::client::scope;
use super::hosts::hosts;
use crate::support::{attribute, exported, installed};

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_may_make_calls() {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let builder = || thundra_http::Client::builder().no_proxy().resolve("foreign.example", address);
    let inner = builder().build().unwrap();
    let inner_url = format!("http://127.0.0.1:{}/302-home/end", address.port());
    let policy = thundra_http::redirect::Policy::custom(move |attempt| {
        // The untraced call must not be taken for a part of the outer call.
        let _suppressed = opentelemetry::Context::enter_telemetry_suppressed_scope();
        let call = || tokio::runtime::Handle::current().block_on(inner.get(&inner_url).send());
        if tokio::task::block_in_place(call).is_ok() { attempt.follow() } else { attempt.stop() }
    });
    let client = builder().redirect(policy).build().unwrap();
    let url = format!("http://127.0.0.1:{}/302-foreign/end", address.port());
    let scope = scope();
    let call = tokio::time::timeout(Duration::from_secs(20), scope.run(client.get(url).send()));
    assert_eq!(call.await.unwrap().unwrap().text().await.unwrap(), "the end");
    let seen: Vec<_> = record.take().into_iter().map(|seen| format!("{}{}", seen.host, seen.path)).collect();
    let expected = ["127.0.0.1/302-foreign/end", "127.0.0.1/302-home/end", "127.0.0.1/end", "foreign.example/end"];
    assert_eq!(seen, expected);
    let spans = exported(scope, &exporter, 2).await;
    assert_eq!(attribute(&spans[0], "http.request.resend_count").as_deref(), Some("1"));
}

#[tokio::test]
async fn a_client_of_reqwest_sends_ids_on() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let builder = reqwest::Client::builder().no_proxy().resolve("foreign.example", address);
    let client = builder.build().unwrap();
    let url = format!("http://127.0.0.1:{}/302-foreign/end", address.port());
    for _ in 0..2 {
        let traced = thundra_http::RequestBuilderExt::send_traced(client.get(&url));
        scope().run(traced).await.unwrap();
        let converted = thundra_http::Client::from(client.clone());
        scope().run(converted.get(&url).send()).await.unwrap();
    }
    let seen = record.take();
    assert_eq!(seen.iter().filter(|seen| seen.host == "foreign.example" && seen.carries() == (true, true)).count(), 4);
}

/// Each test runs in a separate process, since a line is written once in a process.
#[test]
fn a_host_that_received_ids_is_reported_once() {
    for test in [
        "uncovered::a_client_of_reqwest_sends_ids_on",
        "rules::async_client::a_configured_client_is_redirected_by_reqwest",
        "rules::blocking_client::a_configured_client_is_redirected_by_reqwest",
    ] {
        let (exe, test) = (std::env::current_exe().unwrap(), format!("redirects::{test}"));
        let output = std::process::Command::new(exe).args(["--exact", &test, "--nocapture"]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<_> = stderr.lines().filter(|line| line.contains("a redirect sent correlation ids")).collect();
        assert!(lines.len() == 1 && lines[0].contains("\"foreign.example\""), "{test}: {stderr}");
    }
}
