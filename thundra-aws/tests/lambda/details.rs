//! Lines more detailed than the written lines: debug logs of single chains of calls, and lines kept until an error.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, batch, handler, service_fn};
use tracing::{debug, info};

use crate::peers::Lambda;

/// Runs the program called `name`.
pub(crate) fn run(name: &str) {
    let one = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let two = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = match name {
        "details" => one().block_on(thundra_aws::run(service_fn(work))),
        "details_concurrent" => two().block_on(thundra_aws::run_concurrent(service_fn(work))),
        "details_in_place" => one().block_on(lambda_runtime::run(service_fn(work_in_place))),
        "details_batch" => one().block_on(thundra_aws::run(service_fn(records))),
        "details_init" => {
            let init = async || {
                debug!("init begins");
                Err::<(), _>("no connection")
            };
            let work = |_: std::sync::Arc<()>| service_fn(work);
            thundra_aws::__private::main_with_state(thundra_core::Telemetry::default, init, work);
            return;
        }
        other => panic!("no program {other}"),
    };
    result.unwrap();
}

async fn work(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = event.payload["name"].as_str().unwrap_or_default().to_owned();
    debug!("{name} begins");
    info!("{name} works");
    tokio::time::sleep(Duration::from_millis(event.payload["sleeps_ms"].as_u64().unwrap_or_default())).await;
    debug!("{name} ends");
    debug!(target: "hyper::client", "{name}: detail of a library");
    match event.payload["ends"].as_str() {
        Some("error") => Err("no such order".into()),
        Some("panic") => panic!("at the disco"),
        Some(status) => Ok(json!({ "statusCode": status.parse::<u16>()? })),
        None => Ok(event.payload),
    }
}

#[handler]
async fn work_in_place(event: LambdaEvent<Value>) -> Result<Value, Error> {
    work(event).await
}

async fn records(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    debug!("batch begins");
    batch::each(event.payload, async |order: Value| {
        debug!("{} begins", order["name"].as_str().unwrap());
        tokio::task::yield_now().await;
        match order["ends"].as_str() {
            Some("error") => Err("no such order"),
            _ => Ok(()),
        }
    })
    .await
}

const BUFFER: (&str, &str) = ("THUNDRA_LOG_BUFFER", "64KiB");

/// Returns the message and the request of each line about our work.
fn lines(stderr: &str) -> Vec<(String, String)> {
    let lines = stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let ours = lines.filter(|line| line["target"] == "lambda::details" || line["target"] == "hyper::client");
    ours.map(|line| (text(&line, "message"), text(&line, "function_request_id"))).collect()
}

fn messages(stderr: &str) -> Vec<String> {
    lines(stderr).into_iter().map(|(message, _)| message).collect()
}

/// The programs with a handler, and a variable for each.
const PROGRAMS: [(&str, (&str, &str)); 4] = [
    ("details", ("RUST_LOG", "info")),
    ("details", ("OTEL_TRACES_SAMPLER", "always_off")),
    ("details_concurrent", ("AWS_LAMBDA_MAX_CONCURRENCY", "2")),
    ("details_in_place", ("RUST_LOG", "info")),
];

#[tokio::test]
async fn kept_lines_come_out_for_invocations_that_fail() {
    for (program, variable) in PROGRAMS {
        let lambda = Lambda::start(program, &[variable, BUFFER]).await;
        lambda.invoke(json!({ "name": "good" })).await.unwrap();
        lambda.invoke(json!({ "name": "bad", "ends": "error" })).await.unwrap_err();
        lambda.invoke(json!({ "name": "worse", "ends": "panic" })).await.unwrap_err();
        lambda.invoke(json!({ "name": "good again" })).await.unwrap();
        let (_, stderr) = lambda.stop().await;
        let expected = [
            ("good works", "request-0"),
            ("bad works", "request-1"),
            ("bad begins", "request-1"),
            ("bad ends", "request-1"),
            ("worse works", "request-2"),
            ("worse begins", "request-2"),
            ("worse ends", "request-2"),
            ("good again works", "request-3"),
        ];
        let expected: Vec<_> = expected.iter().map(|(message, id)| (message.to_string(), id.to_string())).collect();
        assert_eq!(lines(&stderr), expected, "{program} {variable:?}: {stderr}");
    }
}

#[tokio::test]
async fn kept_lines_come_out_with_a_failed_status() {
    let event = |name: &str, status: &str| {
        json!({ "name": name, "ends": status, "version": "2.0", "routeKey": "GET /", "rawPath": "/", "headers": {},
            "requestContext": { "http": { "method": "GET", "path": "/" }, "requestId": "gw-1", "stage": "$default" } })
    };
    for sampler in ["always_on", "always_off"] {
        let lambda = Lambda::start("details", &[("OTEL_TRACES_SAMPLER", sampler), BUFFER]).await;
        lambda.invoke(event("missing", "404")).await.unwrap();
        lambda.invoke(event("broken", "503")).await.unwrap();
        let (_, stderr) = lambda.stop().await;
        let expected = ["missing works", "broken works", "broken begins", "broken ends"];
        assert_eq!(messages(&stderr), expected, "{sampler}: {stderr}");
    }
}

