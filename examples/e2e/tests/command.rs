//! The command `pipeline`: standard output and exit codes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use std::env;
use std::process::{Command, Output, Stdio};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use thundra_examples::orders::Order;
use thundra_examples::report::{Span, problems};

#[test]
fn json_is_one_document_and_nothing_else() {
    let output = pipeline(&["--orders", "2", "--json"]);
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");

    let document = text(&output.stdout);
    let request: ExportTraceServiceRequest = serde_json::from_str(document).unwrap();
    let spans: Vec<_> = request.resource_spans.iter().flat_map(Span::all_of).collect();
    for order in Order::some(2) {
        assert_eq!(problems(&spans, &order.expected()), [""; 0]);
    }
    assert!(stderr.contains("sending 2 orders\n"), "progress is told elsewhere: {stderr}");
}

#[test]
fn an_unknown_argument_is_named() {
    let output = pipeline(&["--jsno"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.lines().next(), Some("error: unknown argument \"--jsno\""));
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn without_a_console_nothing_is_started() {
    let output = pipeline(&["--console=http://127.0.0.1:9"]);
    let stderr = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""), "{stderr}");
    let [line] = stderr.lines().collect::<Vec<_>>()[..] else { panic!("one line expected: {stderr}") };
    assert!(line.starts_with("error: no console listens at http://127.0.0.1:9: `cargo run -p thundra-console`"));
}

/// Runs `pipeline` with a dead proxy, and with settings for tracing and AWS that must have no effect. Cargo is not
/// needed, because both executables are built.
fn pipeline(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
    for (name, _) in env::vars_os() {
        let ours = ["AWS_", "OTEL_", "THUNDRA_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
        if ours || ["_HANDLER", "CARGO", "NO_PROXY", "no_proxy"].iter().any(|other| name == *other) {
            command.env_remove(name);
        }
    }
    let nowhere = "http://127.0.0.1:9";
    command.env("HTTP_PROXY", nowhere).env("http_proxy", nowhere);
    command.env("AWS_ENDPOINT_URL", nowhere).env("OTEL_EXPORTER_OTLP_ENDPOINT", nowhere);
    command.args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}
