//! A program that records and installs nothing.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::cell::RefCell;
use std::process::Command;

use thundra_core::{Config, Env, Records, Scope, export_later, flush, testing};
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_subscriber::layer::SubscriberExt;

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
        Ok("test_threads") => spans_first_reached_beside_the_recording(),
        other => panic!("no program {other:?}"),
    }
}

#[test]
fn measurements_that_nobody_wants_are_not_even_read() {
    let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "off")]));
    let beside = tracing_subscriber::registry().with(thundra_core::layer_with(&config));
    let alone: Dispatch = thundra_core::subscriber(&config).into();
    for subscriber in [alone, beside.into()] {
        let read = RefCell::new(Vec::new());
        let value = |which| {
            read.borrow_mut().push(which);
            1
        };
        let events = with_default(&subscriber, || {
            let scope = Scope::builder("request").begin_with(&config);
            scope.enter(|| {
                tracing::info!(monotonic_counter.orders = value("alone"));
                tracing::info!(monotonic_counter.orders = value("with a message"), "ordered");
            });
            scope.finish().spans().next().unwrap().events
        });
        assert_eq!(read.into_inner(), ["with a message"]);
        assert_eq!(events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["ordered"]);
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

/// Reaches spans on a thread without a recording first, as a test beside the recording does.
fn spans_first_reached_beside_the_recording() {
    fn bill() {
        tracing::info_span!("bill").in_scope(|| {});
    }
    fn charge() {
        tracing::info_span!("charge").in_scope(|| {});
    }
    fn beside(f: fn()) {
        std::thread::spawn(f).join().unwrap();
    }
    let ((), spans) = testing::record("request", || {
        beside(bill);
        bill();
    });
    assert_eq!(testing::snapshot(&spans), "request\n└ bill\n");
    let work = async {
        beside(charge);
        charge();
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config = Config::from_env(&Env::from_pairs::<&str, &str>([]));
    let ((), recorded) = runtime.block_on(testing::record_all(&config, "request", work));
    assert_eq!(recorded.snapshot(), "request\n└ charge\n");
}

#[test]
fn a_recording_has_the_spans_that_another_thread_reached_first() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "program", "--ignored", "--nocapture"]).env("TEST_PROGRAM", "test_threads");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
