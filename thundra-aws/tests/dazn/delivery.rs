//! The events of messages delivered by AWS.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::message::Message;

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";

pub(crate) struct Delivery {
    pub(crate) name: &'static str,
    /// The event for messages sent together.
    pub(crate) event: fn(&[Message]) -> Value,
    /// `true` if an untrusted caller may have sent the event.
    pub(crate) is_edge: bool,
}

const fn trusted(name: &'static str, event: fn(&[Message]) -> Value) -> Delivery {
    Delivery { name, event, is_edge: false }
}

const fn edge(name: &'static str, event: fn(&[Message]) -> Value) -> Delivery {
    Delivery { name, event, is_edge: true }
}

pub(crate) const HTTP: &[Delivery] = &[
    trusted("api-gateway-iam", |requests| {
        api_gateway(only(requests), json!({ "userArn": "arn:aws:iam::123456789012:role/shop" }))
    }),
    edge("api-gateway", |requests| api_gateway(only(requests), json!({ "sourceIp": "192.0.2.1" }))),
    edge("load-balancer", |requests| load_balancer(only(requests))),
];
pub(crate) const SNS: &[Delivery] = &[
    trusted("sns", |messages| {
        records(messages, |message| json!({ "EventSource": "aws:sns", "Sns": notification(message) }))
    }),
    trusted("sqs", |messages| {
        let envelope = |message| Message { body: notification(message).to_string(), ..Message::default() };
        queue(&messages.iter().map(envelope).collect::<Vec<_>>())
    }),
    trusted("sqs-raw", queue),
];
pub(crate) const SQS: &[Delivery] = &[trusted("sqs", queue)];
pub(crate) const KINESIS: &[Delivery] = &[trusted("kinesis", stream)];
pub(crate) const EVENTBRIDGE: &[Delivery] = &[trusted(
    "eventbridge",
    |events| json!({ "id": "e-1", "source": "shop", "detail-type": "placed", "detail": json(only(events)) }),
)];
/// An invocation, or a task of a state machine. Both get the plain JSON.
pub(crate) const PAYLOAD: &[Delivery] = &[trusted("invocation", |payloads| json(only(payloads)))];

fn api_gateway(request: &Message, identity: Value) -> Value {
    json!({
        "resource": "/orders", "path": "/orders", "httpMethod": "GET", "headers": request.pairs,
        "requestContext": { "requestId": "gw-1", "httpMethod": "GET", "identity": identity },
    })
}

fn load_balancer(request: &Message) -> Value {
    let headers: BTreeMap<_, _> =
        request.pairs.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/orders/1";
    json!({
        "path": "/orders", "httpMethod": "GET", "headers": headers,
        "requestContext": { "elb": { "targetGroupArn": arn } },
    })
}

fn notification(message: &Message) -> Value {
    let attribute = |(name, value): (&String, &String)| (name.clone(), json!({ "Type": "String", "Value": value }));
    let attributes: BTreeMap<_, _> = message.pairs.iter().map(attribute).collect();
    json!({ "Type": "Notification", "TopicArn": TOPIC, "Message": message.body, "MessageAttributes": attributes })
}

fn queue(messages: &[Message]) -> Value {
    let attribute =
        |(name, value): (&String, &String)| (name.clone(), json!({ "dataType": "String", "stringValue": value }));
    records(messages, |message| {
        let mut system = BTreeMap::from([("SentTimestamp", since_1970() + "000")]);
        system.extend(message.trace_header.clone().map(|header| ("AWSTraceHeader", header)));
        json!({
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders",
            "messageId": "m-1", "body": message.body, "attributes": system,
            "messageAttributes": message.pairs.iter().map(attribute).collect::<BTreeMap<_, _>>(),
        })
    })
}

fn stream(messages: &[Message]) -> Value {
    records(messages, |message| {
        json!({
            "eventSource": "aws:kinesis", "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/orders",
            "eventID": "shardId-000000000000:1",
            "kinesis": {
                "data": BASE64_STANDARD.encode(&message.body), "partitionKey": "key", "sequenceNumber": "1",
                "approximateArrivalTimestamp": since_1970().parse::<f64>().unwrap(),
            },
        })
    })
}

fn records(messages: &[Message], record: impl Fn(&Message) -> Value) -> Value {
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}

fn only(messages: &[Message]) -> &Message {
    let [message] = messages else { panic!("one at a time: {messages:?}") };
    message
}

fn json(message: &Message) -> Value {
    serde_json::from_str(&message.body).unwrap()
}

/// Returns the time in seconds. A message older than an hour would count as a redrive.
fn since_1970() -> String {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string()
}
