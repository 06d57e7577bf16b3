//! Messages and the carriers of contexts.

use serde_json::{Value as Json, json};
use thundra_core::propagation::{Extraction, ParentSource, Propagators, Trust};

use super::{TRACEPARENT, XRAY, attributes, config, detected, recognised, sqs};
use crate::payload;
use crate::trigger::detect;
use crate::trigger::parse::time::from_millis;

#[test]
fn a_message_is_read_from_every_carrier() {
    let own = json!({"traceparent": {"stringValue": TRACEPARENT, "dataType": "String"}, "x-correlation-id": {"stringValue": "c-1", "dataType": "String.id"}});
    let others = json!({"a": {"stringValue": "1", "dataType": "String"}});
    let context = json!({"x-correlation-id": "c-1", "x-correlation-traceparent": TRACEPARENT});
    let body = json!({"__context__": context, "a": 1}).to_string();
    let bridge = json!({"detail-type": "t", "source": "s", "detail": {"__context__": context}}).to_string();
    let notification = json!({"TopicArn": "arn:aws:sns:eu-west-1:1:orders", "Message": "hi", "MessageAttributes": {
        "traceparent": {"Type": "String", "Value": TRACEPARENT}, "x-correlation-id": {"Type": "String", "Value": "c-1"}}}).to_string();
    let text = |value: &str| json!({"stringValue": value, "dataType": "String"});
    let dead_letter = json!({"RequestID": text("r-1"), "ErrorCode": text("200"), "ErrorMessage": text("no")});
    let malformed = json!({"traceparent": text("what"), "User-Agent": text("curl"), "debug-log-enabled": text("true")});
    let other = json!({"__context__": {"x-correlation-id": "another"}}).to_string();
    let theirs = TRACEPARENT.replace("0a", "1a");
    let datadog = json!({"traceparent": theirs, "x-datadog-trace-id": "7"}).to_string();
    let bytes = |value: &str| {
        use base64::Engine;
        json!({"binaryValue": base64::prelude::BASE64_STANDARD.encode(value), "dataType": "Binary"})
    };
    let raw = json!({"traceparent": bytes(TRACEPARENT), "x-correlation-id": bytes("c-1")});
    let tracer = json!({"traceparent": text(&theirs)});
    let mut parsed = sqs(json!({}), None, json!({"__context__": context, "a": 1}));
    parsed["attributes"]["DeadLetterQueueSourceArn"] = json!("arn:aws:sqs:eu-west-1:1:orders");
    let mut numeric = sqs(json!({}), None, json!("hi"));
    numeric["attributes"]["SentTimestamp"] = json!(1_520_621_625_029_u64);
    use ParentSource::{Correlation, TraceParent, XRay};
    for (record, source, id, why) in [
        (sqs(own.clone(), Some(XRAY), json!("hi")), TraceParent, Some("c-1"), "its attributes"),
        (sqs(json!({}), Some(XRAY), json!("hi")), XRay, None, "the system attribute"),
        (sqs(json!({}), None, json!(bridge)), Correlation, Some("c-1"), "EventBridge in SQS"),
        (sqs(json!({}), Some(XRAY), json!(body)), XRay, Some("c-1"), "the body's ids beside X-Ray's parent"),
        (sqs(others.clone(), None, json!(body)), Correlation, Some("c-1"), "the body beside attributes of the user's"),
        (sqs(dead_letter.clone(), None, json!(notification)), TraceParent, Some("c-1"), "SNS in a dead-letter queue"),
        (sqs(dead_letter, Some(XRAY), json!(notification)), TraceParent, Some("c-1"), "beside X-Ray's parent"),
        (sqs(malformed, None, json!(bridge)), Correlation, Some("c-1"), "beside attributes that are no context"),
        (sqs(own.clone(), None, json!(other)), TraceParent, Some("c-1"), "its attributes, not the body"),
        (sqs(others, Some(XRAY), json!("hi")), XRay, None, "the system attribute beside others"),
        (sqs(raw, Some(XRAY), json!("hi")), TraceParent, Some("c-1"), "raw delivery of bytes"),
        (
            sqs(json!({"_datadog": text(&datadog)}), Some(XRAY), json!("hi")),
            TraceParent,
            None,
            "Datadog's, not X-Ray's",
        ),
        (sqs(json!({"_datadog": bytes(&datadog)}), None, json!("hi")), TraceParent, None, "Datadog's by raw delivery"),
        (
            sqs(json!({"_datadog": text(&datadog)}), None, json!(body)),
            Correlation,
            Some("c-1"),
            "the body, not Datadog's",
        ),
        (sqs(json!({"_datadog": text("{}")}), Some(XRAY), json!("hi")), XRay, None, "Datadog's without a context"),
        (sqs(tracer.clone(), None, json!(body)), TraceParent, Some("c-1"), "a tracer without ids, and the body's"),
        (sqs(tracer, Some(XRAY), json!(bridge)), TraceParent, Some("c-1"), "and those of EventBridge"),
        (parsed, Correlation, Some("c-1"), "a body that a pipe has parsed"),
        (sqs(json!(null), None, json!(null)), ParentSource::None, None, "no body"),
        (sqs(json!(7), None, json!(7)), ParentSource::None, None, "nonsense"),
        (numeric, ParentSource::None, None, "a time as a number"),
    ] {
        let trigger = detected(&json!({"Records": [record]}));
        let [message] = trigger.messages.as_slice() else { panic!("{why}") };
        assert_eq!((trigger.is_batch(), message.inbound.source), (false, source), "{why}");
        assert_eq!(message.inbound.correlation.get("id"), id, "{why}");
        assert_eq!(message.sent_at, from_millis(1_520_621_625_029.0), "{why}");
    }
    let batch = detected(&json!({"Records": [sqs(own, None, json!("a")), sqs(json!({}), None, json!("b"))]}));
    assert!(batch.is_batch());
    assert_eq!(batch.messages.len(), 2);
    assert!(!attributes(&batch).contains("messaging.message.id"));
}

