//! SNS and SQS: message attributes.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;

use aws_sdk_sns::types::{MessageAttributeValue as SnsValue, PublishBatchRequestEntry};
use aws_sdk_sqs::types::{MessageAttributeValue as SqsValue, SendMessageBatchRequestEntry};
use serde_json::Value;
use thundra_core::SpanKind;

use crate::endpoint::{Request, percent_decode};
use crate::exchange::{Clients, Exchange, Surroundings, Wire};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
const KIB: usize = 1024;
/// Default limit of a topic or a queue.
const LIMIT: usize = 256 * KIB;

type Attributes = Vec<(String, String)>;
type Sending<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// An operation on messages with attributes.
struct Transport {
    name: &'static str,
    /// Sends messages, given as attributes and a body.
    send: fn(&Clients, Vec<(Attributes, String)>) -> Sending<'_>,
    /// `true` if the trace header goes beside the attributes.
    trace_header: bool,
}

const SINGLE: [Transport; 2] = [
    Transport { name: "SNS.Publish", send: publish, trace_header: false },
    Transport { name: "SQS.SendMessage", send: send_message, trace_header: true },
];
const BATCH: [Transport; 2] = [
    Transport { name: "SNS.PublishBatch", send: publish_batch, trace_header: false },
    Transport { name: "SQS.SendMessageBatch", send: send_message_batch, trace_header: true },
];

fn publish(clients: &Clients, messages: Vec<(Attributes, String)>) -> Sending<'_> {
    let (attributes, body) = only(messages);
    let publish = clients.sns.publish().topic_arn(TOPIC).message(body);
    let publish = publish.set_message_attributes(values(attributes, sns_value));
    Box::pin(async { drop(publish.send().await) })
}

fn publish_batch(clients: &Clients, messages: Vec<(Attributes, String)>) -> Sending<'_> {
    let entries = messages.into_iter().enumerate().map(|(n, (attributes, body))| {
        let entry = PublishBatchRequestEntry::builder().id(n.to_string()).message(body);
        entry.set_message_attributes(values(attributes, sns_value)).build().unwrap()
    });
    let publish =
        clients.sns.publish_batch().topic_arn(TOPIC).set_publish_batch_request_entries(Some(entries.collect()));
    Box::pin(async { drop(publish.send().await) })
}

fn send_message(clients: &Clients, messages: Vec<(Attributes, String)>) -> Sending<'_> {
    let (attributes, body) = only(messages);
    let send = clients.sqs.send_message().queue_url(QUEUE).message_body(body);
    let send = send.set_message_attributes(values(attributes, sqs_value));
    Box::pin(async { drop(send.send().await) })
}

fn send_message_batch(clients: &Clients, messages: Vec<(Attributes, String)>) -> Sending<'_> {
    let entries = messages.into_iter().enumerate().map(|(n, (attributes, body))| {
        let entry = SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(body);
        entry.set_message_attributes(values(attributes, sqs_value)).build().unwrap()
    });
    let send = clients.sqs.send_message_batch().queue_url(QUEUE).set_entries(Some(entries.collect()));
    Box::pin(async { drop(send.send().await) })
}

fn values<V>(attributes: Attributes, value: fn(&str) -> V) -> Option<HashMap<String, V>> {
    let values: HashMap<_, _> = attributes.into_iter().map(|(name, text)| (name, value(&text))).collect();
    (!values.is_empty()).then_some(values)
}

fn sns_value(text: &str) -> SnsValue {
    SnsValue::builder().data_type("String").string_value(text).build().unwrap()
}

fn sqs_value(text: &str) -> SqsValue {
    SqsValue::builder().data_type("String").string_value(text).build().unwrap()
}

