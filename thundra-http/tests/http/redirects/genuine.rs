//! Genuine clients made of ours.

use thundra_http::header::{AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};

use super::client::scope;
use super::hosts::hosts;
use crate::support::{Seen, installed};

fn defaults() -> HeaderMap {
    let token = (AUTHORIZATION, HeaderValue::from_static("Bearer s3cr3t"));
    HeaderMap::from_iter([token, (USER_AGENT, HeaderValue::from_static("orders/1"))])
}

fn assert_genuine(seen: &[Seen]) {
    let hosts: Vec<_> = seen.iter().map(|seen| (seen.host.as_str(), seen.path.as_str())).collect();
    assert_eq!(hosts, [("127.0.0.1", "/302-foreign/end"), ("foreign.example", "/end")]);
    for seen in seen {
        assert_eq!(seen.carries(), (false, false), "{seen:?}");
        assert_eq!((seen.headers.get(AUTHORIZATION), &seen.headers[USER_AGENT]), (None, &"orders/1".parse().unwrap()));
    }
}

#[tokio::test]
async fn a_genuine_client_follows_redirects_and_sends_nothing_of_ours() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let builder = thundra_http::Client::builder().no_proxy().default_headers(defaults());
    let client = builder.resolve("foreign.example", address).build().unwrap();
    let genuine: reqwest::Client = client.clone().into();
    let url = format!("http://127.0.0.1:{}/302-foreign/end", address.port());
    let response = scope().run(async { genuine.get(&url).send().await.unwrap() }).await;
    assert_eq!(response.text().await.unwrap(), "the end");
    assert_genuine(&record.take());
    // Our client keeps the rules.
    scope().run(client.get(&url).send()).await.unwrap();
    let seen = record.take();
    assert_eq!(seen.iter().map(Seen::carries).collect::<Vec<_>>(), [(true, true), (true, false)]);
    assert_eq!(seen[0].headers[AUTHORIZATION], "Bearer s3cr3t");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_genuine_blocking_client_follows_redirects_and_sends_nothing_of_ours() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let url = format!("http://127.0.0.1:{}/302-foreign/end", address.port());
    tokio::task::spawn_blocking(move || {
        let builder = thundra_http::blocking::Client::builder().no_proxy().default_headers(defaults());
        let client = builder.resolve("foreign.example", address).build().unwrap();
        let genuine: reqwest::blocking::Client = client.clone().into();
        let response = scope().enter(|| genuine.get(&url).send().unwrap());
        assert_eq!(response.text().unwrap(), "the end");
        assert_genuine(&record.take());
        // The redirects of both clients are reqwest's now.
        assert_eq!(scope().enter(|| client.get(&url).send().unwrap()).text().unwrap(), "the end");
        assert_eq!(record.take().iter().map(Seen::carries).collect::<Vec<_>>(), [(true, true), (true, true)]);
    })
    .await
    .unwrap();
}

/// Each test runs in a separate process, since a line is written once in a process.
#[test]
fn what_a_genuine_client_lacks_is_reported_once() {
    for test in ["a_genuine_client", "a_genuine_blocking_client"] {
        let test = format!("redirects::genuine::{test}_follows_redirects_and_sends_nothing_of_ours");
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        let output = command.args(["--exact", &test, "--nocapture"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        let count = |words: &str| text.lines().filter(|line| line.contains(words)).count();
        assert_eq!(count("have no spans and carry no ids"), 1, "{text}");
        assert_eq!(count("does not send its default headers authorization:"), 1, "{text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}
