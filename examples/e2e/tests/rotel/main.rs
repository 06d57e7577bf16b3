//! Exports to a real collector: rotel (PyPI `rotel`).
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod forwarder;
mod logs;
mod metrics;

use std::fs::File;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use thundra_examples::harness::rotel::Rotel;

/// The time for a span to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn rotel_reads_our_protobuf() {
    assert_eq!(exported("http/protobuf").await, TRACE);
}

#[tokio::test]
async fn rotel_reads_our_json() {
    assert_eq!(exported("http/json").await, TRACE);
}

/// The spans of `hello` for `events/sns.json`, ordered by end.
const TRACE: [&str; 3] = ["look_up INTERNAL", "greet INTERNAL", "hello SERVER"];

/// Runs `hello` locally against rotel, and returns rotel's output.
async fn exported(protocol: &str) -> Vec<String> {
    let rotel = Rotel::start(&format!("rotel-{}", protocol.replace('/', "-"))).await.unwrap();
    let output = hello(&rotel, protocol);
    let started = Instant::now();
    loop {
        let log = rotel.log().unwrap();
        let spans = spans(&log);
        if spans.len() >= TRACE.len() {
            // A log record has the trace as well.
            let traces = values(&log, "Trace ID ");
            let goes_on = traces.iter().all(|trace| trace == "0af7651916cd43dd8448eb211c80319c");
            assert!(goes_on, "the message's trace goes on: {traces:?}");
            let parents = values(&log, "Parent ID ");
            assert_eq!(
                parents.last().map(String::as_str),
                Some("b7ad6b7169203331"),
                "the producer is the root's parent"
            );
            return spans;
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(started.elapsed() < PATIENCE, "rotel said: {log}\nhello said: {stderr}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs `hello` locally with `events/sns.json`, which has one record.
fn hello(rotel: &Rotel, protocol: &str) -> Output {
    let event = concat!(env!("CARGO_MANIFEST_DIR"), "/events/sns.json");
    let output = Command::new(env!("CARGO_BIN_EXE_hello"))
        .env_clear()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", rotel.endpoint())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
        .stdin(File::open(event).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Returns name and kind of each span in rotel's output.
fn spans(log: &str) -> Vec<String> {
    let kinds = values(log, "Kind ");
    let kinds = kinds.iter().map(|kind| kind.trim_start_matches("SPAN_KIND_"));
    values(log, "Name ").iter().zip(kinds).map(|(name, kind)| format!("{name} {kind}")).collect()
}

/// Returns the values of `key` in rotel's output, one for each span.
fn values(log: &str, key: &str) -> Vec<String> {
    let value = |line: &str| line.trim().strip_prefix(key)?.trim().strip_prefix(": ").map(str::to_owned);
    lines_of("ResourceSpans #", log).filter_map(value).collect()
}

/// Returns the lines of rotel's output about one signal, which begin with a head such as `ResourceSpans #0`.
fn lines_of<'a>(head: &'a str, log: &'a str) -> impl Iterator<Item = &'a str> {
    const HEADS: [&str; 3] = ["ResourceSpans #", "ResourceLog #", "ResourceMetrics #"];
    let mut is_inside = false;
    log.lines().filter(move |line| {
        if HEADS.iter().any(|head| line.starts_with(head)) {
            is_inside = line.starts_with(head);
        }
        is_inside
    })
}
