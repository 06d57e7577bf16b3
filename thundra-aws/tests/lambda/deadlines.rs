//! Invocations that reach the deadline, which the Runtime API of the tests does not enforce.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, batch, handler, service_fn};
use thundra_core::Telemetry;
use tracing::{Instrument, info, info_span, instrument};

use crate::peers::{Lambda, Seen, Span};
use crate::programs::Stderr;

/// Runs the program called `name`.
pub(crate) fn run(name: &str) {
    let one = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let two = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = match name {
        "deadline" => one().block_on(thundra_aws::run(service_fn(work))),
        "deadline_concurrent" => two().block_on(thundra_aws::run_concurrent(service_fn(work))),
        "deadline_in_place" => one().block_on(lambda_runtime::run(service_fn(work_in_place))),
        "deadline_own_exporter" => {
            one().block_on(thundra_aws::run_with(Telemetry::builder().exporter(Stderr), service_fn(work)))
        }
        "deadline_batch" => one().block_on(thundra_aws::run(service_fn(records))),
        other => panic!("no program {other}"),
    };
    result.unwrap();
}

async fn work(event: LambdaEvent<Value>) -> Result<String, Error> {
    let time = |key: &str| Duration::from_millis(event.payload[key].as_u64().unwrap_or_default());
    info_span!("done").in_scope(|| ());
    let (blocks, sleeps) = (time("blocks_ms"), time("sleeps_ms"));
    outer(blocks, sleeps).await;
    info_span!("afterwards").in_scope(|| ());
    match event.payload["fails"].as_str() {
        Some(error) => Err(error.into()),
        None => Ok("ready".into()),
    }
}

/// Blocks the thread, as computing does, and then sleeps.
#[instrument(skip_all)]
async fn outer(blocks: Duration, sleeps: Duration) {
    info!("outer has begun");
    let inner = async {
        sleep(blocks);
        tokio::time::sleep(sleeps).await;
    };
    inner.instrument(info_span!("inner")).await;
}

#[handler]
async fn work_in_place(event: LambdaEvent<Value>) -> Result<String, Error> {
    work(event).await
}

async fn records(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    batch::each(event.payload, async |millis: u64| {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok::<_, Error>(())
    })
    .await
}

/// A time beyond the end of every test.
const FOREVER: u64 = 600_000;

/// A sufficient margin on a busy machine.
const MARGIN: (&str, &str) = ("THUNDRA_TIMEOUT_MARGIN", "500ms");

const CONCURRENT: (&str, (&str, &str)) = ("deadline_concurrent", ("AWS_LAMBDA_MAX_CONCURRENCY", "2"));
const RUN: (&str, (&str, &str)) = ("deadline", ("RUST_LOG", "info"));
const IN_PLACE: (&str, (&str, &str)) = ("deadline_in_place", ("RUST_LOG", "info"));

/// Waits for spans with `names`, sorted, and returns all spans.
async fn arrived(lambda: &Lambda, names: &[&str]) -> Vec<Span> {
    lambda.wait_for(|seen| seen.iter().map(Seen::span_count).sum::<usize>() >= names.len()).await;
    let mut spans = lambda.spans();
    spans.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), names);
    spans
}

fn is_unfinished(span: &Span) -> bool {
    let marks = [
        span.text("error.type") == "timeout",
        span.status.as_deref() == Some("still running shortly before the deadline"),
        span.text("thundra.unfinished.elapsed_ms").parse().is_ok_and(|elapsed: u64| elapsed > 0),
    ];
    assert!(marks == [marks[0]; 3], "{span:?}");
    marks[0]
}

fn remaining_ms(root: &Span) -> Option<i64> {
    root.text("thundra.deadline.remaining_ms").parse().ok()
}

fn used(root: &Span) -> Option<f64> {
    root.text("thundra.deadline.used_ratio").parse().ok()
}

#[tokio::test]
async fn an_invocation_is_exported_before_its_deadline_with_its_open_spans() {
    for (program, variable) in [RUN, CONCURRENT, IN_PLACE] {
        for work in ["blocks_ms", "sleeps_ms"] {
            let lambda = Lambda::start(program, &[variable, MARGIN]).await;
            lambda.send(json!({ "deadline_in_ms": 2_000, work: FOREVER })).await;
            let began = Instant::now();
            let spans = arrived(&lambda, &[program, "done", "inner", "outer"]).await;
            assert!(began.elapsed() >= Duration::from_millis(1_000), "{program} {work}: {:?}", began.elapsed());
            let unfinished: Vec<_> = spans.iter().map(is_unfinished).collect();
            assert_eq!(unfinished, [true, false, true, true], "{program} {work}");
            let root = &spans[0];
            assert_eq!((root.kind, root.text("faas.invocation_id").as_str()), (2, "request-0"));
            assert!(remaining_ms(root).is_some_and(|left| (0..=500).contains(&left)), "{root:?}");
            assert!(used(root).is_some_and(|used| (0.7..=1.0).contains(&used)), "{root:?}");
            let billed: i64 = root.text("thundra.billed.estimated_ms").parse().unwrap();
            let elapsed: i64 = root.text("thundra.unfinished.elapsed_ms").parse().unwrap();
            assert!(billed > elapsed + remaining_ms(root).unwrap() - 200, "the whole time: {root:?}");
        }
    }
}

