//! SQS: the context in message attributes and the trace header.

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry};
use serde_json::json;
use thundra_core::{SpanKind, Status};

use crate::endpoint::{Answer, ok};
use crate::support::{QUEUE, attribute, below_root, context_of, in_scope, only_call};

#[test]
fn sqs_also_has_the_trace_header() {
    let ((), endpoint, spans) = in_scope(ok(r#"{"MessageId":"m-7"}"#), |endpoint| async move {
        let sqs = thundra_aws::sqs::client(&endpoint.config());
        let mine = aws_sdk_sqs::types::MessageAttributeValue::builder().data_type("String").string_value("mine");
        let send = sqs.send_message().queue_url(QUEUE).message_body("hi");
        send.message_attributes("X-Correlation-Id", mine.build().unwrap()).send().await.unwrap();
    });
    assert_eq!(
        below_root(&spans, &endpoint),
        "└ SQS.SendMessage [producer] rpc.system=aws-api rpc.service=SQS rpc.method=SendMessage \
         cloud.region=eu-west-1 aws.sqs.queue.url=https://sqs.eu-west-1.amazonaws.com/123456789012/jobs \
         messaging.system=aws_sqs messaging.operation.name=send messaging.operation.type=send \
         messaging.destination.name=jobs server.address=127.0.0.1 http.response.status_code=200 \
         aws.request_id=r-1 messaging.message.id=m-7\n"
    );
    let (traceparent, xray) = context_of(only_call(&spans));
    let text = |value: &str| json!({"DataType": "String", "StringValue": value});
    assert_eq!(
        endpoint.request().json(),
        json!({
            "QueueUrl": QUEUE,
            "MessageBody": "hi",
            "MessageAttributes": {
                "X-Correlation-Id": text("mine"),
                "call-chain-length": text("1"),
                "debug-log-enabled": text("false"),
                "traceparent": text(&traceparent),
                "x-correlation-traceparent": text(&traceparent),
            },
            "MessageSystemAttributes": {"AWSTraceHeader": text(&xray)},
        })
    );
}

#[test]
fn sqs_batches_share_one_mebibyte() {
    const LIMIT: usize = 1024 * 1024;
    for (body, ours, skipped, why) in [
        (LIMIT - 471, [5, 5], "", "one byte under"),
        (LIMIT - 470, [5, 5], "", "at the limit"),
        (LIMIT - 469, [5, 4], "over the size limit", "one byte over"),
        (LIMIT - 50, [1, 1], "over the size limit", "the first pair for both"),
        (LIMIT, [0, 0], "over the size limit", "full"),
    ] {
        let ((), endpoint, spans) = in_scope(ok(r#"{"Successful":[],"Failed":[]}"#), |endpoint| async move {
            let sqs = thundra_aws::sqs::client(&endpoint.config());
            let entry = |id: &str, bytes| {
                SendMessageBatchRequestEntry::builder().id(id).message_body("x".repeat(bytes)).build().unwrap()
            };
            let batch = sqs.send_message_batch().queue_url(QUEUE);
            batch.entries(entry("a", 10)).entries(entry("b", body - 10)).send().await.unwrap();
        });
        let (call, request) = (only_call(&spans), endpoint.request().json());
        let count = |n: usize| request["Entries"][n]["MessageAttributes"].as_object().map_or(0, |all| all.len());
        assert_eq!([count(0), count(1)], ours, "{why}");
        assert_eq!(attribute(call, "thundra.injection.skipped"), skipped, "{why}");
        let header = &request["Entries"][1]["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"];
        assert_eq!((header.as_str(), call.kind), (Some(context_of(call).1.as_str()), SpanKind::Producer), "{why}");
    }
}

#[test]
fn settling_is_not_sending() {
    const ANSWER: &str =
        r#"{"Successful":[{"Id":"a"}],"Failed":[{"Id":"b","Code":"ReceiptHandleIsInvalid","SenderFault":true}]}"#;
    let ((), _, spans) =
        in_scope(vec![Answer::Status(200, "{}"), Answer::Status(200, ANSWER)], |endpoint| async move {
            let sqs = thundra_aws::sqs::client(&endpoint.config());
            sqs.delete_message().queue_url(QUEUE).receipt_handle("h").send().await.unwrap();
            let entry = |id| DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(id).build().unwrap();
            let batch = sqs.delete_message_batch().queue_url(QUEUE).entries(entry("a")).entries(entry("b"));
            batch.send().await.unwrap();
        });
    for (call, status) in
        spans.iter().zip([Status::Unset, Status::error("1 of 2 messages failed: ReceiptHandleIsInvalid")])
    {
        let keys = ["messaging.operation.type", "messaging.operation.name", "messaging.destination.name"];
        assert_eq!(keys.map(|key| attribute(call, key)), ["settle", "settle", "jobs"]);
        assert_eq!((call.kind, &call.status), (SpanKind::Client, &status));
    }
}
