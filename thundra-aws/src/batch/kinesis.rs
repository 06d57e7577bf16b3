//! Records of Kinesis data streams.

use std::borrow::Cow;
use std::time::SystemTime;

use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::streams::KinesisEventResponse;

use super::record::Delivery;
use super::source::{BatchSource, Order, reported};
use super::{BatchEvent, Takes};
use crate::trigger::kinesis::{self, Data, KinesisRecord};
use crate::trigger::{Extractor, arn};

impl BatchEvent for KinesisEvent {
    type Record = KinesisEventRecord;
    type Response = KinesisEventResponse;

    type Header = ();
    type Id = String;
    type Output = ();

    const SOURCE: BatchSource<Self> = BatchSource {
        open: |event| ((), event.records),
        order: |_| Order::Stream,
        group: |record, _| Some(record.kinesis.partition_key.clone()),
        name: |record| record.event_id.as_deref(),
        id: |record| record.kinesis.sequence_number.clone(),
        read,
        payload: |record| Ok(Some(Cow::Borrowed(&record.kinesis.data))),
        respond: |(), records| {
            let mut response = KinesisEventResponse::default();
            response.set_failures(reported(records));
            response
        },
    };
}

impl<R> Takes<R> for KinesisEvent {
    fn output(_: R) {}
}

fn read((): &(), record: &KinesisEventRecord, extractor: Extractor<'_>) -> Delivery {
    let stream = record.event_source_arn.as_deref().and_then(|arn| arn::resource(arn, "stream"));
    let arrived_at = SystemTime::from(record.kinesis.approximate_arrival_timestamp.0);
    let record = KinesisRecord {
        event_id: record.event_id.as_deref().map(Cow::Borrowed),
        sequence_number: Some(Cow::Borrowed(&record.kinesis.sequence_number)),
        data: Data::Bytes(&record.kinesis.data),
        // A record without a time has the begin of 1970.
        arrived_at: (arrived_at > SystemTime::UNIX_EPOCH).then_some(arrived_at),
    };
    delivery(stream, record, extractor)
}

/// Reads a record delivered by a stream, to a function or to a client.
pub(crate) fn delivery(stream: Option<&str>, record: KinesisRecord<'_>, extractor: Extractor<'_>) -> Delivery {
    Delivery::new(stream, kinesis::process(stream), record.read(&extractor))
}
