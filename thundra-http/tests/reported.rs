//! Invalid values and unknown variables, as `init()` reports them. The program is a process of its own.

#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
#[ignore = "the program of the test below"]
fn program() {
    drop(thundra_http::init());
    drop(thundra_http::init());
}

#[test]
fn an_invalid_value_of_either_crate_is_reported_once() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["program", "--exact", "--ignored", "--nocapture"]).envs([
        ("OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS", "x-id,a: b"),
        ("OTEL_METRICS_EXPORTER", "emf"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("THUNDRA_PROPAGATE_HOST", "*"),
        ("THUNDRA_TRUST", "everybody"),
    ]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    let mut lines: Vec<_> = stderr.lines().filter_map(|line| line.strip_prefix("thundra: ")).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS=\"a: b\" is not used: it takes a list of header \
             names such as content-type,x-request-id",
            "OTEL_METRICS_EXPORTER=emf has no effect: thundra_aws::init writes such metrics",
            "THUNDRA_PROPAGATE_HOST is not a variable of thundra; the nearest is THUNDRA_PROPAGATE_HOSTS",
            "THUNDRA_TRUST=\"everybody\" is not used: it takes one of all, edge",
        ]
    );
}
