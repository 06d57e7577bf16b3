//! A line at the end of a program that makes calls and opens no scope.

use thundra_http::sync_scope;

use crate::runner::{diagnostics, run};

#[test]
#[ignore = "a program of the test below"]
fn call_without_a_scope() {
    let _telemetry = thundra_http::init();
    thundra_http::blocking::get("http://127.0.0.1:1/").unwrap_err();
}

#[test]
#[ignore = "a program of the test below"]
fn call_in_a_scope() {
    let _telemetry = thundra_http::init();
    sync_scope("work", || thundra_http::blocking::get("http://127.0.0.1:1/").map(drop)).unwrap_err();
}

#[test]
#[ignore = "a program of the test below"]
fn no_call() {
    let _telemetry = thundra_http::init();
    tracing::info!("nothing to do");
}

#[test]
fn calls_without_a_scope_are_reported_when_the_program_ends() {
    let lines = |program: &str| {
        let lines = diagnostics(&run(&format!("no_scope::{program}"), &[("OTEL_TRACES_EXPORTER", "none")]));
        lines.iter().filter(|line| line.contains("thundra_http::scope")).count()
    };
    assert_eq!(["call_without_a_scope", "call_in_a_scope", "no_call"].map(lines), [1, 0, 0]);
}
