//! Topics, queues and streams with individual size limits, which no request shows.
//!
//! The endpoint refuses messages over the limit, with the texts of AWS. Only the first message that thundra's context
//! pushes over the limit may be refused.

use std::process::Command;

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_sns::types::PublishBatchRequestEntry;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde_json::{Value, json};
use thundra_core::propagation::Inbound;
use thundra_core::{Config, Env, SpanData};

use crate::endpoint::{Answer, Request, data, ok};
use crate::support::{PUBLISHED, attribute, in_scope, in_scope_with};

/// The attributes of each message, the most important first, with the size in bytes.
const OURS: [(&str, usize); 5] = [
    ("x-correlation-id", 25),
    ("call-chain-length", 24),
    ("debug-log-enabled", 28),
    ("traceparent", 72),
    ("x-correlation-traceparent", 86),
];
const ALL: usize = 235;
const KIB: usize = 1024;

fn topic(name: &str) -> String {
    format!("arn:aws:sns:eu-west-1:123456789012:{name}")
}

fn queue(name: &str) -> String {
    format!("https://sqs.eu-west-1.amazonaws.com/123456789012/{name}")
}

fn error(code: &str, message: &str) -> (u16, String) {
    let error = format!("<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>");
    (400, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
}

/// Returns the size in bytes for a topic: bodies, and the names, types and values of attributes.
fn published(request: &Request) -> usize {
    let parts = [".Name", ".Value.DataType", ".Value.StringValue", "Message"];
    let form = request.form();
    form.iter().filter(|(key, _)| parts.iter().any(|part| key.ends_with(part))).map(|(_, value)| value.len()).sum()
}

/// Returns the size of a message in bytes for a queue.
fn sent(message: &Value) -> usize {
    let length = |value: &Value| value.as_str().map_or(0, str::len);
    let attributes = message["MessageAttributes"].as_object().cloned().unwrap_or_default();
    let attributes =
        attributes.iter().map(|(name, value)| name.len() + length(&value["DataType"]) + length(&value["StringValue"]));
    length(&message["MessageBody"]) + attributes.sum::<usize>()
}

/// Responds like a topic that accepts 1 KiB and does not name the limit.
fn small_topic(request: &Request) -> (u16, String) {
    if published(request) > KIB {
        return match request.body.contains("PublishBatch") {
            true => error(
                "BatchRequestTooLong",
                "The length of all the batch messages put together is more than the limit.",
            ),
            false => error("InvalidParameter", "Invalid parameter: Message too long"),
        };
    }
    let done =
        "<PublishBatchResponse><PublishBatchResult><Failed/><Successful/></PublishBatchResult></PublishBatchResponse>";
    (200, if request.body.contains("PublishBatch") { done } else { PUBLISHED }.to_owned())
}

/// Responds like a queue that accepts 1 KiB, and fails the larger entries of a batch.
fn small_queue(request: &Request) -> (u16, String) {
    const CODE: &str = "InvalidParameterValue";
    const WHY: &str = "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.";
    let request = request.json();
    let Some(entries) = request["Entries"].as_array() else {
        return match sent(&request) > KIB {
            true => (
                400,
                json!({ "__type": format!("com.amazon.coral.service#{CODE}Exception"), "message": WHY }).to_string(),
            ),
            false => (200, r#"{"MD5OfMessageBody":"0","MessageId":"m-1"}"#.to_owned()),
        };
    };
    let (large, small): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| sent(entry) > KIB);
    let failed =
        large.iter().map(|entry| json!({ "Id": entry["Id"], "Code": CODE, "Message": WHY, "SenderFault": true }));
    let successful = small.iter().map(|entry| json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "0" }));
    (200, json!({ "Failed": failed.collect::<Value>(), "Successful": successful.collect::<Value>() }).to_string())
}

/// Returns the names of the first attributes.
fn first(count: usize) -> Vec<&'static str> {
    let mut names = OURS[..count].iter().map(|(name, _)| *name).collect::<Vec<_>>();
    names.sort_unstable();
    names
}

fn names(attributes: &std::collections::BTreeMap<String, String>) -> Vec<&str> {
    attributes.keys().map(String::as_str).collect()
}

