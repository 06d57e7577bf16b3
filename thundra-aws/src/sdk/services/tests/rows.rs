//! The rows of the table, service by service.

use std::path::{Path, PathBuf};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::telemetry::CapturedTelemetryAttributes;

use crate::attributes::Attributes;
use crate::sdk::response::Response;
use crate::sdk::services::{Operation, Request, SERVICES, find};

fn captured(names: &[(&str, &str)]) -> CapturedTelemetryAttributes {
    let mut captured = CapturedTelemetryAttributes::new();
    names.iter().for_each(|(name, value)| captured.insert(name, value));
    captured
}

fn show(attributes: &Attributes) -> String {
    attributes.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

/// Returns the attributes from captured names.
fn text(service: &str, operation: &str, names: &[(&str, &str)]) -> String {
    let mut attributes = Attributes::new();
    (find(service).attributes)(&Operation::of(operation, &captured(names)), &mut attributes);
    show(&attributes)
}

fn request<'a>(operation: &'a str, body: &'a str) -> Request<'a> {
    Request { operation, uri: "/", body: body.as_bytes() }
}

/// Reads the bytes of a response.
fn read(service: &str, operation: &str, body: &str) -> Option<Response> {
    let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
    (find(service).response)(operation, &response)
}

#[test]
fn resources_are_named_as_the_conventions_ask() {
    let topic = "arn:aws:sns:eu-west-1:123456789012:orders";
    let sent = "messaging.system=aws.sns messaging.operation.name=send messaging.operation.type=send";
    for (service, operation, names, expected) in [
        ("S3", "GetObject", &[("Bucket", "b"), ("Key", "a/k")][..], "aws.s3.bucket=b aws.s3.key=a/k".to_owned()),
        (
            "DynamoDB",
            "GetItem",
            &[("TableName", "orders")],
            "db.system.name=aws.dynamodb db.operation.name=GetItem aws.dynamodb.table_names=[orders]".to_owned(),
        ),
        (
            "DynamoDB",
            "Query",
            &[("ProjectionExpression", "id, #n"), ("IndexName", "by-day"), ("Select", "COUNT")],
            "aws.dynamodb.index_name=by-day aws.dynamodb.projection=id, #n db.system.name=aws.dynamodb \
             db.operation.name=Query"
                .to_owned(),
        ),
        (
            "DynamoDB",
            "ListTables",
            &[("ExclusiveStartTableName", "m")],
            "aws.dynamodb.exclusive_start_table=m db.system.name=aws.dynamodb db.operation.name=ListTables".to_owned(),
        ),
        (
            "SNS",
            "Publish",
            &[("TargetArn", topic)],
            format!("aws.sns.topic.arn={topic} {sent} messaging.destination.name=orders"),
        ),
        ("SNS", "Publish", &[("TargetArn", "arn:aws:sns:eu-west-1:1:endpoint/GCM/app/id")], sent.to_owned()),
        ("SNS", "Subscribe", &[("TopicArn", topic)], format!("aws.sns.topic.arn={topic}")),
        (
            "Kinesis",
            "GetRecords",
            &[("StreamARN", "arn:aws:kinesis:eu-west-1:1:stream/clicks")],
            "aws.kinesis.stream_name=clicks messaging.system=aws_kinesis messaging.operation.name=receive \
             messaging.operation.type=receive messaging.destination.name=clicks"
                .to_owned(),
        ),
        (
            "Firehose",
            "PutRecordBatch",
            &[("DeliveryStreamName", "lake")],
            "messaging.system=aws_firehose messaging.operation.name=send messaging.operation.type=send \
             messaging.destination.name=lake"
                .to_owned(),
        ),
        (
            "EventBridge",
            "PutEvents",
            &[],
            "messaging.system=aws_eventbridge messaging.operation.name=send messaging.operation.type=send".to_owned(),
        ),
        ("Secrets Manager", "GetSecretValue", &[("SecretId", "a-name")], String::new()),
        ("SSM", "GetParameter", &[("Key", "k"), ("Bucket", "b")], String::new()),
    ] {
        assert_eq!(text(service, operation, names), expected, "{service}.{operation}");
    }
}

#[test]
fn a_function_is_known_by_its_name_however_it_is_given() {
    for (given, name, region) in [
        ("bill", "bill", "eu-west-1"),
        ("bill:live", "bill", "eu-west-1"),
        ("function:bill", "bill", "eu-west-1"),
        ("function:bill:live", "bill", "eu-west-1"),
        ("function", "function", "eu-west-1"),
        ("123456789012", "123456789012", "eu-west-1"),
        ("123456789012:bill", "bill", "eu-west-1"),
        ("123456789012:bill:live", "bill", "eu-west-1"),
        ("123456789012:function:bill", "bill", "eu-west-1"),
        ("1234:live", "1234", "eu-west-1"),
        ("us-east-2:bill", "bill", "us-east-2"),
        ("us-east-2:123456789012:function:bill", "bill", "us-east-2"),
        ("us-gov-east-1:123456789012:bill", "bill", "us-gov-east-1"),
        ("eusc-de-east-1:function:bill", "bill", "eusc-de-east-1"),
        ("us-isob-east-1:bill", "bill", "us-isob-east-1"),
        ("bill-1:live", "bill-1", "eu-west-1"),
        ("bill-orders-1:live", "bill-orders-1", "eu-west-1"),
        ("us-bill-east-1:live", "us-bill-east-1", "eu-west-1"),
        ("bill-the-1st:live", "bill-the-1st", "eu-west-1"),
        ("arn:aws:lambda:function:bill", "bill", "eu-west-1"),
        ("arn:aws:lambda:us-east-2:123456789012:function:bill:7", "bill", "us-east-2"),
        ("arn:aws-cn:lambda:cn-north-1:123456789012:function:function:$LATEST", "function", "cn-north-1"),
    ] {
        assert_eq!(
            text("Lambda", "Invoke", &[("FunctionName", given)]),
            format!("faas.invoked_name={name} faas.invoked_provider=aws faas.invoked_region={region}")
        );
    }
    assert_eq!(text("Lambda", "GetFunction", &[("FunctionName", "bill")]), "");
}

#[test]
fn names_are_found_within_lists_and_maps() {
    for (service, operation, body, expected) in [
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
        (
            "Lambda",
            "CheckpointDurableExecution",
            r#"{"CheckpointToken":"t","Updates":[{"Id":"a","Type":"STEP","SubType":"Step","Name":"res\u0065rve","Action":"SUCCEED","Payload":"1"}]}"#,
            "durable.operation.id=a durable.operation.name=reserve durable.operation.type=STEP \
             durable.operation.subtype=Step durable.operation.status=SUCCEEDED durable.attempt.outcome=SUCCEEDED",
        ),
        (
            "Lambda",
            "CheckpointDurableExecution",
            r#"{"Updates":[{"Id":"a","Type":"STEP","Action":"START"},{"Id":"a","Type":"STEP","Action":"RETRY"}]}"#,
            "durable.operation.id=a durable.operation.type=STEP durable.operation.status=PENDING \
             durable.attempt.outcome=FAILED",
        ),
        (
            "Lambda",
            "CheckpointDurableExecution",
            r#"{"Updates":[{"Id":"a","Type":"WAIT","Action":"START"}]}"#,
            "durable.operation.id=a durable.operation.type=WAIT durable.operation.status=STARTED",
        ),
        (
            "Lambda",
            "CheckpointDurableExecution",
            r#"{"Updates":[{"Id":"a","Type":"STEP","Action":"START"},{"Id":"b","Type":"STEP","Action":"START"}]}"#,
            "",
        ),
        ("Lambda", "CheckpointDurableExecution", r#"{"Updates":[]}"#, ""),
        ("Lambda", "CheckpointDurableExecution", r#"{"Updates":[{"Id":7}]}"#, ""),
        ("Lambda", "Invoke", r#"{"Updates":[{"Id":"a","Type":"STEP","Action":"START"}]}"#, ""),
    ] {
        let text = show(&(find(service).request)(&request(operation, body)));
        assert_eq!(text, expected, "{service}.{operation} {body}");
    }
    assert!((find("EventBridge").request)(&request("PutEvents", "")).is_empty(), "a stream");
}

#[test]
fn the_messages_of_a_batch_are_counted() {
    let form = "Action=PublishBatch&PublishBatchRequestEntries.member.1.Id=a&PublishBatchRequestEntries.member.1.\
        Message=x.Id%3Dy&PublishBatchRequestEntries.member.2.Id=b";
    for (service, operation, body, expected) in [
        ("Firehose", "PutRecordBatch", r#"{"DeliveryStreamName":"\"Data\":","Records":[{"Data":"e30="}]}"#, Some(1)),
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
        let count = (find(service).batch_size)(&request(operation, body)).filter(|count| *count > 0);
        assert_eq!(count, expected, "{service}.{operation}");
    }
}

#[test]
fn a_large_request_is_not_read_for_a_name() {
    let body = |bytes: usize| format!(r#"{{"RequestItems":{{"a":["{}"]}}}}"#, "x".repeat(bytes));
    for (bytes, expected) in [(10, 1), (256 * 1024, 0)] {
        assert_eq!((find("DynamoDB").request)(&request("BatchWriteItem", &body(bytes))).len(), expected, "{bytes}");
    }
}

#[test]
fn failures_within_a_batch_are_counted() {
    const XML: &str = "<PublishBatchResult><Failed><member><Id>b</Id><Code>InternalError</Code></member></Failed>\
        <Successful><member><Id>a</Id></member><member><Id>c</Id></member></Successful></PublishBatchResult>";
    for (service, operation, body, failed, total) in [
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
        let expected = Response { failed: failed.map(|(n, code)| (n, code.to_owned())), total, ..Response::default() };
        assert_eq!(read(service, operation, body), Some(expected), "{service}.{operation}");
    }
}

#[test]
fn a_single_message_has_an_id() {
    const XML: &str = "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>";
    for (service, operation, body, id, partition) in [
        ("SQS", "SendMessage", r#"{"MD5OfMessageBody":"0","MessageId":"m-1","SequenceNumber":"18"}"#, "m-1", None),
        ("SNS", "Publish", XML, "m-1", None),
        ("Firehose", "PutRecord", r#"{"RecordId":"r-1","Encrypted":false}"#, "r-1", None),
        ("Kinesis", "PutRecord", r#"{"ShardId":"s-1","SequenceNumber":"49"}"#, "49", Some("s-1")),
    ] {
        let partition = partition.map(str::to_owned);
        let expected = Response { message_id: Some(id.to_owned()), partition, ..Response::default() };
        assert_eq!(read(service, operation, body), Some(expected), "{service}.{operation}");
    }
}

#[test]
fn received_messages_are_counted() {
    for (service, operation, body, expected) in [
        ("SQS", "ReceiveMessage", r#"{"Messages":[{"Body":"a"},{"Body":"b"}]}"#, 2),
        ("SQS", "ReceiveMessage", "{}", 0),
        ("Kinesis", "GetRecords", r#"{"Records":[{"Data":"e30="}]}"#, 1),
    ] {
        let expected = Response { received: Some(expected), ..Response::default() };
        assert_eq!(read(service, operation, body), Some(expected), "{service}.{operation}");
    }
}

#[test]
fn other_responses_give_nothing() {
    for (service, operation, body) in [
        ("DynamoDB", "BatchWriteItem", r#"{"UnprocessedItems":{}}"#),
        ("DynamoDB", "BatchGetItem", r#"{"Responses":{}}"#),
        ("DynamoDB", "GetItem", r#"{"UnprocessedItems":{"a":[{}]}}"#),
        ("Kinesis", "PutRecords", "\u{1}cbor"),
        ("Kinesis", "PutRecord", "\u{1}cbor"),
        ("SNS", "Publish", "{}"),
    ] {
        assert_eq!(read(service, operation, body), None, "{service}.{operation}");
    }
}

#[cfg(feature = "full")]
#[test]
fn each_service_names_its_targets() {
    const ARN: &str = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders";
    for (service, names, expected) in [
        ("SNS", &[("TopicArn", "t")][..], Some("t")),
        ("SNS", &[("TargetArn", "t")], Some("t")),
        ("SNS", &[], None),
        ("SQS", &[("QueueUrl", "q")], Some("q")),
        ("Kinesis", &[("StreamARN", ARN)], Some("orders")),
        ("Kinesis", &[("StreamName", "orders")], Some("orders")),
        ("Lambda", &[("FunctionName", "f")], Some("f")),
        ("SFN", &[("stateMachineArn", "m")], Some("m")),
        ("EventBridge", &[], Some("")),
        ("S3", &[("Bucket", "b")], None),
    ] {
        let captured = captured(names);
        let operation = Operation::of("", &captured);
        assert_eq!(find(service).target(&operation).map(|target| target.name), expected, "{service}");
    }
}

#[test]
fn every_row_is_found_by_its_names() {
    for service in SERVICES {
        assert!(std::ptr::eq(find(service.id), service), "{}", service.id);
        let signed = SERVICES.iter().filter(|other| other.signing_name == service.signing_name).count();
        assert_eq!(signed, 1, "{}", service.signing_name);
    }
    assert!(find("Polly").messages.is_none());
}

/// Returns the sources below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// `clients.rs` is an exception: the table of the public modules.
#[test]
fn no_other_file_knows_a_service_by_name() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sdk = src.join("sdk");
    for path in sources(&src) {
        let is_test =
            path.components().any(|part| ["tests", "tests.rs"].iter().any(|tests| part.as_os_str() == *tests));
        if is_test || path.starts_with(sdk.join("services")) || path.ends_with("clients.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for service in SERVICES {
            // An event has members with these names as well, and the triggers read them.
            let signing_name = Some(service.signing_name).filter(|_| path.starts_with(&sdk));
            for name in [service.id].into_iter().chain(signing_name) {
                let literal = format!("\"{name}\"");
                let found = code.lines().find(|line| line.contains(&literal) && !line.contains("feature = "));
                assert_eq!(found, None, "{}", path.display());
            }
        }
    }
}
