//! Log lines kept until the scope fails.

use std::sync::Arc;

use serde_json::Value;
use thundra_core::{Scope, Status};
use tokio::sync::Barrier;
use tracing::{debug, info, trace, warn};
use tracing_log::log;

use crate::debug::{FRONTS, messages, run_test, set_up};

const BUFFER: &str = "THUNDRA_LOG_BUFFER";

fn run(program: &str, variables: &[(&str, &str)]) -> Vec<Value> {
    run_test("kept::program", program, variables)
}

/// Runs the program that `TEST_PROGRAM` names.
#[test]
#[ignore = "a program of the tests, which start it"]
fn program() {
    match set_up().as_str() {
        "endings" => endings(),
        "levels" => levels(),
        "many" => many(),
        "after" => after(),
        "nested" => nested(),
        "tasks" => tasks(),
        other => panic!("no program {other:?}"),
    }
}

/// Ends a scope in each way.
fn endings() {
    debug!("outside");
    type Ending = fn(Scope);
    let endings: [(&str, Ending); 7] = [
        ("success", |scope| drop(scope.finish())),
        ("an explicit success", |scope| {
            scope.set_status(Status::Ok);
            scope.finish();
        }),
        ("an error in the log", |scope| {
            scope.enter(|| tracing::error!("an error in the log"));
            scope.finish();
        }),
        ("an error", |scope| {
            scope.record_error(&std::io::Error::other("declined"));
            scope.finish();
        }),
        ("a named error", |scope| {
            scope.set_error("declined", "declined");
            scope.finish();
        }),
        ("a status", |scope| {
            scope.set_status(Status::error("declined"));
            scope.finish();
        }),
        ("a cancellation", drop),
    ];
    for (name, end) in endings {
        let scope = Scope::builder("work").begin();
        scope.enter(|| {
            debug!("{name}: 1");
            info!("{name}: 2");
            tracing::info_span!("inside").in_scope(|| debug!("{name}: 3"));
            log::debug!("{name}: 4");
            trace!("{name}: too detailed");
            debug!(target: "hyper", "{name}: of a library");
        });
        end(scope);
    }
}

#[test]
fn kept_lines_come_out_when_the_scope_fails() {
    let mut expected = vec!["success: 2", "an explicit success: 2", "an error in the log: 2", "an error in the log"];
    let failures = ["an error", "a named error", "a status", "a cancellation"];
    let lines: Vec<_> = failures.iter().flat_map(|name| [2, 1, 3, 4].map(|n| format!("{name}: {n}"))).collect();
    expected.extend(lines.iter().map(String::as_str));
    for front in FRONTS {
        for others in [&[][..], &[("OTEL_TRACES_SAMPLER", "always_off")], &[("OTEL_SDK_DISABLED", "true")]] {
            let variables = [&[(BUFFER, "64KiB")], others].concat();
            let lines = run(&format!("{front} endings"), &variables);
            assert_eq!(messages(&lines), expected, "{front} {others:?}");
            for kept in lines.chunks_exact(4).skip(1) {
                let [second, first, third, fourth] = kept else { panic!("four lines") };
                let times = [first, second, third, fourth].map(|line| line["timestamp"].as_str().unwrap());
                assert!(times.is_sorted(), "each line has its own time: {times:?}");
                assert_eq!(first["trace_id"], second["trace_id"]);
                assert!(others.len() == 1 || first["span_id"] != third["span_id"], "each line has its own span");
            }
        }
        let lines = run(&format!("{front} endings"), &[]);
        assert_eq!(lines.len(), 8, "{front}: nothing is kept by itself");
        let lines = run(&format!("{front} endings"), &[(BUFFER, "64KiB"), ("THUNDRA_LOG_FORMAT", "dazn")]);
        assert_eq!(messages(&lines), expected, "{front}: another format");
    }
}

fn levels() {
    let scope = Scope::builder("work").begin();
    scope.enter(|| {
        trace!("trace");
        debug!("debug");
        info!("info");
        warn!("warn");
        info!(target: "hyper", "of hyper");
        debug!(target: "hyper::client", "detail of hyper");
    });
    scope.set_error("declined", "declined");
}

#[test]
fn the_levels_of_kept_lines_are_chosen() {
    for (written, buffer, expected, why) in [
        ("info", "1MiB", &["info", "warn", "of hyper", "debug"][..], "the program's own code down to debug"),
        ("warn", "1MiB", &["warn", "debug", "info"], "what is not written"),
        ("info", "1MiB,debug", &["info", "warn", "of hyper", "debug", "detail of hyper"], "all targets"),
        ("info", "1MiB,logs=trace", &["info", "warn", "of hyper", "trace", "debug"], "a target"),
        ("info", "1MiB,debug,hyper=off", &["info", "warn", "of hyper", "debug"], "all but a target"),
        ("off", "1MiB,info", &["info", "warn", "of hyper"], "nothing is written until it fails"),
        ("off", "1MiB", &["debug", "info", "warn"], "the same for the program's own code"),
        ("error", "0", &[], "off"),
    ] {
        for front in FRONTS {
            let lines = run(&format!("{front} levels"), &[("RUST_LOG", written), (BUFFER, buffer)]);
            assert_eq!(messages(&lines), expected, "{front} {written} {buffer}: {why}");
        }
    }
}

