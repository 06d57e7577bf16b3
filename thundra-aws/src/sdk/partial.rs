//! What became of messages, as services tell of it in an answer of status 200: the id that one got, and how many of
//! a batch were refused.
//!
//! Read from the bytes, so that no SDK crate is needed: JSON and XML, as these services have it. Where the type
//! of the answer is known, [that is asked](super::message::sent) first, whatever the protocol.

use std::collections::HashMap;

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::element;
use super::response::Sent;

/// What the members of these answers are called in all the services.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Answer {
    #[serde(alias = "Entries", alias = "RequestResponses")]
    records: Vec<Record>,
    failed: Vec<Failure>,
    successful: Vec<IgnoredAny>,
    unprocessed_items: HashMap<String, Vec<IgnoredAny>>,
    unprocessed_keys: HashMap<String, Keys>,
    messages: Vec<IgnoredAny>,
    #[serde(alias = "RecordId")]
    message_id: Option<String>,
    /// The id of a Kinesis record; the messages of an SQS queue that keeps their order have both.
    sequence_number: Option<String>,
    shard_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Record {
    error_code: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Failure {
    code: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Keys {
    keys: Vec<IgnoredAny>,
}

/// What this operation's answer says; nothing where it is none on messages.
pub(crate) fn read(service: &str, method: &str, body: &[u8]) -> Option<Sent> {
    match (service, method) {
        ("SQS", "SendMessage") | ("Firehose", "PutRecord") => {
            Some(Sent { message_id: json(body)?.message_id, ..Sent::default() })
        }
        ("Kinesis", "PutRecord") => {
            let Answer { sequence_number: message_id, shard_id: partition, .. } = json(body)?;
            Some(Sent { message_id, partition, ..Sent::default() })
        }
        ("SNS", "Publish") => {
            let id = element(std::str::from_utf8(body).ok()?, "MessageId")?;
            Some(Sent { message_id: Some(id.into_owned()), ..Sent::default() })
        }
        ("SQS", "ReceiveMessage") if !cfg!(feature = "sqs") => {
            Some(Sent { received: Some(json(body)?.messages.len()), ..Sent::default() })
        }
        ("Kinesis", "GetRecords") if !cfg!(feature = "kinesis") => {
            Some(Sent { received: Some(json(body)?.records.len()), ..Sent::default() })
        }
        ("Firehose", "PutRecordBatch") | ("Kinesis", "PutRecords") | ("EventBridge", "PutEvents") => {
            let Answer { records, .. } = json(body)?;
            let total = records.len();
            let codes = records.into_iter().filter_map(|record| record.error_code);
            Some(Sent { failed: counted(codes.filter(|code| !code.is_empty())), total, ..Sent::default() })
        }
        ("SQS", "SendMessageBatch" | "DeleteMessageBatch" | "ChangeMessageVisibilityBatch") => {
            let Answer { failed, successful, .. } = json(body)?;
            let total = failed.len() + successful.len();
            Some(Sent { failed: counted(failed.into_iter().map(|failure| failure.code)), total, ..Sent::default() })
        }
        ("SNS", "PublishBatch") => {
            let xml = std::str::from_utf8(body).ok()?;
            let members = |list: &str| {
                let (_, rest) = xml.split_once(&format!("<{list}>"))?;
                rest.split_once(&format!("</{list}>")).map(|(members, _)| members.split("<member>").skip(1))
            };
            let failed = members("Failed");
            let total = [&failed, &members("Successful")].into_iter().flatten().map(|list| list.clone().count()).sum();
            let codes = failed.into_iter().flatten().map(|member| element(member, "Code").unwrap_or_default().into());
            Some(Sent { failed: counted(codes), total, ..Sent::default() })
        }
        // Not refused, but not done either: the caller is to send them again.
        ("DynamoDB", "BatchWriteItem" | "BatchGetItem") if holds_unprocessed(body) => {
            let Answer { unprocessed_items, unprocessed_keys, .. } = json(body)?;
            let items = unprocessed_items.values().map(Vec::len);
            let count: usize = items.chain(unprocessed_keys.values().map(|table| table.keys.len())).sum();
            Some(Sent { failed: (count > 0).then(|| (count, "Unprocessed".to_owned())), ..Sent::default() })
        }
        _ => None,
    }
}

fn json(body: &[u8]) -> Option<Answer> {
    serde_json::from_slice(body).ok()
}

/// Whether it is worth reading an answer that may hold 16 MiB of items: nearly always there is `{}`.
fn holds_unprocessed(body: &[u8]) -> bool {
    let after = |name: &[u8]| memmem::rfind(body, name).and_then(|at| body.get(at + name.len()..));
    let rest = after(b"\"UnprocessedItems\":").or_else(|| after(b"\"UnprocessedKeys\":"));
    rest.is_some_and(|rest| !rest.starts_with(b"{}"))
}

/// How many there are, and the first.
fn counted(mut codes: impl Iterator<Item = String>) -> Option<(usize, String)> {
    let first = codes.next()?;
    Some((1 + codes.count(), first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_within_a_batch_are_counted() {
        const XML: &str = "<PublishBatchResult><Failed><member><Id>b</Id><Code>InternalError</Code></member></Failed>\
            <Successful><member><Id>a</Id></member><member><Id>c</Id></member></Successful></PublishBatchResult>";
        for (service, method, body, failed, total) in [
            (
                "Firehose",
                "PutRecordBatch",
                r#"{"FailedPutCount":2,"RequestResponses":[{"RecordId":"1"},
                    {"ErrorCode":"ServiceUnavailableException","ErrorMessage":"m"},{"ErrorCode":"InternalFailure"}]}"#,
                Some((2, "ServiceUnavailableException")),
                3,
            ),
            ("Firehose", "PutRecordBatch", r#"{"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"}]}"#, None, 1),
            (
                "Kinesis",
                "PutRecords",
                r#"{"FailedRecordCount":1,"Records":[{"ErrorCode":"InternalFailure"},{"ShardId":"s","ErrorCode":null}]}"#,
                Some((1, "InternalFailure")),
                2,
            ),
            (
                "EventBridge",
                "PutEvents",
                r#"{"FailedEntryCount":1,"Entries":[{"EventId":"1"},{"ErrorCode":"ThrottlingException"}]}"#,
                Some((1, "ThrottlingException")),
                2,
            ),
            (
                "SQS",
                "DeleteMessageBatch",
                r#"{"Successful":[{"Id":"a"}],"Failed":[{"Id":"b","Code":"ReceiptHandleIsInvalid","SenderFault":true}]}"#,
                Some((1, "ReceiptHandleIsInvalid")),
                2,
            ),
            ("SNS", "PublishBatch", XML, Some((1, "InternalError")), 3),
            ("SNS", "PublishBatch", "<Failed/><Successful><member></member></Successful>", None, 1),
            (
                "DynamoDB",
                "BatchWriteItem",
                r#"{"UnprocessedItems":{"a":[{"PutRequest":{}},{"DeleteRequest":{}}],"b":[{}]}}"#,
                Some((3, "Unprocessed")),
                0,
            ),
            (
                "DynamoDB",
                "BatchGetItem",
                r#"{"Responses":{"a":[{"k":{"S":"\"UnprocessedKeys\":"}}]},"UnprocessedKeys":{"a":{"Keys":[{},{}]}}}"#,
                Some((2, "Unprocessed")),
                0,
            ),
        ] {
            let expected = Sent { failed: failed.map(|(n, code)| (n, code.to_owned())), total, ..Sent::default() };
            assert_eq!(read(service, method, body.as_bytes()), Some(expected), "{service}.{method}");
        }
    }

    #[test]
    fn a_single_message_has_an_id() {
        const XML: &str =
            "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>";
        for (service, method, body, id, partition) in [
            ("SQS", "SendMessage", r#"{"MD5OfMessageBody":"0","MessageId":"m-1","SequenceNumber":"18"}"#, "m-1", None),
            ("SNS", "Publish", XML, "m-1", None),
            ("Firehose", "PutRecord", r#"{"RecordId":"r-1","Encrypted":false}"#, "r-1", None),
            ("Kinesis", "PutRecord", r#"{"ShardId":"s-1","SequenceNumber":"49"}"#, "49", Some("s-1")),
        ] {
            let partition = partition.map(str::to_owned);
            let expected = Sent { message_id: Some(id.to_owned()), partition, ..Sent::default() };
            assert_eq!(read(service, method, body.as_bytes()), Some(expected), "{service}.{method}");
        }
    }

    #[test]
    fn what_is_received_is_counted_where_nobody_else_does() {
        for (service, method, body, counts, expected) in [
            ("SQS", "ReceiveMessage", r#"{"Messages":[{"Body":"a"},{"Body":"b"}]}"#, !cfg!(feature = "sqs"), 2),
            ("SQS", "ReceiveMessage", "{}", !cfg!(feature = "sqs"), 0),
            ("Kinesis", "GetRecords", r#"{"Records":[{"Data":"e30="}]}"#, !cfg!(feature = "kinesis"), 1),
        ] {
            let expected = counts.then(|| Sent { received: Some(expected), ..Sent::default() });
            assert_eq!(read(service, method, body.as_bytes()), expected, "{service}.{method}");
        }
    }

    #[test]
    fn other_answers_say_nothing() {
        for (service, method, body) in [
            ("DynamoDB", "BatchWriteItem", r#"{"UnprocessedItems":{}}"#),
            ("DynamoDB", "BatchGetItem", r#"{"Responses":{}}"#),
            ("DynamoDB", "GetItem", r#"{"UnprocessedItems":{"a":[{}]}}"#),
            ("Kinesis", "PutRecords", "\u{1}cbor"),
            ("Kinesis", "PutRecord", "\u{1}cbor"),
            ("SNS", "Publish", "{}"),
        ] {
            assert_eq!(read(service, method, body.as_bytes()), None, "{service}.{method}");
        }
    }
}
