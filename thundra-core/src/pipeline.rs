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
        if state.queue.is_empty() && state.accepted.is_none() {
            return None;
        }
        state.sending = true;
        Some(Sender { outlet: self, sending: true, rest, batch: None, accepted: false })
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
    /// `true` while this flush has the right to send.
    sending: bool,
    /// Spans for which the queue has no room so far.
    rest: Trace,
    /// The request that is being sent.
    batch: Option<Batch>,
    /// `true` once the exporter accepted the request.
    accepted: bool,
}

impl Sender<'_> {
    async fn send(mut self, deadline: Instant) {
        let exporter = &*self.outlet.exporter;
        self.batch = self.outlet.state().accepted.take();
        self.accepted = self.batch.is_some();
        if self.accepted {
            // An earlier flush waited for this request already.
            let result = caught(|| exporter.force_flush(Instant::now())).await;
            if !self.goes_on(result) {
                return;
            }
        }
        while self.next() {
            let Some(batch) = &self.batch else { return };
            let mut result = caught(|| exporter.export(batch, deadline)).await;
            if result.is_ok() {
                self.accepted = true;
                result = caught(|| exporter.force_flush(deadline)).await;
            }
            if !self.goes_on(result) || Instant::now() >= deadline {
                return;
            }
        }
    }

    /// Takes the next request from the queue; the last one gives up the right to send, so that nothing is left behind.
    fn next(&mut self) -> bool {
        let mut state = self.outlet.state();
        if state.queue.is_empty() && !self.rest.is_empty() {
            self.rest = state.queue.push(std::mem::take(&mut self.rest));
        }
        let Some(request) = state.queue.pop() else {
            state.sending = false;
            self.sending = false;
            return false;
        };
        state.in_flight = request.count.into();
        self.batch = Some(Batch::new(self.outlet.resource.clone(), request));
        true
    }

    /// Deals with the end of a request, and returns whether the next one is to be sent.
    fn goes_on(&mut self, result: Result<(), ExportError>) -> bool {
        let why = match result {
            Err(ExportError::Retryable(why)) => {
                diagnostics::once(
                    "export",
                    format_args!("spans could not be exported and are kept for the next flush: {why}"),
                );
                return false;
            }
            Ok(()) => None,
            Err(error) => Some(error),
        };
        self.accepted = false;
        let Some(batch) = self.batch.take() else { return true };
        let mut state = self.outlet.state();
        state.in_flight = 0;
        let mut losses = Losses::NONE;
        match &why {
            Some(ExportError::TooLarge(_)) if state.queue.put_back_in_parts(batch.trace()) => return true,
            // A collector that claims to have refused more than it was sent refused all of it.
            Some(ExportError::Partial { lost, .. }) if *lost < u64::from(batch.span_count()) => losses.spans = *lost,
            Some(_) => losses = Losses::of(batch.trace()),
            None => {}
        }
        state.queue.finish(batch.trace());
        state.queue.lose(losses);
        drop(state);
        if let Some(why) = why
            && losses.spans > 0
        {
            diagnostics::once(
                "export.lost",
                format_args!("{} spans could not be exported and are lost: {why}", losses.spans),
            );
        }
        true
    }
}

impl Drop for Sender<'_> {
    fn drop(&mut self) {
        if !self.sending {
            return;
        }
        let mut state = self.outlet.state();
        match self.batch.take() {
            None => {}
            Some(batch) if self.accepted => state.accepted = Some(batch),
            Some(batch) => state.queue.put_back(batch.into_trace()),
        }
        (state.sending, state.in_flight) = (false, 0);
        drop(state);
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
