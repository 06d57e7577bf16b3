//! Kinesis: the context in the data of records.

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use serde_json::{Value, json};
use thundra_core::Status;

use crate::endpoint::{data, ok};
use crate::support::{attribute, below_root, context_of, in_scope, only_call};

#[test]
fn kinesis_carries_the_context_in_the_data() {
    const ANSWER: &str = r#"{"ShardId":"shard-1","SequenceNumber":"49"}"#;
    let ((), endpoint, spans) = in_scope(ok(ANSWER), |endpoint| async move {
        let kinesis = thundra_aws::kinesis::client(&endpoint.config());
        let put = kinesis.put_record().stream_name("clicks").partition_key("k");
        put.data(Blob::new(b"{ \"id\": 12345678901234567890, \"d\": 1.0 }\n")).send().await.unwrap();
    });
    assert_eq!(
        below_root(&spans, &endpoint),
        "└ Kinesis.PutRecord [producer] rpc.system=aws-api rpc.service=Kinesis rpc.method=PutRecord \
         cloud.region=eu-west-1 aws.kinesis.stream_name=clicks messaging.system=aws_kinesis \
         messaging.operation.name=send messaging.operation.type=send messaging.destination.name=clicks \
         server.address=127.0.0.1 http.response.status_code=200 aws.request_id=r-1 messaging.message.id=49 \
         messaging.destination.partition.id=shard-1\n"
    );
    let data = data(&endpoint.request().json()["Data"]);
    let (context, rest) = data.strip_prefix("{\"__context__\":").unwrap().split_once("},").unwrap();
    assert_eq!(rest, " \"id\": 12345678901234567890, \"d\": 1.0 }\n", "no other byte changes");
    let traceparent = context_of(only_call(&spans)).0;
    assert_eq!(
        serde_json::from_str::<Value>(&format!("{context}}}")).unwrap(),
        json!({
            "x-correlation-id": "c-1",
            "call-chain-length": 1,
            "debug-log-enabled": "false",
            "traceparent": traceparent,
            "x-correlation-traceparent": traceparent,
        })
    );
}

#[test]
fn kinesis_batches_keep_other_data_and_record_failures() {
    const ANSWER: &str = r#"{"FailedRecordCount":1,"Records":[{"SequenceNumber":"1","ShardId":"s"},
        {"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"slow down"}]}"#;
    let ((), endpoint, spans) = in_scope(ok(ANSWER), |endpoint| async move {
        let kinesis = thundra_aws::kinesis::client(&endpoint.config());
        let record = |data: &str| PutRecordsRequestEntry::builder().data(Blob::new(data)).partition_key("k").build();
        let put = kinesis.put_records().stream_arn("arn:aws:kinesis:eu-west-1:123456789012:stream/clicks");
        put.records(record("{}").unwrap()).records(record("[1, 2]").unwrap()).send().await.unwrap();
    });
    let (call, request) = (only_call(&spans), endpoint.request().json());
    assert!(data(&request["Records"][0]["Data"]).starts_with("{\"__context__\":{"));
    assert_eq!(data(&request["Records"][1]["Data"]), "[1, 2]");
    assert_eq!(call.status, Status::error("1 of 2 messages failed: ProvisionedThroughputExceededException"));
    assert_eq!(
        ["messaging.batch.message_count", "messaging.destination.name", "thundra.injection.skipped"]
            .map(|key| attribute(call, key)),
        ["2", "clicks", "no JSON object"]
    );
}
