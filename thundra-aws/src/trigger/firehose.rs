//! [Firehose], which calls a function to transform the records of a delivery stream.
//!
//! The data of a record is base64, and may hold several user records or gzip, as in [Kinesis](super::kinesis). A record
//! that failed before and was sent again may stand in the object that Firehose [wrote] for the failure.
//!
//! [Firehose]: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesisfirehose.html
//! [wrote]: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html

use std::borrow::Cow;
use std::time::SystemTime;

use thundra_core::{Config, semconv};

use super::event::Event;
use super::message::{self, message_id};
use super::parse::base64;
use super::parse::data::Data;
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::{arn, packed, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger};
use crate::attributes::Attributes;

/// The objects with the place of a record in the stream or topic behind Firehose or Kinesis Data Analytics.
const METADATA: [&str; 4] =
    ["kinesisRecordMetadata", "kinesisStreamRecordMetadata", "kinesisFirehoseRecordMetadata", "mskRecordMetadata"];
/// The base64 of the beginning of a failed record, `{"attemptsMade":`, without the characters that depend on the rest.
const FAILED: &str = "eyJhdHRlbXB0c01hZGUiO";

pub(super) static SOURCE: Source = Source {
    name: "firehose",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: true,
    recognise: Recognise::Members(|event| event.members.has("deliveryStreamArn") && event.members.has("records")),
    read,
};

/// Returns the attributes of a span for the processing of records of a delivery stream.
pub(crate) fn process(delivery_stream: Option<&str>) -> Attributes {
    message::process("aws_firehose", delivery_stream)
}

/// Returns the name of a delivery stream.
pub(crate) fn delivery_stream(arn: &str) -> Option<&str> {
    arn::resource(arn, "deliverystream")
}

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let stream = event.members.text("deliveryStreamArn")?;
    trigger.set_all(process(delivery_stream(&stream)));
    deliver(trigger, event, "sourceKinesisStreamArn", config);
    Some(())
}

/// Delivers the `records` of an event. `source` is the member with the ARN of the Kinesis stream behind the records.
pub(super) fn deliver(trigger: &mut Trigger, event: &Event<'_>, source: &str, config: &Config) {
    let records = event.members.objects("records");
    let stream = event.members.text(source);
    let stream = stream.as_deref().and_then(|stream| arn::resource(stream, "stream")).map(str::to_owned);
    trigger.set_some(semconv::AWS_KINESIS_STREAM_NAME, stream);
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    let extractor = trigger.extractor(config).of_messages(records.len());
    trigger.deliver(records.iter().flat_map(|record| FirehoseRecord::of(record).read(&extractor).unpack()));
}

/// A record of Firehose or of Kinesis Data Analytics as JSON, or as the type of an event.
#[derive(Debug)]
pub(crate) struct FirehoseRecord<'a> {
    /// `recordId`
    pub(crate) id: Option<Cow<'a, str>>,
    /// `shardId`, of a record from a Kinesis stream, or `partitionId`, of a record from Amazon MSK.
    pub(crate) shard: Option<Cow<'a, str>>,
    /// `sequenceNumber`, of a record from a Kinesis stream.
    pub(crate) sequence_number: Option<Cow<'a, str>>,
    /// `offset`, of a record from Amazon MSK.
    pub(crate) offset: Option<i64>,
    /// `data`, or `kafkaRecordValue` of a record from Amazon MSK.
    pub(crate) data: Data<'a>,
    /// The arrival of the record at the stream.
    pub(crate) arrived_at: Option<SystemTime>,
}

impl<'a> FirehoseRecord<'a> {
    fn of(record: &Object<'a>) -> Self {
        let metadata = METADATA.iter().find_map(|name| record.object(name)).unwrap_or_default();
        FirehoseRecord {
            id: record.text("recordId"),
            shard: metadata.text("shardId").or_else(|| metadata.text("partitionId")),
            sequence_number: metadata.text("sequenceNumber"),
            offset: metadata.integer("offset"),
            data: Data::Base64(record.text("data").or_else(|| record.text("kafkaRecordValue")).unwrap_or_default()),
            arrived_at: arrival(record).or_else(|| arrival(&metadata)),
        }
    }

    /// Reads the context and the ids of the record.
    pub(crate) fn read(self, extractor: &Extractor<'_>) -> Message {
        let mut attributes = Vec::with_capacity(3);
        let text = |text: Cow<'_, str>| text.into_owned().into();
        attributes.extend(self.shard.map(text).map(|id| (semconv::MESSAGING_DESTINATION_PARTITION_ID, id)));
        attributes.extend(self.sequence_number.map(text).map(|id| (semconv::AWS_KINESIS_SEQUENCE_NUMBER, id)));
        attributes.extend(self.offset.map(|offset| (semconv::MESSAGING_KAFKA_OFFSET, offset.into())));
        attributes.extend(message_id(self.id));
        let raw = raw_data(&self.data);
        let unpacked = packed::open(raw.as_ref().unwrap_or(&self.data), extractor);
        let mut message = Message::of_record(unpacked, attributes, self.arrived_at);
        if raw.is_some() {
            message.context_range = None;
        }
        message
    }
}

/// Returns the data of a failed record, out of the object written by Firehose for the failure.
fn raw_data(failed: &Data<'_>) -> Option<Data<'static>> {
    let decoded;
    let json = match failed {
        Data::Base64(data) if data.starts_with(FAILED) => {
            decoded = base64::decode(data)?;
            &decoded
        }
        Data::Bytes(bytes) if bytes.starts_with(b"{\"attemptsMade\":") => *bytes,
        _ => return None,
    };
    let failure = Object::parse(std::str::from_utf8(json).ok()?)?;
    Some(Data::Base64(failure.text("rawData")?.into_owned().into()))
}

/// Returns the arrival of a record, in milliseconds or as a text.
fn arrival(record: &Object<'_>) -> Option<SystemTime> {
    const NAME: &str = "approximateArrivalTimestamp";
    let millis = record.time(NAME).and_then(time::from_millis);
    millis.or_else(|| time::from_rfc3339(&record.text(NAME)?))
}
