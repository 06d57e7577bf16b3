//! A program that records after it dropped the guard of `init()` is told so. Each program runs in a process of its own.

#![allow(clippy::unwrap_used)]

use std::process::Command;

use thundra_core::{Scope, Trace, defer, flushes_itself};

fn work() {
    defer(Scope::builder("work").begin().finish());
}

#[test]
#[ignore = "a program of the test below"]
fn never_held() {
    let _ = thundra_http::init();
    (0..2).for_each(|_| work());
}

#[test]
#[ignore = "a program of the test below"]
fn dropped_after_the_work() {
    let telemetry = thundra_http::init();
    work();
    drop(telemetry);
    defer(Trace::default());
}

#[test]
#[ignore = "a program of the test below"]
fn flushed_by_the_program() {
    drop(thundra_http::init());
    flushes_itself();
    work();
}

#[test]
fn spans_after_the_guard_are_reported() {
    let lines = |program: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([program, "--exact", "--ignored", "--nocapture"]).env("OTEL_TRACES_EXPORTER", "none");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        text.lines().filter(|line| line.contains("after the guard of init() was dropped")).count()
    };
    assert_eq!(["never_held", "dropped_after_the_work", "flushed_by_the_program"].map(lines), [1, 0, 0]);
}