/// Returns the calls below the root, in order.
fn calls(spans: &[SpanData]) -> Vec<&SpanData> {
    spans.iter().filter(|span| span.attribute("rpc.system").is_some()).collect()
}

const LIMIT: &str = "thundra.injection.limit";

#[test]
fn a_topic_refuses_one_message_and_no_more() {
    let ((), endpoint, spans) = in_scope(vec![Answer::To(small_topic)], |endpoint| async move {
        let traced = thundra_aws::sns::client(&endpoint.config());
        let plain = aws_sdk_sns::Client::new(&endpoint.config());
        let publish = |client: &aws_sdk_sns::Client, name: &str, bytes: usize| {
            client.publish().topic_arn(topic(name)).message("x".repeat(bytes)).send()
        };
        publish(&traced, "small", 900).await.unwrap_err();
        for bytes in [900, 800, 100, 900, KIB, KIB] {
            publish(&traced, "small", bytes).await.unwrap();
        }
        publish(&plain, "small", 900).await.unwrap();
        publish(&traced, "small", KIB + 1).await.unwrap_err();
        publish(&traced, "small", 100).await.unwrap();
        publish(&traced, "other", KIB - ALL).await.unwrap();
    });
    let requests = endpoint.requests();
    assert_eq!(requests.len(), 11, "nothing is repeated");
    let given: Vec<_> = requests.iter().map(|request| names(&request.sns_attributes("")).len()).collect();
    // With 900 bytes nothing is known to fit, with 800 the first three do.
    assert_eq!(given, [5, 0, 3, 5, 0, 0, 0, 0, 0, 5, 5]);
    assert_eq!(names(&requests[2].sns_attributes("")), first(3));
    assert_eq!(requests[1].essence(), requests[7].essence(), "byte for byte as the plain client sends it");
    let calls = calls(&spans);
    let limits: Vec<_> = calls.iter().map(|call| attribute(call, LIMIT)).collect();
    assert_eq!((limits[0].as_str(), limits[1..].join("").as_str()), ("900", ""), "the refused call says so");
    assert_eq!(attribute(calls[1], "thundra.injection.skipped"), "over the size limit");
}

/// AWS does not count the subject. Other implementations do.
#[test]
fn a_limit_is_learned_without_the_subject() {
    let ((), endpoint, _) = in_scope(vec![Answer::To(small_topic)], |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let publish = |bytes: usize| sns.publish().topic_arn(topic("subject-free")).message("x".repeat(bytes));
        publish(1000).subject("s".repeat(90)).send().await.unwrap_err();
        publish(900).send().await.unwrap();
        publish(900).subject("s".repeat(90)).send().await.unwrap();
    });
    let sizes: Vec<_> = endpoint.requests().iter().map(published).collect();
    assert_eq!(sizes, [1000 + ALL, 900 + 77, 900]);
}

#[test]
fn a_queue_names_its_limit() {
    let ((), endpoint, spans) = in_scope(vec![Answer::To(small_queue)], |endpoint| async move {
        let sqs = thundra_aws::sqs::client(&endpoint.config());
        let send = |bytes: usize| sqs.send_message().queue_url(queue("small")).message_body("x".repeat(bytes)).send();
        send(900).await.unwrap_err();
        for bytes in [900, KIB - ALL, KIB - ALL + 1, KIB] {
            send(bytes).await.unwrap();
        }
    });
    let given = endpoint.requests().iter().map(|request| sent(&request.json())).collect::<Vec<_>>();
    assert_eq!(given, [900 + ALL, 900 + 25 + 24 + 28, KIB, KIB + 1 - 86, KIB]);
    let limits: Vec<_> = calls(&spans).iter().map(|call| attribute(call, LIMIT)).collect();
    assert_eq!(limits, ["1024", "", "", "", ""]);
}