/// Keeps more lines than fit.
fn many() {
    let scope = Scope::builder("work").begin();
    scope.enter(|| (0..100).for_each(|n| debug!(n, "line")));
    scope.enter(|| debug!(text = "x".repeat(5000), "too long"));
    scope.set_error("declined", "declined");
    let next = Scope::builder("next").begin();
    next.enter(|| debug!(n = 100, "line"));
    next.set_error("declined", "declined");
}

#[test]
fn the_oldest_lines_are_evicted_and_counted() {
    for front in FRONTS {
        for level in ["info", "off"] {
            let lines = run(&format!("{front} many"), &[("RUST_LOG", level), (BUFFER, "4KiB")]);
            let [notice, kept @ .., next] = &lines[..] else { panic!("lines") };
            let first = 101 - notice["evicted"].as_u64().unwrap();
            assert_eq!(notice["level"], "WARN");
            assert!(notice["message"].as_str().unwrap().contains("THUNDRA_LOG_BUFFER"), "{notice}");
            assert_eq!(notice["trace_id"], kept[0]["trace_id"]);
            let numbers: Vec<_> = kept.iter().map(|line| line["n"].as_u64().unwrap()).collect();
            // The long line was evicted as well.
            assert_eq!(numbers, (100 - kept.len() as u64..100).collect::<Vec<_>>());
            assert_eq!(kept.len() as u64, first, "{front} {level}");
            let bytes: usize = kept.iter().map(|line| line.to_string().len() + 1).sum();
            assert!((3_000..=4_096).contains(&bytes), "{front}: {bytes}");
            assert_eq!(next["n"], 100, "the buffer of another scope is empty");
        }
    }
}

/// Logs after the lines came out, and after the end.
fn after() {
    let scope = Scope::builder("work").begin();
    let handle = *scope;
    scope.enter(|| debug!("before"));
    scope.set_error("declined", "declined");
    scope.enter(|| info!("written"));
    scope.enter(|| debug!("at once"));
    scope.set_error("declined", "again");
    scope.enter(|| info!("and once"));
    let span = scope.enter(|| tracing::info_span!("late"));
    scope.finish();
    span.in_scope(|| debug!("after the end"));
    let success = Scope::builder("success").begin();
    let span = success.enter(|| tracing::info_span!("late"));
    success.finish();
    span.in_scope(|| debug!("after the end of a success"));
    assert!(handle.is_finished());
}

#[test]
fn once_lines_came_out_further_ones_are_written_at_once() {
    for front in FRONTS {
        let lines = run(&format!("{front} after"), &[(BUFFER, "64KiB")]);
        let expected = ["before", "written", "at once", "and once", "after the end"];
        assert_eq!(messages(&lines), expected, "{front}");
    }
}

/// Two invocations in turn, each with records.
fn nested() {
    let begin = |name: &'static str| {
        let scope = Scope::builder(name).begin();
        scope.enter(|| debug!("{name}"));
        scope
    };
    let record = |invocation: &Scope, name: &'static str| {
        invocation.enter(|| {
            let record = Scope::builder(name).nested().begin();
            record.enter(|| debug!("{name}"));
            record
        })
    };
    let (first, second) = (begin("first"), begin("second"));
    let (good, bad) = (record(&first, "a good record"), record(&first, "a bad record"));
    let other = record(&second, "a record of the other");
    good.finish();
    bad.set_error("declined", "declined");
    bad.finish();
    info!("the records of the first ended");
    first.finish();
    other.enter(|| debug!("more of the other"));
    second.set_error("declined", "declined");
    info!("the second failed");
    // The future of the invocation drops those of the records that it has not finished.
    drop(other);
    second.finish();
}

#[test]
fn each_scope_keeps_its_own_lines() {
    for front in FRONTS {
        let lines = run(&format!("{front} nested"), &[(BUFFER, "64KiB")]);
        let expected = [
            "a bad record",
            "the records of the first ended",
            "second",
            "the second failed",
            "a record of the other",
            "more of the other",
        ];
        assert_eq!(messages(&lines), expected, "{front}");
    }
}

/// Runs 64 tasks at once. Every fourth fails.
fn tasks() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let together = Arc::new(Barrier::new(64));
        let tasks: Vec<_> = (0..64)
            .map(|task| {
                let together = together.clone();
                tokio::spawn(async move {
                    let scope = Scope::builder("work").default_correlation_id(format!("c-{task}")).begin();
                    let work = async {
                        for step in 0..20 {
                            together.wait().await;
                            debug!(task, step, "step");
                            tokio::task::yield_now().await;
                        }
                    };
                    scope.run(work).await;
                    if task % 4 == 0 {
                        scope.set_error("declined", "declined");
                    }
                    scope.finish();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn tasks_at_once_keep_their_lines_apart() {
    for front in FRONTS {
        let lines = run(&format!("{front} tasks"), &[(BUFFER, "64KiB")]);
        assert_eq!(lines.len(), 16 * 20, "{front}");
        for of_task in lines.chunks(20) {
            let task = of_task[0]["task"].as_u64().unwrap();
            assert_eq!(task % 4, 0);
            for (step, line) in (0_u64..).zip(of_task) {
                assert_eq!(line["x-correlation-id"], format!("c-{task}"), "{front}: {line}");
                assert_eq!([&line["task"], &line["step"]], [task, step], "{front}: {line}");
            }
        }
    }
}
