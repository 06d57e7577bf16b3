//! The run of a batch: begins the records, polls the running records together, and reports the failed records.

use std::fmt::{self, Display};
use std::future::Future;
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use lambda_runtime::Error;
use thundra_core::{Records, ScopeFlags};

use super::options::Options;
use super::payload::{Payload, PayloadError};
use super::placed::Placed;
use super::queue::{Holds, Place, Queue};
use super::record::Surroundings;
use super::report::{Report, note};
use super::scope::{Ended, RecordScope, RecordWork};
use super::source::{Order, Outcome};
use super::{BatchEvent, Takes};
use crate::captured::{FailedRecord, is_captured};
use crate::chain::Work;

/// The work on a batch: the future of an awaited [`Each`](super::Each).
///
/// `Send` if the event, the closure and the futures are.
#[must_use = "futures do nothing unless polled"]
pub struct EachFuture<E: BatchEvent, F, P, Fut> {
    state: State<E, Fut>,
    work: F,
    options: Options,
    payload: PhantomData<fn() -> P>,
}

type Export = Pin<Box<dyn Future<Output = ()> + Send>>;

enum State<E: BatchEvent, Fut> {
    Waiting(E),
    Working(Box<Working<E, Fut>>),
    /// No invocation exports the spans of the records.
    Exporting(Export, Result<E::Response, Error>),
    Over,
}

impl<E: BatchEvent, F, P, Fut> EachFuture<E, F, P, Fut> {
    pub(super) fn new(event: E, work: F, options: Options) -> Self {
        EachFuture { state: State::Waiting(event), work, options, payload: PhantomData }
    }
}

/// None of the fields is pinned: each record has a separate allocation.
impl<E: BatchEvent, F, P, Fut> Unpin for EachFuture<E, F, P, Fut> {}

impl<E: BatchEvent, F, P, Fut> fmt::Debug for EachFuture<E, F, P, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EachFuture").field("options", &self.options).finish_non_exhaustive()
    }
}

impl<E, F, P, Fut, R, Err> Future for EachFuture<E, F, P, Fut>
where
    E: BatchEvent + Takes<R>,
    P: Payload<E>,
    F: Fn(P::Item) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
    Err: Display + 'static,
{
    type Output = Result<E::Response, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (mut export, response) = match mem::replace(&mut self.state, State::Over) {
            State::Exporting(export, response) => (export, response),
            state => {
                self.state = state;
                let (response, spans) = ready!(self.poll_work(cx));
                // Inside an invocation, the spans belong to the invocation, and none are left here.
                if spans.is_empty() {
                    return Poll::Ready(response);
                }
                (Box::pin(thundra_core::flush(spans, None)) as Export, response)
            }
        };
        if export.as_mut().poll(cx).is_pending() {
            self.state = State::Exporting(export, response);
            return Poll::Pending;
        }
        Poll::Ready(response)
    }
}

impl<E, F, P, Fut, R, Err> EachFuture<E, F, P, Fut>
where
    E: BatchEvent + Takes<R>,
    P: Payload<E>,
    F: Fn(P::Item) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
    Err: Display + 'static,
{
    /// Returns the response, and the spans outside any invocation.
    pub(super) fn poll_work(&mut self, cx: &mut Context<'_>) -> Poll<(Result<E::Response, Error>, Records)> {
        let mut working = match mem::replace(&mut self.state, State::Over) {
            State::Waiting(event) => Box::new(Working::new(event, &self.options)),
            State::Working(working) => working,
            State::Exporting(..) | State::Over => return Poll::Pending,
        };
        if working.poll::<P, _, _, _>(&self.work, &self.options, cx).is_pending() {
            self.state = State::Working(working);
            return Poll::Pending;
        }
        Poll::Ready(working.end(&self.options))
    }
}

/// A batch during the work.
struct Working<E: BatchEvent, Fut> {
    header: E::Header,
    order: Order,
    /// The limit of records that run at a time.
    concurrency: usize,
    surroundings: Surroundings<'static>,
    queue: Queue<E::Record>,
    running: FuturesUnordered<Placed<RecordWork<Fut>, E::Id>>,
    report: Report<E>,
    /// The names of the records, by number, if the event of the invocation is kept.
    names: Vec<Option<String>>,
    spans: Records,
}