#[test]
fn an_entry_of_a_batch_fails_once() {
    let ((), endpoint, spans) = in_scope(vec![Answer::To(small_queue)], |endpoint| async move {
        let sqs = thundra_aws::sqs::client(&endpoint.config());
        let entry = |id: &str, bytes: usize| {
            SendMessageBatchRequestEntry::builder().id(id).message_body("x".repeat(bytes)).build().unwrap()
        };
        let send =
            |entries: Vec<_>| sqs.send_message_batch().queue_url(queue("entries")).set_entries(Some(entries)).send();
        let failed =
            async |entries| send(entries).await.unwrap().failed.into_iter().map(|entry| entry.id).collect::<Vec<_>>();
        // In the first batch an entry of the caller is too long. In the second our context pushes an entry over.
        assert_eq!(failed(vec![entry("a", 100), entry("b", 2000)]).await, ["b"]);
        assert_eq!(failed(vec![entry("a", 500), entry("b", 900)]).await, [""; 0]);
        assert_eq!(failed(vec![entry("a", 100), entry("b", 100)]).await, [""; 0]);
    });
    let requests: Vec<_> = endpoint.requests().iter().map(Request::json).collect();
    let sizes = |n: usize| requests[n]["Entries"].as_array().unwrap().iter().map(sent).collect::<Vec<_>>();
    assert_eq!(sizes(0), [100 + ALL, 2000 + ALL]);
    // The request of 1,400 bytes is over the limit, so each message alone keeps to the limit.
    assert_eq!(sizes(1), [500 + ALL, 900 + 77]);
    assert_eq!(sizes(2), [100 + ALL, 100 + ALL]);
    let limits: Vec<_> = calls(&spans).iter().map(|call| attribute(call, LIMIT)).collect();
    assert_eq!(limits, ["", "", ""], "the first would have been refused without us as well");
}

#[test]
fn an_entry_that_is_pushed_over_the_limit_records_it() {
    let ((), endpoint, spans) = in_scope(vec![Answer::To(small_queue)], |endpoint| async move {
        let sqs = thundra_aws::sqs::client(&endpoint.config());
        let entry = |id: &str, bytes: usize| {
            SendMessageBatchRequestEntry::builder().id(id).message_body("x".repeat(bytes)).build().unwrap()
        };
        for failures in [1, 0] {
            let batch = sqs.send_message_batch().queue_url(queue("pushed"));
            let response = batch.entries(entry("a", 500)).entries(entry("b", 900)).send().await.unwrap();
            assert_eq!(response.failed.len(), failures);
        }
    });
    assert_eq!(endpoint.requests().len(), 2);
    let limits: Vec<_> = calls(&spans).iter().map(|call| attribute(call, LIMIT)).collect();
    assert_eq!(limits, ["1024", ""]);
}

#[test]
fn a_batch_is_limited_by_its_sum() {
    let ((), endpoint, spans) = in_scope(vec![Answer::To(small_topic)], |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let publish = |bytes: [usize; 2]| {
            let entries = bytes.into_iter().enumerate().map(|(n, bytes)| {
                PublishBatchRequestEntry::builder().id(n.to_string()).message("x".repeat(bytes)).build().unwrap()
            });
            sns.publish_batch()
                .topic_arn(topic("sum"))
                .set_publish_batch_request_entries(Some(entries.collect()))
                .send()
        };
        publish([400, 500]).await.unwrap_err();
        publish([400, 500]).await.unwrap();
        publish([400, 400]).await.unwrap();
        let single = sns.publish().topic_arn(topic("sum")).message("x".repeat(900));
        single.send().await.unwrap();
    });
    let sizes: Vec<_> = endpoint.requests().iter().map(published).collect();
    assert_eq!(sizes, [900 + 2 * ALL, 900, 800 + 2 * 25 + 2 * 24, 900]);
    let limits: Vec<_> = calls(&spans).iter().map(|call| attribute(call, LIMIT)).collect();
    assert_eq!(limits, ["900", "", "", ""]);
}

