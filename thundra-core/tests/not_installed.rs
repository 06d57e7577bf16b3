//! A program that records and installs nothing.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Command;

use thundra_core::{Records, Scope, export_later, flush};

/// Makes spans, and does with them as `TEST_PROGRAM` says.
#[test]
#[ignore = "a program of the tests, which start it"]
fn program() {
    let flush_now = |trace| tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(flush(trace, None));
    let trace = || Scope::builder("request").begin().finish();
    match std::env::var("TEST_PROGRAM").as_deref() {
        Ok("flush") => (0..2).for_each(|_| flush_now(trace())),
        Ok("export_later") => (0..2).for_each(|_| export_later(trace())),
        Ok("nothing") => {
            flush_now(Records::default());
            export_later(Records::default());
        }
        other => panic!("no program {other:?}"),
    }
}

#[test]
fn a_program_without_exporters_gets_the_remedy_once() {
    for (program, lines) in [("flush", 1), ("export_later", 1), ("nothing", 0)] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "program", "--ignored", "--nocapture"]).env("TEST_PROGRAM", program);
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            stderr.matches("nothing exports them: begin the program with").count(),
            lines,
            "{program}: {stderr}"
        );
    }
}
