//! Batches of records. The work on each record runs in a separate scope.
//!
//! [`each()`] deserializes the JSON payload of each record. [`each_text`] and [`each_bytes`] hand over the payload
//! unchanged, and [`each_record`] the whole record. The work begins when the returned value is awaited, and ends with
//! the response to the event source. [`#[handler(batch)]`](crate::handler#on-main-with-batch-one-record-at-a-time) on a
//! function of a single record does the same.
//!
//! ```no_run
//! use aws_lambda_events::event::kinesis::KinesisEvent;
//! use aws_lambda_events::streams::KinesisEventResponse;
//! use lambda_runtime::{Error, LambdaEvent};
//! use thundra_aws::batch;
//!
//! #[derive(serde::Deserialize)]
//! struct Order {
//!     id: u64,
//! }
//!
//! // The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
//! // Without it AWS takes any response for success, and failed records are lost.
//! async fn handler(event: LambdaEvent<KinesisEvent>) -> Result<KinesisEventResponse, Error> {
//!     batch::each(event.payload, async |order: Order| ship(order.id).await).await
//! }
//!
//! async fn ship(order: u64) -> Result<(), Error> {
//!     Ok(())
//! }
//! ```
//!
//! # The scope of a record
//!
//! A record has its own correlation ids, log fields, debug decision and call chain length. Every call made during the
//! work carries the ids, without an argument. The correlation ids that the invocation
//! [set](thundra_core::correlation::set) before hold too, except under the keys of the record.
//!
//! The span of a record is of kind CONSUMER and has the name `process {queue or stream}`:
//!
//! ```text
//! producer's trace                          invocation's trace
//! └ send orders [producer]                  orders-worker [server]  → each producer
//!   └ process orders [consumer]  ────────── → invocation
//!     └ ship order=7
//! ```
//!
//! The parent is the span of the producer, in the trace of the producer, and a link leads to the invocation. Some
//! records stay in the trace of the invocation:
//!
//! - With `THUNDRA_BATCH_SPANS=link` the invocation is the parent, and a link leads to the producer.
//! - The same holds for a record older than an hour, because the trace of the producer has ended.
//! - In an event of a single message, the invocation is the child of the producer. The record is the child of the
//!   invocation, and needs no link.
//!
//! # Sources
//!
//! | event | payload | order | at a time | after a failure | response |
//! |---|---|---|---|---|---|
//! | `SqsEvent`, standard queue | body | none | 10 | the others run | failed messages, or an error if each failed |
//! | `SqsEvent`, FIFO queue | body | message group | 1 | the rest of the group does not run | failed messages, and the rest of their groups |
//! | `KinesisEvent` | data | shard | 1 | nothing behind it begins | the lowest failed record |
//! | `dynamodb::Event` (feature `dynamodb`) | new image, as plain JSON | shard | 1 | nothing behind it begins | the lowest failed record |
//! | `KafkaEvent` | value | partition | 1 | the rest of the partition does not run | the lowest failed record of each partition: [`KafkaBatchResponse`] |
//! | `ActiveMqEvent`, `RabbitMqEvent` | data | queue | 1 | nothing behind it begins | `()`, or an error if any failed |
//! | `KinesisFirehoseEvent` | data | none | 10 | the others run | a [`Transformed`] for each record |
//! | `S3BatchJobEvent` (feature `s3-batch`) | decoded key | none | 10 | the others run | a `TaskResult` for each task |
//!
//! The event source mapping of SQS, Kinesis, DynamoDB and Kafka needs
//! `FunctionResponseTypes: [ReportBatchItemFailures]`. Without the setting, AWS takes any response for success: failed
//! messages are deleted, and failed records are passed over. The mapping of Kafka has the setting in [provisioned mode]
//! alone.
//!
//! [provisioned mode]: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
//!
//! The task that awaits the batch polls all records, and spawns none. [`Each::concurrency`] sets the number of records
//! at a time: messages of other groups, records of other partition keys (Kinesis), of other items (DynamoDB) or of
//! other partitions (Kafka), and the messages of a broker, without order then.
//!
//! A tombstone of Kafka and a removed item of DynamoDB have no payload: [`each()`] reads `null`, and `Option<T>` gets
//! `None`. A record of Kinesis with several user records of the Producer Library stays a single record.
//!
//! # Failures
//!
//! A record fails if the work returns an error or the payload cannot be read. The span of the record has the error, and
//! a log line at ERROR has the ids. The attribute `thundra.batch.failures` of the invocation counts the failed and the
//! reported records.
//!
//! - **Streams** (Kinesis, DynamoDB) stop at the first failure and report the failed record, even at the begin of the
//!   batch. AWS delivers everything from the lowest reported record on again, and records that ran behind the failed
//!   record would run twice. With several records at a time, some records behind the failed record may have run. All
//!   records before the failed record run. [`Each::continue_on_failure`] goes on with other keys. Once the retries end,
//!   AWS gives up the whole rest of the batch, unless the mapping has `BisectBatchOnFunctionError`.
//! - **Standard queues**: a batch without a successful message is a [`BatchError`], counted in the function's error
//!   metric. [`Each::report_full_failure`] returns the list instead.
//! - **Amazon MQ** takes no partial response. Any failure is a [`BatchError`], and the broker delivers the whole batch
//!   again.
//! - **Firehose and S3 Batch Operations** take a result of each record, so no failure is an error of the invocation.
//! - A failed record **without an id** is reported with an empty id. AWS then delivers the whole batch again, and loses
//!   nothing.
//! - An **empty batch** is a success.
//!
//! A panic passes through and ends the invocation, as without `batch`. A dropped batch ends the spans of the running
//! records as cancelled.
//!
//! # Loops
//!
//! With [`THUNDRA_MAX_CHAIN_LENGTH`](crate::configuration#loops), a record at the end of a longer chain of calls fails
//! without the work, with the `error.type` `chain_too_long`. AWS delivers the record again until the retries end. In a
//! stream, the record holds up the records behind, and the event source mapping needs a `MaximumRetryAttempts` and an
//! on-failure destination. In a FIFO queue, the record holds up the message group up to the `maxReceiveCount` of the
//! redrive policy.

