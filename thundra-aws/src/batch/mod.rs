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

mod payload_error;
mod queue;
mod record;
mod run;
mod source;

mod kinesis;
mod sqs;

use std::fmt::Display;
use std::future::Future;

use lambda_runtime::Error;
use serde::de::DeserializeOwned;

#[cfg(feature = "kinesis")]
pub(crate) use kinesis::delivery as kinesis_delivery;
#[cfg(any(feature = "kinesis", feature = "sqs"))]
pub(crate) use run::process_one;
use source::BatchSource;
#[cfg(feature = "sqs")]
pub(crate) use {record::Delivery, sqs::delivery as sqs_delivery};

/// An event that is a batch of records, for [`each`] and [`each_record`].
///
/// | event | record | response |
/// |---|---|---|
/// | [`SqsEvent`](aws_lambda_events::event::sqs::SqsEvent) | `SqsMessage` | `SqsBatchResponse` |
/// | [`KinesisEvent`](aws_lambda_events::event::kinesis::KinesisEvent) | `KinesisEventRecord` | `KinesisEventResponse` |
///
/// The trait is sealed, because the meaning of a batch is particular to each event source.
pub trait BatchEvent: Sized {
    /// One record, as the event source delivered it.
    type Record;
    /// The response to the event source, which names the records that failed.
    type Response;

    #[doc(hidden)]
    const SOURCE: BatchSource<Self>;
}

/// Works on each record of a batch in a [scope of its own](self), and hands over its JSON payload as a `T`.
///
/// The payload is the body of an SQS message or the data of a Kinesis record, without the `__context__` that a sender
/// put in. An envelope stays as AWS delivers it: a message that SNS sent to SQS without raw delivery is a notification,
/// and `T` has to be one.
///
/// Payloads that are not JSON are for [`each_record`].
///
/// # Errors
///
/// None. The response names the records that failed. The `Result` is for handlers to return.
/// Errors of the work borrow nothing (`'static`), so that boxed ones can be told apart and their sources recorded.
///
/// # Examples
///
/// ```no_run
/// use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
/// use lambda_runtime::{Error, LambdaEvent};
/// # struct Warehouse;
/// # #[derive(serde::Deserialize)] struct Order;
/// # impl Warehouse { async fn ship(&self, _: Order) -> Result<(), std::io::Error> { Ok(()) } }
///
/// // The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
/// // Without it AWS takes any response for success, and failed messages are deleted.
/// async fn handler(event: LambdaEvent<SqsEvent>, warehouse: &Warehouse) -> Result<SqsBatchResponse, Error> {
///     thundra_aws::batch::each(event.payload, async |order: Order| warehouse.ship(order).await).await
/// }
/// ```
pub async fn each<E, T, R, Err, F, Fut>(event: E, f: F) -> Result<E::Response, Error>
where
    E: BatchEvent,
    T: DeserializeOwned,
    Err: Display + 'static,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    Ok(run::run(event, thundra_core::config(), payload_error::read::<E, T>, f).await)
}

/// Works on each record of a batch in a [scope of its own](self), and hands over the record as AWS delivered it.
/// Nothing is cut out of its payload.
///
/// # Errors
///
/// None. The response names the records that failed. The `Result` is for handlers to return.
/// Errors of the work borrow nothing (`'static`), so that boxed ones can be told apart and their sources recorded.
///
/// # Examples
///
/// The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
///
/// ```
/// use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
/// use thundra_aws::batch;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), thundra_aws::Error> {
/// let mut event = SqsEvent::default();
/// for (id, body) in [("m-1", Some("a text, not JSON")), ("m-2", None)] {
///     let mut message = SqsMessage::default();
///     message.message_id = Some(id.to_owned());
///     message.body = body.map(str::to_owned);
///     event.records.push(message);
/// }
/// let work = async |message: SqsMessage| message.body.map(|_| ()).ok_or("a message without a body");
/// let response = batch::each_record(event, work).await?;
/// assert_eq!(response.batch_item_failures[0].item_identifier, "m-2");
/// # Ok(())
/// # }
/// ```
pub async fn each_record<E, R, Err, F, Fut>(event: E, f: F) -> Result<E::Response, Error>
where
    E: BatchEvent,
    Err: Display + 'static,
    F: Fn(E::Record) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    Ok(run::run(event, thundra_core::config(), |record, _| Ok(record), f).await)
}

#[cfg(test)]
mod tests;
