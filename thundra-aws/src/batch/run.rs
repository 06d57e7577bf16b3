//! Works through a batch: runs its records, and reports those that failed.

use std::any::type_name;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use thundra_core::{Config, Records, Scope, ScopeFlags, ScopeRef, formatted, redact, semconv};

use super::BatchEvent;
use super::payload_error::PayloadError;
use super::queue::{Position, Queue};
use super::record::{Delivery, Surroundings};
use crate::error_type::short_error_type;

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
    Err: Display,
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
    Err: Display,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    if let Some(invocation) = ScopeRef::current() {
        invocation.set_flags(ScopeFlags::BATCH_HANDLED);
    }
    let source = E::SOURCE;
    let surroundings = Surroundings::new(config);
    let extractor = surroundings.extractor();
    let mut queue = Queue::new(E::SOURCE, (source.records)(event));
    let mut running = FuturesUnordered::new();
    let mut spans = Records::default();
    loop {
        while running.len() < CONCURRENCY
            && let Some((position, record)) = queue.next()
        {
            let mut delivery = (source.read)(&record, extractor);
            let mut scope = RecordScope::new(surroundings.begin(&mut delivery));
            match scope.enter(|| read(record, &delivery).map(&f)) {
                Ok(work) => running.push(finish(position, scope, work)),
                Err(error) => {
                    scope.fail("unreadable", error);
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
    }
    ((source.response)(failures), spans)
}

/// Adds the spans of a record to those of the batch.
fn keep(spans: &mut Records, of_record: Records) {
    if let Err(mixed) = spans.append(of_record) {
        thundra_core::export_later(mixed.into_records());
    }
}

/// Ends a record. One task polls it beside others, so the work need not be `'static`.
async fn finish<R, Err: Display>(
    position: Position,
    scope: RecordScope,
    work: impl Future<Output = Result<R, Err>>,
) -> (Position, bool, Records) {
    let (result, spans) = scope.complete(work).await;
    (position, result.is_err(), spans)
}

/// Works on one record that a client received. Its spans leave with the next flush, unless a scope around takes them.
#[cfg(any(feature = "kinesis", feature = "sqs"))]
pub(crate) async fn one<R, Err: Display, Fut: Future<Output = Result<R, Err>>>(
    mut delivery: Delivery,
    config: &Config,
    f: impl FnOnce() -> Fut,
) -> Result<R, Err> {
    let mut scope = RecordScope::new(Surroundings::new(config).begin(&mut delivery));
    let work = scope.enter(f);
    let (result, spans) = scope.complete(work).await;
    thundra_core::export_later(spans);
    result
}

/// The scope of a record. If a panic of its own work drops it, the record has failed. If anything else does, the record
/// was cancelled.
struct RecordScope {
    scope: Option<Scope>,
    /// `true` while the work of the record runs.
    polling: bool,
}

impl RecordScope {
    fn new(scope: Scope) -> Self {
        RecordScope { scope: Some(scope), polling: false }
    }

    fn enter<T>(&mut self, f: impl FnOnce() -> T) -> T {
        self.polling = true;
        let result = match &self.scope {
            Some(scope) => scope.enter(f),
            None => f(),
        };
        self.polling = false;
        result
    }

    async fn run<F: Future>(&mut self, work: F) -> F::Output {
        let Some(scope) = &self.scope else { return work.await };
        let polling = &mut self.polling;
        let mut work = pin!(scope.run(work));
        poll_fn(|cx| {
            *polling = true;
            let poll = work.as_mut().poll(cx);
            *polling = false;
            poll
        })
        .await
    }

    /// Does the work, and ends the scope with it.
    async fn complete<R, Err: Display>(
        mut self,
        work: impl Future<Output = Result<R, Err>>,
    ) -> (Result<R, Err>, Records) {
        let result = self.run(work).await;
        if let Err(error) = &result {
            self.fail(short_error_type(type_name::<Err>()), error);
        }
        (result, self.finish())
    }

    fn fail(&self, error_type: &'static str, why: impl Display) {
        let Some(scope) = &self.scope else { return };
        // The error comes from the program, and its text may hold credentials.
        let why = redact::text(formatted(|| why.to_string()));
        scope.enter(|| tracing::error!(error = &*why, "a record of the batch failed"));
        scope.set_error(error_type, why);
    }

    fn finish(mut self) -> Records {
        self.scope.take().map(Scope::finish).unwrap_or_default()
    }
}

impl Drop for RecordScope {
    fn drop(&mut self) {
        if let Some(scope) = self.scope.take_if(|_| self.polling && std::thread::panicking()) {
            scope.set_error("panic", "the work on this record panicked");
            thundra_core::export_later(scope.finish());
        }
    }
}
