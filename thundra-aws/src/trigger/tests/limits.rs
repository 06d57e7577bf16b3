//! Long events, events of no known source, and texts without JSON.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{config, detected, recognised};

#[test]
fn no_event_makes_a_large_span() {
    let long = "a".repeat(60_000);
    let headers = json!({"host": long, "user-agent": long, "x-forwarded-for": long, "x-forwarded-proto": long});
    let query = format!("{long}=1&{}", "k=v&".repeat(10_000));
    let names: Json = (0..200).map(|n| (format!("{n}{}", "k".repeat(60)), json!("v"))).collect();
    let arn = |kind: &str| format!("arn:aws:{kind}:eu-west-1:1:{long}");
    let record = |source: &str| {
        json!({"Records": [{"eventSource": source, "EventSource": source, "messageId": long, "eventSourceARN": arn(source),
        "eventTime": long, "s3": {"bucket": {"name": long}, "object": {"key": long}},
        "Sns": {"TopicArn": arn("sns"), "MessageId": long}, "kinesis": {"sequenceNumber": long}, "eventID": format!("{long}:1"),
        "dynamodb": {"SequenceNumber": long}}]})
    };
    let events = [
        json!({"routeKey": format!("GET /{long}"), "rawPath": format!("/{long}"), "rawQueryString": query, "headers": headers,
            "requestContext": {"domainName": long, "requestId": long, "http": {"method": long, "sourceIp": long, "protocol": long}}}),
        json!({"resource": long, "path": long, "httpMethod": "GET", "headers": headers, "queryStringParameters": names,
            "requestContext": {"requestId": long, "identity": {"sourceIp": long, "userAgent": long}}}),
        json!({"headers": headers, "requestContext": {"connectionId": "1", "eventType": "CONNECT", "routeKey": long}}),
        json!({"method": long, "raw_path": long, "headers": headers}),
        json!({"params": {"header": headers, "querystring": names}, "context": {"http-method": long, "resource-path": long}}),
        json!({"arguments": {}, "info": {"parentTypeName": long, "fieldName": long}, "request": {"headers": headers}}),
        json!({"authorizationToken": long, "methodArn": format!("arn:a/s/{long}/{long}"), "headers": headers}),
        json!({"authorizationToken": long, "requestContext": {"apiId": "a", "operationName": long}, "requestHeaders": headers}),
        json!({"Records": [{"cf": {"config": {"eventType": long, "distributionId": long},
            "request": {"method": long, "uri": long, "querystring": query, "clientIp": long, "headers": headers}}}]}),
        json!({"info": {"channelNamespace": {"name": long}, "operation": long}}),
        json!({"triggerSource": long, "userPoolId": long}),
        json!({"source": long, "detail-type": long, "id": long, "time": long, "detail": {}}),
        json!({"source": "aws.events", "detail-type": "Scheduled Event", "time": long, "detail": {}}),
        json!({"deliveryStreamArn": format!("arn:aws:firehose:eu-west-1:1:deliverystream/{long}"), "records": [{"recordId": long}]}),
        record("aws:s3"),
        record("aws:sqs"),
        record("aws:sns"),
        record("aws:kinesis"),
        record("aws:dynamodb"),
    ];
    for event in events {
        let trigger = detected(&event);
        assert_ne!(trigger.source.name, "other", "{:.60}", event.to_string());
        let messages = trigger.messages.iter().flat_map(|message| &message.attributes);
        for (key, value) in trigger.attributes.iter().chain(messages) {
            assert!(value.to_string().len() <= 2050, "{key} of {:?}: {}", trigger.source.name, value.to_string().len());
        }
        let name = trigger.span_name.map_or(0, |name| name.len());
        assert!(name <= 2048, "{:?}: {name}", trigger.source.name);
        assert_eq!(trigger.default_correlation_id, None, "{:?}", trigger.source.name);
        if trigger.source.faas_trigger.as_str() == "http" {
            let agent = trigger.attributes.iter().find(|(key, _)| *key == "user_agent.original").unwrap();
            assert_eq!(agent.1.as_str().map(str::len), Some(256));
        }
    }
}

#[test]
fn oddities_are_other() {
    for body in [
        "",
        "null",
        "5",
        "[]",
        "{}",
        "{",
        "[[[[",
        r#"{"Records":[]}"#,
        r#"{"Records":null}"#,
        r#"{"Records":[null]}"#,
        r#"{"Records":{}}"#,
        r#"{"Records":[{"eventSource":"aws:new"}]}"#,
        r#"{"requestContext":{}}"#,
        r#"{"requestContext":7,"httpMethod":"GET"}"#,
        r#"{"a":1}{"a":2}"#,
        r#"{"detail":{},"source":1,"detail-type":"x"}"#,
    ] {
        let trigger = recognised(body.as_bytes(), &config(&[]));
        assert_eq!(
            (trigger.source.name, trigger.source.faas_trigger.as_str(), trigger.messages.len()),
            ("other", "other", 0),
            "{body}"
        );
    }
    assert_eq!(recognised(b"{\"__context__\":{},\"a\":\"\xff\"}", &config(&[])).source.name, "other", "not UTF-8");
    let bare = detected(&json!({"Records": [{"eventSource": "aws:sqs"}, {"eventSource": "aws:sqs"}]}));
    assert_eq!((bare.source.name, bare.messages.len(), bare.is_batch()), ("sqs", 2, true));
}

proptest! {
    #[test]
    fn any_bytes_are_some_trigger(body in prop::collection::vec(any::<u8>(), 0..64)) {
        recognised(&body, &config(&[]));
    }
}
