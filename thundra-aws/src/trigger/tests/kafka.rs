//! Kafka: clusters of Amazon MSK, and self-managed clusters.

use serde_json::{Value as Json, json};
use thundra_core::propagation::ParentSource;

use super::{OTHER_TRACEPARENT, TRACEPARENT, XRAY, attributes, base64, detected};
use crate::trigger::parse::time::from_millis;

/// Returns a header of Kafka with signed bytes, as written by Java.
pub(super) fn header(name: &str, value: &str) -> Json {
    json!({ name: value.bytes().map(u8::cast_signed).collect::<Vec<_>>() })
}

pub(super) fn kafka_record(value: Json, headers: Json) -> Json {
    json!({"topic": "orders", "partition": 3, "offset": 15, "timestamp": 1_545_084_650_987_u64,
        "timestampType": "CREATE_TIME", "key": base64("k-1"), "value": value, "headers": headers})
}

fn kafka(records: Json) -> Json {
    json!({"eventSource": "aws:kafka", "eventSourceArn": "arn:aws:kafka:eu-west-1:1:cluster/c/1",
        "bootstrapServers": "b-1:9092", "records": records})
}

#[test]
fn a_record_of_kafka_is_read_from_headers_and_value() {
    let context = json!({"x-correlation-id": "c-1", "x-correlation-traceparent": TRACEPARENT});
    let body = json!({"__context__": context, "a": 1}).to_string();
    let other = json!({"a": 1, "__context__": {"x-correlation-id": "another"}}).to_string();
    let bridge = json!({"detail-type": "t", "source": "s", "detail": {"__context__": context}}).to_string();
    let own = json!([header("Traceparent", TRACEPARENT), header("x-correlation-id", "c-1"), {"n": [0, 255]}]);
    let several = json!([{"X-Correlation-Id": b"c-1".to_vec(), "traceparent": TRACEPARENT.as_bytes()}]);
    let twice = json!([header("traceparent", TRACEPARENT), header("traceparent", OTHER_TRACEPARENT)]);
    let datadog = json!([header("x-datadog-trace-id", "7"), header("x-datadog-parent-id", "8")]);
    let with_theirs = json!([header("x-datadog-trace-id", "7"), header("traceparent", TRACEPARENT)]);
    let cloud = json!([header("ce_specversion", "1.0"), header("ce_traceparent", OTHER_TRACEPARENT)]);
    let beside_cloud = json!([header("ce_traceparent", OTHER_TRACEPARENT), header("traceparent", TRACEPARENT)]);
    use ParentSource::{Correlation, Malformed, None as Nothing, TraceParent, XRay};
    for (value, headers, source, id, why) in [
        (json!(base64("hi")), own.clone(), TraceParent, Some("c-1"), "its headers"),
        (json!(base64("hi")), several, TraceParent, Some("c-1"), "several headers in one object"),
        (Json::Null, own.clone(), TraceParent, Some("c-1"), "a tombstone"),
        (json!(base64(&body)), json!([]), Correlation, Some("c-1"), "the value"),
        (json!(base64(&body)), json!([{"tenant": [55]}]), Correlation, Some("c-1"), "the value beside other headers"),
        (json!(base64(&bridge)), Json::Null, Correlation, Some("c-1"), "an envelope in the value"),
        (json!({"__context__": context}), json!([]), Correlation, Some("c-1"), "a value that is JSON"),
        (json!(base64(&other)), own, TraceParent, Some("c-1"), "its headers, not the value"),
        (json!(base64("hi")), twice, Malformed, None, "two parents"),
        (json!(base64("hi")), datadog, TraceParent, None, "headers of another vendor"),
        (json!(base64("hi")), with_theirs, TraceParent, None, "beside headers of another vendor"),
        (json!(base64("hi")), json!([header("X-Amzn-Trace-Id", XRAY)]), XRay, None, "X-Ray"),
        (json!(base64("hi")), cloud, TraceParent, None, "a CloudEvent"),
        (json!(base64("hi")), beside_cloud, TraceParent, None, "the sender of a CloudEvent"),
        (json!("no base64!"), json!([{"traceparent": {}}, 7, [1], {"a": [999]}]), Nothing, None, "nonsense"),
        (json!({}), json!({"traceparent": []}), Nothing, None, "more nonsense"),
    ] {
        let trigger = detected(&kafka(json!({"orders-3": [kafka_record(value, headers)]})));
        let [message] = trigger.messages.as_slice() else { panic!("{why}") };
        assert_eq!((trigger.source.name, message.inbound.source), ("kafka", source), "{why}");
        assert_eq!(message.inbound.correlation.get("id"), id, "{why}");
        assert_eq!(message.sent_at, from_millis(1_545_084_650_987.0), "{why}");
    }
}

