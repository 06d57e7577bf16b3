//! What is lost around the guard of `init()` is reported once, and when that is certain. Each program runs in a process
//! of its own.

#![allow(clippy::unwrap_used)]

use std::process::Command;

use thundra_core::{Records, Scope, export_later, flush, flushes_itself};

fn work() {
    export_later(Scope::builder("work").begin().finish());
}

#[test]
#[ignore = "a program of the test below"]
fn never_held() {
    let _ = thundra_http::init();
    (0..2).for_each(|_| work());
}

#[test]
#[ignore = "a program of the test below"]
fn dropped_before_a_scope() {
    let telemetry = thundra_http::init();
    let scope = Scope::builder("work").begin();
    drop(telemetry);
    drop(scope);
}

#[test]
#[ignore = "a program of the test below"]
fn dropped_after_the_work() {
    let telemetry = thundra_http::init();
    work();
    drop(telemetry);
    export_later(Records::default());
}

#[test]
#[ignore = "a program of the test below"]
fn flushed_by_the_program() {
    drop(thundra_http::init());
    flushes_itself();
    work();
}

#[test]
#[ignore = "a program of the test below"]
fn refused_by_the_collector() {
    let telemetry = thundra_http::init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(flush(Scope::builder("work").begin().finish(), None));
    thundra_http::export::report_losses();
    eprintln!("the guard is dropped");
    drop(telemetry);
    thundra_http::export::report_losses();
}

fn stderr(program: &str, variable: (&str, &str)) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([program, "--exact", "--ignored", "--nocapture"]).env(variable.0, variable.1);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn spans_are_lost_when_the_last_export_failed_and_not_before() {
    let text = stderr("refused_by_the_collector", ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"));
    let (before, after) = text.split_once("the guard is dropped").unwrap();
    let lines = |text: &str| text.matches("lost 1 span that").count();
    assert_eq!((lines(before), lines(after)), (0, 1), "{text}");
}

#[test]
fn spans_after_the_guard_are_reported() {
    let lines = |program: &str| {
        let text = stderr(program, ("OTEL_TRACES_EXPORTER", "none"));
        text.lines().filter(|line| line.contains("after the guard of init() was dropped")).count()
    };
    assert_eq!(
        ["never_held", "dropped_before_a_scope", "dropped_after_the_work", "flushed_by_the_program"].map(lines),
        [1, 1, 0, 0]
    );
}
