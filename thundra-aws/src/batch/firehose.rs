//! Records that Firehose hands to a function for a transformation.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::SystemTime;

use aws_lambda_events::encodings::Base64Data;
use aws_lambda_events::event::firehose::{
    KinesisFirehoseEvent, KinesisFirehoseEventRecord, KinesisFirehoseResponse, KinesisFirehoseResponseRecord,
};

use super::record::Delivery;
use super::source::{BatchSource, Handled, Order, Outcome};
use super::{BatchEvent, Takes};
use crate::trigger::Extractor;
use crate::trigger::firehose::{FirehoseRecord, delivery_stream, process};
use crate::trigger::kinesis::Data;

/// The result of a record of Firehose, returned by the work on the record.
///
/// Bytes and texts are transformed data, `()` leaves the data unchanged, and `None` drops the record. The error of the
/// work is `ProcessingFailed`: Firehose delivers the original record to the bucket for errors.
///
/// A delivery stream that reads Amazon MSK sends `kafkaRecordValue` in place of `data`, which [`KinesisFirehoseEvent`]
/// does not read.
///
/// # Examples
///
/// ```
/// use aws_lambda_events::event::firehose::{KinesisFirehoseEvent, KinesisFirehoseResponse};
/// use lambda_runtime::{Error, LambdaEvent};
/// use thundra_aws::batch::{self, Transformed};
///
/// async fn handler(event: LambdaEvent<KinesisFirehoseEvent>) -> Result<KinesisFirehoseResponse, Error> {
///     batch::each_text(event.payload, async |line: String| {
///         Ok::<_, Error>(match line.split_once(' ') {
///             Some(("DEBUG", _)) => Transformed::dropped(),
///             Some((level, text)) => Transformed::ok(format!("{text}\n")).partition_key("level", level),
///             None => return Err("no level".into()),
///         })
///     })
///     .await
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transformed {
    result: Transformation,
    partition_keys: HashMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Transformation {
    Ok(Vec<u8>),
    Unchanged,
    Dropped,
    Failed,
}

impl Transformed {
    /// Returns `Ok`, with the transformed data.
    pub fn ok(data: impl Into<Vec<u8>>) -> Self {
        Transformation::Ok(data.into()).into()
    }

    /// Returns `Ok`, with the data of the record.
    pub fn unchanged() -> Self {
        Transformation::Unchanged.into()
    }

    /// Returns `Dropped`: Firehose does not deliver the record.
    pub fn dropped() -> Self {
        Transformation::Dropped.into()
    }

    /// Returns `ProcessingFailed` without an error: Firehose delivers the original record to the bucket for errors.
    pub fn processing_failed() -> Self {
        Transformation::Failed.into()
    }

    /// Adds a key for [dynamic partitioning].
    ///
    /// [dynamic partitioning]: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
    #[must_use]
    pub fn partition_key(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.partition_keys.insert(name.into(), value.into());
        self
    }
}

impl From<Transformation> for Transformed {
    fn from(result: Transformation) -> Self {
        Transformed { result, partition_keys: HashMap::new() }
    }
}

impl From<()> for Transformed {
    fn from((): ()) -> Self {
        Transformed::unchanged()
    }
}

impl From<Vec<u8>> for Transformed {
    fn from(data: Vec<u8>) -> Self {
        Transformed::ok(data)
    }
}

impl From<String> for Transformed {
    fn from(text: String) -> Self {
        Transformed::ok(text)
    }
}

impl From<&str> for Transformed {
    fn from(text: &str) -> Self {
        Transformed::ok(text)
    }
}

/// `None` drops the record.
impl<T: Into<Transformed>> From<Option<T>> for Transformed {
    fn from(data: Option<T>) -> Self {
        data.map_or_else(Transformed::dropped, T::into)
    }
}

/// The parts of a record needed for the response. Firehose gets the original data of a failed record.
#[derive(Debug)]
pub struct Original {
    record_id: Option<String>,
    data: Base64Data,
}

impl BatchEvent for KinesisFirehoseEvent {
    type Record = KinesisFirehoseEventRecord;
    type Response = KinesisFirehoseResponse;

    /// The ARN of the delivery stream.
    type Header = Option<String>;
    type Id = Original;
    type Output = Transformed;

    const SOURCE: BatchSource<Self> = BatchSource {
        open: |event| (event.delivery_stream_arn, event.records),
        order: |_| Order::Results,
        group: |_, _| None,
        name: |_| None,
        id: |record| Original { record_id: record.record_id.clone(), data: record.data.clone() },
        read,
        payload: |record| Ok(Some(Cow::Borrowed(&record.data))),
        respond: |_, records| {
            let mut response = KinesisFirehoseResponse::default();
            response.records = records.into_iter().map(result).collect();
            response
        },
    };
}

impl<R: Into<Transformed>> Takes<R> for KinesisFirehoseEvent {
    fn output(result: R) -> Transformed {
        result.into()
    }
}

fn result(record: Handled<KinesisFirehoseEvent>) -> KinesisFirehoseResponseRecord {
    let Handled { id: Original { record_id, data }, outcome, .. } = record;
    let transformed = match outcome {
        Outcome::Done(transformed) => transformed,
        Outcome::Failed(_) | Outcome::HeldBack | Outcome::NotBegun => Transformed::processing_failed(),
    };
    let mut response = KinesisFirehoseResponseRecord::default();
    let (result, data) = match transformed.result {
        Transformation::Ok(transformed) => {
            let mut data = Base64Data::default();
            data.0 = transformed;
            ("Ok", data)
        }
        Transformation::Unchanged => ("Ok", data),
        Transformation::Dropped => ("Dropped", Base64Data::default()),
        Transformation::Failed => ("ProcessingFailed", data),
    };
    (response.record_id, response.result, response.data) = (record_id, Some(result.to_owned()), data);
    response.metadata.partition_keys = transformed.partition_keys;
    response
}

fn read(stream: &Option<String>, record: &KinesisFirehoseEventRecord, extractor: Extractor<'_>) -> Delivery {
    let stream = stream.as_deref().and_then(delivery_stream);
    let metadata = record.kinesis_firehose_record_metadata.as_ref();
    let arrived_at = SystemTime::from(record.approximate_arrival_timestamp.0);
    let read = FirehoseRecord {
        id: record.record_id.as_deref().map(Cow::Borrowed),
        shard: metadata.and_then(|metadata| metadata.shard_id.as_deref()).map(Cow::Borrowed),
        sequence_number: metadata.and_then(|metadata| metadata.sequence_number.as_deref()).map(Cow::Borrowed),
        offset: None,
        data: Data::Bytes(&record.data),
        arrived_at: (arrived_at > SystemTime::UNIX_EPOCH).then_some(arrived_at),
    };
    Delivery::new(stream, process(stream), read.read(&extractor))
}
