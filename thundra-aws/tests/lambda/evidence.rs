//! The events of failed invocations, written to standard error and run again.

use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, batch, service_fn};
use thundra_core::{ScopeRef, Telemetry};

use crate::peers::Lambda;

/// Runs the program called `name`.
pub(crate) fn run(name: &str) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = match name {
        "evidence" => runtime().block_on(thundra_aws::run(service_fn(work))),
        "evidence_concurrent" => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(thundra_aws::run_concurrent(service_fn(work)))
        }
        "evidence_batch" => runtime().block_on(thundra_aws::run(service_fn(records))),
        "evidence_init" => {
            let work = |_: Arc<()>| service_fn(work);
            let code = thundra_aws::__private::main_with_state(Telemetry::default, begin, work);
            std::process::exit(i32::from(code != std::process::ExitCode::SUCCESS));
        }
        other => panic!("no program {other}"),
    };
    if let Err(error) = result {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn begin() {
    eprintln!("init has begun");
}

async fn work(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let Value::Object(order) = event.payload else { return Err("not an order".into()) };
    for key in order.get("appends").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        thundra_core::log::append(key, "mine");
    }
    eprintln!("handler has begun with token {}", order.get("token").unwrap_or(&Value::Null));
    if let Some(scope) = ScopeRef::current() {
        eprintln!("correlation id {}", scope.correlation().unwrap().get("id").unwrap_or_default());
    }
    match order.get("does").and_then(Value::as_str) {
        Some("fail") => Err(format!("order {} is refused", order.get("order").unwrap_or(&Value::Null)).into()),
        Some("panic") => panic!("at the disco"),
        Some("sleep") => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(Value::Null)
        }
        Some("answer 503") => Ok(json!({ "statusCode": 503 })),
        _ => Ok(json!({ "order": order.get("order") })),
    }
}

/// Hands over some records of the event, in another order.
async fn records(mut event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    event.payload.records.reverse();
    event.payload.records.retain(|record| record.message_id.as_deref() != Some("m-3"));
    batch::each(event.payload, async |order: Value| {
        eprintln!("record {order}");
        if order["bad"] == true { Err("a bad order") } else { Ok(()) }
    })
    .report_full_failure()
    .await
}

