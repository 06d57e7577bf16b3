//! The context that a program gets from its starter, and hands to its children.

use std::future::Future;

use thundra_core::propagation::{Inbound, env};
use thundra_core::{Scope, current};
use thundra_http::{correlation, scope, sync_scope};
use tracing::Instrument;

use crate::runner::{command, diagnostics, lines, recorded, run, span};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
#[ignore = "a program of the tests below"]
fn child() {
    recorded(|| {
        sync_scope("child", || {
            for (key, value) in correlation::all() {
                println!("\nid {key}={value}");
            }
            tracing::info_span!("work").in_scope(|| {});
        });
    });
}

/// A program that starts a child inside a span.
#[test]
#[ignore = "a program of the tests below"]
fn parent() {
    recorded(|| {
        let work = async {
            correlation::set("order", "o-9");
            let mut child = tokio::process::Command::from(command("environment::child"));
            env::inject(child.as_std_mut());
            assert!(child.status().await.unwrap().success());
        };
        block_on(scope("parent", async { work.instrument(tracing::info_span!("spawn")).await }));
    });
}

/// A program that takes no part in the trace of its starter.
#[test]
#[ignore = "a program of the tests below"]
fn apart() {
    recorded(|| {
        sync_scope(Scope::builder("apart").parent(Inbound::default()), || {
            let mut child = command("environment::child");
            env::inject(&mut child);
            assert!(child.status().unwrap().success());
        });
    });
}

/// A program with two units of work, one below the other.
#[test]
#[ignore = "a program of the tests below"]
fn nested() {
    recorded(|| {
        sync_scope("outer", || sync_scope("inner", || ()));
        sync_scope("second", || ());
        println!("\ncurrent {}", current().is_some());
    });
}

#[test]
#[ignore = "a program of the tests below"]
fn without_telemetry() {
    assert_eq!(sync_scope("import", || 42), 42);
    assert_eq!(block_on(scope("export", async { 43 })), 43);
}

#[test]
fn a_child_process_continues_the_trace() {
    let output = run("environment::parent", &[]);
    let [parent, spawn, child, work] = ["parent", "spawn", "child", "work"].map(|name| span(&output, name));
    assert_eq!(parent.parent, "");
    assert_eq!((&spawn.parent, &child.parent, &work.parent), (&parent.id, &spawn.id, &child.id));
    assert!([&spawn, &child, &work].iter().all(|span| span.trace == parent.trace), "{output:?}");
    assert!(lines(&output, "id").any(|id| id == "x-correlation-order=o-9"), "{output:?}");
}

#[test]
fn a_chain_of_processes_is_one_trace() {
    let output =
        run("environment::parent", &[("TRACEPARENT", PARENT), ("TRACESTATE", "vendor=1"), ("X_CORRELATION_ID", "c-1")]);
    let [parent, child] = ["parent", "child"].map(|name| span(&output, name));
    assert_eq!((parent.trace.as_str(), parent.parent.as_str()), (TRACE, SPAN));
    assert_eq!((child.trace.as_str(), child.state.as_str()), (TRACE, "vendor=1"));
    assert!(lines(&output, "id").any(|id| id == "x-correlation-id=c-1"), "{output:?}");
}

#[test]
fn a_child_gets_nothing_of_the_context_before() {
    let variables = [("TRACEPARENT", PARENT), ("TRACESTATE", "old=1"), ("X_CORRELATION_TENANT", "7")];
    let output = run("environment::apart", &variables);
    let [apart, child] = ["apart", "child"].map(|name| span(&output, name));
    assert_ne!(apart.trace, TRACE);
    assert_eq!((&child.trace, &child.parent, child.state.as_str()), (&apart.trace, &apart.id, ""));
    assert_eq!(lines(&output, "id").count(), 1, "{output:?}");
}

#[test]
fn the_parent_is_in_the_environment_but_not_in_lambda() {
    for (variables, continues, why) in [
        (&[("TRACEPARENT", PARENT)][..], true, "set by the starter"),
        (&[("TRACEPARENT", PARENT), ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")], false, "in Lambda"),
        (&[("TRACEPARENT", PARENT), ("OTEL_PROPAGATORS", "baggage")], false, "another format"),
        (&[("TRACEPARENT", PARENT), ("OTEL_PROPAGATORS", "none")], false, "no format"),
        (
            &[("_X_AMZN_TRACE_ID", "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1")],
            false,
            "Lambda's",
        ),
        (
            &[("X_AMZN_TRACE_ID", "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1")],
            true,
            "X-Ray",
        ),
        (&[("TRACEPARENT", " ")], false, "blank"),
    ] {
        let output = run("environment::nested", variables);
        let [outer, inner, second] = ["outer", "inner", "second"].map(|name| span(&output, name));
        assert_eq!(outer.parent == SPAN && outer.trace == TRACE, continues, "{why}: {output:?}");
        assert_eq!((&inner.trace, &inner.parent), (&outer.trace, &outer.id), "{why}");
        assert_eq!(second.parent, outer.parent, "{why}");
        assert_eq!(diagnostics(&output), Vec::<String>::new(), "{why}");
    }
}

#[test]
fn a_malformed_value_is_one_line() {
    let long = "x".repeat(5000);
    for (name, value, form) in [
        ("TRACEPARENT", "00-short", "a W3C traceparent such as "),
        ("TRACEPARENT", long.as_str(), "a W3C traceparent such as "),
        ("BAGGAGE", "nothing", "W3C baggage such as "),
        ("X_CORRELATION_ID", "größe", "1 to 256 bytes of printable ASCII"),
    ] {
        let output = run("environment::nested", &[(name, value)]);
        let lines = diagnostics(&output);
        let [line] = lines.as_slice() else { panic!("{name}: {lines:?}") };
        assert!(line.contains(name) && line.contains(form) && line.len() < 300, "{line}");
        assert!(line.contains(&value[..2]), "{line}");
        assert_eq!(span(&output, "outer").parent, "");
    }
}

#[test]
fn without_telemetry_the_work_is_done_and_one_line_says_what_is_missing() {
    let output = run("environment::without_telemetry", &[]);
    let lines = diagnostics(&output);
    assert!(lines.len() == 1 && lines[0].contains("thundra_http::init"), "{lines:?}");
}
