//! What an invocation was triggered by, read from its bytes.
//!
//! Every event source of AWS is recognised by its JSON. An event that is unknown or malformed is
//! [`Source::Other`], never an error: the handler gets it as it came.
//!
//! # Whose word counts
//!
//! Queues, streams and invokes are AWS's own callers and are trusted. At the public edge (API Gateway, function
//! URLs, load balancers, AppSync, devices of IoT) the trace context and well-formed ids are taken, the sampling flag
//! and the switches are not, unless the event shows a caller with IAM credentials or `THUNDRA_TRUST=all`. A Cognito
//! identity is an end user, known or not, and not such a caller: its invocations are not trusted, whatever form the
//! event has.
//!
//! # What is not read
//!
//! Attributes hold no payload, no credential and no value of a query: `url.query` has the names, each with the
//! value `REDACTED`. Each text is cut at 2,048 bytes, most texts of a request earlier.

mod direct;
mod dynamodb;
mod edge;
mod event_bridge;
mod http;
mod kinesis;
mod parse;
mod s3;
mod sns;
mod sqs;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use thundra_core::propagation::{CORRELATION_ID, CorrelationIds, Inbound, Trust};
use thundra_core::{Config, Value, semconv};

#[cfg_attr(not(feature = "batch"), allow(unused_imports))]
pub(crate) use parse::extract::Extractor;
#[cfg(feature = "batch")]
pub(crate) use {
    kinesis::{SYSTEM as KINESIS_SYSTEM, shard as kinesis_shard},
    parse::envelope::{Opened, open},
    parse::time::from_millis,
    sqs::{SYSTEM as SQS_SYSTEM, open as open_sqs},
};

use crate::payload;
use parse::json::{self, Object};

/// The longest text of an attribute: as long as ARNs may be, and longer than names in S3.
const MAX_TEXT_BYTES: usize = 2048;
/// A trace is over after so long; a message this old is a redrive.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Whether a message was sent so long ago that the trace it comes from is over.
pub(crate) fn is_old(sent_at: Option<SystemTime>) -> bool {
    sent_at.and_then(|sent| sent.elapsed().ok()).is_some_and(|age| age > MAX_AGE)
}

/// Attributes of a span.
pub(crate) type Attributes = Vec<(&'static str, Value)>;

/// The sources of events, as far as they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    ApiGatewayRest,
    ApiGatewayHttp,
    ApiGatewayAuthorizer,
    WebSocket,
    FunctionUrl,
    LoadBalancer,
    Lattice,
    Sns,
    Sqs,
    Kinesis,
    DynamoDb,
    S3,
    EventBridge,
    Schedule,
    Firehose,
    CloudWatchLogs,
    Kafka,
    /// ActiveMQ and RabbitMQ.
    Mq,
    /// Another program's call, a Step Functions task among them: they look the same.
    Direct,
    Other,
}

/// What an invocation was triggered by.
#[derive(Debug)]
pub(crate) struct Trigger {
    pub(crate) source: Source,
    /// The trust in the caller, for the event and for the headers beside it.
    pub(crate) trust: Trust,
    /// `faas.trigger`: `http`, `pubsub`, `datasource`, `timer` or `other`.
    pub(crate) faas_trigger: &'static str,
    /// The name of the root span; `None` for the function's.
    pub(crate) span_name: Option<String>,
    /// Attributes of the root span, `faas.trigger` among them.
    pub(crate) attributes: Attributes,
    /// What was sent: one for a request, one for each record of a batch, none where nothing is known.
    pub(crate) messages: Vec<Message>,
    /// Whether there are several messages, whose contexts are linked; else the one message is the parent.
    pub(crate) batch: bool,
    /// The `__context__` to cut out of the event before the user's type is read.
    pub(crate) context_member: Option<payload::Member>,
    /// The correlation id where the caller sent none: API Gateway's request id, which the client can see too.
    pub(crate) default_correlation_id: Option<String>,
}

/// One request, record or message.
#[derive(Debug, Default)]
pub(crate) struct Message {
    pub(crate) inbound: Inbound,
    /// What names it, for the link to its sender.
    pub(crate) attributes: Attributes,
    /// When it was sent, by the clock of the service that delivers it.
    pub(crate) sent_at: Option<SystemTime>,
    /// The text of the `__context__` object that came inside it.
    pub(crate) received_context: Option<String>,
}

impl Trigger {
    fn new(source: Source, faas_trigger: &'static str) -> Self {
        Trigger {
            source,
            trust: Trust::Full,
            faas_trigger,
            span_name: None,
            attributes: vec![(semconv::FAAS_TRIGGER, faas_trigger.into())],
            messages: Vec::new(),
            batch: false,
            context_member: None,
            default_correlation_id: None,
        }
    }

    /// Sets the trust in its caller.
    fn of(self, trust: Trust) -> Self {
        Trigger { trust, ..self }
    }

    fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        self.attributes.push((key, bounded(value.into())));
    }

    fn set_some(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Says that messages of `system` are processed; a single one lends its own attributes.
    fn processes(&mut self, system: &'static str, destination: Option<String>) {
        self.set(semconv::MESSAGING_SYSTEM, system);
        self.set(semconv::MESSAGING_OPERATION_NAME, "process");
        self.set(semconv::MESSAGING_OPERATION_TYPE, "process");
        self.set_some(semconv::MESSAGING_DESTINATION_NAME, destination);
    }

    fn batch_of(mut self, mut messages: Vec<Message>) -> Self {
        for message in &mut messages {
            message.attributes =
                std::mem::take(&mut message.attributes).into_iter().map(|(k, v)| (k, bounded(v))).collect();
        }
        self.batch = messages.len() > 1;
        if let [only] = messages.as_slice() {
            self.attributes.extend(only.attributes.iter().cloned());
        }
        self.messages = messages;
        self
    }
}

impl From<parse::envelope::Opened> for Message {
    fn from(opened: parse::envelope::Opened) -> Self {
        Message { inbound: opened.inbound, received_context: opened.context, ..Message::default() }
    }
}

/// Recognises an event. `caller` is the trust in the caller that invoked the function.
pub(crate) fn detect(body: &[u8], config: &Config, caller: Trust) -> Trigger {
    if let Some(trigger) = records(body, config, caller) {
        return trigger;
    }
    let event = Object::parse_until(body, "body", http::is_enough);
    let is_edge = event.as_ref().map_or_else(|| edge::is_edge_body(body), edge::is_edge);
    let trust = if is_edge { edge_trust(config) } else { caller };
    let extractor = Extractor::new(config.propagators, trust);
    let trigger = event.and_then(|event| {
        http::detect(&event, config, trust).or_else(|| {
            let body = std::str::from_utf8(body).ok()?;
            let trigger = event_bridge::detect(body, &event, extractor);
            Some(trigger.or_else(|| direct::detect(body, &event, extractor))?.of(trust))
        })
    });
    trigger.unwrap_or_else(|| Trigger::new(Source::Other, "other").of(trust))
}

/// Returns the trust in callers at the public edge.
pub(crate) fn edge_trust(config: &Config) -> Trust {
    if config.trust_all { Trust::Full } else { Trust::Edge }
}

/// Events that are nothing but `Records`: the first one says where they come from. Members beside them may show that a
/// device wrote them.
fn records(body: &[u8], config: &Config, caller: Trust) -> Option<Trigger> {
    let (records, alone) = json::first_member_objects(body, "Records", |first| of_source(first).is_some())?;
    let event = || Object::parse(std::str::from_utf8(body).ok()?);
    let is_edge = !alone && event().is_some_and(|event| edge::is_edge(&event));
    let trust = if is_edge { edge_trust(config) } else { caller };
    Some(of_source(records.first()?)?(&records, Extractor::new(config.propagators, trust)).of(trust))
}

type OfRecords = fn(&[Object<'_>], Extractor<'_>) -> Trigger;

/// What reads records like this one.
fn of_source(record: &Object<'_>) -> Option<OfRecords> {
    // SNS alone writes it with a capital.
    let source = record.text("eventSource").or_else(|| record.text("EventSource"))?;
    match source.as_ref() {
        "aws:sns" => Some(sns::trigger),
        "aws:sqs" => Some(sqs::trigger),
        "aws:kinesis" => Some(kinesis::trigger),
        "aws:dynamodb" => Some(dynamodb::trigger),
        "aws:s3" => Some(s3::trigger),
        _ => None,
    }
}

/// The attribute that names a message.
fn message_id(id: Option<Cow<'_, str>>) -> Option<(&'static str, Value)> {
    Some((semconv::MESSAGING_MESSAGE_ID, id?.into_owned().into()))
}

/// Bounds a value that the writer of the event chose.
pub(crate) fn bounded(value: Value) -> Value {
    match value {
        Value::Str(text) if text.len() > MAX_TEXT_BYTES => cut(&text).to_owned().into(),
        Value::Array(texts) => Value::Array(texts.iter().map(|text| cut(text).to_owned()).collect()),
        other => other,
    }
}

/// Returns the beginning of such a text.
pub(crate) fn cut(text: &str) -> &str {
    thundra_core::cut(text, MAX_TEXT_BYTES)
}

/// Returns `true` for a text that can be a correlation id.
fn is_correlation_id(id: &str) -> bool {
    CorrelationIds::default().set(CORRELATION_ID, id)
}

/// The last part of an ARN after a colon: a queue, a topic.
pub(crate) fn name_in_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.rsplit(':').next().filter(|name| !name.is_empty())
}

/// The second part of the last part: `stream/orders`, `table/orders/stream/…`.
pub(crate) fn resource_in_arn<'a>(arn: &'a str, kind: &str) -> Option<&'a str> {
    let resource = arn.splitn(6, ':').nth(5)?.strip_prefix(kind)?.strip_prefix('/')?;
    resource.split('/').next().filter(|name| !name.is_empty())
}

/// What all records have, or nothing.
fn common<T: PartialEq>(mut values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = values.next()??;
    values.all(|value| value.as_ref() == Some(&first)).then_some(first)
}

#[cfg(test)]
mod tests;