#[tokio::test]
async fn an_invocation_that_ends_after_all_changes_nothing_and_is_reported() {
    for (program, variable) in [RUN, CONCURRENT, IN_PLACE] {
        for fails in [None, Some("too late")] {
            let lambda = Lambda::start(program, &[variable]).await;
            let event = json!({ "deadline_in_ms": 1_000, "sleeps_ms": 1_500, "fails": fails });
            let result = lambda.invoke(event).await;
            match fails {
                None => assert_eq!(result, Ok(json!("ready"))),
                Some(error) => assert_eq!(result.unwrap_err()["errorMessage"], error),
            }
            lambda.invoke(json!({})).await.unwrap();
            lambda.wait_for(|seen| seen.iter().flat_map(Seen::roots).count() == 2).await;
            let (seen, stderr) = lambda.stop().await;
            let spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
            let ids: BTreeSet<_> = spans.iter().map(|span| &span.id).collect();
            assert_eq!((ids.len(), spans.len()), (10, 10), "each once: {spans:?}");
            let first: Vec<_> = spans.iter().filter(|span| span.trace == spans[0].trace).collect();
            let unfinished = first.iter().filter(|span| is_unfinished(span)).count();
            assert_eq!((first.len(), unfinished), (5, 3), "{spans:?}");
            let lines: Vec<Value> = stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            let late: Vec<_> = lines.iter().filter(|line| line["duration_ms"].is_u64()).collect();
            let [line] = late[..] else { panic!("{program}: {stderr}") };
            assert_eq!((line["level"].as_str(), line["trace_id"].as_str()), (Some("WARN"), Some(&*spans[0].trace)));
            assert!(line["message"].as_str().unwrap().contains(&spans[0].trace), "{line}");
            assert_eq!((line["outcome"] == "ok", line["error"].as_str()), (fails.is_none(), fails));
            assert!(line["duration_ms"].as_u64().unwrap() >= 1_500, "{line}");
        }
    }
}

#[tokio::test]
async fn records_in_scopes_of_their_own_are_exported_too() {
    let lambda = Lambda::start("deadline_batch", &[MARGIN]).await;
    let record = |id: &str, millis: u64| {
        json!({ "messageId": id, "body": millis.to_string(), "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:1:notes", "attributes": {}, "messageAttributes": {} })
    };
    let records = [record("m-1", 0), record("m-2", FOREVER), record("m-3", FOREVER)];
    lambda.send(json!({ "deadline_in_ms": 2_000, "Records": records })).await;
    let spans = arrived(&lambda, &["deadline_batch", "process notes", "process notes", "process notes"]).await;
    let unfinished: BTreeSet<_> =
        spans.iter().filter(|span| is_unfinished(span)).map(|span| span.text("messaging.message.id")).collect();
    assert_eq!(unfinished, ["", "m-2", "m-3"].map(str::to_owned).into());
}

#[tokio::test]
async fn each_of_concurrent_invocations_has_its_own_deadline() {
    let lambda = Lambda::start(CONCURRENT.0, &[CONCURRENT.1, MARGIN]).await;
    lambda.send(json!({ "deadline_in_ms": 60_000, "sleeps_ms": 3_000 })).await;
    lambda.send(json!({ "deadline_in_ms": 2_000, "sleeps_ms": FOREVER })).await;
    lambda.wait_for(|seen| seen.iter().flat_map(Seen::roots).count() == 2).await;
    let [first, second] = &lambda.roots()[..] else { panic!() };
    assert!(is_unfinished(first) && !is_unfinished(second));
    assert_ne!(first.trace, second.trace);
    assert!(used(second).is_some_and(|used| used < 0.5), "{second:?}");
}

