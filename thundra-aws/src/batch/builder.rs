//! The work on a batch before it is awaited.

use std::fmt::{self, Display};
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::time::Duration;

use lambda_runtime::Error;

use super::options::Options;
use super::payload::Payload;
use super::run::EachFuture;
use super::{BatchEvent, Takes};

/// The work on each record of a batch. The work begins when the value is awaited.
///
/// Made by [`each`](super::each()), [`each_record`](super::each_record), [`each_bytes`](super::each_bytes) and
/// [`each_text`](super::each_text).
#[must_use = "the work on a batch begins when it is awaited"]
pub struct Each<E, F, P> {
    pub(super) event: E,
    work: F,
    options: Options,
    payload: PhantomData<fn() -> P>,
}

impl<E: BatchEvent, F, P> Each<E, F, P> {
    pub(super) fn new(event: E, work: F) -> Self {
        Each { event, work, options: Options::default(), payload: PhantomData }
    }

    /// Sets the number of records worked on at a time. Zero counts as one. Defaults to 10 for sources without order,
    /// and to 1 for sources with order.
    ///
    /// The order stays: with more than one record at a time, records of *other* message groups (SQS FIFO), partition
    /// keys (Kinesis), items (DynamoDB) or partitions (Kafka) run beside each other. Messages of Amazon MQ name no
    /// group, and lose the order. The task that awaits the batch polls all records, and spawns none.
    ///
    /// After a failure on a stream, records behind the failed record may have run already. AWS delivers these records
    /// again.
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
    ///     thundra_aws::batch::each_bytes(event.payload, async |image| store(&image).await).concurrency(8).await
    /// }
    /// ```
    pub fn concurrency(mut self, records: usize) -> Self {
        self.options.concurrency = Some(records.max(1));
        self
    }

    /// Goes on with the records behind a failed record, except for records that must wait for the failed record. By
    /// default a stream stops.
    ///
    /// - Kinesis and DynamoDB: the records of other partition keys or items run.
    /// - Kafka: the records of other keys run, and records without a key. Order is then kept within a key, no longer
    ///   within the partition.
    /// - Amazon MQ: all messages run.
    ///
    /// The response names each failed record. AWS delivers everything from the lowest failed record on again, including
    /// records that succeeded. Sources other than streams go on in any case.
    pub fn continue_on_failure(mut self) -> Self {
        self.options.continues = true;
        self
    }

    /// Returns the list of failed records even if every record failed. By default, a batch of an SQS standard queue
    /// without a successful record is an error, and the function's error metric shows the failure.
    pub fn report_full_failure(mut self) -> Self {
        self.options.reports_full_failure = true;
        self
    }

    /// Begins no further record once less than `margin` is left of the invocation. The response reports records that
    /// did not begin as failed, and AWS delivers the records again. Off by default.
    ///
    /// The event source mapping **must** have `FunctionResponseTypes: [ReportBatchItemFailures]`. Without the setting,
    /// AWS takes the response for success, and deletes or passes over the records that did not begin.
    ///
    /// - Amazon MQ delivers the whole batch again.
    /// - **Firehose** delivers nothing again: a record that did not begin is `ProcessingFailed`, and goes to the bucket
    ///   for errors.
    ///
    /// Records that run already are not stopped: `margin` should be longer than a record takes. Outside an invocation,
    /// and without a deadline, the method does nothing.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
    /// use lambda_runtime::{Error, LambdaEvent};
    /// # async fn print(_: &str) -> Result<(), std::io::Error> { Ok(()) }
    ///
    /// // The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
    /// async fn handler(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    ///     thundra_aws::batch::each_text(event.payload, async |line| print(&line).await)
    ///         .stop_before_deadline(Duration::from_secs(5))
    ///         .await
    /// }
    /// ```
    pub fn stop_before_deadline(mut self, margin: Duration) -> Self {
        self.options.margin = Some(margin);
        self
    }

    #[cfg(test)]
    pub(super) fn with_options(self, options: Options) -> Self {
        Each { options, ..self }
    }

    #[cfg(test)]
    pub(super) fn with_config(mut self, config: &thundra_core::Config) -> Self {
        self.options.config = Some(Box::leak(Box::new(config.clone())));
        self
    }
}

impl<E, F, P, Fut, R, Err> IntoFuture for Each<E, F, P>
where
    E: BatchEvent + Takes<R>,
    P: Payload<E>,
    F: Fn(P::Item) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
    Err: Display + 'static,
{
    type Output = Result<E::Response, Error>;
    type IntoFuture = EachFuture<E, F, P, Fut>;

    fn into_future(self) -> Self::IntoFuture {
        EachFuture::new(self.event, self.work, self.options)
    }
}

impl<E, F, P> fmt::Debug for Each<E, F, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Each").field("options", &self.options).finish_non_exhaustive()
    }
}
