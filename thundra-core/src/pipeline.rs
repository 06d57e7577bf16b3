//! From finished spans to the exporters, under a deadline.
//!
//! Each exporter has a queue of requests, and at most one flush at a time sends from it. A flush that comes meanwhile
//! leaves its spans to the one at work and returns, so that a slow collector holds up one caller and not all.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::export::{Batch, Export, ExportError, ExportFuture};
use crate::losses::Losses;
use crate::queue::Queue;
use crate::{Resource, Trace, diagnostics, late};

/// The exporters of this process.
#[derive(Debug)]
pub(crate) struct Pipeline {
    outlets: Vec<Outlet>,
    timeout: Duration,
}

/// An exporter, and what it has still to send.
#[derive(Debug)]
struct Outlet {
    exporter: Box<dyn Export>,
    resource: Arc<Resource>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: Queue,
    /// `true` while a flush sends from the queue.
    sending: bool,
    /// The number of spans in the request that it sends.
    in_flight: u64,
    /// A request that the exporter accepted, and of which nobody knows so far whether it left.
    accepted: Option<Batch>,
}

impl Pipeline {
    pub(crate) fn new(resource: Resource, exporters: Vec<Box<dyn Export>>, timeout: Duration) -> Self {
        let resource = Arc::new(resource);
        let outlet = |exporter| Outlet { exporter, resource: resource.clone(), state: Mutex::default() };
        Pipeline { outlets: exporters.into_iter().map(outlet).collect(), timeout }
    }

    /// Returns, for each exporter, how many spans are lost if nothing more is sent.
    pub(crate) fn unexported(&self) -> Vec<u64> {
        self.outlets.iter().map(|outlet| outlet.state().unexported()).collect()
    }

    /// Returns how many spans wait, summed over the exporters.
    pub(crate) fn waiting(&self) -> u64 {
        self.outlets.iter().map(|outlet| outlet.state().waiting()).sum()
    }

    /// Ends the pauses that exporters make after failures.
    pub(crate) fn resume(&self) {
        self.outlets.iter().for_each(|outlet| outlet.exporter.resume());
    }