impl<E: BatchEvent, Fut> Working<E, Fut> {
    fn new(event: E, options: &Options) -> Self {
        let config = options.config();
        let surroundings = Surroundings::new(config);
        if let Some(invocation) = surroundings.invocation {
            invocation.set_flags(ScopeFlags::BATCH_HANDLED);
        }
        let (header, records) = (E::SOURCE.open)(event);
        let order = (E::SOURCE.order)(&records);
        let (holds, grouping) = (options.holds(order), options.grouping());
        let surroundings = surroundings.of_records(records.len());
        let name = |record| (E::SOURCE.name)(record).map(str::to_owned);
        let names = match surroundings.invocation {
            Some(invocation) if is_captured(invocation) => records.iter().map(name).collect(),
            _ => Vec::new(),
        };
        let concurrency = options.concurrency(order);
        // One record at a time keeps the order of the batch.
        let needs_groups = concurrency > 1 || holds == Holds::Group;
        let group = |record: &_| if needs_groups { (E::SOURCE.group)(record, grouping) } else { None };
        let (queue, groups) = Queue::new(holds, records, group);
        Working {
            header,
            order,
            concurrency,
            surroundings,
            queue,
            running: FuturesUnordered::new(),
            report: Report::new(groups),
            names,
            spans: Records::default(),
        }
    }

    /// Returns `Ready` after the end of the last record.
    fn poll<P, F, R, Err>(&mut self, work: &F, options: &Options, cx: &mut Context<'_>) -> Poll<()>
    where
        E: Takes<R>,
        P: Payload<E>,
        F: Fn(P::Item) -> Fut,
        Fut: Future<Output = Result<R, Err>>,
        Err: Display + 'static,
    {
        loop {
            while self.running.len() < self.concurrency && self.queue.has_next() {
                self.begin_next::<P, _>(work, options);
            }
            let Some((place, id, Ended { result, spans })) = ready!(self.running.poll_next_unpin(cx)) else {
                return Poll::Ready(());
            };
            let outcome = match result {
                Ok(output) => Outcome::Done(<E as Takes<R>>::output(output)),
                Err((_, message)) => Outcome::Failed(message),
            };
            self.ended(place, id, outcome, spans);
        }
    }

    fn begin_next<P, F>(&mut self, work: &F, options: &Options)
    where
        P: Payload<E>,
        F: Fn(P::Item) -> Fut,
        Fut: Future,
    {
        if options.is_too_late(self.surroundings.invocation) {
            return self.queue.close();
        }
        let Some((place, record)) = self.queue.next() else { return };
        let id = (E::SOURCE.id)(&record);
        let mut delivery = (E::SOURCE.read)(&self.header, &record, self.surroundings.extractor());
        let scope = RecordScope::new(self.surroundings.begin(&mut delivery));
        let begun = match scope.chain_too_long(options.config(), Work::Record) {
            Some(too_long) => Err(too_long.exception()),
            None => scope.enter(|| (P::READER.0)(record, &delivery).map(work)).map_err(PayloadError::into_exception),
        };
        match begun {
            Ok(future) => self.running.push(Placed { work: scope.work(future), at: Some((place, id)) }),
            Err(exception) => {
                let (message, spans) = scope.fail(exception);
                self.ended(place, id, Outcome::Failed(message), spans);
            }
        }
    }

    fn ended(&mut self, place: Place, id: E::Id, outcome: Outcome<E::Output>, spans: Records) {
        self.queue.done(place, matches!(outcome, Outcome::Failed(_)));
        self.report.add(place.number, id, outcome);
        if let Err(mixed) = self.spans.append(spans) {
            thundra_core::export_later(mixed.into_records());
        }
    }

    /// Returns the response, and the spans outside any invocation.
    fn end(self, options: &Options) -> (Result<E::Response, Error>, Records) {
        let Working { header, order, surroundings, queue, mut report, mut names, spans, .. } = self;
        for (number, record, outcome) in queue.into_rest() {
            report.add(number, (E::SOURCE.id)(&record), outcome);
        }
        let done = report.finish(order, options);
        if let Some(invocation) = surroundings.invocation {
            let failed = done.failures.iter().map(|number| {
                let name = names.get_mut(*number).and_then(Option::take);
                name.map_or(FailedRecord::Numbered(*number), FailedRecord::Named)
            });
            note(invocation, failed, done.not_begun);
        }
        let response = match done.error {
            Some(error) => Err(error.into()),
            None => Ok((E::SOURCE.respond)(header, done.handled)),
        };
        (response, spans)
    }
}
