//! Metrics in CloudWatch's embedded metric format, on the standard output of a function.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, Settings, batch, handler, service_fn};
use thundra_core::{Env, Telemetry, TelemetryBuilder};
use tokio::sync::Barrier;
use tracing::{Instrument, info, info_span};

use crate::peers::Lambda;

/// Runs the program called `name`.
pub(crate) fn run(name: &str) {
    let one = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let two = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = match name {
        "emf" => one().block_on(thundra_aws::run(service_fn(sell))),
        "emf_with_dimensions" => one().block_on(thundra_aws::run_with(telemetry(), service_fn(sell))),
        "emf_concurrent" => two().block_on(thundra_aws::run_concurrent(service_fn(sell_together))),
        "emf_in_place" => one().block_on(lambda_runtime::run(service_fn(sell_in_place))),
        "emf_batch" => one().block_on(thundra_aws::run(service_fn(records))),
        other => panic!("no program {other}"),
    };
    result.unwrap();
}

fn telemetry() -> TelemetryBuilder {
    let mut settings = Settings::from_env(&Env::process());
    settings.emf.dimensions = vec!["method".into()];
    settings.emf.high_resolution = vec!["checkout.duration".into()];
    Telemetry::builder().settings(settings)
}

/// Measures the number of orders in the event.
async fn sell(event: LambdaEvent<Value>) -> Result<String, Error> {
    let order = event.payload;
    for duration in 0..order["orders"].as_u64().unwrap_or_default() {
        info!(monotonic_counter.orders = 1, method = order["method"].as_str());
        info!(histogram.checkout.duration = duration, otel.unit = "ms", method = order["method"].as_str());
    }
    tokio::time::sleep(Duration::from_millis(order["sleeps_ms"].as_u64().unwrap_or_default())).await;
    match order["fails"].as_str() {
        Some("panic") => panic!("at the disco"),
        Some(error) => Err(error.into()),
        None => Ok("sold".into()),
    }
}

#[handler]
async fn sell_in_place(event: LambdaEvent<Value>) -> Result<String, Error> {
    sell(event).await
}

/// Waits in the middle for another invocation, and measures in spawned tasks.
async fn sell_together(event: LambdaEvent<Value>) -> Result<String, Error> {
    static BOTH: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let event = event.clone();
            let task = async move {
                sell(event.clone()).await?;
                tokio::task::yield_now().await;
                sell(event).await
            };
            tokio::spawn(task.instrument(info_span!("task")))
        })
        .collect();
    BOTH.wait().await;
    for task in tasks {
        task.await??;
    }
    sell(event).await
}

async fn records(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    batch::each(event.payload, async |method: String| {
        info!(monotonic_counter.orders = 1, method);
        Ok::<_, Error>(())
    })
    .await
}

/// The file for a function's standard output.
struct Stdout(PathBuf);

impl Stdout {
    fn new(name: &str) -> Self {
        Stdout(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("emf-{name}-{}", std::process::id())))
    }

    async fn start(&self, program: &str, variables: &[(&str, &str)]) -> Lambda {
        let own = [("OTEL_METRICS_EXPORTER", "emf"), ("TEST_STDOUT", self.0.to_str().unwrap())];
        Lambda::start(program, &[&own, variables].concat()).await
    }

    /// Returns the documents so far. The test harness leaves a line open before the first document.
    fn documents(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.0).unwrap();
        let json = |line: &str| serde_json::from_str(&line[line.find("{\"_aws\"")?..]).ok();
        text.lines().filter_map(json).collect()
    }
}

