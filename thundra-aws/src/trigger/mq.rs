//! [Amazon MQ]: ActiveMQ and RabbitMQ.
//!
//! A message may carry a context in the properties (ActiveMQ) or the headers (RabbitMQ), and in an [envelope] or a
//! `__context__` in the data. The data is opened only if the others hold no ids.
//!
//! [Amazon MQ]: https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html
//! [envelope]: super::parse::envelope

use std::borrow::Cow;
use std::time::SystemTime;

use thundra_core::{Config, semconv};

use super::event::{Event, event_source};
use super::message::{self, message_id};
use super::parse::carrier::Carrier;
use super::parse::data::Data;
use super::parse::extract::Extractor;
use super::parse::json::{Member, Object};
#[cfg(feature = "batch")]
pub(crate) use super::parse::time::from_english as english_time;
use super::parse::{bytes, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};
use crate::attributes::Attributes;

/// The text that OpenTelemetry for Java writes in place of a dash, because the name of a JMS property cannot hold a
/// dash.
const DASH: &str = "__dash__";

pub(super) static SOURCE: Source = Source {
    name: "mq",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: true,
    recognise: Recognise::Groups(|event| broker(event).is_some()),
    read,
};

/// The kinds of brokers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broker {
    ActiveMq,
    RabbitMq,
}

/// Returns the attributes of a span for the processing of messages of a queue.
pub(crate) fn process(broker: Broker, queue: Option<&str>) -> Attributes {
    let system = match broker {
        Broker::ActiveMq => "activemq",
        Broker::RabbitMq => "rabbitmq",
    };
    message::process(system, queue)
}

/// Returns the broker of an event, or of a record from a pipe. Some test events name no source.
fn broker(event: &Object<'_>) -> Option<Broker> {
    match event_source(event).as_deref() {
        Some("aws:rmq") => Some(Broker::RabbitMq),
        Some("aws:mq" | "aws:amq") => Some(Broker::ActiveMq),
        Some(_) => None,
        None if event.object("rmqMessagesByQueue").is_some() => Some(Broker::RabbitMq),
        None => {
            let first = event.each_object("messages").next()?;
            (first.has("messageID") && first.has("destination")).then_some(Broker::ActiveMq)
        }
    }
}

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let broker = event.objects().first().and_then(broker)?;
    let queues = event.members.object("rmqMessagesByQueue").unwrap_or_default().groups();
    let messages: Vec<_> = match broker {
        _ if event.is_list => event.records.iter().map(|record| MqMessage::of(broker, record)).collect(),
        Broker::ActiveMq => event.members.objects("messages").iter().map(MqMessage::of_activemq).collect(),
        Broker::RabbitMq => queues.iter().flat_map(|(queue, messages)| of_queue(queue, messages)).collect(),
    };
    let queue = common(messages.iter().map(|message| message.queue.as_deref()));
    trigger.set_all(process(broker, queue));
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, messages.len());
    let extractor = trigger.extractor(config).of_messages(messages.len());
    trigger.deliver(messages.into_iter().map(|message| message.read(&extractor)));
    Some(())
}

/// Reads the messages of a queue of RabbitMQ, `{queue}::{virtual host}`.
fn of_queue<'a>(queue: &'a str, messages: &[Object<'a>]) -> impl Iterator<Item = MqMessage<'a>> {
    let queue = Cow::Borrowed(rabbitmq_queue(queue));
    let message = move |message| MqMessage { queue: Some(queue.clone()), ..MqMessage::of_rabbitmq(message) };
    messages.iter().map(message)
}

/// Returns the queue of `{queue}::{virtual host}`.
pub(crate) fn rabbitmq_queue(queue: &str) -> &str {
    queue.rsplit_once("::").map_or(queue, |(name, _)| name)
}

/// A message of a broker as JSON, or as the type of an event.
#[derive(Debug)]
pub(crate) struct MqMessage<'a> {
    /// `messageID` or `messageId`
    pub(crate) id: Option<Cow<'a, str>>,
    /// `correlationID` or `correlationId`, the id of a conversation.
    pub(crate) conversation_id: Option<Cow<'a, str>>,
    /// The name of the queue.
    pub(crate) queue: Option<Cow<'a, str>>,
    /// `properties` or `headers`
    pub(crate) headers: Headers<'a>,
    /// `data`
    pub(crate) data: Data<'a>,
    /// The arrival at the broker, else the time written by the sender.
    pub(crate) sent_at: Option<SystemTime>,
    /// `redelivered`: `true` if the broker delivered the message before.
    pub(crate) redelivered: bool,
}

