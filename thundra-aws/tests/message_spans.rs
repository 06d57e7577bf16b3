//! `THUNDRA_MESSAGE_SPANS=create`: a span for each message of a batch.

#![cfg(all(feature = "sns", feature = "sqs", feature = "kinesis", feature = "eventbridge"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "sdk/endpoint.rs"]
mod endpoint;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Once;

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_sns::types::PublishBatchRequestEntry;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry,
};
use serde_json::Value;
use thundra_core::testing::tree;
use thundra_core::{Config, Env, Scope, SpanData, SpanKind, install};

use endpoint::{Answer, Endpoint, Request, data};

/// Returns the request and the spans of a call, made with message spans and without.
fn call<F: Future<Output = ()>>(f: impl FnOnce(SdkConfig) -> F) -> (Request, Vec<SpanData>) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let config = Config::from_env(&Env::from_pairs([("THUNDRA_MESSAGE_SPANS", "create"), ("RUST_LOG", "off")]));
        assert!(install(config));
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let endpoint = Endpoint::start(vec![Answer::Status(200, "{}")]).await;
        let scope = Scope::builder("invocation").default_correlation_id("c-1").begin();
        scope.run(f(endpoint.config())).await;
        (endpoint.request(), scope.finish().spans().collect())
    })
}

/// Returns the `create` spans of a call as `traceparent` values, after checking the spans.
fn created(spans: &[SpanData], system: &str, destination: &str) -> BTreeSet<String> {
    let name = format!("create {destination}").trim_end().to_owned();
    let (created, others): (Vec<_>, Vec<_>) = spans.iter().partition(|span| span.name == name);
    let call = others[0];
    assert_eq!(call.kind, SpanKind::Client, "none of the messages names it: {}", tree(spans));
    let mut contexts = BTreeSet::new();
    let of_this_trace = call.links.iter().filter(|link| link.context.trace_id == call.context.trace_id);
    let links: Vec<_> = of_this_trace.collect();
    assert_eq!(links.len(), created.len());
    for (span, link) in created.iter().zip(links) {
        assert_eq!((span.kind, span.parent_span_id), (SpanKind::Producer, Some(call.context.span_id)));
        assert_eq!(link.context.span_id, span.context.span_id);
        let text = |key| span.attribute(key).map(ToString::to_string);
        assert_eq!(text("messaging.system").as_deref(), Some(system));
        assert_eq!(text("messaging.operation.type").as_deref(), Some("create"));
        contexts.insert(thundra_core::propagation::format_traceparent(&span.context));
    }
    contexts
}

/// Senders named by the caller.
const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
const THEIRS: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn assert_linked_to_theirs(spans: &[SpanData]) {
    let of_theirs = |span: &&SpanData| span.links.iter().any(|link| THEIRS.contains(&link.context.span_id.to_string()));
    assert_eq!(spans.iter().filter(of_theirs).count(), 1, "{}", tree(spans));
}

#[test]
fn each_sns_message_names_its_own_span() {
    let (request, spans) = call(async |config| {
        let entry = |id| PublishBatchRequestEntry::builder().id(id).message("hi").build().unwrap();
        let batch = thundra_aws::sns::client(&config).publish_batch().topic_arn("arn:aws:sns:eu-west-1:1:orders");
        let _ = batch.publish_batch_request_entries(entry("a")).publish_batch_request_entries(entry("b")).send().await;
    });
    let sent = [1, 2].map(|n| request.sns_attributes(&format!("PublishBatchRequestEntries.member.{n}.")));
    for attributes in &sent {
        assert_eq!(attributes["traceparent"], attributes["x-correlation-traceparent"]);
        assert_eq!(attributes["x-correlation-id"], "c-1");
    }
    assert_eq!(
        BTreeSet::from(sent.map(|attributes| attributes["traceparent"].clone())),
        created(&spans, "aws.sns", "orders")
    );
}