    /// Exports a trace, together with late spans and with what earlier flushes could not send. Returns at
    /// the deadline at the latest, as far as the exporters keep to it.
    pub(crate) async fn flush(&self, mut trace: Trace, deadline: Option<Instant>) {
        let (late, losses) = late::drain();
        trace.append(late);
        let longest = Instant::now() + self.timeout;
        let deadline = deadline.map_or(longest, |deadline| deadline.min(longest));
        let Some((last, others)) = self.outlets.split_last() else { return };
        // Each outlet has its spans before the first one is waited for: this future may be dropped.
        let others: Vec<_> = others.iter().filter_map(|outlet| outlet.begin(trace.clone(), losses)).collect();
        let last = last.begin(trace, losses);
        if others.is_empty() {
            if let Some(last) = last {
                last.send(deadline).await;
            }
            return;
        }
        let mut flushes: Vec<_> =
            others.into_iter().chain(last).map(|sender| Box::pin(sender.send(deadline))).collect();
        poll_fn(|context| {
            flushes.retain_mut(|flush| flush.as_mut().poll(context).is_pending());
            if flushes.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl State {
    fn waiting(&self) -> u64 {
        let accepted = self.accepted.as_ref().map_or(0, Batch::span_count);
        self.queue.spans() + u64::from(accepted) + self.in_flight
    }

    fn unexported(&self) -> u64 {
        let mut losses = self.queue.unsent();
        if let Some(batch) = &self.accepted {
            losses += Losses::of(batch.trace());
        }
        losses.spans + losses.dropped_spans + self.in_flight
    }
}

impl Outlet {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes spans and counts. Returns the right to send, unless another flush has it or the exporter pauses.
    fn begin(&self, trace: Trace, losses: Losses) -> Option<Sender<'_>> {
        let paused = self.exporter.is_paused();
        let mut state = self.state();
        state.queue.lose(losses);
        let rest = state.queue.push(trace);
        if state.sending || paused {
            drop(state);
            self.lose(rest);
            return None;
        }
        let mut sender = Sender { outlet: self, batch: state.accepted.take(), accepted: false, rest };
        sender.accepted = sender.batch.is_some();
        if !sender.accepted {
            sender.next(&mut state);
        }
        state.sending = sender.batch.is_some();
        drop(state);
        sender.batch.is_some().then_some(sender)
    }

    /// Counts spans for which the queue has no room.
    fn lose(&self, over: Trace) {
        if !over.is_empty() {
            self.state().queue.lose(Losses::of(&over));
            diagnostics::once(
                "export.full",
                "spans that could not be exported are over 4 MiB: what is more than that is lost",
            );
        }
    }
}

/// The flush that sends from an outlet's queue. Dropped early, it leaves to the next one what was not sent.
#[derive(Debug)]
struct Sender<'a> {
    outlet: &'a Outlet,
    /// The request that is being sent; `None` once there is no more, and the right to send is given up.
    batch: Option<Batch>,
    /// `true` once the exporter accepted the request.
    accepted: bool,
    /// Spans for which the queue has no room so far.
    rest: Trace,
}

impl Sender<'_> {
    async fn send(mut self, deadline: Instant) {
        let exporter = &*self.outlet.exporter;
        // An earlier flush has waited for a request that was accepted then.
        let mut patience = if self.accepted { Instant::now() } else { deadline };
        while let Some(batch) = &self.batch {
            let mut result = Ok(());
            if !self.accepted {
                result = caught(|| exporter.export(batch, deadline)).await;
                self.accepted = result.is_ok();
            }
            if self.accepted {
                result = caught(|| exporter.force_flush(patience)).await;
            }
            patience = deadline;
            if !self.goes_on(result) || Instant::now() >= deadline {
                return;
            }
        }
    }

    /// Takes the next request from the queue.
    fn next(&mut self, state: &mut State) {
        if state.queue.is_empty() && !self.rest.is_empty() {
            self.rest = state.queue.push(std::mem::take(&mut self.rest));
        }
        let request = state.queue.pop();
        state.in_flight = request.as_ref().map_or(0, |request| request.count.into());
        self.batch = request.map(|request| Batch::new(self.outlet.resource.clone(), request));
        self.accepted = false;
    }

    /// Deals with the end of a request and takes the next one. Returns `false` where it is not to be sent now.
    fn goes_on(&mut self, result: Result<(), ExportError>) -> bool {
        if let Err(ExportError::Retryable(why)) = result {
            diagnostics::once(
                "export",
                format_args!("spans could not be exported and are kept for the next flush: {why}"),
            );
            return false;
        }
        let Some(batch) = self.batch.take() else { return false };
        let mut state = self.outlet.state();
        let lost = state.end(&batch, &result);
        self.next(&mut state);
        // Nothing is left behind: a flush that comes later finds nobody at work.
        state.sending = self.batch.is_some();
        drop(state);
        if let (Err(why), 1..) = (result, lost) {
            diagnostics::once("export.lost", format_args!("{lost} spans could not be exported and are lost: {why}"));
        }
        true
    }
}

impl State {
    /// Takes a request out of the accounts, and returns how many of its spans are lost.
    fn end(&mut self, batch: &Batch, result: &Result<(), ExportError>) -> u64 {
        let losses = match result {
            Ok(()) => Losses::NONE,
            Err(ExportError::TooLarge(_)) if self.queue.put_back_in_parts(batch.trace()) => return 0,
            // A collector that claims to have refused more than it was sent refused all of it.
            Err(ExportError::Partial { lost, .. }) if *lost < u64::from(batch.span_count()) => {
                Losses { spans: *lost, ..Losses::NONE }
            }
            Err(_) => Losses::of(batch.trace()),
        };
        self.queue.finish(batch.trace());
        self.queue.lose(losses);
        losses.spans
    }
}

impl Drop for Sender<'_> {
    fn drop(&mut self) {
        if let Some(batch) = self.batch.take() {
            let mut state = self.outlet.state();
            match self.accepted {
                true => state.accepted = Some(batch),
                false => state.queue.put_back(batch.into_trace()),
            }
            (state.sending, state.in_flight) = (false, 0);
        }
        self.outlet.lose(std::mem::take(&mut self.rest));
    }
}

/// Runs an exporter's future. A panic in it is a loss, and not the caller's trouble.
async fn caught<'a>(export: impl FnOnce() -> ExportFuture<'a>) -> Result<(), ExportError> {
    let panicked = |_| Err(ExportError::Permanent("the exporter panicked".into()));
    let mut future = match catch_unwind(AssertUnwindSafe(export)) {
        Ok(future) => future,
        Err(panic) => return panicked(panic),
    };
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)))
            .unwrap_or_else(|panic| Poll::Ready(panicked(panic)))
    })
    .await
}
