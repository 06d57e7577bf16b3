//! Messages of Amazon MQ: ActiveMQ and RabbitMQ.
//!
//! A batch has messages of a single queue. The broker takes no partial response.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use aws_lambda_events::event::activemq::{ActiveMqEvent, ActiveMqMessage};
use aws_lambda_events::event::rabbitmq::{RabbitMqEvent, RabbitMqMessage};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;

use super::record::Delivery;
use super::source::{BatchSource, Order, RecordPayload};
use super::{BatchEvent, Takes};
use crate::trigger::Extractor;
use crate::trigger::kinesis::Data;
use crate::trigger::mq::{Broker, Headers, MqMessage, english_time, process, property_name, rabbitmq_queue};

impl BatchEvent for ActiveMqEvent {
    type Record = ActiveMqMessage;
    type Response = ();

    type Header = ();
    type Id = ();
    type Output = ();

    const SOURCE: BatchSource<Self> = BatchSource {
        open: |event| ((), event.messages),
        order: |_| Order::Queue,
        group: |_, _| None,
        name: |_| None,
        id: |_| (),
        read: read_activemq,
        payload: |message| decoded(message.data.as_deref()),
        respond: |(), _| (),
    };
}

impl<R> Takes<R> for ActiveMqEvent {
    fn output(_: R) {}
}

impl BatchEvent for RabbitMqEvent {
    type Record = RabbitMqMessage;
    type Response = ();

    /// The queue.
    type Header = Option<String>;
    type Id = ();
    type Output = ();

    const SOURCE: BatchSource<Self> = BatchSource {
        open: |event| {
            let mut queues: Vec<_> = event.messages_by_queue.into_iter().collect();
            queues.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            let queue = match &queues[..] {
                [(queue, _)] => Some(rabbitmq_queue(queue).to_owned()),
                _ => None,
            };
            (queue, queues.into_iter().flat_map(|(_, messages)| messages).collect())
        },
        order: |_| Order::Queue,
        group: |_, _| None,
        name: |_| None,
        id: |_| (),
        read: read_rabbitmq,
        payload: |message| decoded(message.data.as_deref()),
        respond: |_, _| (),
    };
}

impl<R> Takes<R> for RabbitMqEvent {
    fn output(_: R) {}
}

fn decoded(data: Option<&str>) -> RecordPayload<'_> {
    let decoded = BASE64_STANDARD.decode(data.ok_or("the message has no data")?);
    decoded.map(|data| Some(Cow::Owned(data))).map_err(|_| "the data is no base64")
}

fn read_activemq((): &(), message: &ActiveMqMessage, extractor: Extractor<'_>) -> Delivery {
    let queue = message.destination.physical_name.as_deref();
    let properties = message.properties.iter();
    let millis = [message.broker_in_time, message.timestamp].into_iter().find(|millis| *millis > 0);
    let sent_at = millis.and_then(|millis| UNIX_EPOCH.checked_add(Duration::from_millis(millis.cast_unsigned())));
    let read = MqMessage {
        id: message.message_id.as_deref().map(Cow::Borrowed),
        conversation_id: message.correlation_id.as_deref().map(Cow::Borrowed),
        queue: queue.map(Cow::Borrowed),
        headers: Headers::Texts(
            properties
                .map(|(name, value)| (property_name(Cow::Borrowed(name)), Cow::Borrowed(value.as_str())))
                .collect(),
        ),
        data: Data::Base64(Cow::Borrowed(message.data.as_deref().unwrap_or_default())),
        sent_at,
        redelivered: message.redelivered,
    };
    Delivery::new(queue, process(Broker::ActiveMq, queue), read.read(&extractor))
}

fn read_rabbitmq(queue: &Option<String>, message: &RabbitMqMessage, extractor: Extractor<'_>) -> Delivery {
    let (queue, properties) = (queue.as_deref(), &message.basic_properties);
    let headers = properties.headers.iter();
    let read = MqMessage {
        id: properties.message_id.as_deref().map(Cow::Borrowed),
        conversation_id: properties.correlation_id.as_deref().map(Cow::Borrowed),
        queue: queue.map(Cow::Borrowed),
        headers: Headers::Texts(
            headers.filter_map(|(name, value)| Some((Cow::Borrowed(name.as_str()), header(value)?))).collect(),
        ),
        data: Data::Base64(Cow::Borrowed(message.data.as_deref().unwrap_or_default())),
        sent_at: properties.timestamp.as_deref().and_then(english_time),
        redelivered: message.redelivered,
    };
    Delivery::new(queue, process(Broker::RabbitMq, queue), read.read(&extractor))
}

/// Returns the text of a header.
fn header(value: &Json) -> Option<Cow<'_, str>> {
    match value {
        Json::String(text) => Some(Cow::Borrowed(text)),
        value => crate::trigger::mq::header(&value.to_string()).map(|text| Cow::Owned(text.into_owned())),
    }
}
