//! Records of Kinesis data streams.

use std::borrow::Cow;
use std::time::SystemTime;

use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::streams::KinesisEventResponse;

use super::record::Delivery;
use super::{BatchEvent, BatchSource};
use crate::trigger::kinesis::{self, Data, KinesisRecord};
use crate::trigger::{Extractor, arn};

impl BatchEvent for KinesisEvent {
    type Record = KinesisEventRecord;
    type Response = KinesisEventResponse;

    const SOURCE: BatchSource<Self> = BatchSource {
        records: |event| event.records,
        identifier: |record| record.kinesis.sequence_number.clone(),
        group: |record| Some(record.kinesis.partition_key.clone()),
        // AWS delivers everything from the lowest number on again.
        reports_skipped: false,
        read,
        payload: |record| Some(&record.kinesis.data),
        response: |failures| {
            let mut response = KinesisEventResponse::default();
            response.set_failures(failures);
            response
        },
    };
}

fn read(record: &KinesisEventRecord, extractor: Extractor<'_>) -> Delivery {
    let stream = record.event_source_arn.as_deref().and_then(|arn| arn::resource(arn, "stream"));
    let record = KinesisRecord {
        event_id: record.event_id.as_deref().map(Cow::Borrowed),
        sequence_number: Some(Cow::Borrowed(&record.kinesis.sequence_number)),
        data: Data::Bytes(&record.kinesis.data),
        arrived_at: Some(SystemTime::from(record.kinesis.approximate_arrival_timestamp.0)),
    };
    delivery(stream, record, extractor)
}

/// Reads a record that a stream delivered, to a function or to a client.
pub(crate) fn delivery(stream: Option<&str>, record: KinesisRecord<'_>, extractor: Extractor<'_>) -> Delivery {
    Delivery::new(stream, kinesis::process(stream), record.read(&extractor))
}
