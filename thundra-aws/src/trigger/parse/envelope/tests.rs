//! Bodies of messages, and the contexts in the bodies.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use serde_json::json;
use thundra_core::propagation::{Propagators, Trust};
use thundra_core::testing::assert_linear;

use super::*;

const ARN: &str = "arn:aws-cn:sns:eu-west-1:1:orders";

fn extractor() -> Extractor<'static> {
    Extractor::new(Propagators::default(), Trust::Full)
}

#[test]
fn envelopes_are_opened_down_to_the_context() {
    let context = |id| json!({"x-correlation-id": id, "call-chain-length": 2});
    let event =
        json!({"detail-type": "placed", "source": "shop", "detail": {"__context__": context("bridge"), "a": 1}});
    let ids = json!({"x-correlation-id": {"Type": "String", "Value": "sns"}, "b": {"Type": "Binary", "Value": "AAAA"}});
    let tenant = json!({"tenant": {"Type": "String", "Value": "7"}});
    let malformed =
        json!({"traceparent": {"Type": "String", "Value": "what"}, "User-Agent": {"Type": "String", "Value": "curl"}});
    let binary = json!({"x-correlation-id": {"Type": "Binary", "Value": "AAAA"}});
    let notification = |message: &str, attributes: &serde_json::Value| json!({"Type": "Notification", "TopicArn": ARN, "Message": message, "MessageAttributes": attributes});
    let event_in = |attributes| notification(&event.to_string(), attributes);
    let records = |number| {
        let record = json!({"EventSource": "aws:sns", "Sns": notification("hi", &ids)});
        json!({"Records": vec![record; number]})
    };
    let failed = |payload: &serde_json::Value| json!({"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": payload});
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let state = json!({"Execution": {"Id": "e", "Input": {"__context__": context("input")}}, "State": {"Name": "s"}});
    let queued = json!({"Records": [{"eventSource": "aws:sqs", "messageAttributes": {}, "body": event.to_string()}]});
    let with_attributes = json!({"Records": [{"messageAttributes": {"x-correlation-id": {"dataType": "Binary", "binaryValue": "c3Fz"}}, "body": "hi"}]});
    let delivery = |data: serde_json::Value, metadata: serde_json::Value| json!({"Data": data, "Metadata": metadata, "SystemMetadata": {"aws:DeliveryType": "LIVE"}});
    let cloud =
        json!({"specversion": "1.0", "id": "1", "type": "t", "source": "s", "data": {"__context__": context("cloud")}});
    let deep = (0..8).fold(event.to_string(), |body, _| notification(&body, &json!({})).to_string());
    for (body, id, why) in [
        (json!({"__context__": context("body"), "a": 1}).to_string(), Some("body"), "a context in the body"),
        (event.to_string(), Some("bridge"), "EventBridge"),
        (event_in(&json!({})).to_string(), Some("bridge"), "EventBridge in SNS"),
        (event_in(&tenant).to_string(), Some("bridge"), "beside an attribute of the user's"),
        (event_in(&malformed).to_string(), Some("bridge"), "beside attributes that are no context"),
        (event_in(&binary).to_string(), Some("bridge"), "beside bytes"),
        (event_in(&ids).to_string(), Some("sns"), "SNS's attributes win"),
        (notification("hi", &ids).to_string(), Some("sns"), "SNS"),
        (notification(&event_in(&tenant).to_string(), &tenant).to_string(), Some("bridge"), "SNS in SNS"),
        (records(1).to_string(), Some("sns"), "the event of a failed invocation"),
        (records(2).to_string(), None, "two senders"),
        (failed(&records(1)).to_string(), Some("sns"), "the record of a failed invocation"),
        (failed(&json!({"__context__": context("body")})).to_string(), Some("body"), "the record of a failed call"),
        (
            json!({"detail-type": "Lambda Function Invocation Result - Failure", "source": "lambda", "detail": failed(&event)})
                .to_string(),
            Some("bridge"),
            "the same by EventBridge",
        ),
        (json!({"MessageAttributes": {"a": {"Type": "String", "Value": "1"}}}).to_string(), None, "no notification"),
        (json!({"a": {"__context__": context("nested")}}).to_string(), None, "nested in the user's own data"),
        (json!({"__context__": "mine"}).to_string(), None, "the user's own"),
        ("__context__".to_owned(), None, "text"),
        ("null".to_owned(), None, "null"),
        (notification(&notification("hi", &ids).to_string(), &json!(null)).to_string(), Some("sns"), "SNS in SNS alone"),
        (json!({"detail-type": "t", "source": "pipe", "detail": notification(&event.to_string(), &json!({}))}).to_string(), Some("bridge"), "SNS in EventBridge"),
        (queued.to_string(), Some("bridge"), "EventBridge in SQS, in a record"),
        (with_attributes.to_string(), Some("sqs"), "the bytes of an attribute of SQS"),
        (failed(&queued).to_string(), Some("bridge"), "a failed message"),
        (failed(&json!({"headers": {"x-correlation-id": "http", "traceparent": traceparent}})).to_string(), Some("http"), "a failed request"),
        (delivery(json!({"a": 1}), json!({"x-correlation-id": "meta", "traceparent": traceparent})).to_string(), Some("meta"), "a bus, its metadata"),
        (delivery(event.clone(), json!({})).to_string(), Some("bridge"), "a bus, an event of PutEvents"),
        (delivery(cloud.clone(), json!({"tenant": "7"})).to_string(), Some("cloud"), "a bus, a CloudEvent"),
        (json!({"Data": {"__context__": context("mine")}, "SystemMetadata": {}}).to_string(), None, "no bus"),
        (cloud.to_string(), Some("cloud"), "a CloudEvent"),
        (json!({"specversion": "1.0", "type": "t", "data": {"__context__": context("mine")}}).to_string(), None, "no CloudEvent"),
        (event_in(&json!({})).to_string().replace("shop", "aws.s3"), Some("bridge"), "an event of S3"),
        (state.to_string(), Some("input"), "the context object of Step Functions"),
        (json!({"StatusCode": 200, "Payload": {"__context__": context("body")}}).to_string(), Some("body"), "a result"),
        (json!({"Payload": state}).to_string(), Some("input"), "the context object in a result"),
        (json!({"a": 1, "headers": {"x-correlation-id": "py", "traceparent": traceparent}}).to_string(), Some("py"), "Python's headers"),
        (json!({"headers": {"accept": "a", "a": "traceparent"}}).to_string(), None, "other headers"),
        (deep, None, "too deep"),
    ] {
        let opened = open(body.as_bytes(), &extractor());
        let read = opened.as_ref().and_then(|opened| opened.inbound.correlation.get("id"));
        assert_eq!(read, id, "{why}");
        let is_own = opened.as_ref().is_some_and(|opened| opened.range.is_some());
        assert_eq!(is_own, body.starts_with(r#"{"__context__":{"#), "{why}");
        assert_eq!(open_string(&json!(body).to_string(), &extractor()), opened, "{why}, as a string");
    }
}

proptest! {
    #[test]
    fn any_text_is_opened_without_panic(text in "(\\{\"__context__\"|\\{\"TopicArn\":\"MessageAttributes:sns:\")?[{}\":,a]*|\\PC*") {
        open(text.as_bytes(), &extractor());
        open_string(&text, &extractor());
        own_context_of_string(&text);
    }
}

#[test]
fn the_context_of_another_vendor_comes_last() {
    const THEIRS: &str = "00-11111111111111111111111111111111-2222222222222222-01";
    const OURS: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let theirs = json!({"traceparent": THEIRS, "x-datadog-trace-id": "7"});
    let attribute = json!({"_datadog": {"Type": "Binary", "Value": BASE64_STANDARD.encode(theirs.to_string())}});
    let notification = |message: String| json!({"TopicArn": ARN, "Message": message, "MessageAttributes": attribute});
    let event = |detail: serde_json::Value| json!({"detail-type": "t", "source": "s", "detail": detail}).to_string();
    let ids = json!({"x-correlation-id": "c-1"});
    let ours = json!({"traceparent": OURS});
    let other = json!({"traceparent": OURS.replace("0a", "1a")});
    for (body, parent, id, why) in [
        (json!({"_datadog": theirs}).to_string(), THEIRS, None, "in the payload"),
        (event(json!({"_datadog": theirs, "a": 1})), THEIRS, None, "in the detail"),
        (notification("hi".to_owned()).to_string(), THEIRS, None, "an attribute"),
        (notification(event(json!({"_datadog": other}))).to_string(), THEIRS, None, "the outermost one"),
        (notification(event(json!({"__context__": ours}))).to_string(), OURS, None, "ours inside"),
        (notification(event(json!({"__context__": ids}))).to_string(), THEIRS, Some("c-1"), "beside ids alone"),
        (json!({"__context__": ours, "_datadog": theirs}).to_string(), OURS, None, "ours beside it"),
        (
            json!({"headers": {"x-datadog-trace-id": "7", "x-datadog-parent-id": "8"}}).to_string(),
            "",
            None,
            "no name of W3C",
        ),
    ] {
        let inbound = open(body.as_bytes(), &extractor()).map(Opened::into_inbound).unwrap_or_default();
        let read = inbound.parent.as_ref().map(thundra_core::propagation::format_traceparent);
        assert_eq!(read.as_deref().unwrap_or_default(), parent, "{why}");
        assert_eq!(inbound.correlation.get("id"), id, "{why}");
    }
}

#[test]
fn objects_of_s3_are_named() {
    let record = json!({"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "a+b"}}});
    let s3 = json!({"Records": [record]}).to_string();
    let in_sns = json!({"TopicArn": ARN, "Message": s3, "Type": "Notification"}).to_string();
    let detail = json!({"bucket": {"name": "b"}, "object": {"key": "a b"}, "reason": "PutObject"});
    let event = json!({"detail-type": "Object Created", "source": "aws.s3", "detail": detail}).to_string();
    let in_sns_of_event = json!({"TopicArn": ARN, "Message": event}).to_string();
    for (body, why) in [(s3, "S3"), (in_sns, "SNS"), (event, "EventBridge"), (in_sns_of_event, "EventBridge in SNS")] {
        for opened in [open(body.as_bytes(), &extractor()), open_string(&json!(body).to_string(), &extractor())] {
            let attributes = opened.unwrap().attributes;
            assert_eq!(format!("{attributes:?}").matches("a b").count(), 1, "{why}");
            assert_eq!(attributes[0], ("aws.s3.bucket", "b".into()), "{why}");
        }
    }
    let two = json!({"Records": [record, record]}).to_string();
    assert_eq!(open(two.as_bytes(), &extractor()), None);
}

#[test]
fn the_time_is_linear() {
    let many = |text: &str, times: usize| text.repeat(times);
    let attribute = |n| format!(r#""a{n}":{{"Type":"String","Value":"traceparent"}},"#);
    let attributes = |times| (0..times).map(attribute).collect::<String>();
    let nested = |before: &str, inner: &str, n| format!("{}{inner}{}", many(before, n), many("}", n));
    let bodies: [(usize, &dyn Fn(usize) -> String); 9] = [
        (100_000, &|n| {
            format!(r#"{{"TopicArn":"{ARN}","Message":"m","MessageAttributes":{{{}"z":1}}}}"#, attributes(n))
        }),
        (20_000, &|n| format!(r#"{{"headers":{{{}"z":1}}}}"#, attributes(n))),
        (20_000, &|n| format!(r#"{{"_datadog":{{{}"z":1}}}}"#, attributes(n))),
        (50_000, &|n| nested(r#"{"Payload":"#, r#""traceparent""#, n)),
        (30_000, &|n| nested(r#"{"detail-type":"t","source":"s","detail":"#, "1", n) + "traceparent"),
        (60_000, &|n| format!(r#"{{"Records":[{}{{"traceparent":1}}]}}"#, many(r#"{"Sns":{}},"#, n))),
        (3_000_000, &|n| format!(r#"{{"a":"traceparent","b":{}"#, many("[", n))),
        (300_000, &|n| many(r#""__context__""#, n)),
        (300_000, &|n| many(r#"{"__context__":"#, n)),
    ];
    for (times, body) in bodies {
        let texts = |times| (body(times), json!(body(times)).to_string());
        let open_both = |(body, string): &(String, String)| {
            open(body.as_bytes(), &extractor());
            open_string(string, &extractor());
        };
        assert_linear(times, texts, open_both, &body(1));
    }
}