#[test]
fn dead_letters_and_replays_say_what_they_are() {
    let text = |value: &str| json!({"stringValue": value, "dataType": "String"});
    let mut record = sqs(json!({"RequestID": text("r-1"), "ErrorCode": text("200")}), None, json!("hi"));
    record["attributes"]["DeadLetterQueueSourceArn"] = json!("arn:aws:sqs:eu-west-1:1:first");
    let found = attributes(&detected(&json!({"Records": [record]})));
    assert!(found.ends_with(
        "messaging.message.id=m-1\nthundra.dead_letter.sender=lambda\nthundra.dead_letter.error=200\n\
         thundra.dead_letter.queue_source=arn:aws:sqs:eu-west-1:1:first\n"
    ));
    for (replay, is_old) in [(json!("monday"), true), (json!(null), false)] {
        let trigger = detected(&json!({"source": "s", "detail-type": "t", "detail": {}, "replay-name": replay}));
        assert_eq!(trigger.messages[0].is_old(), is_old);
        assert_eq!(attributes(&trigger).contains("aws.eventbridge.replay_name=monday\n"), is_old);
    }
}

#[test]
fn messages_about_objects_of_s3_name_them() {
    let record = json!({"eventSource": "aws:s3", "s3": {"bucket": {"name": "photos"}, "object": {"key": "a+b"}}});
    let s3 = json!({"Records": [record]}).to_string();
    let in_sns = json!({"TopicArn": "arn:aws:sns:eu-west-1:1:t", "Type": "Notification", "Message": s3});
    let by_sns = json!({"Records": [{"EventSource": "aws:sns", "Sns": in_sns}]});
    for (event, source) in [
        (json!({"Records": [sqs(json!({}), None, json!(s3))]}), "sqs"),
        (json!({"Records": [sqs(json!({}), Some(XRAY), json!(in_sns.to_string()))]}), "sqs"),
        (by_sns, "sns"),
    ] {
        let trigger = detected(&event);
        assert_eq!(trigger.source.name, source);
        assert!(attributes(&trigger).ends_with("aws.s3.bucket=photos\naws.s3.key=a b\n"), "{source}");
    }
}

