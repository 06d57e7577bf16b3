//! Batches of records, each worked on in a scope of its own.
//!
//! [`each`] deserializes the payload of each record. [`each_record`] hands over the record itself. Both return the
//! response that names the failed records.
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
//! A record has its own correlation ids, log fields, debug decision and call chain length. Every call made during its
//! work carries them, without an argument. The correlation ids that the invocation
//! [set](thundra_core::correlation::set) before hold too, except under the keys that the record brings.
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
//! - In an event of one message the invocation is the child of the producer. The record is the child of the invocation,
//!   and needs no link.
//!
//! # Order and concurrency
//!
//! At most 10 records are worked on at a time. The task that awaits the batch polls all of them, and spawns none.
//!
//! | source | order | after a failure |
//! |---|---|---|
//! | SQS | none | the other messages run |
//! | SQS FIFO | within a message group | the rest of the group does not run, and is reported as failed |
//! | Kinesis | within a partition key | the rest of the key does not run |
//!
//! Kinesis delivers everything from the lowest reported record on again, including the records of other keys.
//!
//! # Failures
//!
//! A record fails alone if its work returns an error or its payload cannot be read. The response has its identifier,
//! its span has the error, and one log line at ERROR has its ids. The attribute `thundra.batch.failures` of the
//! invocation counts the failed records.
//!
//! A panic passes through and ends the invocation, as it would without this module.
//!
//! # Loops
//!
//! With [`THUNDRA_MAX_CHAIN_LENGTH`](crate::configuration#loops), a record at the end of a longer chain of calls fails
//! without its work, with the `error.type` `chain_too_long`. It comes again until the retries end. On a stream it holds
//! up the records behind it, so the event source mapping needs a `MaximumRetryAttempts` and an on-failure destination.
//! In a FIFO queue it holds up its group up to the `maxReceiveCount` of the redrive policy.

mod builder;
mod each;
mod error;
mod options;
pub mod payload;
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

/// An event that is a batch of records: see the [table of sources](self#sources).
///
/// The trait is sealed, because the meaning of a batch is particular to each event source.
pub trait BatchEvent: Takes<()> + Sized {
    /// One record, as the event source delivered it.
    type Record;
    /// The response to the event source.
    type Response;

    /// The members of the event that the response repeats.
    #[doc(hidden)]
    type Header;
    /// What the response needs of a record.
    #[doc(hidden)]
    type Id;
    /// What the response needs of a successful record.
    #[doc(hidden)]
    type Output;

    #[doc(hidden)]
    const SOURCE: BatchSource<Self>;
}

/// An event for whose records the work may return an `R`: anything, except where the event source takes a result for each
/// record.
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
