//! Batches: the scopes, the order and the failures of the records.

mod failures;
mod lost;
mod order;
mod payloads;
mod queue_time;
mod scopes;
mod sources;
mod stops;

use std::error::Error as StdError;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use base64::Engine;
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use thundra_core::propagation::{Inbound, Trust};
use thundra_core::{Config, Env, Scope, ScopeFlags, ScopeRef, SpanData, correlation, testing};

use super::options::Options;
use super::*;

const PRODUCER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    id: u64,
}

fn config(variables: &[(&str, &str)]) -> Config {
    let mut config = Config::from_env(&Env::from_pairs(variables.iter().copied()));
    config.load_section::<crate::Settings>();
    config
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Works through a batch.
fn run<F: IntoFuture>(batch: F) -> F::Output {
    block_on(batch.into_future())
}

/// Runs the work in an invocation.
fn invocation<F: Future>(config: &Config, work: impl FnOnce() -> F) -> (F::Output, Vec<SpanData>) {
    testing::record_with(config, "invocation", || block_on(work()))
}

/// Runs the work in an invocation with a parent.
fn invocation_of<F: Future>(config: &Config, parent: Inbound, work: impl FnOnce() -> F) -> (F::Output, Vec<SpanData>) {
    tracing::subscriber::with_default(thundra_core::subscriber(config), || {
        let scope = Scope::builder("invocation").parent(parent).begin_with(config);
        let output = block_on(scope.run(work()));
        (output, scope.finish().spans().collect())
    })
}

fn millis_ago(age: Duration) -> u128 {
    (SystemTime::now() - age).duration_since(UNIX_EPOCH).unwrap().as_millis()
}

fn kinesis_aged(age: Duration, records: &[(&str, Json)]) -> KinesisEvent {
    let record = |(n, (key, data)): (usize, &(&str, Json))| {
        let data = base64::prelude::BASE64_STANDARD.encode(data.as_str().map_or(data.to_string(), str::to_owned));
        json!({"eventID": format!("shard-1:{n}"), "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/orders",
            "kinesis": {"data": data, "sequenceNumber": n.to_string(), "partitionKey": key,
                "approximateArrivalTimestamp": millis_ago(age) as f64 / 1e3}})
    };
    let records: Vec<_> = records.iter().enumerate().map(record).collect();
    serde_json::from_value(json!({"Records": records})).unwrap()
}

fn kinesis(records: &[(&str, Json)]) -> KinesisEvent {
    kinesis_aged(Duration::ZERO, records)
}

fn sqs(queue: &str, messages: &[(&str, &str)]) -> SqsEvent {
    let message = |(n, (group, body)): (usize, &(&str, &str))| {
        json!({"messageId": format!("m-{n}"), "body": body, "eventSourceARN": format!("arn:aws:sqs:eu-west-1:1:{queue}"),
            "attributes": {"MessageGroupId": group, "SentTimestamp": millis_ago(Duration::ZERO).to_string()}})
    };
    let records: Vec<_> = messages.iter().enumerate().map(message).collect();
    serde_json::from_value(json!({"Records": records})).unwrap()
}

fn order(id: u64) -> Json {
    json!({"__context__": {"traceparent": PRODUCER, "x-correlation-id": format!("c-{id}"), "call-chain-length": 2, "debug-log-enabled": "true"}, "id": id})
}

/// The identifiers in an answer.
fn failures(response: &impl serde::Serialize) -> Vec<String> {
    let response = serde_json::to_value(response).unwrap();
    let items = response["batchItemFailures"].as_array().unwrap();
    items.iter().map(|item| item["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

fn span<'s>(spans: &'s [SpanData], key: &str, value: &str) -> &'s SpanData {
    let found = spans.iter().find(|span| span.attributes.iter().any(|(k, v)| k == key && v.to_string() == value));
    found.unwrap_or_else(|| panic!("no span with {key}={value} in {}", testing::tree(spans)))
}

async fn succeed<T>(_: T) -> Result<(), String> {
    Ok(())
}
