//! Calls of services whose SDK crates are not dependencies: the orchestrator of the SDK, with the bytes of genuine
//! requests.

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use thundra_core::SpanData;

use crate::endpoint::{Answer, Answers, ok};
use crate::support::{attribute, in_scope, only_call};

/// Returns the span of a call with the given request and response.
fn call(
    service: &'static str,
    method: &'static str,
    request: (&'static str, &'static str),
    answer: Answers,
) -> SpanData {
    let ((), _, spans) = in_scope(answer, |endpoint| async move {
        let url = endpoint.url.clone();
        let serialize = move |(path, body): (&str, &'static str)| {
            let mut request = HttpRequest::new(SdkBody::from(body));
            request.set_method("POST")?;
            request.set_uri(format!("{url}{path}"))?;
            request.headers_mut().insert("content-length", body.len().to_string());
            Ok(request)
        };
        let done = |_: &HttpResponse| Ok::<_, OrchestratorError<std::io::Error>>(());
        let operation = Operation::builder().service_name(service).operation_name(method);
        let operation = operation.behavior_version(aws_config::BehaviorVersion::latest()).endpoint_url(&endpoint.url);
        let operation = operation.no_auth().no_retry().timeout_config(TimeoutConfig::disabled());
        let operation = operation.interceptor(thundra_aws::interceptor());
        operation.serializer(serialize).deserializer(done).build().invoke(request).await.unwrap();
    });
    only_call(&spans).clone()
}

#[test]
fn dynamodb_records_limits_and_counts() {
    let request = r#"{"TableName":"orders","Limit":5,"ConsistentRead":true,"Select":"COUNT","Segment":1,"TotalSegments":4,
        "ReturnConsumedCapacity":"TOTAL"}"#;
    let answer =
        r#"{"Count":1,"ScannedCount":12,"Items":[{"who":{"S":"alice"}}],"ConsumedCapacity":{"CapacityUnits":0.5}}"#;
    let span = call("DynamoDB", "Scan", ("/", request), ok(answer));
    for (name, expected) in [
        ("limit", thundra_core::Value::from(5)),
        ("consistent_read", true.into()),
        ("select", "COUNT".into()),
        ("segment", 1.into()),
        ("total_segments", 4.into()),
        ("count", 1.into()),
        ("scanned_count", 12.into()),
        ("consumed_capacity", vec![r#"{"CapacityUnits":0.5}"#.to_owned()].into()),
    ] {
        assert_eq!(span.attribute(&format!("aws.dynamodb.{name}")), Some(&expected), "{name}");
    }
    assert!(!format!("{span:?}").contains("alice"));
}

#[test]
fn firehose_counts_its_messages() {
    let batch = r#"{"DeliveryStreamName":"lake","Records":[{"Data":"e30="},{"Data":"e30="}]}"#;
    let span = call("Firehose", "PutRecordBatch", ("/", batch), vec![Answer::Status(400, r#"{"__type":"Slow"}"#)]);
    assert_eq!(attribute(&span, "messaging.batch.message_count"), "2", "counted even if the call fails");
    let single = r#"{"DeliveryStreamName":"lake","Record":{"Data":"e30="}}"#;
    let span = call("Firehose", "PutRecord", ("/", single), ok(r#"{"RecordId":"r-7"}"#));
    let keys = ["messaging.message.id", "messaging.batch.message_count"];
    assert_eq!(keys.map(|key| attribute(&span, key)), ["r-7", ""]);
}

#[test]
fn s3_records_the_part() {
    let span = call("S3", "UploadPart", ("/b/k?x-id=UploadPart&partNumber=7&uploadId=u", ""), ok(""));
    assert_eq!(attribute(&span, "aws.s3.part_number"), "7");
}
