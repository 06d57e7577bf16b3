//! Streams and brokers: Kafka, Kinesis, DynamoDB, Firehose, Amazon MQ, DocumentDB.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};
use thundra_core::propagation::ParentSource;

use super::{TRACEPARENT, XRAY, attributes, detected};
use crate::trigger::aggregated;
use crate::trigger::parse::time::{from_millis, from_seconds};

const OTHER_TRACEPARENT: &str = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn base64(data: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(data)
}

/// Returns a header of Kafka with signed bytes, as Java writes them.
fn header(name: &str, value: &str) -> Json {
    json!({ name: value.bytes().map(u8::cast_signed).collect::<Vec<_>>() })
}

fn kafka_record(value: Json, headers: Json) -> Json {
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
        (json!(base64("hi")), datadog, Nothing, None, "headers of another format"),
        (json!(base64("hi")), with_theirs, TraceParent, None, "beside headers of another format"),
        (json!(base64("hi")), json!([header("X-Amzn-Trace-Id", XRAY)]), XRay, None, "X-Ray"),
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

#[test]
fn a_removed_item_has_no_context() {
    let image = json!({"id": {"S": "o-9"}, "__context__": {"M": {"traceparent": {"S": TRACEPARENT}}}});
    let wide: serde_json::Map<_, _> = (0..1000).map(|n| (format!("a{n}"), json!({"S": "v"}))).collect();
    let mut wide = Json::from(wide);
    wide["__context__"] = image["__context__"].clone();
    let removed = json!({"OldImage": image, "SequenceNumber": "7", "ApproximateCreationDateTime": 1_428_537_600.5});
    use ParentSource::{None as Nothing, TraceParent};
    for (name, change, source, why) in [
        ("INSERT", json!({"NewImage": image}), TraceParent, "a new item"),
        ("MODIFY", json!({"NewImage": image, "OldImage": {}}), TraceParent, "a changed item"),
        ("INSERT", json!({"NewImage": wide}), TraceParent, "an item with a thousand attributes"),
        ("REMOVE", removed.clone(), Nothing, "a removed item"),
        ("INSERT", json!({"Keys": {"id": {"S": "o-9"}}}), Nothing, "keys only"),
        ("INSERT", json!({"NewImage": {"__context__": {"S": TRACEPARENT}}}), Nothing, "a text of the user's"),
        ("INSERT", json!({"NewImage": null, "Keys": null}), Nothing, "nothing"),
    ] {
        let record = json!({"eventSource": "aws:dynamodb", "eventName": name, "dynamodb": change});
        let trigger = detected(&json!({"Records": [record]}));
        assert_eq!((trigger.source.name, trigger.messages[0].inbound.source), ("dynamodb", source), "{why}");
    }
    let expired = json!({"eventSource": "aws:dynamodb", "eventName": "REMOVE", "dynamodb": removed,
        "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/orders/stream/2026-01-01T00:00:00.000"});
    let trigger = detected(&json!({"Records": [expired]}));
    assert_eq!(
        attributes(&trigger),
        "faas.trigger=datasource\naws.dynamodb.table_names=[orders]\nfaas.document.collection=orders\n\
         faas.document.operation=delete\nmessaging.batch.message_count=1\nmessaging.message.id=7\n\
         aws.dynamodb.principal_id=dynamodb.amazonaws.com\n"
    );
    assert_eq!(trigger.messages[0].sent_at, from_seconds(1_428_537_600.5));
    let by_event = json!({"eventSource": "aws:dynamodb", "eventID": "e-1", "dynamodb": {}});
    assert!(attributes(&detected(&json!({"Records": [by_event]}))).ends_with("messaging.message.id=e-1\n"));
}

fn activemq(message: Json) -> Json {
    json!({"eventSource": "aws:amq", "eventSourceArn": "arn:aws:mq:eu-west-1:1:broker:b:b-1", "messages": [message]})
}

fn rabbitmq(messages: Json) -> Json {
    json!({"eventSource": "aws:rmq", "eventSourceArn": "arn:aws:mq:eu-west-1:1:broker:b:b-1",
        "rmqMessagesByQueue": messages})
}

#[test]
fn messages_of_brokers_are_read_from_headers_and_data() {
    let context = json!({"x-correlation-id": "c-1", "traceparent": TRACEPARENT});
    let body = base64(json!({"__context__": context, "a": 1}).to_string());
    let other = base64(json!({"__context__": {"x-correlation-id": "another"}}).to_string());
    let bytes = json!({"traceparent": {"bytes": TRACEPARENT.as_bytes()}, "x-correlation-id": {"bytes": b"c-1".to_vec()},
        "x-death": [{"count": 1, "reason": "rejected"}]});
    let mut many: serde_json::Map<_, _> = (0..10_000).map(|n| (format!("h{n}"), json!({"bytes": [1, 255]}))).collect();
    many.insert("traceparent".to_owned(), json!(TRACEPARENT));
    many.insert("x-correlation-id".to_owned(), json!("c-1"));
    let jms = json!({"traceparent": TRACEPARENT, "x__dash__correlation__dash__id": "c-1", "JMSXDeliveryCount": 1});
    for (headers, data, traced, why) in [
        (context.clone(), "aGk=", true, "texts"),
        (bytes, "aGk=", true, "bytes"),
        (jms, "aGk=", true, "the names of JMS"),
        (many.into(), "aGk=", true, "many headers"),
        (context.clone(), &*other, true, "headers, not the data"),
        (json!({}), &*body, true, "the data"),
        (Json::Null, &*body, true, "the data without headers"),
        (json!({"tenant": {"bytes": [55]}, "n": 1.5, "l": [1], "z": null}), &*body, true, "the data beside others"),
        (json!({"traceparent": {"bytes": [-1, 300]}}), "?", false, "nonsense"),
        (json!([1]), "", false, "more nonsense"),
    ] {
        let of_active = json!({"messageID": "m-1", "destination": {"physicalName": "orders"}, "data": data,
            "properties": headers, "timestamp": 1, "brokerInTime": 1_599_863_938_943_u64});
        let of_rabbit = json!({"basicProperties": {"headers": headers, "messageId": "m-1",
            "timestamp": "Sep 11, 2020, 10:38:58 PM"}, "data": data, "redelivered": false});
        for (event, sent, is_jms) in [
            (activemq(of_active), 1_599_863_938_943.0, true),
            (rabbitmq(json!({"orders::/": [of_rabbit]})), 1_599_863_938_000.0, why != "the names of JMS"),
        ] {
            let trigger = detected(&event);
            let [message] = trigger.messages.as_slice() else { panic!("{why}") };
            assert_eq!(message.inbound.parent.is_some(), traced, "{why}");
            assert_eq!(message.inbound.correlation.get("id"), (traced && is_jms).then_some("c-1"), "{why}");
            assert_eq!(message.sent_at, from_millis(sent), "{why}");
            assert!(attributes(&trigger).ends_with(
                "messaging.destination.name=orders\nmessaging.batch.message_count=1\nmessaging.message.id=m-1\n"
            ));
        }
    }
}

#[test]
fn the_attributes_of_brokers_follow_the_conventions() {
    let message = json!({"basicProperties": {"correlationId": "conversation", "messageId": null}, "data": "aGk="});
    let mut unnamed = rabbitmq(json!({"or::ders::/": [message]}));
    unnamed.as_object_mut().unwrap().remove("eventSource");
    assert_eq!(
        attributes(&detected(&unnamed)),
        "faas.trigger=pubsub\nmessaging.system=rabbitmq\nmessaging.operation.name=process\n\
         messaging.operation.type=process\nmessaging.destination.name=or::ders\nmessaging.batch.message_count=1\n\
         messaging.message.conversation_id=conversation\n"
    );
    let two = detected(&rabbitmq(json!({"a::/": [{}, {}], "b::/": [{}]})));
    assert_eq!((two.messages.len(), two.is_batch()), (3, true));
    assert!(attributes(&two).ends_with("messaging.operation.type=process\nmessaging.batch.message_count=3\n"));
    let bare = detected(&activemq(json!({"messageID": "", "correlationID": "", "timestamp": 0, "brokerInTime": 0})));
    assert!(attributes(&bare).ends_with("messaging.operation.type=process\nmessaging.batch.message_count=1\n"));
    assert_eq!(bare.messages[0].sent_at, None);
    let sent = detected(&activemq(json!({"timestamp": 1_599_863_938_941_u64, "brokerInTime": null})));
    assert_eq!(sent.messages[0].sent_at, from_millis(1_599_863_938_941.0), "the sender's clock");
    for (source, messages) in [("aws:mq", json!(null)), ("aws:rmq", json!({"a::/": null})), ("aws:rmq", json!([1]))] {
        let event = json!({"eventSource": source, "messages": messages, "rmqMessagesByQueue": messages});
        assert_eq!((detected(&event).source.name, detected(&event).messages.len()), ("mq", 0));
    }
}

#[test]
fn a_pipe_delivers_the_records_alone() {
    let mut record = kafka_record(json!(base64("hi")), json!([header("traceparent", TRACEPARENT)]));
    record["eventSource"] = json!("SelfManagedKafka");
    let of_active = json!({"eventSource": "aws:amq", "messageID": "m-1", "destination": {"physicalName": "orders"},
        "properties": {"traceparent": TRACEPARENT}});
    let of_rabbit = json!({"eventSource": "aws:rmq", "eventSourceKey": "orders::/",
        "basicProperties": {"headers": {"traceparent": TRACEPARENT}}});
    for (record, source, system) in
        [(record, "kafka", "kafka"), (of_active, "mq", "activemq"), (of_rabbit, "mq", "rabbitmq")]
    {
        let one = detected(&json!([record]));
        assert_eq!((one.source.name, one.is_pipe, one.messages.len()), (source, true, 1));
        assert_eq!(one.messages[0].inbound.source, ParentSource::TraceParent, "{system}");
        let named = format!(
            "messaging.system={system}\nmessaging.operation.name=process\n\
                             messaging.operation.type=process\nmessaging.destination.name=orders\n"
        );
        assert!(attributes(&one).contains(&named), "{}", attributes(&one));
        assert_eq!(detected(&json!([record, record])).messages.len(), 2, "{system}");
    }
}

fn kinesis(data: impl AsRef<[u8]>) -> Json {
    json!({"eventSource": "aws:kinesis", "eventID": "shard-1:9", "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/orders",
        "kinesis": {"data": base64(data), "sequenceNumber": "9", "partitionKey": "k", "approximateArrivalTimestamp": 1.5}})
}

#[test]
fn each_sender_of_an_aggregated_record_is_linked() {
    let text = |traceparent: &str| json!({"__context__": {"traceparent": traceparent}, "a": 1}).to_string();
    let (one, other) = (text(TRACEPARENT), text(OTHER_TRACEPARENT));
    let plain = br#"{"a":1}"#;
    for (records, parents, messages, why) in [
        (&[one.as_bytes()][..], 1, 1, "one sender is the parent"),
        (&[one.as_bytes(), other.as_bytes()], 2, 2, "two senders"),
        (&[one.as_bytes(), plain, plain], 1, 2, "one sender among others without a context"),
        (&[plain, plain], 0, 1, "no context"),
        (&[], 0, 1, "no records"),
    ] {
        let trigger = detected(&json!({"Records": [kinesis(aggregated(records))]}));
        let with_parent = trigger.messages.iter().filter(|message| message.inbound.parent.is_some());
        assert_eq!((with_parent.count(), trigger.messages.len()), (parents, messages), "{why}");
        assert!(trigger.messages.iter().all(|message| message.sent_at == from_seconds(1.5)), "{why}");
        assert!(attributes(&trigger).contains("messaging.batch.message_count=1\n"), "{why}");
    }
    let both =
        detected(&json!({"Records": [kinesis(aggregated(&[one.as_bytes(), plain, other.as_bytes()])), kinesis(one)]}));
    let ids: Vec<_> = both
        .messages
        .iter()
        .map(|message| {
            message.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        ids,
        [
            "messaging.destination.partition.id=shard-1 messaging.message.id=9 aws.kinesis.subsequence_number=0",
            "messaging.destination.partition.id=shard-1 messaging.message.id=9 aws.kinesis.subsequence_number=2",
            "",
            "messaging.destination.partition.id=shard-1 messaging.message.id=9",
        ]
    );
}

fn firehose(data: impl AsRef<[u8]>) -> Json {
    json!({"invocationId": "i-1", "deliveryStreamArn": "arn:aws:firehose:eu-west-1:1:deliverystream/orders",
        "sourceKinesisStreamArn": "arn:aws:kinesis:eu-west-1:1:stream/source",
        "records": [{"recordId": "r-1", "data": base64(data), "approximateArrivalTimestamp": 1_495_072_949_453_u64,
            "kinesisRecordMetadata": {"shardId": "shard-1", "sequenceNumber": "9", "subsequenceNumber": ""}}]})
}

#[test]
fn the_records_of_firehose_are_read_again_after_a_failure() {
    let context = json!({"x-correlation-id": "c-1", "traceparent": TRACEPARENT});
    let text = json!({"__context__": context, "a": 1}).to_string();
    let failed =
        |code: &str, raw: &[u8]| format!(r#"{{"attemptsMade":4,"errorCode":"{code}","rawData":"{}"}}"#, base64(raw));
    let two = aggregated(&[text.as_bytes(), text.as_bytes()]);
    for (data, parents, why) in [
        (text.clone().into_bytes(), 1, "as it was put"),
        (format!("{text}\n").into_bytes(), 1, "with the end of a line"),
        (two.clone(), 2, "aggregated"),
        (failed("Lambda.FunctionError", text.as_bytes()).into_bytes(), 1, "after a failure"),
        (failed("e", &two).into_bytes(), 2, "aggregated, after a failure"),
        (failed("e", b"hi").into_bytes(), 0, "nothing to read, after a failure"),
        (br#"{"attemptsMade":4,"rawData":7}"#.to_vec(), 0, "nonsense"),
    ] {
        let trigger = detected(&firehose(data));
        let with_parent = trigger.messages.iter().filter(|message| message.inbound.parent.is_some());
        assert_eq!((trigger.source.name, with_parent.count()), ("firehose", parents), "{why}");
        assert_eq!(trigger.messages[0].sent_at, from_millis(1_495_072_949_453.0), "{why}");
    }
    assert!(base64(br#"{"attemptsMade":"#).starts_with("eyJhdHRlbXB0c01hZGUiO"));
    assert_eq!(
        attributes(&detected(&firehose("hi"))),
        "faas.trigger=datasource\nmessaging.system=aws_firehose\nmessaging.operation.name=process\n\
         messaging.operation.type=process\nmessaging.destination.name=orders\naws.kinesis.stream_name=source\n\
         messaging.batch.message_count=1\nmessaging.destination.partition.id=shard-1\n\
         aws.kinesis.sequence_number=9\nmessaging.message.id=r-1\n"
    );
    let mut analytics = firehose("hi");
    analytics["deliveryStreamArn"] = Json::Null;
    analytics["applicationArn"] = json!("arn:aws:kinesisanalytics:eu-west-1:1:application/report");
    analytics["streamArn"] = analytics["sourceKinesisStreamArn"].clone();
    assert!(attributes(&detected(&analytics)).starts_with(
        "faas.trigger=datasource\nmessaging.system=aws_kinesis_analytics\nmessaging.operation.name=process\n\
         messaging.operation.type=process\nmessaging.destination.name=report\naws.kinesis.stream_name=source\n"
    ));
}

#[test]
fn changes_of_documents_are_described_by_the_conventions() {
    let change = |operation: &str, document: Json| {
        json!({"event": {"_id": {"_data": "token"}, "operationType": operation,
        "clusterTime": {"$timestamp": {"t": 1_676_588_775, "i": 9}}, "documentKey": {"_id": {"$oid": "o-9"}},
        "ns": {"db": "shop", "coll": "orders"}, "fullDocument": document}})
    };
    let event = |changes: Json| json!({"eventSource": "aws:docdb", "events": changes});
    let mut wide: serde_json::Map<_, _> = (0..1000).map(|n| (format!("a{n}"), json!(n))).collect();
    wide.insert(
        "__context__".to_owned(),
        json!({"traceparent": TRACEPARENT, "call-chain-length": {"$numberInt": "2"}}),
    );
    let trigger = detected(&event(json!([change("insert", wide.into())])));
    assert_eq!(
        attributes(&trigger),
        "faas.trigger=datasource\ndb.namespace=shop\nfaas.document.collection=orders\nfaas.document.operation=insert\n\
         messaging.batch.message_count=1\nmessaging.message.id=token\nfaas.document.name=o-9\n"
    );
    assert_eq!(trigger.messages[0].inbound.source, ParentSource::TraceParent);
    assert_eq!(trigger.messages[0].sent_at, from_seconds(1_676_588_775.0));
    for (operations, expected) in [
        (&["update", "replace"][..], Some("edit")),
        (&["delete"], Some("delete")),
        (&["insert", "delete"], None),
        (&["drop"], None),
        (&["dropDatabase"], None),
        (&["rename"], None),
        (&["invalidate"], None),
    ] {
        let changes: Vec<_> = operations.iter().map(|operation| change(operation, Json::Null)).collect();
        let attributes = attributes(&detected(&event(changes.into())));
        let operation = attributes.lines().find_map(|line| line.strip_prefix("faas.document.operation="));
        assert_eq!(operation, expected, "{operations:?}");
    }
    for changes in [json!(null), json!([]), json!([null, {}, {"event": 7}])] {
        assert_eq!(
            (detected(&event(changes.clone())).source.name, detected(&event(changes)).messages.len()),
            ("documentdb", 0)
        );
    }
}