impl Drop for Stdout {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn directive(document: &Value) -> &Value {
    &document["_aws"]["CloudWatchMetrics"][0]
}

#[tokio::test]
async fn an_invocation_is_a_document_whatever_its_end() {
    for (program, service) in [("emf", "emf"), ("emf_in_place", "emf_in_place")] {
        let stdout = Stdout::new(program);
        let lambda = stdout.start(program, &[("THUNDRA_METRICS_NAMESPACE", "Shop")]).await;
        for (fails, is_ok) in [(json!(null), true), (json!("no stock"), false), (json!("panic"), false)] {
            assert_eq!(lambda.invoke(json!({ "orders": 2, "method": "visa", "fails": fails })).await.is_ok(), is_ok);
        }
        lambda.invoke(json!({ "orders": 0 })).await.unwrap();
        let (_, stderr) = lambda.stop().await;
        let documents = stdout.documents();
        assert_eq!(documents.len(), 3, "nothing is measured without orders: {documents:?}");
        for (number, document) in documents.iter().enumerate() {
            assert_eq!(
                directive(document),
                &json!({ "Namespace": "Shop", "Dimensions": [["service"]], "Metrics": [
                    { "Name": "orders", "Unit": "Count" }, { "Name": "checkout.duration", "Unit": "Milliseconds" },
                ]})
            );
            assert_eq!((&document["orders"], &document["checkout.duration"]), (&json!(2), &json!([0, 1])));
            assert_eq!((&document["service"], &document["method"]), (&json!(service), &json!("visa")));
            assert_eq!(document["function_request_id"], format!("request-{number}"));
            assert!(document["trace_id"].as_str().is_some_and(|id| id.len() == 32), "{document}");
        }
        assert!(!stderr.contains("monotonic_counter"), "an event without a message is no line: {stderr}");
    }
}

#[tokio::test]
async fn nothing_is_written_unless_emf_is_chosen() {
    for exporter in ["", "otlp", "none"] {
        let stdout = Stdout::new(&format!("off-{exporter}"));
        let lambda = stdout.start("emf", &[("OTEL_METRICS_EXPORTER", exporter)]).await;
        lambda.invoke(json!({ "orders": 2 })).await.unwrap();
        lambda.stop().await;
        assert_eq!(stdout.documents(), Vec::<Value>::new(), "{exporter:?}");
    }
}

#[tokio::test]
async fn code_names_the_dimensions() {
    let stdout = Stdout::new("dimensions");
    let lambda = stdout.start("emf_with_dimensions", &[]).await;
    for method in ["visa", "cash"] {
        lambda.invoke(json!({ "orders": 1, "method": method })).await.unwrap();
    }
    lambda.stop().await;
    let documents = stdout.documents();
    for (document, method) in documents.iter().zip(["visa", "cash"]) {
        assert_eq!(directive(document)["Dimensions"], json!([["service", "method"]]));
        assert_eq!(
            (&document["method"], &directive(document)["Metrics"][1]["StorageResolution"]),
            (&json!(method), &json!(1))
        );
    }
    assert_eq!(documents.len(), 2);
}

#[tokio::test]
async fn interleaved_invocations_never_mix_their_points() {
    let stdout = Stdout::new("concurrent");
    let lambda = stdout.start("emf_concurrent", &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]).await;
    let order = |orders: u64, method: &str| json!({ "orders": orders, "method": method });
    let (ann, bob) = tokio::join!(lambda.invoke(order(1, "visa")), lambda.invoke(order(10, "cash")));
    assert!(ann.is_ok() && bob.is_ok());
    lambda.stop().await;
    let documents = stdout.documents();
    // 32 tasks measure twice, and the handler once.
    for (method, orders) in [("visa", 65), ("cash", 650)] {
        let own: Vec<_> = documents.iter().filter(|document| document["method"] == method).collect();
        assert_eq!(own.iter().filter_map(|document| document["orders"].as_u64()).sum::<u64>(), orders, "{method}");
        let durations = own.iter().filter_map(|document| document["checkout.duration"].as_array().map(Vec::len));
        assert_eq!(durations.sum::<usize>() as u64, orders, "{method}");
        let ids: std::collections::BTreeSet<_> =
            own.iter().map(|document| document["function_request_id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 1, "{documents:?}");
    }
    assert_eq!(documents.len(), 1 + 7, "100 values in each");
}

#[tokio::test]
async fn an_invocation_that_times_out_writes_its_points() {
    let stdout = Stdout::new("deadline");
    let lambda = stdout.start("emf", &[("THUNDRA_TIMEOUT_MARGIN", "500ms")]).await;
    lambda.send(json!({ "orders": 3, "sleeps_ms": 600_000, "deadline_in_ms": 2_000 })).await;
    lambda.wait_for(|seen| seen.iter().any(|seen| seen.root().is_some())).await;
    let documents = stdout.documents();
    assert_eq!(documents.len(), 1, "{documents:?}");
    assert_eq!((&documents[0]["orders"], &documents[0]["function_request_id"]), (&json!(3), &json!("request-0")));
}

#[tokio::test]
async fn the_points_of_records_are_their_invocations() {
    let stdout = Stdout::new("batch");
    let lambda = stdout.start("emf_batch", &[]).await;
    let record = |method: &str| {
        json!({ "messageId": method, "receiptHandle": "h", "body": format!("\"{method}\""), "attributes": {},
                "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:orders" })
    };
    let records = ["visa", "cash", "visa"].map(record);
    lambda.invoke(json!({ "Records": records })).await.unwrap();
    lambda.stop().await;
    let documents = stdout.documents();
    let orders: Vec<_> = documents.iter().map(|document| (&document["method"], &document["orders"])).collect();
    assert_eq!(orders, [(&json!("visa"), &json!(2)), (&json!("cash"), &json!(1))]);
    assert!(documents.iter().all(|document| document["function_request_id"] == "request-0"), "{documents:?}");
}
