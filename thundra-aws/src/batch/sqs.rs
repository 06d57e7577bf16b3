//! Messages of SQS.

use std::borrow::Cow;

use aws_lambda_events::event::sqs;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};

use super::record::Delivery;
use super::source::{BatchSource, Order, reported};
use super::{BatchEvent, Takes};
use crate::trigger::sqs::{self as source, Body, SqsMessage};
use crate::trigger::{Extractor, arn};

impl BatchEvent for SqsEvent {
    type Record = sqs::SqsMessage;
    type Response = SqsBatchResponse;

    type Header = ();
    type Id = String;
    type Output = ();

    const SOURCE: BatchSource<Self> = BatchSource {
        open: |event| ((), event.records),
        // A batch has messages of a single queue.
        order: |messages| if messages.iter().any(is_fifo) { Order::Groups } else { Order::Unordered },
        // A standard queue may have message groups too, for fairness. Groups of a standard queue have no order.
        group: |message, _| {
            is_fifo(message).then(|| message.attributes.get("MessageGroupId").cloned().unwrap_or_default())
        },
        name: |message| message.message_id.as_deref(),
        id: |message| message.message_id.clone().unwrap_or_default(),
        read,
        payload: |message| match &message.body {
            Some(body) => Ok(Some(Cow::Borrowed(body.as_bytes()))),
            None => Err("the message has no body"),
        },
        respond: |(), messages| {
            let mut response = SqsBatchResponse::default();
            response.set_failures(reported(messages));
            response
        },
    };
}

impl<R> Takes<R> for SqsEvent {
    fn output(_: R) {}
}

fn is_fifo(message: &sqs::SqsMessage) -> bool {
    message.event_source_arn.as_ref().is_some_and(|arn| arn.ends_with(".fifo"))
}

fn read((): &(), message: &sqs::SqsMessage, extractor: Extractor<'_>) -> Delivery {
    let queue = message.event_source_arn.as_deref().and_then(arn::name);
    let system = |name| message.attributes.get(name).map(|text| Cow::Borrowed(text.as_str()));
    let attributes = message.message_attributes.iter();
    let message = SqsMessage {
        id: message.message_id.as_deref().map(Cow::Borrowed),
        body: Body::Text(message.body.as_deref().unwrap_or_default()),
        attributes: attributes.filter_map(|(name, value)| Some((name.into(), text(value)?.into()))).collect(),
        dead_letter_source: system("DeadLetterQueueSourceArn"),
        trace_header: system("AWSTraceHeader"),
        sent_timestamp: system("SentTimestamp"),
        receive_count: system("ApproximateReceiveCount"),
    };
    delivery(queue, message, extractor)
}

/// Returns the value of an attribute, or the bytes if the bytes are a text.
fn text(value: &sqs::SqsMessageAttribute) -> Option<&str> {
    let bytes = || value.binary_value.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    value.string_value.as_deref().or_else(bytes)
}

/// Reads a message delivered by a queue, to a function or to a client.
pub(crate) fn delivery(queue: Option<&str>, message: SqsMessage<'_>, extractor: Extractor<'_>) -> Delivery {
    Delivery::new(queue, source::process(queue), message.read(extractor))
}
