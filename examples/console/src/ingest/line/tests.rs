use serde_json::json;

use super::*;

const ID: &str = "8f507cfc-a72f-4b3f-9d7d-9ac4f4a3a1c4";

/// Reads messages of one stream, a second apart.
fn read(messages: &[&str]) -> Batch {
    let (mut lines, mut batch) = (Lines::default(), Batch::default());
    for (second, text) in (1..).zip(messages) {
        let (stream, text) = ("stream".to_owned(), (*text).to_owned());
        lines.read(&Message { time: second * 1_000_000_000, stream, text }, &mut batch);
    }
    batch
}

/// Returns the service, the request id and the body of each log line.
fn logs(batch: &Batch) -> Vec<(&str, Option<&str>, &str)> {
    let service = |place: usize| batch.resources[place].service.as_str();
    batch.logs.iter().map(|row| (service(row.resource), row.request_id.as_deref(), row.body.as_str())).collect()
}

#[test]
fn a_line_has_the_service_and_the_invocation_that_were_named_before() {
    let start = format!("START RequestId: {ID} Version: $LATEST");
    let platform = r#"{"type":"platform.initStart","record":{"functionName":"orders"}}"#;
    let report = format!("REPORT RequestId: {ID}\tDuration: 1 ms\t");
    let batch = read(&[
        "before",
        platform,
        &start,
        "a",
        "2026-11-26T00:00:00.000Z\tother\tINFO\tb\tc",
        r#"{"level":"INFO","message":"d","service":"billing"}"#,
        &report,
        "after",
    ]);
    let expected = [
        ("unknown", None, "before"),
        ("orders", None, platform),
        ("orders", Some(ID), start.as_str()),
        ("orders", Some(ID), "a"),
        ("orders", Some(ID), "2026-11-26T00:00:00.000Z\tother\tINFO\tb\tc"),
        ("billing", Some(ID), "d"),
        ("billing", None, "after"),
    ];
    assert_eq!(logs(&batch), expected);
    assert_eq!((batch.reports[0].function.as_str(), batch.reports[0].time), ("billing", 7_000_000_000));
    assert_eq!(batch.logs[0].time, 1_000_000_000);
}

#[test]
fn a_body_has_no_prefix_and_is_never_empty() {
    let batch = read(&[
        &format!("[WARNING]\t2026-11-26T00:00:00.000Z\t{ID}\tsold\tout"),
        r#"{"level":"INFO","left":0}"#,
        r#"{"left":0}"#,
        " \n",
    ]);
    let bodies: Vec<_> = batch.logs.iter().map(|row| (row.severity, row.body.as_str())).collect();
    assert_eq!(bodies, [(13, "sold\tout"), (9, r#"{"level":"INFO","left":0}"#), (0, r#"{"left":0}"#)]);
}

#[test]
fn a_document_that_is_not_all_metrics_is_a_log_line() {
    let document = |metrics: &str| {
        format!(
            r#"{{"_aws":{{"Timestamp":1,"CloudWatchMetrics":[{{"Namespace":"Shop","Metrics":{metrics}}}]}},"here":3,"text":"3"}}"#
        )
    };
    for (metrics, expected, why) in [
        (r#"[{"Name":"here","Unit":"Milliseconds"},{"Name":"gone"}]"#, (1, 0, 0), "all of it is metrics"),
        (r#"[{"Name":"text"},{"Name":"here"}]"#, (1, 1, 1), "a metric that is no number"),
        (r#"[{"Name":"text"}]"#, (0, 1, 1), "no metric that is a number"),
        (r#"[{"Name":"gone"}]"#, (0, 1, 0), "no metrics"),
        ("7", (0, 1, 1), "no document"),
    ] {
        let batch = read(&[&document(metrics)]);
        assert_eq!((batch.points.len(), batch.logs.len(), batch.rejected.lines), expected, "{why}");
        assert!(batch.points.iter().all(|point| point.unit == "ms" || point.unit.is_empty()), "{why}");
    }
}

#[test]
fn a_bundle_has_messages_and_no_bundles() {
    let otlp = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00000000000000000000000000000001","spanId":"0000000000000001"}]}]}]}"#;
    let inner = json!({ "events": [{ "message": "lost" }] }).to_string();
    let own = json!({ "level": "INFO", "message": "shipped", "events": [1] }).to_string();
    let messages = ["a", &inner, &own, otlp].map(|message| json!({ "timestamp": 2000, "message": message }));
    for name in BUNDLES {
        let batch = read(&[&json!({ "logGroup": "/aws/lambda/orders", (name): messages }).to_string()]);
        let expected = [("orders", None, "a"), ("orders", None, inner.as_str()), ("orders", None, "shipped")];
        assert_eq!(logs(&batch), expected, "{name}");
        assert_eq!((batch.spans.len(), batch.rejected.lines, batch.logs[0].time), (1, 0, 2_000_000_000), "{name}");
    }
}

#[test]
fn otlp_that_cannot_be_read_is_counted() {
    let batch =
        read(&[r#"{"resourceSpans":1}"#, r#"{"__otel_otlp_stdout":"1","endp"#, r#"{"message":"resourceSpans"}"#]);
    assert_eq!((batch.rejected.lines, batch.logs.len(), batch.logs[0].body.as_str()), (2, 1, "resourceSpans"));
}
