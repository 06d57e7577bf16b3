//! The lean variant at work: `examples/lean`, built by itself, so that no other package adds features.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop")]

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::json;
use thundra_examples::harness::collector::Collector;
use thundra_examples::harness::lambda::{Event, Lambda, Outcome, Settings};
use thundra_examples::harness::target;
use thundra_examples::report::{Kind, Span};
use thundra_lines::{Line, LogLine, Telemetry};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn spans_and_log_lines_in_the_log_have_the_levels_of_their_targets() {
    let settings = Settings::new(function())
        .variable("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .variable("RUST_LOG", "info,prices=debug")
        .variable("THUNDRA_SPANS", "info,prices=debug");
    let lambda = Lambda::start(settings).await.unwrap();
    sell(&lambda).await;
    assert!(lambda.shut_down().await.is_some());

    let (spans, messages) = read(str::from_utf8(&lambda.stdout()).unwrap(), &lambda.stderr());
    assert_eq!(
        tree(&spans),
        "reliable [server]\n  price\n    look_up\nreliable [server] error\n  price error\n    look_up\n"
    );
    let look_up = ("DEBUG", "one price in the list");
    let failed = [("ERROR", ""), ("ERROR", "\"no price for ham\"")]; // of the span, and of the invocation
    let expected = [look_up, ("INFO", "order received"), look_up, failed[0], failed[1]];
    assert_eq!(messages.iter().map(|(level, text)| (&**level, &**text)).collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_the_spans_of_the_default_levels() {
    let collector = Collector::start().await.unwrap();
    let settings = Settings::new(function()).variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
    let lambda = Lambda::start(settings).await.unwrap();
    sell(&lambda).await;

    let whole = |spans: &[Span]| spans.iter().filter(|span| span.kind == Kind::Server).count() == 2;
    assert!(collector.wait_until(PATIENCE, whole).await, "{}", lambda.stderr());
    assert_eq!(tree(&collector.spans()), "reliable [server]\n  price\nreliable [server] error\n  price error\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_for_what_is_left_out_are_reported() {
    let settings = Settings::new(function())
        .variable("OTEL_TRACES_EXPORTER", "xray")
        .variable("THUNDRA_CAPTURE_PAYLOADS", "errors");
    let lambda = Lambda::start(settings).await.unwrap();
    sell(&lambda).await;
    assert!(lambda.shut_down().await.is_some());

    let stderr = lambda.stderr();
    for (variable, feature) in [("OTEL_TRACES_EXPORTER=xray", "xray"), ("THUNDRA_CAPTURE_PAYLOADS", "captured-events")]
    {
        let line = format!("thundra: {variable} takes the feature `{feature}` of thundra-aws");
        assert_eq!(stderr.matches(&line).count(), 1, "{line}: {stderr}");
    }
}

/// Sends an order that is answered, and an order that fails.
async fn sell(lambda: &Lambda) {
    let answered = lambda.invoke(Event::new(&json!({ "item": "cheese", "count": 2 })).unwrap()).await.unwrap();
    let Outcome::Response(response) = answered.outcome else { panic!("{answered:?}: {}", lambda.stderr()) };
    assert_eq!(response.body, r#"{"cents":500}"#);
    let failed = lambda.invoke(Event::new(&json!({ "item": "ham", "count": 1 })).unwrap()).await.unwrap();
    let Outcome::Error(error) = failed.outcome else { panic!("{failed:?}: {}", lambda.stderr()) };
    assert_eq!(error.pointer("/errorMessage").unwrap(), "no price for ham");
    assert!(lambda.idle(PATIENCE).await, "{}", lambda.stderr());
}

/// Reads the spans on standard output, and the level and the message of each log line on standard error.
fn read(stdout: &str, stderr: &str) -> (Vec<Span>, Vec<(String, String)>) {
    let requests = stdout.lines().filter_map(|text| match Line::read(text, 0).unwrap() {
        Line::Telemetry(Telemetry::Traces(request)) => Some(request.resource_spans),
        _ => None,
    });
    let records = stderr.lines().filter_map(|text| Some(LogLine::read(text, 0)?.record));
    let records = records.filter(|record| !record.severity_text.is_empty());
    let message = |record: LogRecord| match record.body?.value? {
        Value::StringValue(message) => Some((record.severity_text, message)),
        _ => None,
    };
    (requests.flatten().flat_map(|spans| Span::all_of(&spans)).collect(), records.filter_map(message).collect())
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

/// Builds the function once, in a directory of its own: the build of the workspace adds features to the same package.
fn function() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let directory = target::path("lean").unwrap();
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "thundra-lean", "--manifest-path"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .arg("--target-dir")
            .arg(&directory)
            .status();
        assert!(status.unwrap().success());
        directory.join("debug/lean")
    });
    built.clone()
}
