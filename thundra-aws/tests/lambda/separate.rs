//! A thousand records of a thousand traces: each with a separate link, separate spans and separate ids.

use std::collections::{HashMap, HashSet};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, batch, correlation, service_fn};
use tracing::{Instrument, info_span};

use crate::peers::{Lambda, Seen, Span};

const RECORDS: usize = 1000;

/// Runs the program called `name`.
pub(crate) fn run(name: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match name {
        "separate" => runtime.block_on(thundra_aws::run(service_fn(each))).unwrap(),
        "separate_concurrent" => runtime.block_on(thundra_aws::run_concurrent(service_fn(each))).unwrap(),
        other => panic!("no program {other}"),
    }
}

async fn each(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    batch::each_record(event.payload, work).await
}

/// Fails on the ids of another record, at the start and after work on other records.
async fn work(message: SqsMessage) -> Result<(), Error> {
    let record = message.body.unwrap_or_default();
    let is_own = || correlation::id().as_deref() == Some(&record);
    let before = is_own();
    let step = info_span!("step", record);
    tokio::task::yield_now().instrument(step).await;
    if before && is_own() { Ok(()) } else { Err(format!("{:?} is not {record}", correlation::id()).into()) }
}

/// Returns the trace and the span of the sender of a record in a batch.
fn sender(batch: usize, record: usize) -> (String, String) {
    (format!("{:032x}", 0x0af7_6519_0000_0000 + (batch << 16) + record), format!("{:016x}", (batch << 16) + record + 1))
}

fn id(batch: usize, record: usize) -> String {
    format!("c-{batch}-{record}")
}

fn event(batch: usize) -> Value {
    let record = |record: usize| {
        let (trace, span) = sender(batch, record);
        let text = |value: String| json!({ "dataType": "String", "stringValue": value });
        json!({ "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders",
                "messageId": format!("m-{record}"), "body": id(batch, record), "attributes": {},
                "messageAttributes": { "traceparent": text(format!("00-{trace}-{span}-01")),
                                       "x-correlation-id": text(id(batch, record)) } })
    };
    json!({ "Records": (0..RECORDS).map(record).collect::<Vec<_>>() })
}

/// Asserts that the spans of a batch belong to the right records, and returns the span of the invocation.
fn assert_separate(batch: usize, spans: &[Span]) -> Span {
    let consumers: HashMap<_, _> = spans
        .iter()
        .filter(|span| span.kind == 5)
        .map(|span| ((span.trace.clone(), span.parent.clone()), span))
        .collect();
    let steps: HashMap<_, _> =
        spans.iter().filter(|span| span.name == "step").map(|span| (span.text("record"), span)).collect();
    let mut invocations = HashSet::new();
    for record in 0..RECORDS {
        let (trace, span) = sender(batch, record);
        let consumer = consumers.get(&(trace.clone(), span)).unwrap_or_else(|| panic!("no span of {record}"));
        let step = steps.get(&id(batch, record)).unwrap_or_else(|| panic!("no step of {record}"));
        assert_eq!((&step.trace, &step.parent), (&trace, &consumer.id), "{record}");
        assert_eq!(consumer.text("messaging.message.id"), format!("m-{record}"));
        let [invocation] = consumer.links.as_slice() else { panic!("{record}: {:?}", consumer.links) };
        invocations.insert(invocation.clone());
    }
    let [invocation] = Vec::from_iter(invocations).try_into().unwrap_or_else(|all| panic!("{batch}: {all:?}"));
    spans.iter().find(|span| span.id == invocation).unwrap_or_else(|| panic!("{batch}: no invocation")).clone()
}

fn spans(seen: &[Seen]) -> Vec<Span> {
    seen.iter().flat_map(Seen::spans).collect()
}

#[tokio::test]
async fn a_thousand_records_of_a_thousand_traces_have_a_thousand_links_and_children() {
    for (limit, linked) in [("128", 128), ("1000", RECORDS)] {
        let lambda = Lambda::start("separate", &[("OTEL_SPAN_LINK_COUNT_LIMIT", limit)]).await;
        assert_eq!(lambda.invoke(event(0)).await.unwrap(), json!({ "batchItemFailures": [] }), "{limit}");
        lambda.traced().await;
        let (seen, _) = lambda.stop().await;
        let spans = spans(&seen);
        assert_eq!(spans.len(), 2 * RECORDS + 1, "{limit}");
        let invocation = assert_separate(0, &spans);
        let senders: Vec<_> = (0..linked).map(|record| sender(0, record).1).collect();
        assert_eq!(invocation.links, senders, "{limit}");
        assert_eq!(invocation.dropped_links as usize, RECORDS - linked, "{limit}: the others are counted");
    }
}

#[tokio::test]
async fn batches_worked_on_at_once_do_not_cross() {
    const BATCHES: usize = 3;
    let variables =
        [("AWS_LAMBDA_MAX_CONCURRENCY", "3"), ("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances")];
    let lambda = Lambda::start("separate_concurrent", &variables).await;
    let responses = futures_util::future::join_all((0..BATCHES).map(|batch| lambda.invoke(event(batch)))).await;
    for response in responses {
        assert_eq!(response.unwrap(), json!({ "batchItemFailures": [] }));
    }
    lambda.wait_for(|seen| seen.iter().map(Seen::span_count).sum::<usize>() >= BATCHES * (2 * RECORDS + 1)).await;
    let (seen, _) = lambda.stop().await;
    let spans = spans(&seen);
    let invocations: HashSet<_> = (0..BATCHES).map(|batch| assert_separate(batch, &spans).id).collect();
    assert_eq!((invocations.len(), spans.len()), (BATCHES, BATCHES * (2 * RECORDS + 1)));
}
