//! The asynchronous path: a function writes to the log, and the forwarder sends the telemetry in the log to a
//! collector.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use thundra_examples::harness::cloud::{Cloud, Function};
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::package;
use thundra_examples::harness::rotel::Rotel;

/// The time for a delivery.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_log_reaches_the_collector() {
    let ministack = MiniStack::start("test-forwarder").await.unwrap();
    let rotel = Rotel::start("rotel-forwarder").await.unwrap();
    let cloud = Cloud::at(&ministack.endpoint()).unwrap();
    let emf = [("OTEL_METRICS_EXPORTER", "emf".to_owned())];
    create(&cloud, "hello", env!("CARGO_BIN_EXE_hello"), &emf).await;
    let collector =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", rotel.endpoint().to_owned()), ("FORWARD", "traces,logs,metrics".to_owned())];
    let forwarder = create(&cloud, "forwarder", env!("CARGO_BIN_EXE_forwarder"), &collector).await;

    let event: Value = serde_json::from_str(include_str!("../../../events/sns.json")).unwrap();
    cloud.invoke("hello", &event).await.unwrap(); // makes the log group
    cloud.subscribe_to_log("hello", &forwarder).await.unwrap();

    // The spans leave after the response, and MiniStack delivers the lines written before the response. A line may
    // therefore come with the delivery of the next invocation, without the report of the line's invocation.
    let described =
        ["Name           : hello", "faas.invocation_id", "report.duration_ms", "memory_size_mb: Double(256)"];
    let started = Instant::now();
    while !rotel.log().unwrap().split("Span #").any(|span| described.iter().all(|part| span.contains(part))) {
        assert!(started.elapsed() < PATIENCE, "no root has its figures: {}", rotel.log().unwrap());
        cloud.invoke("hello", &event).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // The same invocation in logs and metrics.
    let log = arrived(&rotel, &["Body: Str(greeted)", "-> Name: greetings"]).await;
    let record = log.split("LogRecord #").find(|record| record.contains("Body: Str(greeted)")).unwrap();
    for part in ["SeverityText: INFO", "faas.invocation_id: Str(", "x-correlation-id: Str(c-1)"] {
        assert!(record.contains(part), "{part}: {record}");
    }
    let id = |key: &str| record.split_once(key).map_or(0, |(_, id)| id.lines().next().unwrap_or_default().trim().len());
    assert_eq!((id("Trace ID       : "), id("Span ID        : ")), (32, 16), "{record}");
    let metric = log.split("Metric #").find(|metric| metric.contains("-> Name: greetings")).unwrap();
    for part in ["DataType: Sum", "AGGREGATION_TEMPORALITY_DELTA", "service: Str(hello)"] {
        assert!(metric.contains(part), "{part}: {metric}");
    }
    // The forwarder sends spans of the forwarder itself after the response.
    arrived(&rotel, &["Name           : look_up", "service.name: Str(forwarder)"]).await;

    let own = delivery("/aws/lambda/forwarder", &["REPORT RequestId: own\tDuration: 1 ms\t"]);
    let response = cloud.invoke("forwarder", &own).await.unwrap();
    assert_eq!(response["log_records"], 0, "its own log group: {response}");
    let other = delivery("/aws/lambda/other", &["REPORT RequestId: other\tDuration: 1 ms\t", BROKEN]);
    let response = cloud.invoke("forwarder", &other).await.unwrap();
    let expected = json!({ "spans": 0, "log_records": 1, "metrics": 0, "rejected": 0, "unreadable": 1 });
    assert_eq!(response, expected, "no root in the delivery, and a line that was cut");
    let log = arrived(&rotel, &["faas.invocation_id: Str(other)"]).await;
    assert!(!log.contains("Str(own)"), "{log}");
}

/// A cut line with telemetry.
const BROKEN: &str = r#"{"__otel_otlp_stdout":"0.1.0","source":"other","endpoint":"http://localhost:4318/v1/tr"#;

#[tokio::test]
async fn the_forwarder_runs_locally() {
    let rotel = Rotel::start("rotel-forwarder-local").await.unwrap();
    let run = |endpoint: &str, forward: &str| {
        let event = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/events/cloudwatch-logs.json")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_forwarder"));
        command.env_clear().stdin(event).env("OTEL_EXPORTER_OTLP_TIMEOUT", "500").env("FORWARD", forward);
        if !endpoint.is_empty() {
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        }
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let (succeeded, response, errors) = run(rotel.endpoint(), "");
    let response: Value = serde_json::from_str(&response).unwrap_or_else(|error| panic!("{error}: {errors}"));
    assert_eq!((succeeded, &response["spans"], &response["log_records"]), (true, &json!(3), &json!(1)));
    let log = arrived(&rotel, &["report.init_duration_ms: Double(22.1)", "report.status: Str(timeout)"]).await;
    assert!(log.contains("5759e988bd862e3fe1be46a994272793"), "the record is in the trace of X-Ray's header: {log}");

    let (_, response, errors) = run(rotel.endpoint(), "logs");
    let response: Value = serde_json::from_str(&response).unwrap_or_else(|error| panic!("{error}: {errors}"));
    assert_eq!((&response["spans"], &response["log_records"]), (&json!(0), &json!(4)), "START, END and the reports");
    let (succeeded, _, errors) = run(rotel.endpoint(), "spans");
    assert!(!succeeded && errors.contains("FORWARD=\"spans\" is not used"), "{errors}");
    let (succeeded, _, errors) = run("", "");
    assert!(!succeeded && errors.contains("OTEL_EXPORTER_OTLP_ENDPOINT is not set"), "{errors}");
}

/// Returns the event for lines of a log group.
fn delivery(log_group: &str, lines: &[&str]) -> Value {
    let entry = |line: &&str| json!({ "id": "1", "timestamp": 1_764_115_200_000_u64, "message": line });
    let data = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": log_group, "logStream": "stream",
        "subscriptionFilters": ["telemetry"], "logEvents": lines.iter().map(entry).collect::<Vec<_>>(),
    });
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data.to_string().as_bytes()).unwrap();
    json!({ "awslogs": { "data": STANDARD.encode(encoder.finish().unwrap()) } })
}

async fn create(cloud: &Cloud, name: &str, executable: &str, environment: &[(&str, String)]) -> String {
    let package = package::bootstrap(Path::new(executable)).unwrap();
    let code = cloud.upload(&format!("{name}.zip"), package).await.unwrap();
    cloud.create_function(&Function { name, code: &code, environment }).await.unwrap()
}

/// Waits until rotel has printed all words, and returns the output.
async fn arrived(rotel: &Rotel, words: &[&str]) -> String {
    let started = Instant::now();
    loop {
        let log = rotel.log().unwrap();
        if words.iter().all(|word| log.contains(word)) {
            return log;
        }
        assert!(started.elapsed() < PATIENCE, "not all of {words:?} arrived: {log}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
