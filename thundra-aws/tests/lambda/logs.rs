//! Log records over OTLP: with the spans of the invocation, and without spans.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::peers::{Lambda, LogRecord, Seen};

/// The default of a function with an endpoint.
const ON: (&str, &str) = ("OTEL_LOGS_EXPORTER", "");
const UNSAMPLED: (&str, &str) = ("OTEL_TRACES_SAMPLER", "always_off");
const MARGIN: (&str, &str) = ("THUNDRA_TIMEOUT_MARGIN", "500ms");

fn records(seen: &[Seen]) -> Vec<LogRecord> {
    seen.iter().flat_map(Seen::logs).collect()
}

/// Returns body, correlation id and request id of each record.
fn shown(records: &[LogRecord]) -> Vec<[String; 3]> {
    let keys = ["x-correlation-id", "faas.invocation_id"];
    let shown = |record: &LogRecord| [record.body.clone(), record.text(keys[0]), record.text(keys[1])];
    records.iter().map(shown).collect()
}

#[tokio::test]
async fn log_records_leave_with_the_spans_of_their_invocation() {
    let lambda = Lambda::start("own_main", &[ON]).await;
    for event in [json!({ "order": 1, "__context__": { "x-correlation-id": "c-9" } }), json!({ "order": 2 })] {
        lambda.invoke(event).await.unwrap();
    }
    let (seen, stderr) = lambda.stop().await;
    let order: Vec<_> = seen.iter().map(Seen::name).collect();
    assert_eq!(order.iter().filter(|name| **name == "logs").count(), 2, "{order:?}");
    assert_eq!(order.last(), Some(&"next"), "nothing is sent after the last flush: {order:?}");
    let (event, record) = ("an event of the invocation", "a record of the invocation");
    assert_eq!(
        shown(&records(&seen)),
        [
            ["an event before run", "", ""],
            ["a record before run", "", ""],
            [event, "c-9", "request-0"],
            [record, "c-9", "request-0"],
            [event, "request-1", "request-1"],
            [record, "request-1", "request-1"],
        ]
        .map(|shown| shown.map(str::to_owned))
    );
    let ids: Vec<_> = seen.iter().flat_map(Seen::roots).map(|root| root.text("x-correlation-id")).collect();
    assert_eq!(ids, ["c-9", "request-1"], "the spans have the ids of the records");
    let roots: Vec<_> = seen.iter().flat_map(Seen::roots).map(|root| root.trace).collect();
    let traces: Vec<_> = records(&seen).iter().map(|record| record.trace.clone()).collect();
    assert_eq!(traces, ["", "", &roots[0], &roots[0], &roots[1], &roots[1]]);
    assert!(!stderr.contains("thundra: "), "{stderr}");
}

#[tokio::test]
async fn an_unsampled_invocation_has_log_records_and_no_spans() {
    let lambda = Lambda::start("traced", &[ON, UNSAMPLED]).await;
    lambda.invoke(json!("ann")).await.unwrap();
    let (seen, stderr) = lambda.stop().await;
    let order: Vec<_> = seen.iter().map(Seen::name).collect();
    assert_eq!(order, ["next", "response", "logs", "next"], "{stderr}");
    assert_eq!(records(&seen)[0].body, "FOREIGN greeting");
    assert_eq!(records(&seen)[0].trace.len(), 32);
}

#[tokio::test]
async fn log_records_go_over_otlp_where_spans_go_elsewhere() {
    for exporter in ["none", "stdout", "console"] {
        let lambda = Lambda::start("traced", &[ON, ("OTEL_TRACES_EXPORTER", exporter)]).await;
        lambda.invoke(json!("ann")).await.unwrap();
        let (seen, stderr) = lambda.stop().await;
        let order: Vec<_> = seen.iter().map(Seen::name).collect();
        assert_eq!(order, ["next", "response", "logs", "next"], "{exporter}: {stderr}");
    }
}

#[tokio::test]
async fn a_subscriber_of_the_program_with_our_layer_has_log_records() {
    let lambda = Lambda::start("foreign_with_layer", &[ON]).await;
    lambda.invoke(json!("ann")).await.unwrap();
    lambda.wait_for(|seen| !records(seen).is_empty()).await;
    let (seen, _) = lambda.stop().await;
    let [record] = &records(&seen)[..] else { panic!("{seen:?}") };
    assert_eq!((record.body.as_str(), record.text("faas.invocation_id").as_str()), ("FOREIGN greeting", "request-0"));
}