#[test]
fn a_call_that_fails_without_us_too_teaches_no_limit() {
    const DENIED: &str = "<ErrorResponse><Error><Code>AuthorizationError</Code><Message>Message too long</Message></Error></ErrorResponse>";
    let refused = |code, message| error(code, message).1.leak() as &'static str;
    for (name, bytes, answer, next, expected, why) in [
        ("denied", 900, DENIED, 900, 5, "another error"),
        ("subject", 900, refused("InvalidParameter", "Invalid parameter: Subject"), 900, 5, "another parameter"),
        (
            "own",
            2000,
            refused("InvalidParameter", "Invalid parameter: Message too long"),
            2000,
            0,
            "no less than the caller sends",
        ),
        ("own", 0, "", 1765, 5, "and a shorter message carries everything"),
        (
            "full",
            256 * KIB,
            refused("InvalidParameter", "Invalid parameter: Message too long"),
            100,
            5,
            "nothing of ours was in it",
        ),
    ] {
        let answers = if answer.is_empty() {
            ok(PUBLISHED)
        } else {
            vec![Answer::Status(400, answer), Answer::Status(200, PUBLISHED)]
        };
        let ((), endpoint, _) = in_scope(answers, |endpoint| async move {
            let sns = thundra_aws::sns::client(&endpoint.config());
            for bytes in [bytes, next].into_iter().filter(|bytes| *bytes > 0) {
                let _ = sns.publish().topic_arn(topic(name)).message("x".repeat(bytes)).send().await;
            }
        });
        assert_eq!(names(&endpoint.request().sns_attributes("")), first(expected), "{why}");
    }
}

/// A gateway in front of the service does not speak a protocol of AWS.
#[test]
fn the_status_alone_is_enough() {
    let answers = vec![Answer::Status(413, "<html>Payload Too Large</html>"), Answer::Status(200, PUBLISHED)];
    let ((), endpoint, spans) = in_scope(answers, |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let publish = || sns.publish().topic_arn(topic("gateway")).message("x".repeat(900)).send();
        publish().await.unwrap_err();
        publish().await.unwrap();
    });
    assert!(endpoint.request().sns_attributes("").is_empty());
    assert_eq!(attribute(calls(&spans)[0], LIMIT), "900");
}

#[test]
fn a_call_that_is_not_recorded_learns_as_well() {
    let config = Config::from_env(&Env::from_pairs([("OTEL_TRACES_SAMPLER", "always_off")]));
    let answers = vec![Answer::To(small_topic)];
    let ((), endpoint, spans) = in_scope_with(config, Inbound::default(), answers, |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let publish = || sns.publish().topic_arn(topic("unsampled")).message("x".repeat(900)).send();
        publish().await.unwrap_err();
        publish().await.unwrap();
    });
    assert_eq!((endpoint.requests().len(), spans.len()), (2, 0));
}

#[test]
fn concurrent_calls_learn_from_each_other() {
    let ((), endpoint, spans) = in_scope(vec![Answer::To(small_topic)], |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let publish = || sns.publish().topic_arn(topic("crowd")).message("x".repeat(900)).send();
        let first = futures_util::future::join_all((0..20).map(|_| publish())).await;
        assert!(first.iter().any(Result::is_err));
        let then = futures_util::future::join_all((0..20).map(|_| publish())).await;
        assert!(then.iter().all(Result::is_ok));
    });
    assert_eq!(endpoint.requests().len(), 40);
    let limits = calls(&spans).iter().filter(|call| !attribute(call, LIMIT).is_empty()).count();
    let refused = calls(&spans).iter().filter(|call| call.status.is_error()).count();
    assert_eq!(limits, refused);
}