#[test]
fn the_context_of_the_body_is_received_beside_that_of_the_attributes() {
    let context = json!({"x-correlation-id": "of the body"}).to_string();
    let attributes = json!({"x-correlation-id": {"stringValue": "c-1", "dataType": "String"}});
    for (body, received, why) in [
        (format!(r#"{{"__context__":{context},"a":1}}"#), Some(&context), "its own"),
        (format!(r#"{{"a":{{"__context__":{context}}}}}"#), None, "of the user's data"),
        ("hi".to_owned(), None, "none"),
    ] {
        let trigger = detected(&json!({"Records": [sqs(attributes.clone(), None, json!(body))]}));
        let [message] = trigger.messages.as_slice() else { panic!("{why}") };
        assert_eq!(message.inbound.correlation.get("id"), Some("c-1"), "{why}");
        assert_eq!(message.received_context.as_ref(), received, "{why}");
    }
}

#[test]
fn notifications_and_streams_carry_their_context() {
    let context = json!({"traceparent": TRACEPARENT, "x-correlation-id": "c-1", "call-chain-length": 2});
    let record = |data: &Json| {
        use base64::Engine;
        let data = base64::prelude::BASE64_STANDARD.encode(data.to_string());
        json!({"eventSource": "aws:kinesis", "eventID": "shard-1:9", "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/orders",
            "kinesis": {"data": data, "sequenceNumber": "9", "partitionKey": "k", "approximateArrivalTimestamp": 1.5}})
    };
    let typed =
        json!({"traceparent": {"S": TRACEPARENT}, "call-chain-length": {"N": "2"}, "x-correlation-id": {"S": "c-1"}});
    let sns = json!({"traceparent": {"Type": "String", "Value": TRACEPARENT}, "x-correlation-id": {"Type": "String", "Value": "c-1"}});
    for (event, source) in [
        (json!({"Records": [record(&json!({"__context__": context, "a": 1}))]}), "kinesis"),
        (
            json!({"Records": [{"EventSource": "aws:sns", "Sns": {"MessageAttributes": sns, "TopicArn": "arn:aws:sns:eu-west-1:1:t"}}]}),
            "sns",
        ),
        (
            json!({"Records": [{"eventSource": "aws:dynamodb", "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/orders/stream/1",
                "dynamodb": {"NewImage": {"__context__": {"M": typed}}}}]}),
            "dynamodb",
        ),
        (
            json!({"deliveryStreamArn": "arn:aws-cn:firehose:cn-north-1:1:deliverystream/orders",
                "records": [{"recordId": "1", "data": record(&json!({"__context__": context}))["kinesis"]["data"]}]}),
            "firehose",
        ),
    ] {
        let trigger = detected(&event);
        assert_eq!(trigger.source.name, source);
        assert_eq!(trigger.messages[0].inbound.source, ParentSource::TraceParent, "{source}");
        assert_eq!(trigger.messages[0].inbound.correlation.get("id"), Some("c-1"), "{source}");
        assert!(trigger.context_ranges.is_empty());
    }
}

#[test]
fn of_several_messages_no_scope_receives_a_context() {
    let own = json!({"traceparent": {"stringValue": TRACEPARENT, "dataType": "String"}});
    let message = sqs(own, None, json!(json!({"__context__": {"x-correlation-id": "c-1"}}).to_string()));
    let alone = detected(&json!({"Records": [message]}));
    let several = detected(&json!({"Records": [message, message]}));
    let begin = || Extraction::new(Propagators::default(), Trust::Full);
    let read = |mut extraction: Extraction| {
        extraction.take("traceparent", TRACEPARENT);
        extraction.take("x-correlation-id", "c-1");
        extraction.finish()
    };
    assert_eq!(alone.messages[0].inbound, read(begin()));
    assert!(alone.messages[0].received_context.is_some());
    for message in &several.messages {
        assert_eq!(message.inbound, read(begin().for_link()));
        assert_eq!(message.received_context, None);
    }
    assert_ne!(alone.messages[0].inbound, several.messages[0].inbound, "the received values");
}

#[test]
fn a_context_in_the_event_is_cut_out() {
    let context = json!({"x-correlation-id": "c-1", "call-chain-length": 2, "debug-log-enabled": "true"});
    for (event, source, rest) in [
        (format!(r#"{{"__context__":{context},"a":1.0}}"#), "direct", r#"{"a":1.0}"#),
        (
            format!(r#"{{"__context__":{context},"configRuleName":"r","invokingEvent":"{{}}"}}"#),
            "config",
            r#"{"configRuleName":"r","invokingEvent":"{}"}"#,
        ),
        (
            format!(
                r#" {{"detail-type":"t","source":"s","id":"7","detail": {{ "__context__": {context}, "a": 1 }} }}"#
            ),
            "event_bridge",
            r#" {"detail-type":"t","source":"s","id":"7","detail": { "a": 1 } }"#,
        ),
    ] {
        let trigger = recognised(event.as_bytes(), &config(&[]));
        assert_eq!(trigger.source.name, source);
        let [message] = trigger.messages.as_slice() else { panic!() };
        assert!(message.inbound.correlation.debug_log_enabled());
        assert_eq!(message.received_context, Some(context.to_string()));
        let [range] = trigger.context_ranges.as_slice() else { panic!() };
        assert_eq!(String::from_utf8(payload::strip(event.as_bytes(), range)).unwrap(), rest);
    }
    let own = detected(&json!({"__context__": "mine"}));
    assert_eq!((own.source.name, own.context_ranges.len(), own.messages.len()), ("other", 0, 0));
}

#[test]
fn every_carrier_keeps_to_the_rules_of_trace_context() {
    const OTHER: &str = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let rest = |headers: Json, many: Json| json!({ "httpMethod": "GET", "path": "/", "requestContext": { "requestId": "r" }, "headers": headers, "multiValueHeaders": many });
    let sqs = |pairs: &[(&str, &str)]| {
        let attributes =
            pairs.iter().map(|(name, value)| (name.to_string(), json!({ "dataType": "String", "stringValue": value })));
        let attributes: serde_json::Map<_, _> = attributes.collect();
        json!({ "Records": [{ "eventSource": "aws:sqs", "body": "b", "messageAttributes": attributes }] })
    };
    let direct = |members: &str| format!(r#"{{"__context__":{{{members}}}}}"#);
    let twice = format!(r#""traceparent":"{TRACEPARENT}","traceparent":"{OTHER}""#);
    let state = r#""tracestate":"\tfoo=1 \t, foo=2,bar=3""#;
    for (event, random, kept, why) in [
        (direct(&twice), None, None, "twice in a payload"),
        (direct(&format!(r#""traceparent":"{TRACEPARENT}",{state}"#)), Some(false), Some("foo=1,bar=3"), "white space"),
        (direct(&format!(r#""traceparent":"{}""#, TRACEPARENT.replace("-01", "-03"))), Some(true), None, "the flag"),
        (
            rest(Json::Null, json!({ "traceparent": [TRACEPARENT, OTHER] })).to_string(),
            None,
            None,
            "twice in the headers of an event",
        ),
        (
            rest(json!({ "traceparent": format!("{TRACEPARENT}, {OTHER}") }), Json::Null).to_string(),
            None,
            None,
            "joined in the headers of an event",
        ),
        (
            sqs(&[("traceparent", &TRACEPARENT.replace("-01", "-03")), ("tracestate", "\tfoo=1 ,foo=2, bar=3\t")])
                .to_string(),
            Some(true),
            Some("foo=1,bar=3"),
            "attributes",
        ),
        (sqs(&[("traceparent", TRACEPARENT), ("TraceParent", OTHER)]).to_string(), None, None, "twice in attributes"),
        (
            sqs(&[("traceparent", TRACEPARENT), ("tracestate", "foo=1\u{3000}")]).to_string(),
            Some(false),
            None,
            "white space of another kind",
        ),
    ] {
        let trigger = detect(event.as_bytes(), &config(&[]), Trust::Full);
        let parent = trigger.messages.first().and_then(|message| message.inbound.parent.as_ref());
        assert_eq!(parent.map(|parent| parent.random), random, "{why}: {event}");
        assert_eq!(parent.and_then(|parent| parent.trace_state.as_deref()), kept, "{why}: {event}");
    }
}

#[test]
fn the_ids_of_a_payload_go_on_below_the_parent_of_a_tracer_without_ids() {
    use base64::Engine;
    let context =
        json!({"traceparent": TRACEPARENT.replace("0a", "1a"), "x-correlation-id": "c-1", "call-chain-length": 4});
    let payload = json!({"__context__": context, "a": 1});
    let data = base64::prelude::BASE64_STANDARD.encode(payload.to_string());
    let header = json!([{"traceparent": TRACEPARENT.as_bytes()}]);
    let sns = json!({"TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": payload.to_string(),
        "MessageAttributes": {"traceparent": {"Type": "String", "Value": TRACEPARENT}}});
    for (event, source) in [
        (json!({"Records": [{"EventSource": "aws:sns", "Sns": sns}]}), "sns"),
        (json!({"Records": [sqs(json!({}), None, json!(sns.to_string()))]}), "sqs"),
        (
            json!({"specversion": "1.0", "type": "t", "source": "s", "traceparent": TRACEPARENT, "data": payload}),
            "cloud_events",
        ),
        (
            json!({"Data": payload, "Metadata": {"traceparent": TRACEPARENT}, "SystemMetadata": {"aws:DeliveryType": "LIVE"}}),
            "event_bus",
        ),
        (
            json!({"eventSource": "aws:kafka", "records": {"t-0": [{"topic": "t", "headers": header, "value": data}]}}),
            "kafka",
        ),
    ] {
        let trigger = detected(&event);
        let [message] = trigger.messages.as_slice() else { panic!("{source}") };
        assert_eq!(trigger.source.name, source);
        let parent = message.inbound.parent.as_ref().unwrap().trace_id.to_string();
        assert!(TRACEPARENT.contains(&parent), "{source}: the nearest sender");
        let ids = &message.inbound.correlation;
        assert_eq!((ids.get("id"), ids.chain_length()), (Some("c-1"), 4), "{source}");
    }
}