/// The texts and numbers among the properties or headers of a message.
#[derive(Debug)]
pub(crate) enum Headers<'a> {
    /// Properties of ActiveMQ, with [names of JMS](property_name).
    Properties(Object<'a>),
    /// Headers of RabbitMQ. A text may be an array of bytes.
    Table(Object<'a>),
    /// The decoded headers.
    #[cfg_attr(not(feature = "batch"), allow(dead_code))]
    Texts(Vec<(Cow<'a, str>, Cow<'a, str>)>),
}

impl Carrier for Headers<'_> {
    fn each(&self, is_wanted: &dyn Fn(&str) -> bool, pair: &mut dyn FnMut(&str, &str)) {
        let (map, name): (_, fn(_) -> _) = match self {
            Headers::Properties(map) => (map, property_name),
            Headers::Table(map) => (map, |name| name),
            Headers::Texts(headers) => return headers.each(is_wanted, pair),
        };
        let wanted = map.all_members().map(|member| (name(member.key()), member));
        for (name, member) in wanted.filter(|(name, _)| is_wanted(name)) {
            with_header(member, |value| pair(&name, value));
        }
    }
}

impl<'a> MqMessage<'a> {
    /// Reads a message.
    fn of(broker: Broker, message: &Object<'a>) -> Self {
        match broker {
            Broker::ActiveMq => MqMessage::of_activemq(message),
            Broker::RabbitMq => MqMessage::of_rabbitmq(message),
        }
    }

    fn of_activemq(message: &Object<'a>) -> Self {
        let time = |name| message.time(name).and_then(time::from_millis);
        let properties = message.object("properties").unwrap_or_default();
        let destination = message.object("destination").unwrap_or_default();
        MqMessage {
            id: message.text("messageID"),
            conversation_id: message.text("correlationID").or_else(|| message.text("correlationId")),
            // The documentation writes the name without the capital.
            queue: destination.text("physicalName").or_else(|| destination.text("physicalname")),
            headers: Headers::Properties(properties),
            data: Data::Base64(message.text("data").unwrap_or_default()),
            sent_at: time("brokerInTime").or_else(|| time("timestamp")),
            redelivered: message.raw("redelivered") == Some("true"),
        }
    }

    fn of_rabbitmq(message: &Object<'a>) -> Self {
        // A record from a pipe names the queue.
        let key = message.text("eventSourceKey");
        let properties = message.object("basicProperties").unwrap_or_default();
        let map = properties.object("headers").unwrap_or_default();
        MqMessage {
            id: properties.text("messageId"),
            conversation_id: properties.text("correlationId"),
            queue: key.map(|key| rabbitmq_queue(&key).to_owned().into()),
            headers: Headers::Table(map),
            data: Data::Base64(message.text("data").unwrap_or_default()),
            sent_at: properties.text("timestamp").and_then(|time| time::from_english(&time)),
            redelivered: message.raw("redelivered") == Some("true"),
        }
    }

    /// Reads the context and the ids of the message.
    pub(crate) fn read(self, extractor: &Extractor<'_>) -> Message {
        let mut attributes = Vec::with_capacity(3);
        attributes.extend(message_id(self.id.filter(|id| !id.is_empty())));
        let conversation = self.conversation_id.filter(|id| !id.is_empty()).map(|id| id.into_owned().into());
        attributes.extend(conversation.map(|id| (semconv::MESSAGING_MESSAGE_CONVERSATION_ID, id)));
        if self.redelivered {
            attributes.push((semconv::AWS_MQ_REDELIVERED, true.into()));
        }
        let headers = extractor.extract(&self.headers);
        let foreign = || extractor.foreign(&self.headers);
        let opened = self.data.open_beside(headers, extractor).beside_foreign(foreign);
        Message { attributes, sent_at: self.sent_at, ..opened.into() }
    }
}

/// Reads the text of a header as [`header`] does.
fn with_header(member: Member<'_, '_>, read: impl FnOnce(&str)) -> Option<()> {
    match member.object() {
        Some(object) => bytes::with_text(object.raw("bytes")?, read),
        None => header(member.raw()).map(|text| read(&text)),
    }
}

/// Returns the producer's name for a property of JMS.
pub(crate) fn property_name(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.contains(DASH) { name.replace(DASH, "-").into() } else { name }
}

/// Returns the text of a header: a string, a number, a boolean, or `{"bytes": [118, 49]}`.
pub(crate) fn header(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'{' => bytes::text(Object::parse(json)?.raw("bytes")?),
        b'[' | b'n' => None,
        b'"' => bytes::text(json),
        _ => Some(Cow::Borrowed(json)),
    }
}
