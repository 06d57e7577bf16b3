//! Events of every source, and the triggers read from the events.

mod appsync;
mod brokers;
mod cloudfront;
mod conventions;
mod durable;
mod envelopes;
mod fixtures;
mod http;
mod ids;
mod kafka;
mod limits;
mod messages;
mod records;
mod streams;
mod trust;

use std::collections::HashSet;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};
use thundra_core::propagation::Trust;
use thundra_core::{Config, Env};

use super::table::{OTHER, SOURCES};
use super::{Trigger, detect};

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

const OTHER_TRACEPARENT: &str = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn base64(data: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(data)
}

fn config(variables: &[(&str, &str)]) -> Config {
    Config::from_env(&Env::from_pairs(variables.iter().copied()))
}

fn recognised(body: &[u8], config: &Config) -> Trigger {
    detect(body, config, Trust::Full)
}

fn detected(event: &Json) -> Trigger {
    recognised(event.to_string().as_bytes(), &config(&[]))
}

fn attributes(trigger: &Trigger) -> String {
    trigger.attributes.iter().map(|(key, value)| format!("{key}={value}\n")).collect()
}

fn headers() -> Json {
    json!({"TraceParent": TRACEPARENT, "X-Correlation-Id": "c-1", "Debug-Log-Enabled": "true", "call-chain-length": "3"})
}

fn v2(domain: &str, route: &str, authorizer: Json) -> Json {
    let http = json!({"method": "GET", "path": "/pets/7", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"});
    json!({"version": "2.0", "routeKey": route, "rawPath": "/pets/7", "rawQueryString": "token=s3cret&s3cret&a%20b=1", "headers": headers(),
        "requestContext": {"domainName": domain, "requestId": "r-1", "authorizer": authorizer, "http": http}})
}

fn v1(identity: Json) -> Json {
    json!({"resource": "/pets/{id}", "path": "/pets/7", "httpMethod": "PATCHY", "multiValueHeaders": {"Traceparent": [TRACEPARENT]},
        "requestContext": {"requestId": "r-1", "identity": identity}})
}

fn sqs(attributes: Json, header: Option<&str>, body: Json) -> Json {
    json!({"messageId": "m-1", "body": body, "messageAttributes": attributes, "eventSource": "aws:sqs",
        "attributes": {"SentTimestamp": "1520621625029", "AWSTraceHeader": header},
        "eventSourceARN": "arn:aws:sqs:eu-west-1:1:orders"})
}

#[test]
fn each_source_has_a_name_and_those_of_batches_an_api() {
    let names: HashSet<_> = SOURCES.iter().chain([&&OTHER]).map(|source| source.name).collect();
    assert_eq!(names.len(), SOURCES.len() + 1);
    let of_batches: Vec<_> = SOURCES.iter().filter(|source| source.batch_api).map(|source| source.name).collect();
    let features = [("dynamodb", cfg!(feature = "dynamodb")), ("s3_batch", cfg!(feature = "s3-batch"))];
    let has = |name: &&str| features.iter().all(|(feature, is_on)| feature != name || *is_on);
    let events = ["sqs", "kinesis", "dynamodb", "firehose", "s3_batch", "kafka", "mq"];
    let events: Vec<_> = events.into_iter().filter(has).collect();
    assert_eq!(of_batches, events, "the events that implement `BatchEvent`");
}