#[test]
fn both_kinds_of_clusters_are_kafka() {
    for (source, expected) in [
        ("aws:kafka", "kafka"),
        ("aws:SelfManagedKafka", "kafka"),
        ("SelfManagedKafka", "kafka"),
        ("selfManagedKafka", "kafka"),
        ("aws:selfmanagedkafka", "kafka"),
        ("aws:kafkas", "other"),
    ] {
        let mut event = kafka(json!({"orders-3": [kafka_record(json!(base64("hi")), json!([]))]}));
        event["eventSource"] = json!(source);
        assert_eq!(detected(&event).source.name, expected, "{source}");
    }
}

#[test]
fn the_attributes_of_kafka_follow_the_conventions() {
    let record = |headers| kafka_record(json!(base64("hi")), headers);
    assert_eq!(
        attributes(&detected(&kafka(json!({"orders-3": [record(json!([]))]})))),
        "faas.trigger=pubsub\nmessaging.system=kafka\nmessaging.operation.name=process\n\
         messaging.operation.type=process\nmessaging.destination.name=orders\nmessaging.batch.message_count=1\n\
         messaging.destination.partition.id=3\nmessaging.kafka.offset=15\nmessaging.kafka.message.key=k-1\n"
    );
    let parent = |trace: &str| json!([header("traceparent", trace)]);
    let one_topic = detected(&kafka(json!({
        "orders-0": [record(parent(TRACEPARENT)), record(parent(OTHER_TRACEPARENT))],
        "orders-1": [record(json!([]))],
    })));
    assert_eq!((one_topic.is_batch(), one_topic.messages.len()), (true, 3));
    let traces = one_topic.messages.iter().filter_map(|message| Some(message.inbound.parent.as_ref()?.trace_id));
    assert_eq!(traces.collect::<std::collections::HashSet<_>>().len(), 2, "the trace of each record");
    assert!(attributes(&one_topic).ends_with("messaging.destination.name=orders\nmessaging.batch.message_count=3\n"));
    let mut bare = record(json!([]));
    bare["topic"] = Json::Null;
    bare["partition"] = json!("7");
    bare["key"] = json!(base64([0xff, 0xfe]));
    bare["value"] = Json::Null;
    bare["timestamp"] = json!(-1);
    let bare = detected(&kafka(json!({"or-ders-7": [bare]})));
    assert!(
        attributes(&bare).ends_with(
            "messaging.destination.name=or-ders\nmessaging.batch.message_count=1\n\
             messaging.destination.partition.id=7\nmessaging.kafka.offset=15\nmessaging.kafka.message.tombstone=true\n"
        ),
        "a key that is no text, and no value: {}",
        attributes(&bare)
    );
    assert_eq!(bare.messages[0].sent_at, None);
    let two_topics = detected(&kafka(json!({"orders-0": [record(json!([]))], "bills-0": [{"value": null}]})));
    assert!(!attributes(&two_topics).contains("destination"), "{}", attributes(&two_topics));
    for records in [json!(null), json!([]), json!({}), json!({"orders-0": null}), json!({"orders-0": [null, 7]})] {
        assert_eq!(detected(&kafka(records)).messages.len(), 0, "nothing to read");
    }
    let many: serde_json::Map<_, _> = (0..1000).map(|n| (format!("orders-{n}"), json!([record(json!([]))]))).collect();
    assert_eq!(detected(&kafka(many.into())).messages.len(), 1000, "more partitions than members of other objects");
}

#[test]
fn a_context_stands_anywhere_among_many_headers() {
    let mut headers: Vec<_> = (0..10_000).map(|n| header(&format!("h{n}"), "v")).collect();
    headers.insert(9_000, header("traceparent", TRACEPARENT));
    let trigger = detected(&kafka(json!({"orders-0": [kafka_record(json!(base64("hi")), headers.into())]})));
    assert_eq!(trigger.messages[0].inbound.source, ParentSource::TraceParent);
}