#[tokio::test]
async fn without_a_margin_that_fits_nothing_is_exported_early() {
    for (margin, deadline_in_ms, sleeps_ms, tells, why) in [
        ("0", 1_000, 1_500, true, "off"),
        ("0ms", 1_000, 1_500, true, "off"),
        ("2s", 1_000, 200, true, "more than all the time there is"),
        ("1s", 1_200, 300, true, "most of the time there is"),
        ("100ms", 50, 200, true, "less time than the margin"),
        ("100ms", -5_000, 200, false, "a deadline in the past"),
    ] {
        let lambda = Lambda::start("deadline", &[("THUNDRA_TIMEOUT_MARGIN", margin)]).await;
        let event = json!({ "deadline_in_ms": deadline_in_ms, "sleeps_ms": sleeps_ms });
        assert_eq!(lambda.invoke(event).await, Ok(json!("ready")), "{why}");
        lambda.invoke(json!({})).await.unwrap();
        // No time to export remains after the deadline. The next invocation exports.
        lambda.wait_for(|seen| seen.iter().flat_map(Seen::spans).filter(|span| span.kind == 2).count() == 2).await;
        let (seen, stderr) = lambda.stop().await;
        let spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
        assert_eq!((spans.len(), spans.iter().filter(|span| is_unfinished(span)).count()), (10, 0), "{why}");
        let root = spans.iter().find(|span| span.kind == 2).unwrap();
        assert_eq!((remaining_ms(root).is_some(), used(root).is_some()), (tells, tells), "{why}: {root:?}");
        if deadline_in_ms > 0 && sleeps_ms > deadline_in_ms {
            assert!(remaining_ms(root).unwrap() < 0 && used(root).unwrap() > 1.0, "{why}: {root:?}");
        }
        assert!(!stderr.contains("exported as unfinished"), "{why}: {stderr}");
    }
}

#[tokio::test]
async fn what_the_collector_refuses_at_the_deadline_is_sent_later_and_once() {
    let lambda = Lambda::start("deadline", &[("TEST_REFUSED", "1")]).await;
    let (result, ()) = tokio::join!(lambda.invoke(json!({ "deadline_in_ms": 1_000, "sleeps_ms": 2_000 })), async {
        lambda.wait_for_line("spans could not be exported and are kept for the next flush").await;
        lambda.take_requests();
    });
    assert_eq!(result, Ok(json!("ready")));
    lambda.invoke(json!({})).await.unwrap();
    lambda.wait_for(|seen| seen.iter().flat_map(Seen::spans).filter(|span| span.kind == 2).count() == 2).await;
    let (seen, _) = lambda.stop().await;
    let spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
    let ids: BTreeSet<_> = spans.iter().map(|span| &span.id).collect();
    assert_eq!((ids.len(), spans.len()), (10, 10), "{spans:?}");
    assert_eq!(spans.iter().filter(|span| is_unfinished(span)).count(), 3);
}

#[tokio::test]
async fn a_dead_collector_at_the_deadline_changes_nothing() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", &*format!("http://{nobody}"));
    let lambda = Lambda::start("deadline", &[endpoint]).await;
    for event in [json!({ "deadline_in_ms": 1_000, "sleeps_ms": 1_500 }), json!({})] {
        assert_eq!(lambda.invoke(event).await, Ok(json!("ready")));
    }
    let (_, stderr) = lambda.stop().await;
    assert_eq!(stderr.matches("could not be exported").count(), 1, "{stderr}");
}

#[tokio::test]
async fn every_exporter_is_served() {
    let file = std::env::temp_dir().join(format!("thundra-deadline-{}", std::process::id()));
    let path = file.to_str().unwrap();
    let event = json!({ "deadline_in_ms": 2_000, "blocks_ms": FOREVER });

    let lambda = Lambda::start("deadline_own_exporter", &[MARGIN]).await;
    lambda.send(event.clone()).await;
    lambda.wait_for_line("own exporter: 4 spans").await;

    let lambda = Lambda::start("deadline", &[MARGIN, ("OTEL_TRACES_EXPORTER", "console")]).await;
    lambda.send(event.clone()).await;
    lambda.wait_for_line("error.type=timeout").await;

    let variables = [MARGIN, ("OTEL_TRACES_EXPORTER", "otlp,stdout"), ("TEST_STDOUT", path)];
    let lambda = Lambda::start("deadline", &variables).await;
    lambda.send(event).await;
    arrived(&lambda, &["deadline", "done", "inner", "outer"]).await;
    let deadline = Instant::now() + crate::PATIENCE;
    let written = || std::fs::read_to_string(&file).unwrap().matches("{\"__otel_otlp_stdout\"").count();
    while written() == 0 {
        assert!(Instant::now() < deadline, "no line on standard output");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(written(), 1);
    drop(lambda);
    std::fs::remove_file(&file).unwrap();
}