#[tokio::test]
async fn interleaved_invocations_never_take_each_others_records() {
    let lambda = Lambda::start("concurrent", &[ON, ("AWS_LAMBDA_MAX_CONCURRENCY", "2")]).await;
    for turn in 0..10 {
        let names = [format!("ann {turn}"), format!("bob {turn}")];
        let (one, two) = tokio::join!(lambda.invoke(json!(names[0])), lambda.invoke(json!(names[1])));
        assert!(one.is_ok() && two.is_ok());
    }
    lambda.wait_for(|seen| records(seen).len() == 20 && seen.iter().flat_map(Seen::roots).count() == 20).await;
    let (seen, _) = lambda.stop().await;
    let roots: Vec<_> = seen.iter().flat_map(Seen::spans).filter(|span| span.kind == 2).collect();
    for record in records(&seen) {
        let root = roots.iter().find(|root| root.trace == record.trace).unwrap();
        assert_eq!(record.text("name"), root.text("x"), "{record:?}");
        assert_eq!(record.text("faas.invocation_id"), root.text("faas.invocation_id"));
    }
    let requests: BTreeSet<_> = records(&seen).iter().map(|record| record.text("faas.invocation_id")).collect();
    assert_eq!(requests.len(), 20);
}

#[tokio::test]
async fn the_log_records_of_an_invocation_leave_before_its_deadline() {
    for (program, variables) in [
        ("deadline", &[ON, MARGIN][..]),
        ("deadline", &[ON, MARGIN, UNSAMPLED]),
        ("deadline_concurrent", &[ON, MARGIN, ("AWS_LAMBDA_MAX_CONCURRENCY", "2")]),
    ] {
        for work in ["blocks_ms", "sleeps_ms"] {
            let lambda = Lambda::start(program, variables).await;
            lambda.send(json!({ work: 600_000, "deadline_in_ms": 1500 })).await;
            lambda.wait_for(|seen| records(seen).iter().any(|record| record.body == "outer has begun")).await;
            let found = records(&lambda.seen());
            let of_outer = found.iter().filter(|record| record.body == "outer has begun");
            assert_eq!(of_outer.count(), 1, "{program} {work}: {found:?}");
        }
    }
}

#[tokio::test]
async fn log_records_leave_with_the_last_flush_of_a_failing_program() {
    let lambda = Lambda::start("traced", &[ON, ("TEST_BREAKS", "1")]).await;
    lambda.send(json!("ann")).await;
    let (seen, stderr) = lambda.ended().await;
    assert_eq!(records(&seen).iter().filter(|record| record.body == "FOREIGN greeting").count(), 1, "{stderr}");
}

#[tokio::test]
async fn what_waits_at_the_end_of_the_environment_has_log_records_too() {
    let lambda = Lambda::start("traced", &[ON, ("THUNDRA_SHUTDOWN", "on"), ("TEST_REFUSED", "1")]).await;
    lambda.invoke(json!("ann")).await.unwrap();
    lambda.wait_for(|seen| seen.iter().filter(|seen| seen.name() == "next").count() == 2).await;
    lambda.take_spans();
    let (_, seen, stderr) = lambda.terminate().await;
    assert_eq!(shown(&records(&seen)), [["FOREIGN greeting", "request-0", "request-0"].map(str::to_owned)], "{stderr}");
}

#[tokio::test]
async fn the_failure_of_an_invocation_is_a_log_record_if_the_program_opts_in() {
    let opt_in = ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs");
    let lambda = Lambda::start("traced", &[ON, opt_in]).await;
    assert!(lambda.invoke(json!("error")).await.is_err());
    let (seen, _) = lambda.stop().await;
    let root = seen.iter().find_map(Seen::root).unwrap();
    assert!(root.exceptions.is_empty() && root.status.is_some(), "{root:?}");
    let named = |record: &LogRecord| record.event_name == "faas.invocation.exception";
    let exception = records(&seen).into_iter().find(named).unwrap();
    assert_eq!((exception.trace, exception.span), (root.trace, root.id));
    assert_eq!(exception.body, "no such name");
}

#[tokio::test]
async fn a_collector_without_log_records_costs_neither_spans_nor_answers() {
    let lambda =
        Lambda::start("traced", &[ON, ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://127.0.0.1:9/v1/logs")]).await;
    for _ in 0..3 {
        assert_eq!(lambda.invoke(json!("ann")).await, Ok::<Value, Value>(json!("hello ann")));
    }
    let (seen, stderr) = lambda.stop().await;
    assert_eq!(seen.iter().flat_map(Seen::roots).count(), 3, "{stderr}");
    assert_eq!(stderr.matches("thundra: log records could not be exported").count(), 1, "{stderr}");
}
