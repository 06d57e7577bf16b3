//! Messages and records as events in Lambda's format.

use std::collections::BTreeMap;

use aws_sdk_kinesis::types::Record;
use aws_sdk_sqs::types::Message;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
pub(crate) fn sqs_event(message: &Message, queue_arn: &str) -> Value {
    let attributes: BTreeMap<_, _> =
        message.attributes.iter().flatten().map(|(name, value)| (name.as_str(), value)).collect();
    let message_attributes = message.message_attributes.iter().flatten().map(|(name, value)| {
        let value = json!({
            "dataType": value.data_type(),
            "stringValue": value.string_value(),
            "stringListValues": [],
            "binaryListValues": [],
        });
        (name.as_str(), value)
    });
    json!({ "Records": [{
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": attributes,
        "messageAttributes": message_attributes.collect::<BTreeMap<_, _>>(),
        "md5OfBody": message.md5_of_body(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": "us-east-1",
    }]})
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>
pub(crate) fn kinesis_event(record: &Record, stream_arn: &str) -> Value {
    json!({ "Records": [{
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key(),
            "sequenceNumber": record.sequence_number(),
            "data": STANDARD.encode(record.data()),
            "approximateArrivalTimestamp": record.approximate_arrival_timestamp().unwrap().as_secs_f64(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("shardId-000000000000:{}", record.sequence_number()),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::000000000000:role/shop",
        "eventSourceARN": stream_arn,
        "awsRegion": "us-east-1",
    }]})
}

/// Parses JSON in a text, or in base64 in a text.
pub(crate) fn opened(text: &str) -> Value {
    let decoded = STANDARD.decode(text);
    serde_json::from_slice(decoded.as_deref().unwrap_or(text.as_bytes())).unwrap_or_default()
}
