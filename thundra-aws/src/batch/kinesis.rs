//! Records of Kinesis data streams.

use std::borrow::Cow;
use std::time::SystemTime;

use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::streams::KinesisEventResponse;

use super::builder::Each;
use super::record::Delivery;
use super::source::{BatchSource, Order, reported};
use super::{BatchEvent, Takes};
use crate::trigger::kinesis::{self, Data, KinesisRecord};
use crate::trigger::{Aggregate, Extractor, UserRecord, arn};

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
            // The user records of an aggregated record share the sequence number of the aggregated record.
            let mut reported: Vec<_> = reported(records).collect();
            reported.dedup();
            response.set_failures(reported);
            response
        },
    };
}

impl<R> Takes<R> for KinesisEvent {
    fn output(_: R) {}
}

impl<F, P> Each<KinesisEvent, F, P> {
    /// Hands over the user records packed by the Kinesis Producer Library, one by one, in place of the aggregated
    /// records. Each user record has a partition key, and runs in a scope with the context of the sender.
    ///
    /// A failed user record is reported by the sequence number of the aggregated record, because AWS retries only whole
    /// records. The retry therefore repeats the successful user records of the aggregated record as well. A record
    /// without aggregation is handed over unchanged.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use aws_lambda_events::event::kinesis::KinesisEvent;
    /// use aws_lambda_events::event::streams::KinesisEventResponse;
    /// use lambda_runtime::{Error, LambdaEvent};
    /// # async fn store(_: &[u8]) -> Result<(), std::io::Error> { Ok(()) }
    ///
    /// // The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
    /// async fn handler(event: LambdaEvent<KinesisEvent>) -> Result<KinesisEventResponse, Error> {
    ///     thundra_aws::batch::each_bytes(event.payload, async |user_record| store(&user_record).await).deaggregate().await
    /// }
    /// ```
    pub fn deaggregate(mut self) -> Self {
        self.event.records = self.event.records.into_iter().flat_map(user_records).collect();
        self
    }
}

/// Returns the user records of an aggregated record. Returns any other record unchanged.
fn user_records(mut record: KinesisEventRecord) -> Vec<KinesisEventRecord> {
    let data = std::mem::take(&mut record.kinesis.data);
    let Some(aggregate) = Aggregate::of(&data) else {
        record.kinesis.data = data;
        return vec![record];
    };
    let user_record = |UserRecord { partition_key, data }: UserRecord<'_>| {
        let mut record = record.clone();
        partition_key.clone_into(&mut record.kinesis.partition_key);
        data.clone_into(&mut record.kinesis.data.0);
        record
    };
    aggregate.user_records().map(user_record).collect()
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
