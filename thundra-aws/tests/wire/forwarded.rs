//! Calls with received values: the values of the scope replace the received values in every carrier.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sns::types::{MessageAttributeValue as SnsValue, PublishBatchRequestEntry};
use aws_sdk_sqs::types::{
    MessageAttributeValue as SqsValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry,
};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::endpoint::{Request, percent_decode};
use crate::exchange::{Clients, Surroundings, Wire};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders";

const PARENT: &str = "00-5759e988bd862e3fe1be46a994272793-b7ad6b7169203331-01";
const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a:0";
const RECEIVED: [(&str, &str); 8] = [
    ("traceparent", PARENT),
    ("tracestate", "vendor=1"),
    ("baggage", "tenant=7"),
    ("x-correlation-id", "c-9"),
    ("x-correlation-order", "o-9"),
    ("call-chain-length", "9"),
    ("debug-log-enabled", "true"),
    ("x-amzn-trace-id", XRAY),
];

type Pairs = Vec<(&'static str, String)>;
type Sending<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A call that forwards pairs and an X-Ray header.
type Forward = fn(&Clients, Pairs, String) -> Sending<'_>;

fn sns(pairs: Pairs) -> HashMap<String, SnsValue> {
    let value = |text| SnsValue::builder().data_type("String").string_value(text).build().unwrap();
    pairs.into_iter().map(|(name, text)| (name.to_owned(), value(text))).collect()
}

fn sqs(pairs: Pairs) -> HashMap<String, SqsValue> {
    let value = |text| SqsValue::builder().data_type("String").string_value(text).build().unwrap();
    pairs.into_iter().map(|(name, text)| (name.to_owned(), value(text))).collect()
}

fn header(xray: String) -> MessageSystemAttributeValue {
    MessageSystemAttributeValue::builder().data_type("String").string_value(xray).build().unwrap()
}

const TRACE_HEADER: MessageSystemAttributeNameForSends = MessageSystemAttributeNameForSends::AwsTraceHeader;

const CALLS: [(&str, bool, bool, Forward); 8] = [
    ("SNS.Publish", true, false, |clients, pairs, _| {
        let publish = clients.sns.publish().topic_arn(TOPIC).message("m").set_message_attributes(Some(sns(pairs)));
        Box::pin(async { drop(publish.send().await) })
    }),
    ("SNS.PublishBatch", true, false, |clients, pairs, _| {
        let entry = PublishBatchRequestEntry::builder().id("0").message("m").set_message_attributes(Some(sns(pairs)));
        let entry = entry.build().unwrap();
        let publish = clients.sns.publish_batch().topic_arn(TOPIC).publish_batch_request_entries(entry);
        Box::pin(async { drop(publish.send().await) })
    }),
    ("SQS.SendMessage", true, true, |clients, pairs, xray| {
        let send = clients.sqs.send_message().queue_url(QUEUE).message_body("m");
        let send = send.set_message_attributes(Some(sqs(pairs))).message_system_attributes(TRACE_HEADER, header(xray));
        Box::pin(async { drop(send.send().await) })
    }),
    ("SQS.SendMessageBatch", true, true, |clients, pairs, xray| {
        let entry = SendMessageBatchRequestEntry::builder().id("0").message_body("m");
        let entry = entry.set_message_attributes(Some(sqs(pairs)));
        let entry = entry.message_system_attributes(TRACE_HEADER, header(xray)).build().unwrap();
        let send = clients.sqs.send_message_batch().queue_url(QUEUE).entries(entry);
        Box::pin(async { drop(send.send().await) })
    }),
    ("Lambda.Invoke", true, false, |clients, pairs, _| {
        let custom: serde_json::Map<_, _> =
            pairs.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
        let context = BASE64_STANDARD.encode(json!({ "custom": custom, "env": { "n": 1.0 } }).to_string());
        let invoke = clients.lambda.invoke().function_name("orders").client_context(context);
        Box::pin(async { drop(invoke.send().await) })
    }),
    ("EventBridge.PutEvents", false, true, |clients, _, xray| {
        let entry = PutEventsRequestEntry::builder().source("s").detail_type("d").detail("[]").trace_header(xray);
        let put = clients.eventbridge.put_events().entries(entry.build());
        Box::pin(async { drop(put.send().await) })
    }),
    ("SFN.StartExecution", false, true, |clients, _, xray| {
        let start = clients.sfn.start_execution().state_machine_arn(MACHINE).name("order-7").trace_header(xray);
        Box::pin(async { drop(start.send().await) })
    }),
    ("SFN.StartSyncExecution", false, true, |clients, _, xray| {
        let (url, start) = (clients.url.clone(), clients.sfn.start_sync_execution());
        let start = start.state_machine_arn(MACHINE).name("order-7").trace_header(xray).customize();
        let start = start.mutate_request(move |request| drop(request.set_uri(url.as_str())));
        Box::pin(async { drop(start.send().await) })
    }),
];

/// Returns all of a request as text.
fn text(request: &Request) -> String {
    let context = request.headers.get("x-amz-client-context").map(|encoded| BASE64_STANDARD.decode(encoded).unwrap());
    let context = context.map(|context| String::from_utf8(context).unwrap()).unwrap_or_default();
    // The member `traceHeader` and the header are equal, because the header wins. Elsewhere the header belongs to the
    // invocation.
    let wins = request.text().contains("traceHeader");
    let xray = request.headers.get("x-amzn-trace-id").filter(|_| wins).map_or("", String::as_str);
    format!("{} {context} {xray}", percent_decode(request.text()))
}

fn pairs() -> Pairs {
    RECEIVED[..7].iter().map(|(key, value)| (*key, (*value).to_owned())).collect()
}

#[test]
fn received_values_are_replaced() {
    let wire = Wire::new();
    let surroundings = Surroundings { pairs: &RECEIVED, set: Some(("order", "o-10")), ..Surroundings::default() };
    for (name, carries_pairs, carries_xray, call) in CALLS {
        let exchange = wire.exchange_in(surroundings, async |clients| call(clients, pairs(), XRAY.to_owned()).await);
        let (plain, traced) = (text(&exchange.plain), text(&exchange.traced));
        let parent = &exchange.span.parent_span_id.unwrap().to_string();
        assert!(!traced.contains("b7ad6b7169203331") && !traced.contains(parent), "{name}: {traced}");
        let own = exchange.span.context.span_id.to_string();
        assert!(traced.contains(&own), "{name}: {traced}");
        if carries_pairs {
            assert!(plain.contains(PARENT), "{name}: {plain}");
            assert!(traced.contains(&exchange.traceparent()), "{name}: {traced}");
            for ours in ["o-10", "vendor=1", "tenant=7", "c-9"] {
                assert_eq!(traced.matches(ours).count(), 1, "{name}: {ours}: {traced}");
            }
            assert!(plain.contains("o-9") && !traced.contains("o-9"), "{name}: {traced}");
        }
        if carries_xray {
            assert!(plain.contains(XRAY), "{name}: {plain}");
            let own = format!("{};Lineage=1:a:0", exchange.xray());
            assert!(!traced.contains(XRAY) && traced.contains(&own), "{name}: {traced}");
        }
        if carries_pairs {
            exchange.assert_skipped("", 0, name);
        }
    }
}

#[test]
fn a_context_made_of_received_values_is_replaced() {
    let wire = Wire::new();
    let surroundings = Surroundings { pairs: &RECEIVED, set: Some(("order", "o-10")), ..Surroundings::default() };
    let all: serde_json::Map<_, _> = pairs().into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    let with = |key: &str, value: Value| {
        let mut context = all.clone();
        context.insert(key.to_owned(), value);
        Value::from(context)
    };
    for (context, replaced, why) in [
        (Value::from(all.clone()), true, "every value"),
        (with("call-chain-length", 9.into()), true, "a number"),
        (json!({"X-Correlation-Id": "c-9", "traceparent": PARENT}), true, "some of them, in another case"),
        (with("call-chain-length", 8.into()), false, "another value"),
        (with("x-correlation-user", "u-1".into()), false, "one of the program's own"),
        (with("order", "o-9".into()), false, "a name that is none of ours"),
        (with("traceparent", json!([PARENT])), false, "no text"),
        (json!({}), false, "none"),
    ] {
        let detail = json!({"__context__": context, "a": 1}).to_string();
        let exchange = wire.exchange_in(surroundings, async |clients| {
            let entry = PutEventsRequestEntry::builder().source("s").detail_type("d").detail(detail.as_str()).build();
            drop(clients.eventbridge.put_events().entries(entry).send().await);
        });
        let sent: Value = serde_json::from_str(exchange.traced.text()).unwrap();
        let sent = sent["Entries"][0]["Detail"].as_str().unwrap();
        if replaced {
            let sent: Value = serde_json::from_str(sent).unwrap();
            assert_eq!(sent["__context__"]["traceparent"], exchange.traceparent(), "{why}");
            assert_eq!(sent["__context__"]["call-chain-length"], 10, "{why}");
            assert_eq!((&sent["__context__"]["x-correlation-order"], &sent["a"]), (&"o-10".into(), &1.into()), "{why}");
        } else {
            assert_eq!(sent, detail, "{why}");
        }
    }
}

#[test]
fn the_chain_grows() {
    let wire = Wire::new();
    let surroundings = Surroundings { pairs: &RECEIVED, ..Surroundings::default() };
    let exchange = wire.exchange_in(surroundings, async |clients| {
        let send = clients.sqs.send_message().queue_url(QUEUE).message_body("m");
        drop(send.set_message_attributes(Some(sqs(pairs()))).send().await);
    });
    let sent: Value = serde_json::from_str(exchange.traced.text()).unwrap();
    assert_eq!(sent["MessageAttributes"]["call-chain-length"]["StringValue"], "10");
    assert_eq!(sent["MessageAttributes"].as_object().unwrap().len(), 8, "and x-correlation-traceparent");
    assert_eq!(exchange.span.kind, thundra_core::SpanKind::Producer);
}

#[test]
fn other_values_belong_to_the_caller() {
    let wire = Wire::new();
    let received = [("traceparent", PARENT), ("x-correlation-order", "o-9")];
    let surroundings = Surroundings { pairs: &received, ..Surroundings::default() };
    let other = PARENT.replace("b7ad", "c7ad");
    let xray = XRAY.replace("Parent=5", "Parent=6");
    for (name, carries_pairs, carries_xray, call) in CALLS {
        let exchange = wire.exchange_in(surroundings, async |clients| {
            let pairs = vec![("traceparent", other.clone()), ("x-correlation-order", "o-8".to_owned())];
            call(clients, pairs, xray.clone()).await;
        });
        let traced = text(&exchange.traced);
        assert_eq!(traced.contains(&other) && traced.contains("o-8"), carries_pairs, "{name}: {traced}");
        assert!(!carries_xray || traced.contains(&xray), "{name}: {traced}");
    }
}
