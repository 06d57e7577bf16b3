//! The flush that sends from an exporter's queue.

use std::future::poll_fn;
use std::sync::MutexGuard;
use std::task::Poll;
use std::time::Instant;

use super::losses::Losses;
use super::slot::{ExporterSlot, Settled, State};
use crate::export::{Batch, ExportError, ExportErrorKind, ExportFuture};
use crate::signal::Signals;
use crate::{Records, contained, diagnostics};

/// After this many single messages in a row that were too large, a flush splits no more requests: the collector takes
/// nothing, and parts of parts would only take time.
const TOO_LARGE_IN_A_ROW: u32 = 16;

/// The right to send from a queue. Dropped early, a sender leaves its unsent request to the next flush.
#[derive(Debug)]
pub(super) struct Sender<'a> {
    slot: &'a ExporterSlot,
    /// The request that is being sent; `None` when there is no more, and the right to send is given up.
    batch: Option<Batch>,
    /// `true` once the exporter accepted the request.
    accepted: bool,
    /// Signals of which this flush sends nothing more: the exporter pauses, or failed.
    held_back: Signals,
    /// Records for which the queue has no room so far.
    rest: Vec<Records>,
    /// The number of single messages in a row that were too large.
    too_large: u32,
    /// While the exporter has the request: the time when it got the request, and its deadline.
    exporting: Option<(Instant, Instant)>,
}

impl<'a> Sender<'a> {
    /// Takes the first request. Returns `None` where there is none.
    pub(super) fn begin(
        slot: &'a ExporterSlot,
        mut state: MutexGuard<'_, State>,
        held_back: Signals,
        rest: Vec<Records>,
    ) -> Option<Self> {
        // A request that the exporter accepted has to leave before the next one may be exported.
        if state.accepted.as_ref().is_some_and(|batch| held_back.contains(batch.signal())) {
            drop(state);
            rest.into_iter().for_each(|over| slot.lose(over));
            return None;
        }
        let batch = state.accepted.take();
        let accepted = batch.is_some();
        let mut sender = Sender { slot, batch, accepted, held_back, rest, too_large: 0, exporting: None };
        if !accepted {
            sender.next(&mut state);
        }
        state.is_sending = sender.batch.is_some();
        drop(state);
        sender.batch.is_some().then_some(sender)
    }

    pub(super) async fn send(mut self, deadline: Instant) {
        let exporter = &*self.slot.exporter;
        // An earlier flush has waited for a request that was accepted then.
        let mut patience = if self.accepted { Instant::now() } else { deadline };
        while let Some(batch) = &self.batch {
            let mut result = Ok(());
            let began = Instant::now();
            self.exporting = Some((began, deadline));
            if !self.accepted {
                result = caught(|| exporter.export(batch, deadline)).await;
                self.accepted = result.is_ok();
            }
            if self.accepted {
                result = caught(|| exporter.force_flush(patience)).await;
            }
            self.exporting = None;
            patience = deadline;
            if !self.goes_on(result, began) || (self.batch.is_some() && Instant::now() >= deadline) {
                return;
            }
        }
    }

    /// Takes the next request from the queue.
    fn next(&mut self, state: &mut State) {
        while state.queue.is_empty()
            && let Some(rest) = self.rest.pop()
        {
            let over = state.queue.push(rest);
            self.rest.extend(Some(over).filter(|over| !over.is_empty()));
        }
        let request = state.queue.pop(self.held_back);
        state.in_flight =
            request.as_ref().map_or(Losses::NONE, |request| Losses::records(request.signal(), request.count().into()));
        self.batch = request.map(|request| Batch::new(self.slot.resource.clone(), request));
        self.accepted = false;
    }

    /// Settles a request and takes the next one. Returns `false` where nothing more is to be sent now.
    fn goes_on(&mut self, result: Result<(), ExportError>, began: Instant) -> bool {
        if let Err(error) = &result
            && error.kind() == ExportErrorKind::Retryable
        {
            return self.keeps(error, began);
        }
        let Some(batch) = self.batch.take() else { return false };
        let mut state = self.slot.state();
        let settled = state.settle(&batch, &result, self.too_large < TOO_LARGE_IN_A_ROW);
        self.too_large = match (&settled, &result) {
            (Settled::Split, _) => self.too_large,
            (_, Err(error)) if error.kind() == ExportErrorKind::TooLarge => self.too_large + 1,
            _ => 0,
        };
        self.next(&mut state);
        // Nothing is left behind: a flush that comes later finds nobody at work.
        state.is_sending = self.batch.is_some();
        drop(state);
        if let (Settled::Done(losses), Err(error)) = (settled, result)
            && let lost = losses.without_dropped()
            && lost.has_records()
        {
            diagnostics::once(
                &format!("export.lost.{}", batch.signal()),
                format_args!("{lost} could not be exported and are lost: {}", error.reason()),
            );
        }
        true
    }

    /// Keeps a request for the next flush, and goes on with the other signals. Returns `false` where there are none, or
    /// where the exporter pauses.
    #[cold]
    fn keeps(&mut self, error: &ExportError, began: Instant) -> bool {
        let Some(signal) = self.batch.as_ref().map(Batch::signal) else { return false };
        if !self.accepted {
            self.slot.pause(signal, began.elapsed());
        }
        diagnostics::once(
            &format!("export.{signal}"),
            format_args!(
                "{} could not be exported and are kept for the next flush: {}",
                signal.records(),
                error.reason()
            ),
        );
        if self.accepted {
            return false;
        }
        let paused = self.slot.paused_signals();
        let mut state = self.slot.state();
        if state.is_paused() {
            return false;
        }
        self.held_back = self.held_back.with(paused);
        self.held_back.insert(signal);
        if let Some(batch) = self.batch.take() {
            state.queue.put_back(batch.into_records());
        }
        self.next(&mut state);
        state.is_sending = self.batch.is_some();
        self.batch.is_some()
    }
}

impl Drop for Sender<'_> {
    fn drop(&mut self) {
        if let Some((began, deadline)) = self.exporting
            && Instant::now() >= deadline
            && let Some(batch) = &self.batch
        {
            self.slot.pause(batch.signal(), began.elapsed());
        }
        if let Some(batch) = self.batch.take() {
            let mut state = self.slot.state();
            match self.accepted {
                true => state.accepted = Some(batch),
                false => state.queue.put_back(batch.into_records()),
            }
            (state.is_sending, state.in_flight) = (false, Losses::NONE);
        }
        std::mem::take(&mut self.rest).into_iter().for_each(|over| self.slot.lose(over));
    }
}

/// Runs an exporter's future. A panic in the future is a loss, and does not reach the caller.
async fn caught<'a>(export: impl FnOnce() -> ExportFuture<'a>) -> Result<(), ExportError> {
    let panicked = || Err(ExportError::permanent("the exporter panicked"));
    let Some(mut future) = contained(export) else { return panicked() };
    poll_fn(|context| contained(|| future.as_mut().poll(context)).unwrap_or_else(|| Poll::Ready(panicked()))).await
}
