//! The end of an environment, and environments that never end.

use serde_json::json;

use crate::peers::{Lambda, Seen};

const SIGTERM: i32 = 15;

const ON: (&str, &str) = ("THUNDRA_SHUTDOWN", "on");

fn names(seen: &[Seen]) -> Vec<&'static str> {
    seen.iter().map(Seen::name).collect()
}

fn spans(seen: &[Seen]) -> usize {
    seen.iter().map(Seen::span_count).sum()
}

#[tokio::test]
async fn what_waits_at_the_end_is_exported_if_the_program_asks_for_it() {
    for (program, variables, spans_exported, why) in [
        ("traced", &[ON][..], 2, "the variable"),
        ("run_concurrent", &[ON], 2, "the variable, with several invocations at once"),
        ("shutdown", &[], 2, "the attribute"),
        ("shutdown", &[("THUNDRA_SHUTDOWN", "off")], 2, "code wins"),
        ("traced", &[], 0, "nobody asked: the process ends at once"),
        ("traced", &[("THUNDRA_SHUTDOWN", "off")], 0, "off"),
    ] {
        let variables = [variables, &[("TEST_REFUSED", "1")]].concat();
        let lambda = Lambda::start(program, &variables).await;
        assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"), "{why}");
        lambda.wait_for(|seen| seen.iter().filter(|seen| seen.name() == "next").count() == 2).await;
        lambda.take_spans();
        let (signal, seen, stderr) = lambda.terminate().await;
        assert_eq!(signal, Some(SIGTERM), "{why}: {stderr}");
        assert_eq!(spans(&seen), spans_exported, "{why}: {stderr}");
        let registered = names(&seen).iter().filter(|name| **name == "registration").count();
        assert_eq!(registered, usize::from(spans_exported > 0), "{why}");
        if let Some(Seen::Registration(body)) = seen.iter().find(|seen| seen.name() == "registration") {
            assert_eq!(body, r#"{"events":[]}"#);
            let order = names(&seen);
            let at = |name| order.iter().position(|seen| *seen == name);
            assert!(at("registration") < at("next") && at("extension next").is_some(), "{order:?}");
        }
    }
}

#[tokio::test]
async fn an_end_with_a_collector_that_is_gone_is_reported_and_short() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let managed = ("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances");
    for variables in [&[ON, endpoint][..], &[ON, endpoint, managed]] {
        let lambda = Lambda::start("traced", variables).await;
        lambda.invoke(json!("ann")).await.unwrap();
        lambda.wait_for(|seen| seen.iter().filter(|seen| seen.name() == "next").count() == 2).await;
        let (signal, _, stderr) = lambda.terminate().await;
        assert_eq!(signal, Some(SIGTERM));
        assert!(stderr.contains("lost 2 spans that could not be exported before the end"), "{stderr}");
        assert!(!stderr.contains("guard"), "{stderr}");
    }
}

#[tokio::test]
async fn an_invocation_that_runs_at_the_end_is_exported_as_unfinished() {
    const NO_MARGIN: (&str, &str) = ("THUNDRA_TIMEOUT_MARGIN", "0");
    for (program, event, variables) in [
        ("deadline", json!({ "sleeps_ms": 600_000 }), &[ON][..]),
        ("deadline", json!({ "blocks_ms": 600_000 }), &[ON]),
        ("deadline", json!({ "sleeps_ms": 600_000 }), &[ON, NO_MARGIN]),
        ("deadline_concurrent", json!({ "sleeps_ms": 600_000 }), &[ON]),
    ] {
        let lambda = Lambda::start(program, variables).await;
        lambda.send(event.clone()).await;
        lambda.wait_for_line("outer has begun").await;
        let (signal, seen, stderr) = lambda.terminate().await;
        assert_eq!(signal, Some(SIGTERM), "{program} {event}: {stderr}");
        let spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
        let mut ended: Vec<_> = spans.iter().map(|span| format!("{} {}", span.name, span.text("error.type"))).collect();
        ended.sort();
        let root = format!("{program} shutdown");
        assert_eq!(ended, [&*root, "done ", "inner shutdown", "outer shutdown"], "{event}");
    }
}

#[tokio::test]
async fn a_registration_that_fails_is_one_line() {
    let lambda = Lambda::start("traced", &[ON, ("TEST_NO_EXTENSIONS", "1")]).await;
    for name in ["ann", "bob"] {
        assert_eq!(lambda.invoke(json!(name)).await.unwrap(), json!(format!("hello {name}")));
    }
    let (_, stderr) = lambda.stop().await;
    let line = "telemetry that waits when Lambda ends the environment is lost: the Extensions API refused the \
                registration with 403";
    assert_eq!(stderr.matches(line).count(), 1, "{stderr}");
}

#[tokio::test]
async fn managed_instances_export_from_the_background() {
    const INVOCATIONS: usize = 20;
    for (program, concurrency) in [("traced", "1"), ("run_concurrent", "4"), ("plain", "1")] {
        let managed = ("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances");
        let lambda = Lambda::start(program, &[managed, ("AWS_LAMBDA_MAX_CONCURRENCY", concurrency)]).await;
        for _ in 0..INVOCATIONS {
            lambda.invoke(json!("ann")).await.unwrap();
        }
        let roots = |seen: &[Seen]| seen.iter().flat_map(Seen::spans).filter(|span| span.kind == 2).count();
        lambda.wait_for(|seen| roots(seen) == INVOCATIONS).await;
        let (seen, stderr) = lambda.stop().await;
        let requests = names(&seen).iter().filter(|name| **name == "traces").count();
        assert!(requests < INVOCATIONS / 2, "{program}: {requests} requests, {stderr}");
        assert_eq!(spans(&seen), 2 * INVOCATIONS, "{program}: every span, once");
    }
}