#[test]
fn a_stream_may_take_less_than_the_most() {
    fn stream(request: &Request) -> (u16, String) {
        let request = request.json();
        let records = request["Records"].as_array().cloned().unwrap_or_else(|| vec![request.clone()]);
        let over = records.iter().position(|record| data(&record["Data"]).len() > 3 * KIB * KIB / 2);
        match over {
            Some(_) => {
                let member = if request["Records"].is_array() { "records.1.member.data" } else { "data" };
                let message = format!(
                    "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have \
                     length less than or equal to 1572864"
                );
                (400, json!({ "__type": "ValidationException", "message": message }).to_string())
            }
            None => (200, json!({ "ShardId": "s", "SequenceNumber": "1", "Records": [] }).to_string()),
        }
    }
    let payload = |bytes: usize| Blob::new(format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8)));
    for batch in [false, true] {
        let ((), endpoint, spans) = in_scope(vec![Answer::To(stream)], |endpoint| async move {
            let kinesis = thundra_aws::kinesis::client(&endpoint.config());
            let put = async |bytes: usize| match batch {
                true => {
                    let record = |bytes| {
                        PutRecordsRequestEntry::builder().partition_key("k").data(payload(bytes)).build().unwrap()
                    };
                    let put = kinesis.put_records().stream_name("batch").records(record(100)).records(record(bytes));
                    put.send().await.is_ok()
                }
                false => kinesis
                    .put_record()
                    .stream_name("single")
                    .partition_key("k")
                    .data(payload(bytes))
                    .send()
                    .await
                    .is_ok(),
            };
            let most = 3 * KIB * KIB / 2;
            assert_eq!([put(most - 10).await, put(most - 10).await, put(most - 1000).await], [false, true, true]);
        });
        let requests = endpoint.requests();
        let last = |n: usize| {
            let request = requests[n].json();
            data(request["Records"].get(1).map_or(&request["Data"], |record| &record["Data"]))
        };
        assert!(!last(1).contains("__context__") && last(2).contains("__context__"));
        let limits: Vec<_> = calls(&spans).iter().map(|call| attribute(call, LIMIT)).collect();
        assert_eq!(limits, ["1572864", "", ""]);
    }
}

#[cfg(all(feature = "eventbridge", feature = "lambda", feature = "sfn"))]
#[test]
fn a_region_may_have_less_than_the_others() {
    use aws_sdk_lambda::types::InvocationType;

    const REFUSED: [(&str, &str); 3] = [
        ("ValidationException", "Total size of the entries in the request is over the limit."),
        ("RequestTooLargeException", "byte payload is too large for the Event invocation type (limit 2048 bytes)"),
        (
            "ValidationException",
            "Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 2048",
        ),
    ];
    fn answer(request: &Request) -> (u16, String) {
        let target = request.headers.get("x-amz-target").map_or("Lambda", String::as_str);
        let (which, bytes) = match target {
            "Lambda" => (1, request.body.len()),
            "AWSEvents.PutEvents" => (0, request.json()["Entries"][0]["Detail"].as_str().unwrap().len()),
            _ => (2, request.json()["input"].as_str().unwrap().len()),
        };
        if bytes > 2 * KIB {
            let (code, message) = REFUSED[which];
            return (400, json!({ "__type": code, "message": message }).to_string());
        }
        (200, json!({ "executionArn": "e", "startDate": 0, "Entries": [], "FailedEntryCount": 0 }).to_string())
    }
    let ((), _, spans) = in_scope(vec![Answer::To(answer)], |endpoint| async move {
        let config = endpoint.config();
        let (events, lambda, sfn) = (
            thundra_aws::eventbridge::client(&config),
            thundra_aws::lambda::client(&config),
            thundra_aws::sfn::client(&config),
        );
        let body = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
        for (bytes, expected) in [(2000, false), (2000, true), (1000, true)] {
            let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder().detail(body(bytes)).build();
            assert_eq!(events.put_events().entries(entry).send().await.is_ok(), expected);
            let invoke = lambda.invoke().function_name("bill").invocation_type(InvocationType::Event);
            assert_eq!(invoke.payload(Blob::new(body(bytes))).send().await.is_ok(), expected);
            let start = sfn.start_execution().state_machine_arn("m").input(body(bytes));
            assert_eq!(start.send().await.is_ok(), expected);
        }
    });
    let limits: Vec<_> = calls(&spans).iter().map(|call| attribute(call, LIMIT)).collect();
    assert_eq!(limits, ["2000", "2048", "2048", "", "", "", "", "", ""]);
}

/// The test runs a separate process, in which no other test has reported the target.
#[test]
fn each_target_is_reported_once() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "limits::concurrent_calls_learn_from_each_other", "--nocapture"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains("refused a message")).collect();
    assert_eq!(
        lines,
        [
            "thundra: arn:aws:sns:eu-west-1:123456789012:crowd refused a message of 1135 bytes, 235 of them trace context: \
             later messages to this target stay within 900 bytes (reported once)"
        ]
    );
}
