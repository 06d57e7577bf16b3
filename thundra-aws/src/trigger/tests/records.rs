//! Batches of records, anywhere in the event.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value as Json, json};
use thundra_core::propagation::{ParentSource, Trust};
use thundra_core::testing::assert_linear;

use super::{TRACEPARENT, attributes, config, detected, recognised, sqs};
use crate::payload;
use crate::trigger::parse::time::from_seconds;

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
        (json!({"kinesisSchemaVersion": "1.0", "data": "e30="}), "kinesis", "a record of a stream from a pipe"),
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
fn events_are_recognised_without_the_name_of_their_source() {
    let kafka = json!({"topic": "orders", "partition": 0, "offset": 15, "value": "e30="});
    let activemq = json!({"messageID": "m-1", "destination": {"physicalName": "orders"}, "data": "e30="});
    let change = json!({"event": {"operationType": "insert", "clusterTime": {"$timestamp": {"t": 1, "i": 9}}}});
    for (event, source, why) in [
        (json!({"records": {"orders-0": [kafka]}}), "kafka", "Kafka"),
        (json!({"messages": [activemq]}), "mq", "ActiveMQ"),
        (json!({"rmqMessagesByQueue": {"orders::/": []}}), "mq", "RabbitMQ"),
        (json!({"events": [change]}), "documentdb", "DocumentDB"),
    ] {
        for name in [None, Some(""), Some("shop")] {
            let mut event = event.clone();
            event["eventSource"] = json!(name);
            let expected = if name == Some("shop") { "other" } else { source };
            assert_eq!(detected(&event).source.name, expected, "{why} of {name:?}");
        }
    }
    for event in [
        kafka,
        json!({"records": {"orders-0": [7]}}),
        json!({"records": {"orders": [{"topic": "a"}]}}),
        json!({"messages": [{"messageID": "m-1"}]}),
        json!({"events": [{"event": {"operationType": "insert"}}]}),
    ] {
        assert_eq!(detected(&event).source.name, "other", "{event}");
    }
}

#[test]
fn the_end_of_a_window_is_of_its_stream() {
    for (arn, source, named) in [
        ("arn:aws:kinesis:eu-west-1:1:stream/orders", "kinesis_window", "aws.kinesis.stream_name=orders\n"),
        ("arn:aws:dynamodb:eu-west-1:1:table/orders/stream/1", "dynamodb_window", "faas.document.collection=orders\n"),
        ("arn:aws:sqs:eu-west-1:1:orders", "other", ""),
    ] {
        let event = json!({"Records": [], "window": {"start": "2020-12-09T07:04:00Z", "end": "2020-12-09T07:06:00Z"},
            "state": {"1": 282}, "shardId": "s", "eventSourceARN": arn, "isFinalInvokeForWindow": true,
            "isWindowTerminatedEarly": false});
        let trigger = detected(&event);
        assert_eq!((trigger.source.name, trigger.messages.len()), (source, 0));
        assert!(attributes(&trigger).contains(named), "{}", attributes(&trigger));
    }
}

