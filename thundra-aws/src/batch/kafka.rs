//! Records of Kafka.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_lambda_events::event::kafka::{self, KafkaEvent};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::record::Delivery;
use super::source::{BatchSource, Grouping, Order, reported};
use super::{BatchEvent, Takes};
use crate::trigger::Extractor;
use crate::trigger::kafka::{Headers, KafkaRecord, process};
use crate::trigger::kinesis::Data;

/// The response to an event of Kafka, with the records that [failed].
///
/// [failed]: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KafkaBatchResponse {
    /// The records to deliver again. Of each partition, the lowest offset counts.
    pub batch_item_failures: Vec<KafkaBatchItemFailure>,
}

/// A record in a [`KafkaBatchResponse`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KafkaBatchItemFailure {
    /// The place of the record.
    pub item_identifier: KafkaItemIdentifier,
}

/// The place of a record in Kafka. AWS takes a plain text in place of the object for the failure of all records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct KafkaItemIdentifier {
    /// `{topic}-{partition}`, as in the event.
    pub partition: String,
    /// The offset in the partition.
    pub offset: i64,
}

impl BatchEvent for KafkaEvent {
    type Record = kafka::KafkaRecord;
    type Response = KafkaBatchResponse;

    type Header = ();
    type Id = KafkaItemIdentifier;
    type Output = ();

    const SOURCE: BatchSource<Self> = BatchSource {
        open: |event| {
            let by_partition: BTreeMap<_, _> = event.records.into_iter().collect();
            let with_topic = |(partition, records): (String, Vec<kafka::KafkaRecord>)| {
                let topic = partition.rsplit_once('-').map(|(topic, _)| topic.to_owned());
                records.into_iter().map(move |mut record| {
                    record.topic = record.topic.or_else(|| topic.clone());
                    record
                })
            };
            ((), by_partition.into_iter().flat_map(with_topic).collect())
        },
        order: |_| Order::Streams,
        group: |record, grouping| match grouping {
            Grouping::Default => Some(partition(record)),
            Grouping::Narrow => record.key.as_ref().map(|key| format!("{} {key}", partition(record))),
        },
        name: |_| None,
        id: |record| KafkaItemIdentifier { partition: partition(record), offset: record.offset },
        read,
        // A record without a value is a tombstone.
        payload: |record| {
            let decoded = record.value.as_ref().map(|value| BASE64_STANDARD.decode(value)).transpose();
            decoded.map(|value| value.map(Cow::Owned)).map_err(|_| "the value is no base64")
        },
        respond: |(), records| KafkaBatchResponse {
            batch_item_failures: reported(records)
                .map(|item_identifier| KafkaBatchItemFailure { item_identifier })
                .collect(),
        },
    };
}

impl<R> Takes<R> for KafkaEvent {
    fn output(_: R) {}
}

fn partition(record: &kafka::KafkaRecord) -> String {
    format!("{}-{}", record.topic.as_deref().unwrap_or_default(), record.partition)
}

fn read((): &(), record: &kafka::KafkaRecord, extractor: Extractor<'_>) -> Delivery {
    let sent_at = SystemTime::from(record.timestamp.0);
    let headers = record.headers.iter().flatten().filter_map(|(name, value)| {
        let bytes = value.iter().map(|byte| byte.cast_unsigned()).collect();
        Some((Cow::Borrowed(name.as_str()), Cow::Owned(String::from_utf8(bytes).ok()?)))
    });
    let message = KafkaRecord {
        topic: record.topic.as_deref().map(Cow::Borrowed),
        partition: Some(record.partition),
        offset: Some(record.offset),
        timestamp: (sent_at > SystemTime::UNIX_EPOCH).then_some(sent_at),
        key: record.key.as_deref().map(Cow::Borrowed),
        value: record.value.as_deref().map(|value| Data::Base64(Cow::Borrowed(value))),
        headers: Headers::Texts(headers.collect()),
    };
    let topic = record.topic.as_deref();
    Delivery::new(topic, process(topic), message.read(&extractor))
}