#[test]
fn each_sqs_message_names_its_own_span_unless_it_names_another() {
    let (request, spans) = call(async |config| {
        let entry = |id| SendMessageBatchRequestEntry::builder().id(id).message_body("hi");
        let own = MessageAttributeValue::builder().data_type("String").string_value(THEIRS).build().unwrap();
        let sqs = thundra_aws::sqs::client(&config);
        let batch = sqs.send_message_batch().queue_url("https://sqs/1/jobs").entries(entry("a").build().unwrap());
        let batch = batch.entries(entry("b").message_attributes("traceparent", own).build().unwrap());
        // The X-Ray header of the caller counts in a message without our context.
        let header = MessageSystemAttributeValue::builder().data_type("String").string_value(XRAY).build().unwrap();
        let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
        let third = entry("c").message_system_attributes(name, header).build().unwrap();
        let _ = batch.entries(third).send().await;
    });
    let entries = request.json()["Entries"].as_array().unwrap().clone();
    let named = |entry: &Value| entry["MessageAttributes"]["traceparent"]["StringValue"].as_str().unwrap().to_owned();
    let mut sent: BTreeSet<_> = entries.iter().map(named).collect();
    assert!(sent.remove(THEIRS) && sent.len() == 2);
    let header = |n: usize| entries[n]["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"].as_str().unwrap();
    let traceparent = named(&entries[0]);
    let id = traceparent.split('-').nth(2).unwrap();
    assert!(header(0).contains(&format!("Parent={id};")), "{}", header(0));
    assert_eq!(header(2), XRAY);
    assert_eq!(created(&spans, "aws_sqs", "jobs"), sent);
    assert_linked_to_theirs(&spans);
}

#[test]
fn each_kinesis_record_names_its_own_span() {
    let (request, spans) = call(async |config| {
        let record = |data: &str| PutRecordsRequestEntry::builder().data(Blob::new(data)).partition_key("k").build();
        let put = thundra_aws::kinesis::client(&config).put_records().stream_name("clicks");
        let put = put.records(record("{\"a\":1.0}").unwrap()).records(record("[1]").unwrap());
        let put = put.records(record(&format!(r#"{{"__context__":{{"traceparent":"{THEIRS}"}}}}"#)).unwrap());
        let _ = put.records(record("{}").unwrap()).send().await;
    });
    let records = request.json()["Records"].as_array().unwrap().clone();
    assert_eq!(data(&records[1]["Data"]), "[1]");
    let named = |n: usize| {
        let json: Value = serde_json::from_str(&data(&records[n]["Data"])).unwrap();
        json["__context__"]["traceparent"].as_str().unwrap().to_owned()
    };
    assert!(data(&records[0]["Data"]).ends_with(",\"a\":1.0}"));
    assert_eq!(named(2), THEIRS);
    assert_eq!(BTreeSet::from([named(0), named(3)]), created(&spans, "aws_kinesis", "clicks"));
    assert_linked_to_theirs(&spans);
}

#[test]
fn each_event_names_its_own_span() {
    let (request, spans) = call(async |config| {
        let entry = |detail: &str| PutEventsRequestEntry::builder().source("s").detail_type("t").detail(detail).build();
        let put = thundra_aws::eventbridge::client(&config).put_events();
        let put = put.entries(entry("{\"a\":1.0}")).entries(entry("{}"));
        let _ = put.entries(entry(&format!(r#"{{"__context__":{{"traceparent":"{THEIRS}"}}}}"#))).send().await;
    });
    let entries = request.json()["Entries"].as_array().unwrap().clone();
    let named = |entry: &Value| {
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        let traceparent = detail["__context__"]["traceparent"].as_str().unwrap().to_owned();
        let id = traceparent.split('-').nth(2).unwrap();
        assert!(entry["TraceHeader"].as_str().unwrap().contains(&format!("Parent={id};")));
        traceparent
    };
    assert!(entries[0]["Detail"].as_str().unwrap().ends_with(",\"a\":1.0}"));
    let sent: BTreeSet<_> = entries.iter().take(2).map(named).collect();
    assert_linked_to_theirs(&spans);
    assert_eq!((sent.len(), sent), (2, created(&spans, "aws_eventbridge", "")));
    let call = spans.iter().find(|span| span.name == "EventBridge.PutEvents").unwrap();
    assert_eq!(call.attribute("messaging.destination.name").map(ToString::to_string).as_deref(), Some("default"));
}