fn only(mut messages: Vec<(Attributes, String)>) -> (Attributes, String) {
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

/// The parts of a request.
#[derive(Debug, PartialEq)]
struct Parts {
    /// The attributes of each message, with data types.
    attributes: Vec<BTreeMap<String, (String, String)>>,
    /// The system attributes of each message, as text.
    system: Vec<String>,
    /// Everything else.
    rest: String,
}

impl Parts {
    fn of(request: &Request) -> Self {
        if request.body.starts_with(b"{") { Parts::of_json(request.text()) } else { Parts::of_form(request.text()) }
    }

    fn of_json(body: &str) -> Self {
        let mut request: Value = serde_json::from_str(body).unwrap();
        let (mut attributes, mut system) = (Vec::new(), Vec::new());
        let mut take = |message: &mut Value| {
            let message = message.as_object_mut().unwrap();
            let named = message.remove("MessageAttributes").unwrap_or_default();
            let named = named.as_object().cloned().unwrap_or_default().into_iter();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let pair = |(name, value): (String, Value)| (name, (text(&value["DataType"]), text(&value["StringValue"])));
            attributes.push(named.map(pair).collect());
            system.push(message.remove("MessageSystemAttributes").map_or_else(String::new, |value| value.to_string()));
        };
        match request["Entries"].as_array_mut() {
            Some(entries) => entries.iter_mut().for_each(take),
            None => take(&mut request),
        }
        Parts { attributes, system, rest: request.to_string() }
    }

    fn of_form(body: &str) -> Self {
        let (ours, rest): (Vec<_>, Vec<_>) = body.split('&').partition(|pair| pair.contains("MessageAttributes."));
        let form: BTreeMap<_, _> = ours.into_iter().map(|pair| pair.split_once('=').unwrap()).collect();
        let batch = rest.iter().filter(|pair| pair.starts_with("PublishBatchRequestEntries.") && pair.contains(".Id="));
        let prefixes: Vec<_> = match batch.count() {
            0 => vec![String::new()],
            count => (1..=count).map(|n| format!("PublishBatchRequestEntries.member.{n}.")).collect(),
        };
        let attributes = |prefix: &String| {
            let entry = |n: usize| {
                let part = |name| {
                    form.get(&*format!("{prefix}MessageAttributes.entry.{n}.{name}")).map(|text| percent_decode(text))
                };
                Some((part("Name")?, (part("Value.DataType").unwrap(), part("Value.StringValue").unwrap())))
            };
            (1..).map_while(entry).collect()
        };
        let attributes: Vec<BTreeMap<_, _>> = prefixes.iter().map(attributes).collect();
        assert_eq!(attributes.iter().map(BTreeMap::len).sum::<usize>() * 3, form.len(), "three pairs for each");
        Parts { system: vec![String::new(); attributes.len()], attributes, rest: rest.join("&") }
    }
}

/// Returns the injected names of each message. Asserts that the rest equals the request of the plain client.
fn injected(exchange: &Exchange, transport: &Transport, why: &str) -> Vec<Vec<&'static str>> {
    exchange.assert_same_head(&[], why);
    let (plain, mut traced) = (Parts::of(&exchange.plain), Parts::of(&exchange.traced));
    let header = format!(r#"{{"AWSTraceHeader":{{"DataType":"String","StringValue":"{}"}}}}"#, exchange.xray());
    let expected = if transport.trace_header { header } else { String::new() };
    traced.system.iter_mut().for_each(|system| assert_eq!(std::mem::take(system), expected, "{why}"));
    let given = traced.attributes.iter_mut().zip(&plain.attributes).map(|(attributes, present)| {
        let pairs = exchange.pairs().into_iter().filter(|(name, value)| {
            let ours = Some(&("String".to_owned(), value.clone()));
            !present.contains_key(*name) && attributes.get(*name) == ours && attributes.remove(*name).is_some()
        });
        pairs.map(|(name, _)| name).collect()
    });
    let given = given.collect();
    assert_eq!(traced, plain, "{} {why}", transport.name);
    given
}

fn attributes(count: usize) -> Attributes {
    (0..count).map(|n| (format!("user{n}"), "v".to_owned())).collect()
}

#[test]
fn no_message_has_more_than_ten_attributes() {
    let wire = Wire::new();
    for transport in SINGLE.iter().chain(&BATCH) {
        for (present, ours, why) in [
            (0, 5, "none of the caller's"),
            (1, 5, "one"),
            (5, 5, "ten in all"),
            (6, 4, "room for four"),
            (9, 1, "room for one: the most important"),
            (10, 0, "full"),
            (11, 0, "over already"),
        ] {
            let why = &format!("{}: {why}", transport.name);
            let exchange = wire.exchange(async |clients| {
                (transport.send)(clients, vec![(attributes(present), "hi é &=%+".to_owned())]).await;
            });
            let names = exchange.pairs().map(|(name, _)| name);
            assert_eq!(injected(&exchange, transport, why), [names[..ours].to_vec()], "{why}");
            let skipped = if ours < 5 { "more than 10 attributes" } else { "" };
            exchange.assert_skipped(skipped, usize::from(ours < 5), why);
            let producer = ours >= 4 || transport.trace_header;
            assert_eq!(exchange.span.kind, if producer { SpanKind::Producer } else { SpanKind::Client }, "{why}");
        }
    }
}

/// Bytes of our attributes, the most important first.
const SIZES: [usize; 5] = [25, 24, 28, 72, 86];

#[test]
fn no_request_outgrows_its_limit() {
    let all: usize = SIZES.iter().sum();
    let wire = Wire::new();
    for transport in SINGLE.iter().chain(&BATCH) {
        for (bytes, ours, why) in [
            (LIMIT - all - 1, 5, "one byte under"),
            (LIMIT - all, 5, "at the limit"),
            (LIMIT - all + 1, 4, "one byte over"),
            (LIMIT - 25, 1, "room for one to the byte"),
            (LIMIT - 23, 0, "room for none"),
            (LIMIT, 0, "full"),
            // The limit of a target is unknown. A request past the default may grow to the largest configurable limit.
            (LIMIT + 1, 5, "past it"),
            (KIB * KIB - all - 1, 5, "one byte under one mebibyte"),
            (KIB * KIB - all, 5, "at one mebibyte"),
            (KIB * KIB - all + 1, 4, "one byte over one mebibyte"),
            (KIB * KIB, 0, "full with one mebibyte"),
        ] {
            let why = &format!("{}: {why}", transport.name);
            let exchange = wire.exchange(async |clients| {
                // The size of an attribute includes the name, the type and the value: 12 bytes.
                (transport.send)(clients, vec![(attributes(1), "x".repeat(bytes - 12))]).await;
            });
            let names = exchange.pairs().map(|(name, _)| name);
            assert_eq!(injected(&exchange, transport, why), [names[..ours].to_vec()], "{why}");
            exchange.assert_skipped(if ours < 5 { "over the size limit" } else { "" }, usize::from(ours < 5), why);
        }
    }
}

#[test]
fn a_batch_is_limited_in_sum_and_shares_by_importance() {
    let all: usize = SIZES.iter().sum();
    let wire = Wire::new();
    for transport in &BATCH {
        for (bytes, ours, why) in [
            (LIMIT - 2 * all - 1, [5, 5], "one byte under"),
            (LIMIT - 2 * all, [5, 5], "at the limit"),
            (LIMIT - 2 * all + 1, [5, 4], "one byte over"),
            (LIMIT - 50, [1, 1], "the most important for both"),
            (LIMIT - 25, [1, 0], "room for one"),
            (LIMIT, [0, 0], "full"),
            (LIMIT + 1, [5, 5], "past it"),
            (KIB * KIB - 2 * all + 1, [5, 4], "one byte over one mebibyte"),
        ] {
            let why = &format!("{}: {why}", transport.name);
            let exchange = wire.exchange(async |clients| {
                let long = "x".repeat(bytes - 10);
                (transport.send)(clients, vec![(vec![], "0123456789".to_owned()), (vec![], long)]).await;
            });
            let names = exchange.pairs().map(|(name, _)| name);
            let expected = ours.map(|count| names[..count].to_vec());
            // A pair too large for the remaining room is skipped.
            let given = injected(&exchange, transport, why);
            assert_eq!(given, expected, "{why}");
            let incomplete = ours.iter().filter(|count| **count < 5).count();
            exchange.assert_skipped(if incomplete > 0 { "over the size limit" } else { "" }, incomplete, why);
            assert_eq!(exchange.attribute("messaging.batch.message_count"), "2");
        }
    }
}

#[test]
fn the_callers_own_attributes_win() {
    let wire = Wire::new();
    for transport in SINGLE.iter().chain(&BATCH) {
        for (name, left, why) in [
            (
                "x-correlation-id",
                &["call-chain-length", "debug-log-enabled", "traceparent", "x-correlation-traceparent"][..],
                "an id",
            ),
            (
                "X-Correlation-Id",
                &["call-chain-length", "debug-log-enabled", "traceparent", "x-correlation-traceparent"],
                "in any case",
            ),
            (
                "traceparent",
                &["x-correlation-id", "call-chain-length", "debug-log-enabled", "x-correlation-traceparent"],
                "a trace",
            ),
            (
                "TraceParent",
                &["x-correlation-id", "call-chain-length", "debug-log-enabled", "x-correlation-traceparent"],
                "in any case",
            ),
        ] {
            let why = &format!("{}: {why}", transport.name);
            let exchange = wire.exchange(async |clients| {
                let mine = vec![(name.to_owned(), "mine".to_owned())];
                (transport.send)(clients, vec![(mine, "hi".to_owned())]).await;
            });
            assert_eq!(injected(&exchange, transport, why), [left.to_vec()], "{why}");
            exchange.assert_skipped("", 0, why);
            let traced = name.eq_ignore_ascii_case("traceparent");
            assert_eq!(exchange.span.kind, if traced { SpanKind::Client } else { SpanKind::Producer }, "{why}");
        }
    }
}

#[test]
fn a_message_that_would_lose_attributes_gets_none() {
    type Publish = aws_sdk_sns::operation::publish::builders::PublishFluentBuilder;
    type Row = (fn(Publish) -> Publish, &'static str, &'static str);
    let rows: [Row; 4] = [
        (|publish| publish.topic_arn(TOPIC).message_structure("json"), "message structure json", "no attributes"),
        (|publish| publish.phone_number("+46700000000"), "not a topic", "a telephone"),
        (|publish| publish.target_arn("arn:aws:sns:eu-west-1:1:endpoint/GCM/app/id"), "not a topic", "a device"),
        (|publish| publish.target_arn(TOPIC).message_structure("json"), "message structure json", "both"),
    ];
    let wire = Wire::new();
    for (change, reason, why) in rows {
        let exchange = wire.exchange(async |clients| {
            drop(change(clients.sns.publish().message(r#"{"default":"hi"}"#)).send().await);
        });
        exchange.assert_untouched(why);
        exchange.assert_skipped(reason, 1, why);
    }
}

#[test]
fn quotes_would_break_filter_policies_of_sns_alone() {
    let wire = Wire::new();
    let quoted = Surroundings { set: Some(("said", "\"hi\"")), ..Surroundings::default() };
    for transport in &SINGLE {
        let exchange = wire.exchange_in(quoted, async |clients| {
            (transport.send)(clients, vec![(vec![], "hi".to_owned())]).await;
        });
        let said = Parts::of(&exchange.traced).attributes[0].get("x-correlation-said").map(|(_, value)| value.clone());
        if transport.trace_header {
            assert_eq!(said.as_deref(), Some("\"hi\""));
        } else {
            assert_eq!(injected(&exchange, transport, "the others go")[0].len(), 5);
            exchange.assert_skipped("a value with quotes", 1, transport.name);
        }
    }
}
