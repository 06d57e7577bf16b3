//! What stands within lists and maps of a request, where the SDK puts nothing aside: read from the bytes that are
//! sent.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use thundra_core::semconv;

use super::request::{Attributes, last};
use super::services::dynamodb;

/// A request that is larger is not read for the sake of a name. The batches of queues are read whole: they have
/// 1 MiB at most.
const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Items {
    request_items: BTreeMap<String, IgnoredAny>,
    /// Each with the operation as its only member.
    transact_items: Vec<BTreeMap<String, Item>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Item {
    table_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Entries<T> {
    entries: Vec<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Event {
    event_bus_name: Option<String>,
}

/// The attributes that are known only now.
pub(crate) fn attributes(service: &str, method: &str, body: Option<&[u8]>) -> Attributes {
    let Some(body) = body else { return Attributes::new() };
    let mut attributes = match (service, method) {
        ("DynamoDB", _) if body.len() > MAX_BYTES => Attributes::new(),
        ("DynamoDB", "BatchGetItem" | "BatchWriteItem" | "TransactGetItems" | "TransactWriteItems") => tables(body),
        ("DynamoDB", _) => dynamodb::request(method, body),
        ("EventBridge", "PutEvents") => bus(body),
        _ => Attributes::new(),
    };
    let count = if is_counted(service, method) { None } else { messages(service, method, body) };
    attributes.extend(count.map(|count| (semconv::MESSAGING_BATCH_MESSAGE_COUNT, count.into())));
    attributes
}

fn tables(body: &[u8]) -> Attributes {
    let Items { request_items, transact_items } = serde_json::from_slice(body).unwrap_or_default();
    let items = transact_items.into_iter().flat_map(BTreeMap::into_values).filter_map(|item| item.table_name);
    let tables: BTreeSet<String> = request_items.into_keys().chain(items).collect();
    let tables = Some(tables).filter(|tables| !tables.is_empty());
    let tables = tables.map(|tables| tables.into_iter().collect::<Vec<_>>().into());
    tables.map(|tables| (semconv::AWS_DYNAMODB_TABLE_NAMES, tables)).into_iter().collect()
}

/// The event bus, where all events go to the same.
fn bus(body: &[u8]) -> Attributes {
    let Entries { entries } = serde_json::from_slice::<Entries<Event>>(body).unwrap_or_default();
    let mut buses = entries.iter().map(|event| event.event_bus_name.as_deref().map_or("default", |bus| last(bus, '/')));
    let bus = buses.next().filter(|first| buses.all(|bus| bus == *first));
    bus.map(|bus| (semconv::MESSAGING_DESTINATION_NAME, bus.to_owned().into())).into_iter().collect()
}

/// Whether [`inject`](super::message) goes through the messages and counts them.
fn is_counted(service: &str, method: &str) -> bool {
    match service {
        "EventBridge" => cfg!(feature = "eventbridge"),
        "Kinesis" => cfg!(feature = "kinesis"),
        "SNS" => cfg!(feature = "sns"),
        "SQS" => cfg!(feature = "sqs") && method == "SendMessageBatch",
        _ => false,
    }
}

/// How many messages there are, in an operation on batches.
fn messages(service: &str, method: &str, body: &[u8]) -> Option<usize> {
    // Records may have 10 MiB: they are not parsed. A text has its quotes and equals signs escaped in JSON and in
    // a form, so that these are names, which each message has once.
    let count = |name: &str| Some(memmem::find_iter(body, name).count());
    let count = match (service, method) {
        ("Firehose", "PutRecordBatch") => count("\"Data\":"),
        ("Kinesis", "PutRecords") => count("\"PartitionKey\":"),
        ("SNS", "PublishBatch") => count(".Id="),
        ("SQS", "DeleteMessageBatch" | "SendMessageBatch") | ("EventBridge", "PutEvents") => {
            serde_json::from_slice::<Entries<IgnoredAny>>(body).ok().map(|batch| batch.entries.len())
        }
        _ => None,
    };
    count.filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_within() {
        for (service, method, body, expected) in [
            (
                "DynamoDB",
                "BatchWriteItem",
                r#"{"RequestItems":{"b":[{"PutRequest":{}}],"a":[]}}"#,
                "aws.dynamodb.table_names=[a,b]",
            ),
            (
                "DynamoDB",
                "TransactWriteItems",
                r#"{"TransactItems":[{"Put":{"TableName":"a","Item":{}}},{"Delete":{"TableName":"a"}},{"ConditionCheck":{"TableName":"c"}}]}"#,
                "aws.dynamodb.table_names=[a,c]",
            ),
            (
                "EventBridge",
                "PutEvents",
                r#"{"Entries":[{"EventBusName":"arn:aws:events:eu-west-1:1:event-bus/shop"},{"EventBusName":"shop"}]}"#,
                "messaging.destination.name=shop",
            ),
            ("EventBridge", "PutEvents", r#"{"Entries":[{"Source":"s"}]}"#, "messaging.destination.name=default"),
            ("EventBridge", "PutEvents", r#"{"Entries":[{"EventBusName":"shop"},{}]}"#, ""),
            ("EventBridge", "PutEvents", "no json", ""),
            ("DynamoDB", "PutItem", r#"{"RequestItems":{"a":[]}}"#, ""),
        ] {
            let mut attributes = attributes(service, method, Some(body.as_bytes()));
            attributes.retain(|(key, _)| *key != semconv::MESSAGING_BATCH_MESSAGE_COUNT);
            let text = attributes.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ");
            assert_eq!(text, expected, "{service}.{method} {body}");
        }
        assert!(attributes("EventBridge", "PutEvents", None).is_empty());
    }
    #[test]
    fn the_messages_of_a_batch_are_counted() {
        let form = "Action=PublishBatch&PublishBatchRequestEntries.member.1.Id=a&PublishBatchRequestEntries.member.1.\
            Message=x.Id%3Dy&PublishBatchRequestEntries.member.2.Id=b";
        for (service, method, body, expected) in [
            (
                "Firehose",
                "PutRecordBatch",
                r#"{"DeliveryStreamName":"\"Data\":","Records":[{"Data":"e30="}]}"#,
                Some(1),
            ),
            (
                "Kinesis",
                "PutRecords",
                r#"{"Records":[{"Data":"","PartitionKey":"\"PartitionKey\":"},{"Data":"","PartitionKey":"b"}]}"#,
                Some(2),
            ),
            ("SNS", "PublishBatch", form, Some(2)),
            (
                "SQS",
                "SendMessageBatch",
                r#"{"Entries":[{"Id":"a","MessageAttributes":{"Id":{}}},{"Id":"b"},{"Id":"c"}]}"#,
                Some(3),
            ),
            ("SQS", "DeleteMessageBatch", r#"{"Entries":[{"Id":"a"}]}"#, Some(1)),
            ("EventBridge", "PutEvents", r#"{"Entries":[{"Detail":"{}"},{}]}"#, Some(2)),
            ("SQS", "SendMessage", r#"{"Entries":[{}]}"#, None),
            ("Kinesis", "PutRecords", "\u{1}cbor", None),
            ("SQS", "SendMessageBatch", "no json", None),
        ] {
            assert_eq!(messages(service, method, body.as_bytes()), expected, "{service}.{method}");
            let said = attributes(service, method, Some(body.as_bytes()));
            let said = said.into_iter().find(|(key, _)| *key == semconv::MESSAGING_BATCH_MESSAGE_COUNT);
            let expected = expected.filter(|_| !is_counted(service, method));
            assert_eq!(said.map(|(_, value)| value), expected.map(Into::into), "{service}.{method}");
        }
    }

    #[test]
    fn a_large_request_is_not_read_for_a_name() {
        let request = |bytes: usize| format!(r#"{{"RequestItems":{{"a":["{}"]}}}}"#, "x".repeat(bytes));
        for (bytes, expected) in [(10, 1), (MAX_BYTES, 0)] {
            let body = request(bytes);
            assert_eq!(attributes("DynamoDB", "BatchWriteItem", Some(body.as_bytes())).len(), expected, "{bytes}");
        }
    }
}
