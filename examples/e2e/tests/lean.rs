//! The lean variant at work: `examples/lean`, built by itself, so that no other package adds features.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop")]

use std::env;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use thundra_examples::harness::collector::Collector;
use thundra_examples::harness::lambda::{Event, Lambda, Outcome, Settings};
use thundra_examples::harness::target;
use thundra_examples::report::{Kind, Span};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_the_spans_of_the_levels_and_nothing_is_logged() {
    let look_up = "reliable [server]\n  price\n    look_up\nreliable [server] error\n  price error\n    look_up\n";
    let price = "reliable [server]\n  price\nreliable [server] error\n  price error\n";
    for (levels, expected) in [("info,prices=debug", look_up), ("info", price)] {
        let collector = Collector::start().await.unwrap();
        let settings = Settings::new(function())
            .variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
            .variable("THUNDRA_SPANS", levels);
        let lambda = Lambda::start(settings).await.unwrap();
        sell(&lambda).await;

        let whole = |spans: &[Span]| spans.iter().filter(|span| span.kind == Kind::Server).count() == 2;
        assert!(collector.wait_until(PATIENCE, whole).await, "{}", lambda.stderr());
        assert_eq!(tree(&collector.spans()), expected);
        assert!(lambda.shut_down().await.is_some());
        assert!(!lambda.stderr().contains("order received"), "{}", lambda.stderr());
        assert!(lambda.stdout().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_for_what_is_left_out_are_reported() {
    let settings = [
        ("OTEL_TRACES_EXPORTER", "xray"),
        ("RUST_LOG", "info"),
        ("THUNDRA_CAPTURE_PAYLOADS", "errors"),
        ("THUNDRA_SPILL", "64KiB"),
        ("THUNDRA_TIMEOUT_MARGIN", "1s"),
    ];
    let stderr = said_with(&settings).await;
    for (subject, feature) in [
        ("OTEL_TRACES_EXPORTER=xray takes", "xray"),
        ("no log lines are written and no log records exported, in spite of RUST_LOG: they take", "logs"),
        ("THUNDRA_CAPTURE_PAYLOADS takes", "captured-events"),
        ("THUNDRA_SPILL takes", "stdout"),
        ("THUNDRA_TIMEOUT_MARGIN takes", "watchdog"),
    ] {
        let line = format!("thundra: {subject} the feature `{feature}` of thundra-aws");
        assert_eq!(stderr.matches(&line).count(), 1, "{line}: {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_requests_go_without_is_reported() {
    let without_endpoint = said_with(&[]).await;
    let line = "thundra: OTEL_TRACES_EXPORTER=stdout (the default without an endpoint) takes the feature `stdout` of \
                thundra-aws";
    assert_eq!(without_endpoint.matches(line).count(), 1, "{without_endpoint}");

    let collector = Collector::start().await.unwrap();
    let endpoint = collector.endpoint();
    let settings = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
    ];
    let plain = said_with(&settings).await;
    for (subject, feature) in [
        ("requests are protobuf, in spite of the protocol http/json: it takes", "otlp-json"),
        ("requests are not compressed, in spite of the compression gzip: it takes", "compression"),
    ] {
        let line = format!("thundra: {subject} the feature `{feature}` of thundra-aws");
        assert_eq!(plain.matches(&line).count(), 1, "{line}: {plain}");
    }
    assert_eq!(collector.spans().len(), 4, "the spans arrive all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_that_ends_the_process_is_exported_first() {
    let collector = Collector::start().await.unwrap();
    let settings = Settings::new(aborting_function())
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
        .variable("RUST_LOG", "warn")
        .variable("THUNDRA_LOG_BUFFER", "20KiB")
        .variable("THUNDRA_CAPTURE_PAYLOADS", "errors");
    let lambda = Lambda::start(settings).await.unwrap();
    abort(&lambda).await;

    let spans = collector.spans();
    assert_eq!(tree(&spans), "reliable [server] error\n  price\n", "{}", lambda.stderr());
    let root = spans.iter().find(|span| span.kind == Kind::Server).unwrap();
    assert_eq!(root.attributes.get("error.type").map(String::as_str), Some("panic"));
    let error = "panicked: assertion `left != right` failed: an order of no cheese";
    assert!(root.error.as_ref().is_some_and(|text| text.starts_with(error)), "{root:?}");
    for (text, why) in [
        (r#""message":"order received""#, "the kept line"),
        (r#""event":{"count":0,"item":"cheese"}"#, "the captured event"),
    ] {
        assert_eq!(lambda.stderr().matches(text).count(), 1, "{why}: {}", lambda.stderr());
    }

    let answered = lambda.invoke(order(2)).await.unwrap();
    assert!(matches!(answered.outcome, Outcome::Response(_)), "{answered:?}: {}", lambda.stderr());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_that_cannot_be_exported_ends_the_process_in_time() {
    // Connections are taken, and nothing is read.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings::new(aborting_function())
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", silent.local_addr().unwrap()))
        .variable("OTEL_EXPORTER_OTLP_TIMEOUT", "3000")
        .variable("RUST_LOG", "off");
    let lambda = Lambda::start(settings).await.unwrap();
    abort(&lambda).await;
    let stderr = lambda.stderr();
    let (message, lost) = (stderr.find("an order of no cheese"), stderr.find("lost 2 spans"));
    assert!(message.is_some() && message < lost, "the message comes first: {stderr}");
}

/// Sends an order that ends the process with SIGABRT.
async fn abort(lambda: &Lambda) {
    let panicked = lambda.invoke(order(0)).await.unwrap();
    let Outcome::Ended(status) = panicked.outcome else { panic!("{panicked:?}: {}", lambda.stderr()) };
    assert_eq!(status.signal(), Some(6), "{}", lambda.stderr());
}

/// Returns an order of cheese.
fn order(count: u32) -> Event {
    Event::new(&json!({ "item": "cheese", "count": count })).unwrap()
}

/// Returns what the function says on standard error with some variables.
async fn said_with(variables: &[(&str, &str)]) -> String {
    let settings = Settings::new(function());
    let settings = variables.iter().fold(settings, |settings, (name, value)| settings.variable(*name, *value));
    let lambda = Lambda::start(settings).await.unwrap();
    sell(&lambda).await;
    assert!(lambda.shut_down().await.is_some());
    lambda.stderr()
}

/// Sends an order that is answered, and an order that fails.
async fn sell(lambda: &Lambda) {
    let answered = lambda.invoke(order(2)).await.unwrap();
    let Outcome::Response(response) = answered.outcome else { panic!("{answered:?}: {}", lambda.stderr()) };
    assert_eq!(response.body, r#"{"cents":500}"#);
    let failed = lambda.invoke(Event::new(&json!({ "item": "ham", "count": 1 })).unwrap()).await.unwrap();
    let Outcome::Error(error) = failed.outcome else { panic!("{failed:?}: {}", lambda.stderr()) };
    assert_eq!(error.pointer("/errorMessage").unwrap(), "no price for ham");
    assert!(lambda.idle(PATIENCE).await, "{}", lambda.stderr());
}

/// Draws the spans below each other, in the order of their starts.
fn tree(spans: &[Span]) -> String {
    let mut text = String::new();
    let mut roots: Vec<_> = spans.iter().filter(|span| span.kind == Kind::Server).collect();
    roots.sort_by_key(|root| root.start_time_unix_nano);
    roots.into_iter().for_each(|root| draw(spans, root, 0, &mut text));
    text
}

fn draw(spans: &[Span], span: &Span, depth: usize, text: &mut String) {
    let kind = if span.kind == Kind::Server { " [server]" } else { "" };
    let error = if span.error.is_some() { " error" } else { "" };
    let _ = writeln!(text, "{:indent$}{}{kind}{error}", "", span.name, indent = depth * 2);
    let below = spans.iter().filter(|child| child.parent.as_ref() == Some(&span.id));
    below.for_each(|child| draw(spans, child, depth + 1, text));
}

/// Returns the function without features.
fn function() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("lean", &[])).clone()
}

/// Returns the function as `cargo lambda build --release` has panics end it, with log lines and captured events.
fn aborting_function() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let features = "thundra-aws/logs,thundra-aws/captured-events";
    let arguments = ["--config", "profile.dev.panic='abort'", "--features", features];
    BUILT.get_or_init(|| build("lean-aborting", &arguments)).clone()
}

/// Builds the function in a directory of its own: the build of the workspace adds features to the same package.
fn build(name: &str, arguments: &[&str]) -> PathBuf {
    let directory = target::path(name).unwrap();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "thundra-lean", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .arg("--target-dir")
        .arg(&directory)
        .args(arguments)
        .status();
    assert!(status.unwrap().success());
    directory.join("debug/lean")
}
