//! Kafka: [Amazon MSK] and [self-managed clusters].
//!
//! The records stand in a map by topic and partition, and in a list from a pipe of EventBridge. A record may carry a
//! context in the headers, and in an [envelope] or a `__context__` in the value. The value is opened only if the
//! headers hold no ids.
//!
//! [Amazon MSK]: https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
//! [self-managed clusters]: https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html
//! [envelope]: super::parse::envelope

use std::borrow::Cow;
use std::time::SystemTime;

use thundra_core::propagation::Inbound;
use thundra_core::{Config, semconv};

use super::event::{Event, event_source};
use super::message;
use super::parse::base64;
use super::parse::bytes;
use super::parse::carrier::{Carrier, Prefixed};
use super::parse::data::Data;
use super::parse::extract::{Extractor, holds_context};
use super::parse::json::Object;
use super::parse::time;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};
use crate::attributes::Attributes;

/// The names of the event source, in any case. AWS writes `SelfManagedKafka` with and without the prefix.
const NAMES: [&str; 3] = ["aws:kafka", "aws:SelfManagedKafka", "SelfManagedKafka"];

/// The prefix of the attributes of a CloudEvent among the [headers]. The extension for distributed tracing has two.
///
/// [headers]: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
const CLOUD_EVENT: &str = "ce_";

pub(super) static SOURCE: Source = Source {
    name: "kafka",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: true,
    recognise: Recognise::Groups(|event| match event_source(event) {
        Some(source) => NAMES.iter().any(|name| name.eq_ignore_ascii_case(&source)),
        None => first_record(event).is_some_and(|record| record.has("topic") && record.has("offset")),
    }),
    read,
};

/// Returns the attributes of a span for the processing of records of a topic.
pub(crate) fn process(topic: Option<&str>) -> Attributes {
    message::process("kafka", topic)
}

/// Returns the first of the records by partition.
fn first_record<'a>(event: &Object<'a>) -> Option<Object<'a>> {
    let records = event.object("records")?;
    records.all_members().next()?.objects()?.into_iter().next()
}

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let partitions = event.members.object("records").unwrap_or_default().groups();
    let grouped = partitions.iter().flat_map(|(partition, records)| of_partition(partition, records));
    let records: Vec<_> = grouped.chain(event.records.iter().map(KafkaRecord::of)).collect();
    let topic = common(records.iter().map(|record| record.topic.as_deref()));
    trigger.set_all(process(topic));
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    let extractor = trigger.extractor(config).of_messages(records.len());
    trigger.deliver(records.into_iter().map(|record| record.read(&extractor)));
    Some(())
}

/// Reads the records of one partition. The name of the partition, `{topic}-{partition}`, gives the topic of a record
/// without a `topic`.
fn of_partition<'a>(partition: &'a str, records: &[Object<'a>]) -> impl Iterator<Item = KafkaRecord<'a>> {
    let topic = partition.rsplit_once('-').map(|(topic, _)| topic);
    records.iter().map(move |record| {
        let record = KafkaRecord::of(record);
        KafkaRecord { topic: record.topic.or(topic.map(Cow::Borrowed)), ..record }
    })
}

/// A record of Kafka as JSON, or as the type of an event.
#[derive(Debug)]
pub(crate) struct KafkaRecord<'a> {
    /// `topic`
    pub(crate) topic: Option<Cow<'a, str>>,
    /// `partition`
    pub(crate) partition: Option<i64>,
    /// `offset`
    pub(crate) offset: Option<i64>,
    /// `timestamp`: the creation of the record at the producer, or the arrival at the broker.
    pub(crate) timestamp: Option<SystemTime>,
    /// `key` in base64.
    pub(crate) key: Option<Cow<'a, str>>,
    /// `value`. `None` for a tombstone.
    pub(crate) value: Option<Data<'a>>,
    /// `headers`
    pub(crate) headers: Headers<'a>,
}

/// The headers of a record. A name may occur several times.
#[derive(Debug)]
pub(crate) enum Headers<'a> {
    /// The record with the headers, as arrays of bytes.
    Of(Object<'a>),
    /// The decoded headers.
    #[cfg_attr(not(feature = "batch"), allow(dead_code))]
    Texts(Vec<(Cow<'a, str>, Cow<'a, str>)>),
}

impl Carrier for Headers<'_> {
    fn each(&self, is_wanted: &dyn Fn(&str) -> bool, pair: &mut dyn FnMut(&str, &str)) {
        match self {
            Headers::Of(record) => record.each_object("headers").for_each(|headers| {
                let wanted = headers.members().map(|header| (header.key(), header.raw()));
                for (name, bytes) in wanted.filter(|(name, _)| is_wanted(name)) {
                    bytes::with_text(bytes, |value| pair(&name, value));
                }
            }),
            Headers::Texts(headers) => headers.each(is_wanted, pair),
        }
    }
}

impl<'a> KafkaRecord<'a> {
    /// Reads a record.
    pub(crate) fn of(record: &Object<'a>) -> Self {
        KafkaRecord {
            topic: record.text("topic"),
            partition: record.integer("partition"),
            offset: record.integer("offset"),
            timestamp: record.time("timestamp").and_then(time::from_millis),
            key: record.text("key"),
            // With a schema registry, the value may come as plain JSON.
            value: record
                .text("value")
                .map(Data::Base64)
                .or_else(|| Some(Data::Bytes(record.raw("value")?.as_bytes()))),
            headers: Headers::Of(record.clone()),
        }
    }

    /// Reads the context and the ids of the record.
    pub(crate) fn read(self, extractor: &Extractor<'_>) -> Message {
        let mut attributes = Vec::with_capacity(4);
        let partition = self.partition.map(|partition| partition.to_string());
        attributes.extend(partition.map(|id| (semconv::MESSAGING_DESTINATION_PARTITION_ID, id.into())));
        attributes.extend(self.offset.map(|offset| (semconv::MESSAGING_KAFKA_OFFSET, offset.into())));
        let key = self.key.as_deref().and_then(|key| String::from_utf8(base64::decode(key)?).ok());
        attributes.extend(key.map(|key| (semconv::MESSAGING_KAFKA_MESSAGE_KEY, key.into())));
        if self.value.is_none() {
            attributes.push((semconv::MESSAGING_KAFKA_MESSAGE_TOMBSTONE, true.into()));
        }
        let headers = self.extract(extractor);
        let foreign = || extractor.foreign(&self.headers);
        let value = self.value.unwrap_or(Data::Bytes(&[]));
        let opened = value.open_beside(headers, extractor).beside_foreign(foreign);
        Message { attributes, sent_at: self.timestamp, ..opened.into() }
    }

    /// Extracts the context of the headers, or of a CloudEvent [among them](CLOUD_EVENT).
    fn extract(&self, extractor: &Extractor<'_>) -> Inbound {
        let headers = extractor.extract(&self.headers);
        if holds_context(&headers) {
            return headers;
        }
        extractor.extract(&Prefixed(CLOUD_EVENT, &self.headers)).or(headers)
    }
}
