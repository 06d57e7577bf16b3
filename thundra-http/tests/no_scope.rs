//! A line at the end of a program that makes calls and opens no scope. Each program runs in a process of its own.

#![allow(clippy::unwrap_used)]

use std::process::Command;

use thundra_core::Scope;

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
    let scope = Scope::builder("work").begin();
    scope.enter(|| thundra_http::blocking::get("http://127.0.0.1:1/").unwrap_err());
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
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([program, "--exact", "--ignored", "--nocapture"]).env("OTEL_TRACES_EXPORTER", "none");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        text.lines().filter(|line| line.contains("Scope::builder")).count()
    };
    assert_eq!(["call_without_a_scope", "call_in_a_scope", "no_call"].map(lines), [1, 0, 0]);
}