/// Returns the lines with an event in the output of a program.
fn captured(stderr: &str) -> Vec<(&str, Value)> {
    let lines = stderr.lines().filter(|line| line.starts_with(r#"{"_thundra":"event/1","#));
    lines.map(|line| (line, serde_json::from_str(line).unwrap())).collect()
}

/// Runs a program locally with `input`.
fn rerun(program: &str, input: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let directory =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("evidence-{}-{run}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    // The first argument names the test, and the file.
    std::fs::write(directory.join("program"), input).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["program", "--exact", "--ignored", "--nocapture", "--"]).args(arguments).current_dir(&directory);
    command.env_clear().env("TEST_PROGRAM", program).envs(variables.iter().copied());
    let output = command.output().unwrap();
    std::fs::remove_dir_all(directory).unwrap();
    output
}

fn stderr_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const ERRORS: (&str, &str) = ("THUNDRA_CAPTURE_PAYLOADS", "errors");

#[tokio::test]
async fn the_line_of_a_failed_invocation_runs_it_again() {
    for (program, event, again, why) in [
        ("evidence", json!({ "does": "fail", "order": 7 }), "order 7 is refused", "an error"),
        ("evidence", json!({ "does": "panic" }), "at the disco", "a panic"),
        ("traced", json!({ "not": "text" }), "could not be read as the handler's type", "an event of another type"),
        ("evidence", json!([1, "a\u{202e}\u{9b}b\n"]), "not an order", "what a terminal obeys"),
    ] {
        // Sampling does not matter.
        for sampler in ["always_on", "always_off"] {
            let lambda = Lambda::start(program, &[ERRORS, ("OTEL_TRACES_SAMPLER", sampler)]).await;
            lambda.invoke(event.clone()).await.unwrap_err();
            let (_, stderr) = lambda.stop().await;
            let lines = captured(&stderr);
            let [(line, read)] = &lines[..] else { panic!("{why}: {stderr}") };
            assert_eq!(read["event"], event, "{why}");
            for (key, value) in [
                ("function_request_id", json!("request-0")),
                ("x-correlation-id", json!("request-0")),
                ("service", json!(program)),
                ("level", json!("ERROR")),
                ("outcome", json!("error")),
                ("masked", json!([])),
                ("cut", json!([])),
            ] {
                assert_eq!(read[key], value, "{why}: {key} of {line}");
            }
            assert!(read["trigger"].is_string() && read["trace_id"].is_string(), "{why}: {line}");
            assert_eq!(read.get("error").is_some(), sampler == "always_on", "{why}: {line}");
            assert!(!line.contains(['\u{202e}', '\u{9b}']), "{why}: {line}");

            let prefixed = format!("2026-11-26T11:44:58 2026/11/26/[$LATEST]0a1b {line}\n");
            for input in [format!("{line}\n"), prefixed] {
                let output = rerun(program, &input, &[], &[("OTEL_TRACES_EXPORTER", "console")]);
                let again_stderr = stderr_of(&output);
                assert!(!output.status.success() && again_stderr.contains(again), "{why}: {again_stderr}");
                if program == "evidence" && event.is_object() {
                    assert!(again_stderr.contains("correlation id request-0"), "{why}: {again_stderr}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_line_is_written_for_what_the_settings_name() {
    for (value, event, lines, why) in [
        ("errors", json!({ "order": 1 }), 0, "a success"),
        ("errors", json!({ "does": "fail" }), 1, "an error"),
        ("always", json!({ "order": 1 }), 1, "a success as well"),
        ("always", json!({ "does": "fail" }), 1, "an error, once"),
        ("off", json!({ "does": "fail" }), 0, "off"),
        ("failures", json!({ "does": "fail" }), 0, "not a value"),
    ] {
        for (program, concurrency) in [("evidence", "1"), ("evidence_concurrent", "2")] {
            let variables = [("THUNDRA_CAPTURE_PAYLOADS", value), ("AWS_LAMBDA_MAX_CONCURRENCY", concurrency)];
            let variables = if program == "evidence" { &variables[..1] } else { &variables[..] };
            let lambda = Lambda::start(program, variables).await;
            let _ = lambda.invoke(event.clone()).await;
            let (_, stderr) = lambda.stop().await;
            assert_eq!(captured(&stderr).len(), lines, "{program}, {why}: {stderr}");
        }
    }
    let lambda = Lambda::start("evidence", &[ERRORS, ("OTEL_SDK_DISABLED", "true")]).await;
    lambda.invoke(json!({ "does": "fail" })).await.unwrap_err();
    let (_, stderr) = lambda.stop().await;
    assert_eq!(captured(&stderr).len(), 0, "disabled is pass-through: {stderr}");
}

#[tokio::test]
async fn a_masked_event_begins_nothing_unless_it_is_asked_for() {
    let lambda = Lambda::start("evidence", &[ERRORS, ("THUNDRA_MASK_KEYS", "card")]).await;
    let event = json!({ "does": "fail", "order": 7, "token": "s3cr3t", "body": "{\"card\":\"4111\"}" });
    lambda.invoke(event).await.unwrap_err();
    let (_, stderr) = lambda.stop().await;
    let lines = captured(&stderr);
    let (line, read) = &lines[0];
    assert!(!line.contains("s3cr3t") && !line.contains("4111"), "{line}");
    assert_eq!(read["masked"], json!(["$.body.card", "$.token"]), "in the order of the event: {line}");

    for program in ["evidence", "evidence_init"] {
        let output = rerun(program, line, &[], &[]);
        let stderr = stderr_of(&output);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("masked: $.token\n") && stderr.contains("masked: $.body.card\n"), "{stderr}");
        assert!(stderr.contains("--replay-masked"), "the remedy is named: {stderr}");
        assert!(!stderr.contains("has begun"), "{stderr}");

        let output = rerun(program, line, &["--replay-masked"], &[]);
        let stderr = stderr_of(&output);
        assert!(!output.status.success() && stderr.contains("order 7 is refused"), "{stderr}");
        assert!(stderr.contains("handler has begun with token \"REDACTED\""), "{stderr}");
        assert_eq!(stderr.contains("init has begun"), program == "evidence_init", "{stderr}");
    }
}

#[tokio::test]
async fn an_appended_key_stands_beside_the_keys_of_the_line() {
    let keys = ["_thundra", "trigger", "outcome", "error", "masked", "cut", "event", "other"];
    let lambda = Lambda::start("evidence", &[ERRORS]).await;
    lambda.invoke(json!({ "does": "fail", "appends": keys })).await.unwrap_err();
    let (_, stderr) = lambda.stop().await;
    let (line, read) = &captured(&stderr)[0];
    for key in keys {
        let shown = if key == "other" { key.to_owned() } else { format!("fields.{key}") };
        assert_eq!(
            (line.matches(&format!(",\"{shown}\":\"mine\"")).count(), &read[&shown]),
            (1, &json!("mine")),
            "{line}"
        );
    }
    assert_eq!((&read["outcome"], &read["masked"]), (&json!("error"), &json!([])), "{line}");
}

#[tokio::test]
async fn a_large_event_is_cut_within_a_line_of_cloudwatch() {
    for (body, why) in [("x".repeat(3_000_000), "a long text"), ("\u{9b}".repeat(100_000), "a text of escapes")] {
        let lambda = Lambda::start("evidence", &[ERRORS]).await;
        lambda.invoke(json!({ "does": "fail", "body": body })).await.unwrap_err();
        let (_, stderr) = lambda.stop().await;
        let lines = captured(&stderr);
        let (line, read) = lines.last().unwrap();
        assert!(line.len() < 256 * 1024 && line.len() > 32 * 1024, "{why}: {}", line.len());
        assert_eq!(read["cut"], json!(["$.body"]), "{why}");
        let output = rerun("evidence", line, &[], &[]);
        let stderr = stderr_of(&output);
        assert!(!output.status.success() && stderr.contains("cut: $.body\n"), "{why}: {stderr}");
        assert!(!stderr.contains("has begun"), "{why}: {stderr}");
    }
}

#[tokio::test]
async fn an_invocation_that_times_out_has_its_line_before_the_deadline() {
    let lambda = Lambda::start("evidence", &[ERRORS, ("THUNDRA_TIMEOUT_MARGIN", "500ms")]).await;
    lambda.send(json!({ "does": "sleep", "deadline_in_ms": 1000 })).await;
    lambda.wait_for_line(r#""outcome":"timeout""#).await;
    let stderr = lambda.stderr_so_far();
    let lines = captured(&stderr);
    assert_eq!((lines.len(), &lines[0].1["event"]["does"]), (1, &json!("sleep")), "{stderr}");
}

#[tokio::test]
async fn the_failed_records_of_a_batch_run_again_alone() {
    let record = |id: &str, body: &str| {
        json!({ "messageId": id, "body": body, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:notes",
                "attributes": {}, "messageAttributes": {} })
    };
    let (good, bad) = (r#"{"n":1}"#, r#"{"n":2,"bad":true}"#);
    let event =
        json!({ "Records": [record("m-1", good), record("m-2", bad), record("m-3", good), record("m-4", "no JSON")] });
    let lambda = Lambda::start("evidence_batch", &[ERRORS]).await;
    lambda.invoke(event.clone()).await.unwrap();
    let (_, stderr) = lambda.stop().await;
    let lines = captured(&stderr);
    let [(line, read)] = &lines[..] else { panic!("{stderr}") };
    assert_eq!(read["event"], json!({ "Records": [event["Records"][1], event["Records"][3]] }), "{line}");
    assert_eq!((&read["outcome"], &read["trigger"]), (&json!("failed_records"), &json!("sqs")), "{line}");
    let output = rerun("evidence_batch", line, &[], &[]);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), stderr_of(&output));
    assert_eq!(stderr.matches("record {").count(), 1, "{stderr}");
    assert!(stdout.contains("m-2") && stdout.contains("m-4") && !stdout.contains("m-1"), "{stdout}");
}

#[tokio::test]
async fn a_status_of_500_is_a_failure() {
    let request = json!({ "version": "2.0", "routeKey": "$default", "rawPath": "/orders/503", "rawQueryString": "token=s3cr3t",
        "headers": { "authorization": "Bearer s3cr3t" }, "requestContext": { "http": { "method": "GET", "path": "/x",
        "protocol": "HTTP/1.1" }, "requestId": "gw-1", "stage": "$default" }, "isBase64Encoded": false });
    for (path, lines) in [("/orders/404", 0), ("/orders/503", 1)] {
        let mut event = request.clone();
        event["rawPath"] = path.into();
        let lambda = Lambda::start("http", &[ERRORS]).await;
        lambda.invoke(event).await.unwrap();
        let (_, stderr) = lambda.stop().await;
        let found = captured(&stderr);
        assert_eq!(found.len(), lines, "{path}: {stderr}");
        if let Some((line, read)) = found.first() {
            assert!(!line.contains("s3cr3t"), "{line}");
            assert_eq!(read["masked"], json!(["$.headers.authorization", "$.rawQueryString"]), "{line}");
        }
    }
}