#[test]
fn the_time_is_linear_wherever_the_records_stand() {
    let many = |members: &str, times: usize| members.repeat(times);
    let records = json!([sqs(json!({}), None, json!("hi"))]).to_string();
    let unfinished = r#""Records":[{"eventSource":"aws:sqs"} 1],"#;
    let after = |members: String| format!(r#"{{{members}"Records":{records}}}"#);
    let events: [(usize, &dyn Fn(usize) -> String, _, _); 6] = [
        (200_000, &|n| after(many(r#""Records":[],"#, n)), "sqs", "after many arrays"),
        (100_000, &|n| after(many(unfinished, n)), "sqs", "after many malformed ones"),
        (500_000, &|n| after(many(r#""a":1,"#, n)), "sqs", "after many members"),
        (300_000, &|n| format!(r#"{{{}"a":1}}"#, many(r#""body":"b","#, n)), "other", "many bodies"),
        (3_000_000, &|n| format!(r#"{{"a":{}"#, many("[", n)), "other", "deep nesting"),
        (200_000, &|n| format!(r#"{{"Records":{}"#, many(r#"[{"Records":"#, n)), "other", "deep records"),
    ];
    for (times, event, source, why) in events {
        let recognise = |event: &String| {
            assert_eq!(recognised(event.as_bytes(), &config(&[])).source.name, source, "{why}");
        };
        assert_linear(times, event, recognise, why);
    }
    let records: Vec<Json> = (0..10_000).map(|_| sqs(json!({}), None, json!("hi"))).collect();
    assert_eq!(detected(&json!({"a": 1, "Records": records})).messages.len(), 10_000);
}

#[test]
fn lists_are_read_as_their_elements() {
    let context = json!({"traceparent": TRACEPARENT, "x-correlation-id": "c-1"});
    let data = BASE64_STANDARD.encode(json!({"__context__": context, "a": 1}).to_string());
    let message = sqs(json!({}), None, json!(json!({"__context__": context}).to_string()));
    let kinesis = json!({"kinesisSchemaVersion": "1.0", "partitionKey": "k", "sequenceNumber": "9", "data": data,
        "approximateArrivalTimestamp": 1.5, "eventSource": "aws:kinesis", "eventID": "shardId-000000000006:9",
        "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/orders"});
    let image = json!({"__context__": {"M": {"traceparent": {"S": TRACEPARENT}, "x-correlation-id": {"S": "c-1"}}}});
    let change = json!({"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb",
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/orders/stream/1", "dynamodb": {"NewImage": image}});
    let bridge = json!({"source": "shop", "detail-type": "t", "detail": {"__context__": context, "a": 1}});
    for (element, source, is_pipe) in [
        (message, "sqs", true),
        (kinesis.clone(), "kinesis", true),
        (change, "dynamodb", true),
        (bridge, "event_bridge", false),
    ] {
        for count in [1, 3] {
            let trigger = detected(&Json::from(vec![element.clone(); count]));
            assert_eq!((trigger.source.name, trigger.messages.len(), trigger.is_pipe), (source, count, is_pipe));
            for message in &trigger.messages {
                assert_eq!(message.inbound.source, ParentSource::TraceParent, "{source}");
                assert_eq!(message.inbound.correlation.get("id"), Some("c-1"), "{source}");
            }
            let pipe = "thundra.trigger.pipe=true\n";
            assert_eq!(attributes(&trigger).contains(pipe), is_pipe, "{source}");
        }
    }
    let kinesis = detected(&json!([kinesis]));
    assert!(attributes(&kinesis).contains("messaging.destination.name=orders\n"));
    assert_eq!(kinesis.messages[0].sent_at, from_seconds(1.5));
    for text in
        ["[]", "[1]", "[null]", "[{}]", "[[]]", r#"[{"eventSource":"aws:new"}]"#, r#"[{"eventSource":"aws:sqs"}"#]
    {
        let trigger = recognised(text.as_bytes(), &config(&[]));
        assert_eq!((trigger.source.name, trigger.messages.len()), ("other", 0), "{text}");
    }
}

#[test]
fn each_context_of_a_list_is_cut_out() {
    let context = r#"{"x-correlation-id":"c-1"}"#;
    let event = |detail: &str| format!(r#"{{"source":"s","detail-type":"t","detail":{detail}}}"#);
    let with = event(&format!(r#"{{"__context__":{context},"a":1}}"#));
    let last = event(&format!(r#"{{"a":1,"__context__":{context}}}"#));
    let without = event(r#"{"a":1}"#);
    for (events, rest) in [
        (vec![&with, &without, &last], vec![&without; 3]),
        (vec![&with], vec![&without]),
        (vec![&without], vec![&without]),
    ] {
        let list =
            |events: &[&String]| format!(" [ {} ] ", events.iter().map(|e| e.as_str()).collect::<Vec<_>>().join(" , "));
        let text = list(&events);
        let trigger = recognised(text.as_bytes(), &config(&[]));
        assert_eq!(payload::strip_all(Bytes::from(text), &trigger.context_ranges), list(&rest));
    }
}

#[test]
fn tasks_of_s3_are_read_in_both_schemas() {
    let first = json!({"invocationSchemaVersion": "1.0", "invocationId": "i", "job": {"id": "j-1"}, "tasks": [
        {"taskId": "t-1", "s3Key": "Happy+Face%2Ejpg", "s3VersionId": null, "s3BucketArn": "arn:aws:s3:::photos"}]});
    let second = json!({"tasks": [
        {"taskId": "t-1", "s3Key": "Happy%20Face.jpg", "s3VersionId": "1", "s3Bucket": "photos"}],
        "invocationSchemaVersion": "2.0", "invocationId": "i",
        "job": {"id": "j-1", "userArguments": {"traceparent": TRACEPARENT, "x-correlation-id": "c-1"}}});
    for (event, parent, id) in [(first, ParentSource::None, None), (second, ParentSource::TraceParent, Some("c-1"))] {
        let trigger = detected(&event);
        let [task] = trigger.messages.as_slice() else { panic!("{event}") };
        assert_eq!((trigger.source.name, task.inbound.source), ("s3_batch", parent));
        assert_eq!(task.inbound.correlation.get("id"), id);
        assert_eq!(
            attributes(&trigger),
            "faas.trigger=datasource\naws.s3.batch.job.id=j-1\naws.s3.bucket=photos\nfaas.document.collection=photos\n\
             aws.s3.batch.task.id=t-1\naws.s3.key=Happy Face.jpg\nfaas.document.name=Happy Face.jpg\n"
        );
    }
}
