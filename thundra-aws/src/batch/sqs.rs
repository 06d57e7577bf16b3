//! Messages of SQS.

use std::borrow::Cow;

use aws_lambda_events::event::sqs;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};

use super::record::Delivery;
use super::{BatchEvent, BatchSource};
use crate::trigger::sqs::{self as source, Body, SqsMessage};
use crate::trigger::{Extractor, arn};

impl BatchEvent for SqsEvent {
    type Record = sqs::SqsMessage;
    type Response = SqsBatchResponse;

    const SOURCE: BatchSource<Self> = BatchSource {
        records: |event| event.records,
        identifier: |message| message.message_id.clone().unwrap_or_default(),
        group: |message| {
            // A standard queue may have message groups too, for fairness. They have no order.
            let is_fifo = message.event_source_arn.as_ref().is_some_and(|arn| arn.ends_with(".fifo"));
            is_fifo.then(|| message.attributes.get("MessageGroupId").cloned().unwrap_or_default())
        },
        // SQS deletes what is not reported, and would deliver the rest of the group out of order.
        reports_skipped: true,
        read,
        payload: |message| message.body.as_deref().map(str::as_bytes),
        response: |failures| {
            let mut response = SqsBatchResponse::default();
            response.set_failures(failures);
            response
        },
    };
}

fn read(message: &sqs::SqsMessage, extractor: Extractor<'_>) -> Delivery {
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

/// Returns the value of an attribute, or its bytes if they are a text.
fn text(value: &sqs::SqsMessageAttribute) -> Option<&str> {
    let bytes = || value.binary_value.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    value.string_value.as_deref().or_else(bytes)
}

/// Reads a message that a queue delivered, to a function or to a client.
pub(crate) fn delivery(queue: Option<&str>, message: SqsMessage<'_>, extractor: Extractor<'_>) -> Delivery {
    Delivery::new(queue, source::process(queue), message.read(extractor))
}
