//! [SQS].
//!
//! A message may carry a context in the attributes, in an [envelope] or a `__context__` in the body, and in the system
//! attribute `AWSTraceHeader`. The body is opened only if the attributes hold no ids.
//!
//! [SQS]: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
//! [envelope]: super::parse::envelope

use std::borrow::Cow;

use thundra_core::{Config, semconv};

use super::event::{Event, is_record};
use super::message::{self, message_id};
use super::parse::envelope::{self, attributes_or_body};
use super::parse::extract::{Extractor, holds_ids};
use super::parse::json::Object;
use super::parse::opened::Opened;
use super::parse::{arn, attributes, changes, dead_letter, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};
use crate::attributes::Attributes;

pub(super) static SOURCE: Source = Source {
    name: "sqs",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: true,
    recognise: Recognise::Records(|record| {
        is_record(record, "aws:sqs", |record| record.has("messageId") && record.has("body"))
    }),
    read,
};

/// Returns the attributes of a span for the processing of messages of a queue.
pub(crate) fn process(queue: Option<&str>) -> Attributes {
    message::process("aws_sqs", queue)
}

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let records = &event.records;
    let queue = common(records.iter().map(|record| record.text("eventSourceARN")));
    trigger.set_all(process(queue.as_deref().and_then(arn::name)));
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    let extractor = trigger.extractor(config).of_messages(records.len());
    trigger.deliver(records.iter().map(|record| SqsMessage::of(record).read(extractor)));
    Some(())
}

/// A message of SQS as JSON, as the type of an event, or as the type of the SDK.
#[derive(Debug)]
pub(crate) struct SqsMessage<'a> {
    /// `messageId`
    pub(crate) id: Option<Cow<'a, str>>,
    /// `body`
    pub(crate) body: Body<'a>,
    /// The text attributes of the message.
    pub(crate) attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The system attribute `AWSTraceHeader`.
    pub(crate) trace_header: Option<Cow<'a, str>>,
    /// The system attribute `DeadLetterQueueSourceArn`.
    pub(crate) dead_letter_source: Option<Cow<'a, str>>,
    /// The system attribute `SentTimestamp`, in milliseconds since 1970.
    pub(crate) sent_timestamp: Option<Cow<'a, str>>,
    /// The system attribute `ApproximateReceiveCount`.
    pub(crate) receive_count: Option<Cow<'a, str>>,
}

/// The body of a message.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    /// A JSON string, with quotes and escapes.
    Json(&'a str),
    /// The unescaped text.
    #[cfg_attr(not(feature = "batch"), allow(dead_code))]
    Text(&'a str),
}

impl<'a> SqsMessage<'a> {
    fn of(record: &Object<'a>) -> Self {
        let system = record.object("attributes");
        let text = |name| system.as_ref().and_then(|system| system.text(name));
        // Some producers of test events write the time as a number.
        let number = |name| system.as_ref().and_then(|system| system.raw(name)).map(Cow::Borrowed);
        let map = record.object("messageAttributes");
        SqsMessage {
            id: record.text("messageId"),
            body: Body::Json(record.raw("body").unwrap_or_default()),
            attributes: map.map(|map| attributes::pairs(&map, &attributes::SQS)).unwrap_or_default(),
            dead_letter_source: text("DeadLetterQueueSourceArn"),
            trace_header: text("AWSTraceHeader"),
            sent_timestamp: text("SentTimestamp").or_else(|| number("SentTimestamp")),
            receive_count: text("ApproximateReceiveCount").or_else(|| number("ApproximateReceiveCount")),
        }
    }

    /// Reads the context and the ids of the message.
    pub(crate) fn read(self, extractor: Extractor<'_>) -> Message {
        let extractor = extractor.beside(self.trace_header.as_deref());
        let inbound = extractor.extract(&self.attributes);
        let opened = if holds_ids(&inbound) && extractor.is_for_scope {
            // The attributes win. The context of the body was received all the same, and is cut out of the payload.
            Opened { inbound, ..self.body.own_context() }
        } else {
            attributes_or_body(inbound, || self.body.open(&extractor))
        };
        let foreign = || extractor.foreign(&self.attributes);
        let mut attributes = Vec::with_capacity(4);
        attributes.extend(message_id(self.id));
        let receive_count = self.receive_count.and_then(|count| count.parse::<u64>().ok());
        attributes.extend(receive_count.map(|count| (semconv::AWS_SQS_RECEIVE_COUNT, count.into())));
        attributes.extend(dead_letter::describe(&self.attributes, self.dead_letter_source.as_deref()));
        let sent_at = self.sent_timestamp.and_then(|sent| time::from_millis(sent.parse().ok()?));
        let (Body::Json(text) | Body::Text(text)) = &self.body;
        let changes = changes::of_message(text);
        Message { sent_at, changes, ..Message::from(opened.beside_foreign(foreign)).with(attributes) }
    }
}

impl Body<'_> {
    fn open(&self, extractor: &Extractor<'_>) -> Option<Opened> {
        match self {
            Body::Json(string) => envelope::open_string(string, extractor),
            Body::Text(text) => envelope::open(text.as_bytes(), extractor),
        }
    }

    fn own_context(&self) -> Opened {
        match self {
            Body::Json(string) => envelope::own_context_of_string(string),
            Body::Text(text) => envelope::own_context(text.as_bytes()),
        }
    }
}
