//! The functions that work on each record of a batch.

use std::fmt::Display;
use std::future::Future;

use serde::de::DeserializeOwned;

use super::builder::Each;
use super::payload::{Bytes, Json, Record, Text};
use super::{BatchEvent, Takes};

/// Works on each record of a batch in a [separate scope](super), and hands over the JSON payload as a `T`.
///
/// The [table of sources](super#sources) defines the payload. The `__context__` of a sender is cut out. An envelope
/// stays as AWS delivers the envelope: a message sent from SNS to SQS without raw delivery is a notification, and `T`
/// has to be a notification.
///
/// A record without a payload, such as a tombstone of Kafka, is read as `null`: with `Option<T>` the closure gets
/// `None`, with any other type the record fails.
///
/// Payloads that are not JSON are for [`each_text`], [`each_bytes`] and [`each_record`].
///
/// The closure may borrow, as below. An `async move` closure that uses a captured value by reference is not of the kind
/// `Fn(T) -> Fut`, because the future would borrow from the closure: capture a reference instead.
///
/// # Errors
///
/// The response names the records that failed. A batch that [failed as a whole](super#failures) is a
/// [`BatchError`](super::BatchError). Errors of the work borrow nothing (`'static`), because boxed errors are downcast
/// to record the sources.
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
pub fn each<E, T, R, Err, F, Fut>(event: E, work: F) -> Each<E, F, Json<T>>
where
    E: BatchEvent + Takes<R>,
    T: DeserializeOwned,
    Err: Display + 'static,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    Each::new(event, work)
}

/// Works on each record of a batch in a [separate scope](super), and hands over the record as AWS delivered the record.
/// Nothing is cut out of the payload.
///
/// # Errors
///
/// Those of [`each`].
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
pub fn each_record<E, R, Err, F, Fut>(event: E, work: F) -> Each<E, F, Record>
where
    E: BatchEvent + Takes<R>,
    Err: Display + 'static,
    F: Fn(E::Record) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    Each::new(event, work)
}

/// Works on each record of a batch in a [separate scope](super), and hands over the bytes of the payload.
///
/// The `__context__` of a sender is cut out of a JSON object. A record without a payload fails.
///
/// # Errors
///
/// Those of [`each`].
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
/// // Without it AWS takes any response for success, and failed records are lost.
/// async fn handler(event: LambdaEvent<KinesisEvent>) -> Result<KinesisEventResponse, Error> {
///     thundra_aws::batch::each_bytes(event.payload, async |image| store(&image).await).await
/// }
/// ```
pub fn each_bytes<E, R, Err, F, Fut>(event: E, work: F) -> Each<E, F, Bytes>
where
    E: BatchEvent + Takes<R>,
    Err: Display + 'static,
    F: Fn(Vec<u8>) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    Each::new(event, work)
}

/// Works on each record of a batch in a [separate scope](super), and hands over the payload as text.
///
/// A record fails without a payload, or with a payload that is not UTF-8. The `__context__` of a sender is cut out of a
/// JSON object.
///
/// # Errors
///
/// Those of [`each`].
///
/// # Examples
///
/// ```no_run
/// use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
/// use lambda_runtime::{Error, LambdaEvent};
/// # async fn print(_: &str) -> Result<(), std::io::Error> { Ok(()) }
///
/// // The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
/// // Without it AWS takes any response for success, and failed messages are deleted.
/// async fn handler(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
///     thundra_aws::batch::each_text(event.payload, async |line| print(&line).await).await
/// }
/// ```
pub fn each_text<E, R, Err, F, Fut>(event: E, work: F) -> Each<E, F, Text>
where
    E: BatchEvent + Takes<R>,
    Err: Display + 'static,
    F: Fn(String) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    Each::new(event, work)
}
