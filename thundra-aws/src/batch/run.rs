//! Works through a batch: runs its records, and reports those that failed.

use std::error::Error;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use thundra_core::exception::Exception;
use thundra_core::{Config, Records, Scope, ScopeFlags, ScopeRef, semconv};

use super::BatchEvent;
use super::payload_error::PayloadError;
use super::queue::{Position, Queue};
use super::record::{Delivery, Surroundings};
use crate::captured::records_failed;
use crate::chain::{self, ChainTooLong, Work};
use crate::panics::recording_panic;

/// The number of records that are worked on at a time. A batch of SQS has as many by default.
const CONCURRENCY: usize = 10;

/// Works through a batch, and exports the spans of the records if no invocation does.
pub(super) async fn run<E, T, R, Err, F, Fut>(
    event: E,
    config: &Config,
    read: impl Fn(E::Record, &Delivery) -> Result<T, PayloadError>,
    f: F,
) -> E::Response
where
    E: BatchEvent,
    Err: Display + 'static,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    let (response, spans) = work_through(event, config, read, f).await;
    // Inside an invocation the spans belong to it, and none are left here.
    if !spans.is_empty() {
        thundra_core::flush(spans, None).await;
    }
    response
}

/// Returns the response, and the spans that belong to no invocation.
pub(super) async fn work_through<E, T, R, Err, F, Fut>(
    event: E,
    config: &Config,
    read: impl Fn(E::Record, &Delivery) -> Result<T, PayloadError>,
    f: F,
) -> (E::Response, Records)
where
    E: BatchEvent,
    Err: Display + 'static,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    if let Some(invocation) = ScopeRef::current() {
        invocation.set_flags(ScopeFlags::BATCH_HANDLED);
    }
    let source = E::SOURCE;
    let records = (source.records)(event);
    let surroundings = Surroundings::new(config).of_records(records.len());
    let extractor = surroundings.extractor();
    let mut queue = Queue::new(E::SOURCE, records);
    let mut running = FuturesUnordered::new();
    let mut spans = Records::default();
    loop {
        while running.len() < CONCURRENCY
            && let Some((position, record)) = queue.next()
        {
            let mut delivery = (source.read)(&record, extractor);
            let scope = RecordScope::new(surroundings.begin(&mut delivery));
            let begun = match scope.chain_too_long(config) {
                Some(too_long) => Err(too_long.exception()),
                None => scope.enter(|| read(record, &delivery).map(&f)).map_err(unreadable),
            };
            match begun {
                Ok(work) => running.push(finish(position, scope, work)),
                Err(exception) => {
                    scope.fail(exception);
                    keep(&mut spans, scope.finish());
                    queue.done(position, true);
                }
            }
        }
        let Some((position, failed, of_record)) = running.next().await else { break };
        keep(&mut spans, of_record);
        queue.done(position, failed);
    }
    let failures = queue.into_failures();
    if let Some(invocation) = surroundings.invocation.filter(|_| !failures.is_empty()) {
        invocation.set_attribute(semconv::THUNDRA_BATCH_FAILURES, failures.len());
        records_failed(invocation, failures.iter().map(|(number, _)| *number));
    }
    let identifiers = failures.into_iter().map(|(_, identifier)| identifier).collect();
    ((source.response)(identifiers), spans)
}

fn unreadable(error: PayloadError) -> Exception {
    Exception::new("unreadable", error.to_string())
}

/// Adds the spans of a record to those of the batch.
fn keep(spans: &mut Records, of_record: Records) {
    if let Err(mixed) = spans.append(of_record) {
        thundra_core::export_later(mixed.into_records());
    }
}

/// Ends a record. One task polls it beside others, so the work need not be `'static`.
async fn finish<R, Err: Display + 'static>(
    position: Position,
    scope: RecordScope,
    work: impl Future<Output = Result<R, Err>>,
) -> (Position, bool, Records) {
    let (result, spans) = scope.complete(work).await;
    (position, result.is_err(), spans)
}

/// Works on one record that a client received. Its spans leave with the next flush, unless a scope around takes them.
#[cfg(any(feature = "kinesis", feature = "sqs"))]
pub(crate) async fn process_one<R, Err: Display + 'static, Fut: Future<Output = Result<R, Err>>>(
    mut delivery: Delivery,
    config: &Config,
    f: impl FnOnce() -> Fut,
) -> Result<R, Err> {
    let scope = RecordScope::new(Surroundings::new(config).begin(&mut delivery));
    let work = scope.enter(f);
    let (result, spans) = scope.complete(work).await;
    thundra_core::export_later(spans);
    result
}

/// The scope of a record. A record that is dropped before its end was cancelled, unless its own work panicked.
struct RecordScope {
    scope: Option<Scope>,
}

impl RecordScope {
    fn new(scope: Scope) -> Self {
        RecordScope { scope: Some(scope) }
    }

    /// Returns the failure of a record at the end of a chain of calls over the limit, and reports it.
    fn chain_too_long(&self, config: &Config) -> Option<ChainTooLong> {
        let too_long = chain::check(*self.scope.as_deref()?, config);
        too_long.inspect(|too_long| too_long.report(Work::Record))
    }

    fn enter<T>(&self, f: impl FnOnce() -> T) -> T {
        let Some(scope) = &self.scope else { return f() };
        recording_panic(Some(**scope), || scope.enter(f))
    }

    /// Does the work, and ends the scope with it.
    async fn complete<R, Err: Display + 'static>(
        self,
        work: impl Future<Output = Result<R, Err>>,
    ) -> (Result<R, Err>, Records) {
        let Some(scope) = &self.scope else { return (work.await, Records::default()) };
        let result = {
            let mut work = pin!(scope.run(work));
            poll_fn(|cx| recording_panic(Some(**scope), || work.as_mut().poll(cx))).await
        };
        if let Err(error) = &result {
            self.fail(Exception::of_value(error));
        }
        (result, self.finish())
    }

    /// Logs a failure, and records it on the record.
    fn fail(&self, exception: Exception) {
        let Some(scope) = &self.scope else { return };
        scope.write_kept_lines();
        scope.enter(|| tracing::error!(error = &exception as &dyn Error, "a record of the batch failed"));
        scope.set_error(exception.error_type().to_owned(), exception.message().to_owned());
    }

    fn finish(mut self) -> Records {
        self.scope.take().map(Scope::finish).unwrap_or_default()
    }
}
