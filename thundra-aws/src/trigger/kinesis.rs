//! [Kinesis] data streams. The data of a record is base64, and may hold several user records or gzip.
//!
//! `faas.trigger` is `datasource`. The conventions leave the value open, and a stream is read like a store.
//!
//! [Kinesis]: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html

use std::borrow::Cow;
use std::time::SystemTime;

use thundra_core::{Config, semconv};

use super::event::{Event, is_record};
use super::message::{self, message_id};
pub(crate) use super::parse::data::Data;
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::{arn, packed, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};
use crate::attributes::Attributes;

pub(super) static SOURCE: Source = Source {
    name: "kinesis",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: true,
    recognise: Recognise::Records(|record| {
        is_record(record, "aws:kinesis", |record| {
            let of_pipe = || record.has("kinesisSchemaVersion") && record.has("data");
            record.object("kinesis").map_or_else(of_pipe, |kinesis| kinesis.has("data"))
        })
    }),
    read,
};

/// The end of a window without records.
pub(super) static WINDOW: Source = Source {
    name: "kinesis_window",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Members(|event| event.is_end_of_window("kinesis")),
    read,
};

/// Returns the attributes of a span for the processing of records of a stream.
pub(crate) fn process(stream: Option<&str>) -> Attributes {
    let mut attributes = message::process("aws_kinesis", stream);
    attributes.extend(stream.map(|stream| (semconv::AWS_KINESIS_STREAM_NAME, stream.to_owned().into())));
    attributes
}

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let records = &event.records;
    let stream = common(records.iter().map(|record| record.text("eventSourceARN")));
    let stream = stream.or_else(|| event.members.text("eventSourceARN"));
    trigger.set_all(process(stream.as_deref().and_then(|stream| arn::resource(stream, "stream"))));
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    let extractor = trigger.extractor(config).of_messages(records.len());
    let message = |record| KinesisRecord::of(record).map(|record| record.read(&extractor));
    trigger.deliver(records.iter().flat_map(|record| message(record).unwrap_or_default().unpack()));
    Some(())
}

/// A record of Kinesis as JSON, as the type of an event, or as the type of the SDK.
#[derive(Debug)]
pub(crate) struct KinesisRecord<'a> {
    /// `eventID`, `{shard}:{sequence number}`.
    pub(crate) event_id: Option<Cow<'a, str>>,
    /// `sequenceNumber`
    pub(crate) sequence_number: Option<Cow<'a, str>>,
    /// `data`
    pub(crate) data: Data<'a>,
    /// The arrival of the record at the stream.
    pub(crate) arrived_at: Option<SystemTime>,
}

impl<'a> KinesisRecord<'a> {
    fn of(record: &Object<'a>) -> Option<Self> {
        // A pipe delivers the members without the surrounding object.
        let nested = record.object("kinesis");
        let kinesis = nested.as_ref().or_else(|| record.has("data").then_some(record))?;
        Some(KinesisRecord {
            event_id: record.text("eventID"),
            sequence_number: kinesis.text("sequenceNumber"),
            data: Data::Base64(kinesis.text("data").unwrap_or_default()),
            arrived_at: kinesis.time("approximateArrivalTimestamp").and_then(time::from_seconds),
        })
    }

    /// Reads the context and the ids of the record.
    pub(crate) fn read(self, extractor: &Extractor<'_>) -> Message {
        let shard = self.event_id.as_deref().and_then(|id| id.split_once(':')).map(|(shard, _)| shard);
        let mut attributes = Vec::with_capacity(2);
        if let Some(shard) = shard.filter(|shard| !shard.is_empty()) {
            attributes.push((semconv::MESSAGING_DESTINATION_PARTITION_ID, shard.to_owned().into()));
        }
        attributes.extend(message_id(self.sequence_number.filter(|number| !number.is_empty())));
        Message::of_record(packed::open(&self.data, extractor), attributes, self.arrived_at)
    }
}
