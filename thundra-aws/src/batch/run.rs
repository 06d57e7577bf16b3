//! Works through a batch: which record runs when, and what becomes of it.

use std::any::type_name;
use std::collections::{HashMap, VecDeque};
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use thundra_core::{Config, Records, Scope, ScopeFlags, ScopeRef, formatted, redact, semconv};

use super::BatchEvent;
use super::record::{Description, Record, Surroundings};
use super::unreadable::Unreadable;
use crate::lifecycle::error_type::short_error_type;

/// How many records are worked on at a time: a batch of SQS by its default size.
const CONCURRENCY: usize = 10;

pub(super) async fn run<E, T, R, Err, F, Fut>(
    event: E,
    config: &Config,
    read: impl Fn(E::Record, &Description) -> Result<T, Unreadable>,
    f: F,
) -> E::Response
where
    E: BatchEvent,
    Err: Display,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
{
    let (response, spans) = work_through(event, config, read, f).await;
    // Inside an invocation they are its own by now.
    if !spans.is_empty() {
        thundra_core::flush(spans, None).await;
    }
    response
}

/// The answer, and the spans that belong to no invocation.
pub(super) async fn work_through<E, T, R, Err, F, Fut>(
    event: E,
    config: &Config,
    read: impl Fn(E::Record, &Description) -> Result<T, Unreadable>,
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
    let records = event.into_records();
    let surroundings = Surroundings::new(config);
    let extractor = surroundings.extractor();
    let mut queue = Queue::new(records);
    let mut running = FuturesUnordered::new();
    let mut spans = Records::default();
    loop {
        while running.len() < CONCURRENCY
            && let Some(next) = queue.next()
        {
            let Next { place, record } = next;
            let mut description = record.describe(extractor);
            let mut scope = RecordScope::new(surroundings.begin(&mut description));
            match scope.enter(|| read(record, &description).map(&f)) {
                Ok(work) => running.push(finish(place, scope, work)),
                Err(unreadable) => {
                    scope.fail("unreadable", unreadable);
                    spans.append(scope.finish());
                    queue.done(place, true);
                }
            }
        }
        let Some((place, failed, trace)) = running.next().await else { break };
        spans.append(trace);
        queue.done(place, failed);
    }
    let failures = queue.into_failures();
    if let Some(invocation) = surroundings.invocation.filter(|_| !failures.is_empty()) {
        invocation.set_attribute(semconv::THUNDRA_BATCH_FAILURES, failures.len());
    }
    (E::response(failures), spans)
}

/// Ends a record. Polled beside others by one task, so that nothing need be `'static`.
async fn finish<R, Err: Display>(
    place: Place,
    scope: RecordScope,
    work: impl Future<Output = Result<R, Err>>,
) -> (Place, bool, Records) {
    let (result, trace) = scope.complete(work).await;
    (place, result.is_err(), trace)
}

/// Works on one record that is no batch. What belongs to no scope around it goes out with the next flush.
#[cfg(any(feature = "kinesis", feature = "sqs"))]
pub(crate) async fn one<R, Err: Display, Fut: Future<Output = Result<R, Err>>>(
    mut description: Description,
    config: &Config,
    f: impl FnOnce() -> Fut,
) -> Result<R, Err> {
    let mut scope = RecordScope::new(Surroundings::new(config).begin(&mut description));
    let work = scope.enter(f);
    let (result, trace) = scope.complete(work).await;
    thundra_core::export_later(trace);
    result
}

/// A record's scope. Left by a panic of its own work, it ends as failed; left otherwise, as cancelled.
struct RecordScope {
    scope: Option<Scope>,
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

    /// Does the work, and ends with it.
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
        // The line is ours, the text of the error is not.
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

/// Where a record stands in the batch, and what it is called in the answer.
struct Place {
    number: usize,
    group: usize,
    identifier: String,
}

struct Next<R> {
    place: Place,
    record: R,
}

/// The records that wait, in groups that keep their order.
struct Queue<R> {
    groups: Vec<VecDeque<(usize, R)>>,
    /// The groups whose next record may run.
    ready: VecDeque<usize>,
    failures: Vec<(usize, String)>,
}

impl<R: Record> Queue<R> {
    fn new(records: Vec<R>) -> Self {
        let mut groups: Vec<VecDeque<(usize, R)>> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (number, record) in records.into_iter().enumerate() {
            let group = record.order().map_or(groups.len(), |key| *known.entry(key).or_insert(groups.len()));
            match groups.get_mut(group) {
                Some(group) => group.push_back((number, record)),
                None => groups.push(VecDeque::from([(number, record)])),
            }
        }
        Queue { ready: (0..groups.len()).collect(), groups, failures: Vec::new() }
    }

    fn next(&mut self) -> Option<Next<R>> {
        let group = self.ready.pop_front()?;
        let (number, record) = self.groups.get_mut(group)?.pop_front()?;
        Some(Next { place: Place { number, group, identifier: record.identifier() }, record })
    }

    /// Lets the next one of its group run, or none of them.
    fn done(&mut self, place: Place, failed: bool) {
        let Some(group) = self.groups.get_mut(place.group) else { return };
        if failed {
            let skipped = std::mem::take(group).into_iter().filter(|_| R::REPORTS_SKIPPED);
            self.failures.push((place.number, place.identifier));
            self.failures.extend(skipped.map(|(number, record)| (number, record.identifier())));
        } else if !group.is_empty() {
            self.ready.push_back(place.group);
        }
    }

    /// The identifiers of what failed, in the order of the batch.
    fn into_failures(mut self) -> Vec<String> {
        self.failures.sort_unstable();
        self.failures.into_iter().map(|(_, identifier)| identifier).collect()
    }
}
