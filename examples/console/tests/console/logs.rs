//! Logs in files.

use std::io::Write as _;

use serde_json::json;

use crate::harness::{Console, file, gzip};
use crate::otlp::{span, traces};

const ID: &str = "8f507cfc-a72f-4b3f-9d7d-9ac4f4a3a1c4";

/// The messages of an invocation, as its function and Lambda write them.
fn messages() -> Vec<String> {
    let root = span(
        1,
        1,
        0,
        "orders",
        2,
        (0, 10),
        &[("faas.invocation_id", json!(ID)), ("faas.max_memory", json!(134_217_728))],
    );
    let envelope = json!({
        "__otel_otlp_stdout": "1", "source": "orders", "endpoint": "http://localhost:4318/v1/traces", "method": "POST",
        "content-type": "application/json", "base64": false, "payload": traces("orders", &[], vec![root]),
    });
    vec![
        format!("START RequestId: {ID} Version: $LATEST"),
        json!({ "level": "WARN", "message": "no stock", "service": "orders", "function_request_id": ID }).to_string(),
        envelope.to_string(),
        json!({ "_thundra": "event/1", "level": "ERROR", "message": "the event of this invocation, which failed",
            "function_request_id": ID, "event": { "Records": [{ "body": "b" }] } })
        .to_string(),
        json!({ "_aws": { "Timestamp": 1_795_732_800_000u64, "CloudWatchMetrics": [{ "Namespace": "Shop", "Dimensions": [["service"]],
            "Metrics": [{ "Name": "placed", "Unit": "Count" }] }] }, "service": "orders", "placed": 3 }).to_string(),
        "panicked at src/main.rs:\n  a stack".to_owned(),
        format!("END RequestId: {ID}"),
        format!(
            "REPORT RequestId: {ID}\tDuration: 10.00 ms\tBilled Duration: 211 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t\
             Init Duration: 200.50 ms\t\nXRAY TraceId: 1-00000000-000000000000000000000001\tSegmentId: 0\tSampled: true"
        ),
    ]
}

#[tokio::test]
async fn every_form_of_an_export_tells_the_same() {
    let stream = "2026/11/27/[$LATEST]0123456789abcdef0123456789abcdef";
    let lines = |prefix: &str| messages().iter().map(|message| format!("{prefix}{message}\n")).collect::<String>();
    let events: Vec<_> = messages()
        .iter()
        .map(|text| json!({ "timestamp": 1_795_732_800_000u64, "message": text, "logStreamName": stream }))
        .collect();
    for (name, content, why) in [
        ("tail.log", lines(&format!("2026-11-27T00:00:00.000000+00:00 {stream} ")).into_bytes(), "aws logs tail"),
        ("export.gz", gzip(lines("2026-11-27T00:00:00.000Z ").as_bytes()), "an export to S3"),
        ("events.json", serde_json::to_vec_pretty(&json!({ "events": events })).unwrap(), "aws logs filter-log-events"),
        (
            "subscription.json",
            json!({ "logGroup": "/aws/lambda/orders", "logStream": stream, "logEvents": events })
                .to_string()
                .into_bytes(),
            "a subscription",
        ),
    ] {
        let path = file(name, &content);
        let console = Console::with(&[&path]);
        let list = console.get_when("/api/v1/invocations", |list| list["invocations"][0]["exact"] == true).await;
        let invocation = &list["invocations"][0];
        assert_eq!(list["total"], 1, "{why}");
        for (member, value) in [
            ("request_id", json!(ID)),
            ("service", json!("orders")),
            ("billed", json!(211_000.0)),
            ("init", json!(200_500.0)),
            ("memory_used", json!(64 << 20)),
            ("cold_start", json!(true)),
            ("span", json!(1)),
        ] {
            assert_eq!(invocation[member], value, "{why}: {member}");
        }
        let id = invocation["request"].as_str().unwrap();
        let logs = console.get(&format!("/api/v1/requests/{id}/logs?q=stack")).await;
        assert_eq!(
            (&logs["total"], &logs["logs"][0]["body"]),
            (&json!(1), &json!("panicked at src/main.rs:\n  a stack")),
            "{why}"
        );
        let cost = console.get("/api/v1/cost").await;
        assert_eq!((&cost["rows"][0]["exact"], &cost["rows"][0]["gb_s"]), (&json!(1), &json!(0.125 * 0.211)), "{why}");
        let event = console.get("/api/v1/spans/1/event").await;
        assert_eq!(
            event,
            json!({ "event": r#"{"Records":[{"body":"b"}]}"#, "command": "cargo run < event.json" }),
            "{why}"
        );
        let metrics = console.get("/api/v1/metrics").await;
        assert_eq!(metrics["metrics"][0]["name"], "placed", "{why}");
        assert_eq!(console.get("/api/v1/requests").await["requests"][0]["exact"], true, "{why}");
    }
}

#[tokio::test]
async fn of_half_a_file_what_is_there_is_read() {
    let lines: String = (0..2000u64).map(|line| format!("{}\n", line.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let zipped = gzip(lines.as_bytes());
    let console = Console::with(&[&file("half.gz", &zipped[..zipped.len() / 2])]);
    console.get_when("/api/v1/status", |status| status["logs"].as_u64() > Some(100)).await;
}

#[tokio::test]
async fn a_log_that_goes_on_is_shown_at_once_and_holds_no_end_up() {
    let (mut console, mut input) = Console::reading();
    input.write_all(b"a\xff\nb").unwrap();
    console.get_when("/api/v1/status", |status| status["logs"] == 1).await;
    assert!(console.end());
}

#[tokio::test]
async fn the_output_of_a_local_run_is_read() {
    // The response comes first, in several lines, and the log of standard error last.
    let response = serde_json::to_string_pretty(&json!(["Hello"])).unwrap();
    let output = format!("{response}\n{}\n2026-11-26T00:00:00Z  INFO hello: greeted\n", messages()[2]);
    let console = Console::with(&[&file("output.log", output.as_bytes())]);
    console.get_when("/api/v1/status", |status| status["spans"] == 1 && status["rejected"]["lines"] == 0).await;
}

#[tokio::test]
async fn otlp_in_files_is_read_whole_or_by_lines() {
    let request = |trace| traces("orders", &[], vec![span(trace, trace, 0, "a", 2, (0, 1), &[])]);
    let pretty = serde_json::to_vec_pretty(&request(1)).unwrap();
    let lines = format!("{}\n{}\n", request(1), request(2));
    let listed = [b"[", pretty.as_slice(), b"]"].concat();
    let marked = ["\u{feff}".as_bytes(), pretty.as_slice()].concat();
    for (name, content, spans) in [
        ("listed.json", listed, 1),
        ("marked.json", marked.clone(), 1),
        ("marked.gz", gzip(&marked), 1),
        ("marked-lines.json", format!("\u{feff}{lines}").into_bytes(), 2),
        ("pretty.json", pretty, 1),
        ("lines.json", lines.clone().into_bytes(), 2),
        ("lines.gz", gzip(lines.as_bytes()), 2),
    ] {
        let console = Console::with(&[&file(name, &content)]);
        console.get_when("/api/v1/status", |status| status["spans"] == spans).await;
    }
}