pub(crate) mod any;
mod builder;
mod each;
mod error;
mod options;
pub mod payload;
mod placed;
mod queue;
mod record;
mod report;
mod run;
mod scope;
mod source;

#[cfg(feature = "dynamodb")]
mod dynamodb;
mod firehose;
mod kafka;
mod kinesis;
mod mq;
#[cfg(feature = "s3-batch")]
mod s3_batch;
mod sqs;

#[cfg(any(feature = "kinesis", feature = "sqs"))]
mod one;

pub use builder::Each;
pub use each::{each, each_bytes, each_record, each_text};
pub use error::BatchError;
pub use firehose::Transformed;
pub use kafka::{KafkaBatchItemFailure, KafkaBatchResponse, KafkaItemIdentifier};
pub use run::EachFuture;
#[cfg(feature = "s3-batch")]
pub use s3_batch::TaskResult;

#[cfg(feature = "kinesis")]
pub(crate) use kinesis::delivery as kinesis_delivery;
#[cfg(any(feature = "kinesis", feature = "sqs"))]
pub(crate) use one::process_one;
use source::BatchSource;
#[cfg(feature = "sqs")]
pub(crate) use {record::Delivery, sqs::delivery as sqs_delivery};

/// An event with a batch of records: see the [table of sources](self#sources).
///
/// The trait is sealed, because the meaning of a batch is particular to each event source.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no batch",
    note = "of DynamoDB streams with the feature `dynamodb` of thundra-aws, of S3 Batch Operations with `s3-batch`"
)]
pub trait BatchEvent: Takes<()> + Sized {
    /// A record, as delivered by the event source.
    type Record;
    /// The response to the event source.
    type Response;

    /// The members of the event repeated in the response.
    #[doc(hidden)]
    type Header;
    /// The parts of a record needed for the response.
    #[doc(hidden)]
    type Id;
    /// The part of the response for a successful record.
    #[doc(hidden)]
    type Output;

    #[doc(hidden)]
    const SOURCE: BatchSource<Self>;
}

/// An event with records for which the work may return an `R`: anything, except where the event source takes a result
/// for each record.
#[diagnostic::on_unimplemented(
    message = "the work on a record of `{Self}` cannot return `{R}`",
    note = "`KinesisFirehoseEvent` takes what is `Into<Transformed>`, `S3BatchJobEvent` what is `Into<TaskResult>`"
)]
pub trait Takes<R> {
    #[doc(hidden)]
    fn output(result: R) -> Self::Output
    where
        Self: BatchEvent;
}

#[cfg(test)]
mod tests;
