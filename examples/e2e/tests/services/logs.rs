//! The log of a function, through CloudWatch Logs: lines and documents with metrics.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thundra_examples::harness::cloud::{Cloud, Function};
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::package;

use crate::PATIENCE;

#[tokio::test(flavor = "multi_thread")]
async fn lines_and_metrics_are_found_by_their_ids() {
    let ministack = MiniStack::start("test-services-logs").await.unwrap();
    let cloud = Cloud::at(&ministack.endpoint()).unwrap();
    let package = package::bootstrap(Path::new(env!("CARGO_BIN_EXE_hello"))).unwrap();
    let code = cloud.upload("hello.zip", package).await.unwrap();
    let environment = [("OTEL_METRICS_EXPORTER", "emf".to_owned()), ("THUNDRA_METRICS_NAMESPACE", "Shop".to_owned())];
    cloud.create_function(&Function { name: "hello", code: &code, environment: &environment }).await.unwrap();

    let ids = ["chain-1", "chain-2"];
    let mut request_ids = Vec::new();
    for id in ids {
        cloud.invoke("hello", &event(id)).await.unwrap();
        let [line, document] = &found(&cloud, id, 2).await[..] else { panic!("a line and a document") };
        assert_eq!((&line["message"], &line["level"]), (&json!("greeted"), &json!("INFO")));
        let expected = json!([{
            "Namespace": "Shop", "Dimensions": [["service"]], "Metrics": [{ "Name": "greetings", "Unit": "Count" }],
        }]);
        assert_eq!(document["_aws"]["CloudWatchMetrics"], expected);
        assert_eq!((&document["service"], &document["greetings"]), (&json!("hello"), &json!(1)));
        for key in ["function_request_id", "trace_id", "x-correlation-id"] {
            assert!(line[key].is_string() && line[key] == document[key], "{key}: {line} {document}");
        }
        request_ids.push(line["function_request_id"].as_str().unwrap().to_owned());
    }
    for (request_id, id) in request_ids.iter().zip(ids) {
        let by_request = found(&cloud, request_id, 2).await;
        assert!(by_request.iter().all(|line| line["x-correlation-id"] == id), "{by_request:?}");
    }
}

/// Returns the lines of JSON with a word. Lines after a response arrive with the next invocation.
async fn found(cloud: &Cloud, word: &str, number: usize) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let lines = cloud.find_in_log("hello", &format!("\"{word}\"")).await.unwrap();
        let mut lines: Vec<Value> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if lines.len() >= number {
            lines.sort_by_key(|line| line.get("_aws").is_some());
            return lines;
        }
        assert!(started.elapsed() < PATIENCE, "{word}: {:?}", cloud.log("hello").await);
        cloud.invoke("hello", &event("another")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Returns a message in a chain of calls.
fn event(id: &str) -> Value {
    let mut event: Value = serde_json::from_str(include_str!("../../../events/sns.json")).unwrap();
    event["Records"][0]["Sns"]["MessageAttributes"]["x-correlation-id"]["Value"] = id.into();
    event
}
