//! Streams: DynamoDB, Kinesis, Firehose, DocumentDB.

use lambda_runtime::Context;
use serde_json::{Value as Json, json};
use thundra_core::propagation::ParentSource;

use super::{OTHER_TRACEPARENT, TRACEPARENT, attributes, base64, config, detected};
use crate::lifecycle::invocation;
use crate::trigger::aggregated;
use crate::trigger::parse::time::{from_millis, from_seconds};

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

fn kinesis(data: impl AsRef<[u8]>) -> Json {
    json!({"eventSource": "aws:kinesis", "eventID": "shard-1:9", "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/orders",
        "kinesis": {"data": base64(data), "sequenceNumber": "9", "partitionKey": "k", "approximateArrivalTimestamp": 1.5}})
}

#[test]
fn a_change_of_dynamodb_is_opened_in_kinesis() {
    let context = json!({"M": {"traceparent": {"S": TRACEPARENT}, "call-chain-length": {"N": "2"}}});
    for (image, source) in [("NewImage", ParentSource::TraceParent), ("OldImage", ParentSource::None)] {
        let change =
            json!({"eventName": "MODIFY", "tableName": "orders", "dynamodb": {image: {"__context__": context}}});
        let trigger = detected(&json!({"Records": [kinesis(change.to_string())]}));
        assert_eq!((trigger.source.name, trigger.messages[0].inbound.source), ("kinesis", source), "{image}");
    }
}

#[test]
fn a_record_without_a_time_has_none() {
    let mut record = kinesis("{}");
    record["kinesis"]["approximateArrivalTimestamp"] = json!(0);
    let change = json!({"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {}, "ApproximateCreationDateTime": 0}});
    let mut batch = firehose("{}");
    batch["records"][0]["approximateArrivalTimestamp"] = json!(0);
    for event in [json!({"Records": [record]}), json!({"Records": [change]}), batch] {
        assert_eq!(detected(&event).messages[0].sent_at, None, "{event}");
    }
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

#[test]
fn an_invocation_links_to_several_senders_and_continues_one() {
    let text = |traceparent: &str| json!({"__context__": {"traceparent": traceparent}}).to_string();
    let (one, other) = (text(TRACEPARENT), text(OTHER_TRACEPARENT));
    let many: Vec<_> = (1..=200).map(|trace: u32| text(&format!("00-{trace:032x}-b7ad6b7169203331-01"))).collect();
    let many: Vec<_> = many.iter().map(String::as_bytes).collect();
    for (data, parent, links, dropped, why) in [
        (one.clone().into_bytes(), true, 0, 0, "a record"),
        (aggregated(&[one.as_bytes()]), true, 0, 0, "a user record"),
        (aggregated(&[one.as_bytes(), b"hi"]), false, 1, 0, "a user record and another without a context"),
        (aggregated(&[one.as_bytes(), other.as_bytes()]), false, 2, 0, "two user records"),
        (aggregated(&many), false, 128, 72, "more than a span takes"),
    ] {
        let (config, event) = (config(&[]), json!({"Records": [kinesis(data)]}));
        let span = tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
            let mut body = bytes::Bytes::from(event.to_string());
            let scope = invocation::begin(&mut body, &Context::default(), None, &config);
            assert_eq!(body, event.to_string(), "{why}: the event stays as it is");
            scope.finish().spans().next().unwrap()
        });
        let root = (span.parent_span_id.is_some(), span.links.len(), span.dropped_links);
        assert_eq!(root, (parent, links, dropped), "{why}");
    }
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
    let mut of_kafka = firehose("hi");
    of_kafka["sourceKinesisStreamArn"] = Json::Null;
    of_kafka["records"][0] = json!({"recordId": "r-1", "kafkaRecordValue": base64(&text),
        "mskRecordMetadata": {"offset": "7", "partitionId": "1", "approximateArrivalTimestamp": 1_495_072_949_453_u64}});
    let trigger = detected(&of_kafka);
    assert_eq!(trigger.messages[0].inbound.source, ParentSource::TraceParent, "a stream that reads a cluster of Kafka");
    assert_eq!(trigger.messages[0].sent_at, from_millis(1_495_072_949_453.0));
    assert!(attributes(&trigger).ends_with(
        "messaging.batch.message_count=1\nmessaging.destination.partition.id=1\nmessaging.kafka.offset=7\n\
         messaging.message.id=r-1\n"
    ));
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
