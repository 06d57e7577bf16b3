//! Batches of records, wherever they stand in the event.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use thundra_core::propagation::Trust;

use super::{config, detected, recognised, sqs};

#[test]
fn the_order_of_members_does_not_matter() {
    let records = json!([sqs(json!({}), None, json!("hi"))]);
    let others = r#"[{"eventSource":"aws:new"}]"#;
    for (event, why) in [
        (format!(r#"{{"Records":{records},"window":{{}}}}"#), "first"),
        (format!(r#"{{"window":{{}},"Records":{records}}}"#), "last"),
        (format!(r#" {{ "window" : [] , "Records" : {records} , "state" : "s" }} "#), "in the middle"),
        (format!(r#"{{"a":[{{"Records":[]}}],"Records":{records}}}"#), "after another in another place"),
        (format!(r#"{{"Records":[],"Records":{records}}}"#), "after none"),
        (format!(r#"{{"Records":null,"Records":{records},"Records":[]}}"#), "between none"),
        (format!(r#"{{"Records":{others},"Records":{records}}}"#), "after others"),
        (format!(r#"{{"\u0052ecords":{records}}}"#), "with an escape"),
        (format!(r#"{{"body":"b","path":"/","Records":{records}}}"#), "after a body"),
        (format!(r#"{{"Records":{records},"requestContext":{{}},"headers":{{}},"body":"b"}}"#), "before a body"),
    ] {
        let trigger = recognised(event.as_bytes(), &config(&[]));
        assert_eq!((trigger.source.name, trigger.messages.len(), trigger.trust), ("sqs", 1, Trust::Full), "{why}");
    }
    for (event, why) in [
        (format!(r#"{{"topic":"devices/7","Records":{records}}}"#), "before"),
        (format!(r#"{{"Records":{records},"topic":"devices/7"}}"#), "after"),
        (format!(r#"{{"clientid":"7","Records":{records},"principal":"cert"}}"#), "around"),
    ] {
        assert_eq!(recognised(event.as_bytes(), &config(&[])).trust, Trust::Edge, "a device, {why} the records");
    }
    for (event, why) in [
        (format!(r#"{{"a":1,"Records":{records}"#), "no end"),
        (format!(r#"{{"Records":{records},"a":1,}}"#), "a comma too many"),
        (format!(r#"{{"Records":{records}}} more"#), "more text"),
    ] {
        assert_eq!(recognised(event.as_bytes(), &config(&[])).source.name, "other", "{why}");
    }
}

#[test]
fn records_are_recognised_without_the_name_of_their_source() {
    let sns = json!({"TopicArn": "arn:aws:sns:eu-west-1:1:orders", "Message": "hi"});
    let kinesis = json!({"data": "e30=", "partitionKey": "k", "sequenceNumber": "1"});
    let object = json!({"bucket": {"name": "b"}, "object": {"key": "k"}});
    for (record, source, why) in [
        (json!({"EventVersion": "1.0", "Sns": sns}), "sns", "a notification"),
        (json!({"eventSource": "aws:sns", "Sns": sns}), "sns", "in the other case"),
        (json!({"eventSource": "", "EventSource": null, "Sns": {"Message": ""}}), "sns", "with an empty name"),
        (json!({"EventSource": "aws:sqs", "body": "hi"}), "sqs", "in the other case"),
        (json!({"messageId": "1", "receiptHandle": "r", "body": "hi"}), "sqs", "a message"),
        (json!({"kinesis": kinesis}), "kinesis", "a record of a stream"),
        (json!({"eventName": "INSERT", "dynamodb": {"Keys": {"id": {"S": "1"}}}}), "dynamodb", "a change"),
        (json!({"eventName": "ObjectCreated:Put", "s3": object}), "s3", "an object"),
        (json!({"eventSource": "shop", "Sns": sns}), "other", "of another source"),
        (json!({"Sns": "hi"}), "other", "of no known form"),
        (json!({"body": "hi"}), "other", "a text"),
    ] {
        assert_eq!(detected(&json!({ "Records": [record] })).source.name, source, "{why}");
    }
}

#[test]
fn the_time_is_linear_wherever_the_records_stand() {
    let many = |members: &str, times: usize| members.repeat(times);
    let records = json!([sqs(json!({}), None, json!("hi"))]).to_string();
    let unfinished = r#""Records":[{"eventSource":"aws:sqs"} 1],"#;
    for (event, source, why) in [
        (format!(r#"{{{}"Records":{records}}}"#, many(r#""Records":[],"#, 200_000)), "sqs", "after many arrays"),
        (format!(r#"{{{}"Records":{records}}}"#, many(unfinished, 100_000)), "sqs", "after many malformed ones"),
        (format!(r#"{{{}"Records":{records}}}"#, many(r#""a":1,"#, 500_000)), "sqs", "after many members"),
        (format!(r#"{{{}"a":1}}"#, many(r#""body":"b","#, 300_000)), "other", "many bodies"),
        (format!(r#"{{"a":{}"#, many("[", 3_000_000)), "other", "deep nesting"),
        (format!(r#"{{"Records":{}"#, many(r#"[{"Records":"#, 200_000)), "other", "deep records"),
    ] {
        let begun = Instant::now();
        assert_eq!(recognised(event.as_bytes(), &config(&[])).source.name, source, "{why}");
        // Without optimisation it is about a second on a busy machine, and minutes if it is quadratic.
        assert!(begun.elapsed() < Duration::from_secs(30), "{why}: {:?}", begun.elapsed());
    }
    let records: Vec<Json> = (0..10_000).map(|_| sqs(json!({}), None, json!("hi"))).collect();
    assert_eq!(detected(&json!({"a": 1, "Records": records})).messages.len(), 10_000);
}