#[tokio::test]
async fn kept_lines_of_invocations_at_once_stay_apart() {
    let lambda = Lambda::start("details_concurrent", &[("AWS_LAMBDA_MAX_CONCURRENCY", "2"), BUFFER]).await;
    let (good, bad) = tokio::join!(
        lambda.invoke(json!({ "name": "good", "sleeps_ms": 200 })),
        lambda.invoke(json!({ "name": "bad", "sleeps_ms": 200, "ends": "error" })),
    );
    assert!(good.is_ok() && bad.is_err());
    let (_, stderr) = lambda.stop().await;
    let mut messages = messages(&stderr);
    messages[..2].sort_unstable();
    assert_eq!(messages, ["bad works", "good works", "bad begins", "bad ends"], "{stderr}");
}

#[tokio::test]
async fn kept_lines_come_out_shortly_before_the_deadline() {
    for (program, variable) in PROGRAMS {
        let lambda = Lambda::start(program, &[variable, BUFFER, ("THUNDRA_TIMEOUT_MARGIN", "500ms")]).await;
        lambda.send(json!({ "name": "slow", "deadline_in_ms": 1_500, "sleeps_ms": 2_000 })).await;
        lambda.wait_for_line("slow begins").await;
        assert!(!lambda.stderr_so_far().contains("slow ends"), "{program}: before its end");
        lambda.wait_for_line("slow ends").await;
        let (_, stderr) = lambda.stop().await;
        let expected = ["slow works", "slow begins", "slow ends"];
        assert_eq!(messages(&stderr), expected, "{program} {variable:?}: once, and then at once: {stderr}");
    }
}

fn batch_of(records: &[Value]) -> Value {
    let message = |(n, body): (usize, &Value)| {
        json!({ "messageId": format!("m-{n}"), "body": body.to_string(), "eventSource": "aws:sqs", "attributes": {},
            "eventSourceARN": "arn:aws:sqs:eu-west-1:1:orders",
            "messageAttributes": body["switch"].as_str().map_or(json!({}), |switch| json!({
                "debug-log-enabled": { "dataType": "String", "stringValue": switch } })) })
    };
    json!({ "Records": records.iter().enumerate().map(message).collect::<Vec<_>>() })
}

#[tokio::test]
async fn kept_lines_of_a_record_come_out_when_it_fails() {
    for sampler in ["always_on", "always_off"] {
        let lambda = Lambda::start("details_batch", &[("OTEL_TRACES_SAMPLER", sampler), BUFFER]).await;
        let records =
            [json!({ "name": "good" }), json!({ "name": "bad", "ends": "error" }), json!({ "name": "other" })];
        let response = lambda.invoke(batch_of(&records)).await.unwrap();
        assert_eq!(response["batchItemFailures"][0]["itemIdentifier"], "m-1");
        let (_, stderr) = lambda.stop().await;
        assert_eq!(messages(&stderr), ["bad begins"], "{sampler}: {stderr}");
        let place = |text| stderr.find(text).unwrap();
        assert!(place("bad begins") < place("a record of the batch failed"), "{stderr}");
    }
}

#[tokio::test]
async fn kept_lines_of_an_initialisation_come_out_when_it_fails() {
    let lambda = Lambda::start("details_init", &[BUFFER]).await;
    let (_, stderr) = lambda.ended().await;
    assert_eq!(messages(&stderr), ["init begins"], "{stderr}");
}

#[tokio::test]
async fn debug_logs_follow_the_request() {
    for (program, variable) in PROGRAMS {
        if program == "details_in_place" {
            // Such a program does not see the event.
            continue;
        }
        let lambda = Lambda::start(program, &[variable]).await;
        let event = |name: &str, context: Value| json!({ "name": name, "__context__": context });
        lambda.invoke(event("plain", json!({}))).await.unwrap();
        lambda.invoke(event("detailed", json!({ "debug-log-enabled": "true" }))).await.unwrap();
        lambda.invoke(event("plain again", json!({ "debug-log-enabled": "false" }))).await.unwrap();
        let (_, stderr) = lambda.stop().await;
        let expected = ["plain works", "detailed begins", "detailed works", "detailed ends", "plain again works"];
        assert_eq!(messages(&stderr), expected, "{program} {variable:?}: {stderr}");
    }
    let lambda = Lambda::start("details", &[("THUNDRA_DEBUG_SAMPLE_RATE", "1")]).await;
    lambda.invoke(json!({ "name": "new" })).await.unwrap();
    lambda.invoke(json!({ "name": "of a chain", "__context__": { "call-chain-length": 1 } })).await.unwrap();
    let (_, stderr) = lambda.stop().await;
    assert_eq!(messages(&stderr), ["new begins", "new works", "new ends", "of a chain works"], "{stderr}");
}

#[tokio::test]
async fn each_record_has_its_own_debug_logs() {
    let lambda = Lambda::start("details_batch", &[]).await;
    let records = ["true", "false", "true"].map(|switch| json!({ "name": switch, "switch": switch }));
    lambda.invoke(batch_of(&records)).await.unwrap();
    let (_, stderr) = lambda.stop().await;
    assert_eq!(messages(&stderr), ["true begins", "true begins"], "{stderr}");
}
