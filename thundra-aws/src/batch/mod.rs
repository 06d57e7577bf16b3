//! Batches: each record in a scope of its own, and the answer that says which ones failed.
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
//! // The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`:
//! // without it AWS takes any answer for success, and failed records are lost.
//! async fn handler(event: LambdaEvent<KinesisEvent>) -> Result<KinesisEventResponse, Error> {
//!     batch::each(event.payload, async |order: Order| ship(order.id).await).await
//! }
//!
//! async fn ship(order: u64) -> Result<(), Error> {
//!     Ok(())
//! }
//! ```
//!
//! # What a record gets
//!
//! Its own correlation ids, log fields, debug decision and length of the chain of calls: everything
//! called while it is worked on sees the record's, without an argument. Ids that the invocation
//! [set](thundra_core::correlation::set) before hold as well, where the record brings none of that key.
//!
//! And a span of kind CONSUMER, `process {queue or stream}`:
//!
//! ```text
//! producer's trace                          invocation's trace
//! └ send orders [producer]                  orders-worker [server]  → each producer
//!   └ process orders [consumer]  ────────── → invocation
//!     └ ship order=7
//! ```
//!
//! It is its producer's child, in the producer's trace, and links to the invocation. It is the
//! invocation's child, and links to the producer, where `THUNDRA_BATCH_SPANS=link` says so or the record is
//! older than an hour (a redrive: that trace is over). An event of one message needs no link: the
//! invocation itself is the producer's child, and the record is the invocation's.
//!
//! # Order and concurrency
//!
//! Up to 10 records are worked on at a time, polled together by the one task that awaits the batch.
//!
//! - SQS: in any order.
//! - SQS FIFO: one after the other within a message group. When one fails the rest of its group is not
//!   run, and reported as failed with it.
//! - Kinesis: one after the other within a partition key. When one fails the rest of its key is not run;
//!   AWS delivers everything from the lowest reported record on again, other keys' records included.
//!
//! # Failures
//!
//! A record that fails, or whose payload cannot be read, fails alone: its identifier is in the answer,
//! its span says why, and one log line at ERROR has its ids. How many failed is the invocation's attribute
//! `thundra.batch.failures`. A panic passes through and ends the invocation, as it would without this module.

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
pub(crate) use run::one;
use source::BatchSource;
#[cfg(feature = "sqs")]
pub(crate) use {record::Delivery, sqs::delivery as sqs_delivery};

/// An event that is a batch of records.
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

/// Works on each record of a batch in a [scope of its own](self), handing over its JSON payload as a `T`.
///
/// The payload is the body of an SQS message or the data of a Kinesis record, without a `__context__`
/// that a sender put in. An envelope stays as AWS delivers it: for SNS through SQS without raw delivery, `T`
/// is the notification.
///
/// For payloads that are no JSON there is [`each_record`].
///
/// # Errors
///
/// None: what failed is in the response. The type is what a handler returns.
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
/// // The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`:
/// // without it AWS takes any answer for success, and failed messages are deleted.
/// async fn handler(event: LambdaEvent<SqsEvent>, warehouse: &Warehouse) -> Result<SqsBatchResponse, Error> {
///     thundra_aws::batch::each(event.payload, async |order: Order| warehouse.ship(order).await).await
/// }
/// ```
pub async fn each<E, T, R, Err, F, Fut>(event: E, f: F) -> Result<E::Response, Error>
where
    E: BatchEvent,
    T: DeserializeOwned,
    Err: Display,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    Ok(run::run(event, thundra_core::config(), payload_error::read::<E, T>, f).await)
}

/// Works on each record of a batch in a [scope of its own](self), handing over the genuine record, as it
/// was delivered: nothing is cut out of its payload.
///
/// # Errors
///
/// None: what failed is in the response. The type is what a handler returns.
///
/// # Examples
///
/// ```no_run
/// use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
/// use lambda_runtime::{Error, LambdaEvent};
///
/// // The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`:
/// // without it AWS takes any answer for success, and failed messages are deleted.
/// async fn handler(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
///     let work = async |message: SqsMessage| message.body.map(|_| ()).ok_or("a message without a body");
///     thundra_aws::batch::each_record(event.payload, work).await
/// }
/// ```
pub async fn each_record<E, R, Err, F, Fut>(event: E, f: F) -> Result<E::Response, Error>
where
    E: BatchEvent,
    Err: Display,
    F: Fn(E::Record) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    Ok(run::run(event, thundra_core::config(), |record, _| Ok(record), f).await)
}

#[cfg(test)]
mod tests;
