//! Brokers: ActiveMQ and RabbitMQ, and the records of brokers from a pipe.

use serde_json::{Value as Json, json};
use thundra_core::propagation::ParentSource;

use super::kafka::{header, kafka_record};
use super::{TRACEPARENT, attributes, base64, detected};
use crate::trigger::parse::time::from_millis;

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
    for (redelivered, expected) in [(json!(true), true), (json!(false), false), (json!("true"), false)] {
        let of_rabbit = json!({"q::/": [{"redelivered": redelivered}]});
        for event in [rabbitmq(of_rabbit), activemq(json!({"redelivered": redelivered}))] {
            assert_eq!(attributes(&detected(&event)).contains("aws.mq.redelivered=true"), expected, "{redelivered}");
        }
    }
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
