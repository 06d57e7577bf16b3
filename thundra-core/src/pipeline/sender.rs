//! The flush that sends from an exporter's queue.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use super::backlog::Due;
use super::losses::Losses;
use super::slot::{ExporterSlot, Settled, State, report_spill};
use super::tally::{self, Request};
use crate::export::{Batch, Export, ExportError, ExportErrorKind, ExportFuture, LossReason, suppress, suppressed};
use crate::signal::Signals;
use crate::{Records, Signal, contained, diagnostics, kept_run};

/// The number of single messages in a row that were too large, after which a flush splits no more requests. The
/// collector accepts nothing then, and further splitting would only take time.
const TOO_LARGE_IN_A_ROW: u32 = 16;

/// The right to send from a queue. Dropped early, a sender leaves its unsent request to the next flush.
#[derive(Debug)]
pub(super) struct Sender<'a> {
    slot: &'a ExporterSlot,
    /// The exporter in place of the slot's own, in a flush [aside](Self::begin_aside).
    aside: Option<&'a dyn Export>,
    /// The current request; `None` after the last one, when the right to send is given up.
    batch: Option<Batch>,
    /// `true` once the exporter accepted the request.
    accepted: bool,
    /// Signals of paused or failed endpoints. This flush sends none of their records.
    held_back: Signals,
    /// Records beyond the limit of the queue.
    rest: Vec<Records>,
    /// The number of single messages in a row that were too large.
    too_large: u32,
    /// The deadline, while the exporter has the request.
    exporting: Option<Instant>,
    /// The time when the exporter got the request.
    began: Instant,
}

impl<'a> Sender<'a> {
    /// Hands records and counts to an exporter. Returns the right to send, unless another flush has the right, the
    /// exporter pauses, or the queue is empty.
    #[inline]
    pub(super) fn begin(slot: &'a ExporterSlot, records: Records, due: &Due, now: Instant) -> Option<Self> {
        Self::begin_through(slot, None, records, due, now)
    }

    /// Hands over records and counts as [`begin`](Self::begin) does, for a flush that is perhaps the last one of the
    /// process: it sends through `exporter`, without regard to pauses.
    pub(super) fn begin_aside(
        slot: &'a ExporterSlot,
        exporter: &'a dyn Export,
        records: Records,
        due: &Due,
        now: Instant,
    ) -> Option<Self> {
        Self::begin_through(slot, Some(exporter), records, due, now)
    }

    #[inline]
    fn begin_through(
        slot: &'a ExporterSlot,
        aside: Option<&'a dyn Export>,
        records: Records,
        due: &Due,
        now: Instant,
    ) -> Option<Self> {
        let held_back = if aside.is_none() { slot.paused_signals() } else { Signals::default() };
        slot.take_over_losses_of_spill();
        let mut state = slot.state();
        if !due.losses.is_none() {
            state.queue.lose(due.losses.of_signals(|signal| slot.takes(signal)));
        }
        let mut rest = Vec::new();
        if slot.takes(records.signal())
            && let Some(over) = state.queue.push(slot.share(records))
        {
            rest.push(over);
        }
        for records in due.others.iter().filter(|records| slot.takes(records.signal())) {
            rest.extend(state.queue.push(slot.share(records.clone())));
        }
        if state.is_sending || (aside.is_none() && state.is_paused(now)) {
            drop(state);
            rest.into_iter().for_each(|over| slot.lose(over));
            return None;
        }
        let mut sender = Sender {
            slot,
            aside,
            batch: None,
            accepted: false,
            held_back,
            rest,
            too_large: 0,
            exporting: None,
            began: now,
        };
        match state.accepted {
            None => sender.next(&mut state),
            Some(_) => sender.take_accepted(&mut state),
        }
        drop(state);
        sender.batch.is_some().then_some(sender)
    }

    /// Takes an accepted request, unless the exporter pauses. The next request may follow after the accepted one has
    /// left.
    #[cold]
    fn take_accepted(&mut self, state: &mut State) {
        self.batch = state.accepted.take_if(|batch| !self.held_back.contains(batch.signal()));
        self.accepted = self.batch.is_some();
        state.is_sending = self.accepted;
    }

    /// Sends the requests of the queue, one after the other.
    pub(super) async fn send(&mut self, deadline: Instant) {
        let exporter = self.aside.unwrap_or(&*self.slot.exporter);
        // An earlier flush has waited for an accepted request.
        let mut patience = if self.accepted { self.began } else { deadline };
        while let Some(batch) = &self.batch {
            let mut result = Ok(());
            self.exporting = Some(deadline);
            if !self.accepted {
                result = caught(|| exporter.export(batch, deadline)).await;
                self.accepted = result.is_ok();
            }
            if self.accepted {
                result = caught(|| exporter.force_flush(patience)).await;
            }
            self.exporting = None;
            patience = deadline;
            if !self.goes_on(result) || self.batch.is_none() {
                return;
            }
            self.began = Instant::now();
            if self.began >= deadline {
                return;
            }
        }
    }

    /// Takes the next request from the queue, or gives up the right to send.
    fn next(&mut self, state: &mut State) {
        if !self.rest.is_empty() && state.queue.is_empty() {
            self.refill(state);
        }
        let request = state.queue.pop(self.held_back);
        state.in_flight = request.as_ref().map(|request| (request.signal(), request.count()));
        // The right to send ends with the queue, under one lock: no records are left behind.
        state.is_sending = request.is_some();
        self.batch = request.map(|request| Batch::new(self.slot.resource.clone(), request));
        self.accepted = false;
    }

    /// Fills an empty queue with records beyond its limit.
    #[cold]
    fn refill(&mut self, state: &mut State) {
        while let Some(rest) = self.rest.pop() {
            if let Some(over) = state.queue.push(rest) {
                self.rest.push(over);
                return;
            }
        }
    }

    /// Settles a request and takes the next one. Returns `false` where this flush must end.
    fn goes_on(&mut self, result: Result<(), ExportError>) -> bool {
        if tally::is_on() {
            self.tally(result.as_ref().err());
        }
        let Err(error) = result else {
            self.too_large = 0;
            let Some(batch) = self.batch.take() else { return false };
            tally::exported(batch.signal(), batch.count().into());
            let mut state = self.slot.state();
            state.queue.finish(batch.records());
            self.next(&mut state);
            drop(state);
            kept_run::keep(batch.into_records().into_bytes());
            return true;
        };
        match error.kind() {
            ExportErrorKind::Retryable => self.keeps(&error),
            _ => self.loses(&error),
        }
    }

    /// Counts a request for the metrics.
    #[cold]
    fn tally(&self, error: Option<&ExportError>) {
        let error_type = error.map(|error| match error.kind() {
            ExportErrorKind::Retryable => "retryable",
            _ => error.loss_reason().name(),
        });
        if let Some(signal) = self.batch.as_ref().map(Batch::signal) {
            tally::requested(Request { signal, duration: self.began.elapsed(), error_type });
        }
    }

    /// Settles a final failure, and takes the next request.
    #[cold]
    fn loses(&mut self, error: &ExportError) -> bool {
        let Some(batch) = self.batch.take() else { return false };
        let mut state = self.slot.state();
        let (signal, count) = (batch.signal(), u64::from(batch.count()));
        let settled = self.slot.settle(&mut state, batch, error, self.too_large < TOO_LARGE_IN_A_ROW);
        match &settled {
            Settled::Split => {}
            _ if error.kind() == ExportErrorKind::TooLarge => self.too_large += 1,
            _ => self.too_large = 0,
        }
        self.next(&mut state);
        drop(state);
        match settled {
            Settled::Split => {}
            Settled::Spilled => report_spill(error.causes()),
            Settled::Lost(losses) => {
                tally_loss(signal, count, error);
                let lost = losses.without_dropped();
                if lost.has_records() {
                    diagnostics::once(
                        &format!("export.lost.{signal}.{}", error.loss_reason()),
                        format_args!("lost {lost} that could not be exported: {}", error.causes()),
                    );
                }
            }
        }
        true
    }

    /// Pauses the exporter after a failure. A flush aside holds up no caller, and so costs none a pause.
    fn pause(&self, signal: Signal) {
        if self.aside.is_none() {
            self.slot.pause(signal, self.began.elapsed());
        }
    }

    /// Keeps a request for the next flush, and continues with the other signals. Returns `false` without other signals,
    /// or during a pause of the exporter.
    #[cold]
    fn keeps(&mut self, error: &ExportError) -> bool {
        let Some(signal) = self.batch.as_ref().map(Batch::signal) else { return false };
        if !self.accepted {
            self.pause(signal);
        }
        let step = if self.accepted { "flush" } else { "export" };
        diagnostics::once(
            &format!("{step}.{signal}"),
            format_args!(
                "{} could not be exported and are kept for the next flush: {}",
                signal.records(),
                error.causes()
            ),
        );
        if self.accepted {
            return false;
        }
        let paused = if self.aside.is_none() { self.slot.paused_signals() } else { Signals::default() };
        let mut state = self.slot.state();
        if self.aside.is_none() && state.is_paused(Instant::now()) {
            return false;
        }
        self.held_back = self.held_back.with(paused);
        self.held_back.insert(signal);
        if let Some(batch) = self.batch.take() {
            state.queue.put_back(batch.into_records());
        }
        self.next(&mut state);
        self.batch.is_some()
    }
}

/// Counts a request whose records were lost, or some of them, for the metrics.
#[cold]
fn tally_loss(signal: Signal, count: u64, error: &ExportError) {
    let lost = match error.kind() {
        ExportErrorKind::Partial { lost } => count.min(lost),
        _ => count,
    };
    let losses = Losses::by_reasons(signal, lost, error);
    for reason in LossReason::ALL {
        tally::lost(signal, losses.of_reason(signal, *reason), *reason);
    }
    tally::exported(signal, count - lost);
}

impl Drop for Sender<'_> {
    fn drop(&mut self) {
        if let Some(deadline) = self.exporting
            && Instant::now() >= deadline
            && let Some(batch) = &self.batch
        {
            self.pause(batch.signal());
        }
        if let Some(batch) = self.batch.take() {
            let mut state = self.slot.state();
            match self.accepted {
                true => state.accepted = Some(batch),
                false => state.queue.put_back(batch.into_records()),
            }
            (state.is_sending, state.in_flight) = (false, None);
        }
        if !self.rest.is_empty() {
            std::mem::take(&mut self.rest).into_iter().for_each(|over| self.slot.lose(over));
        }
    }
}

/// Runs an exporter's future. A panic in the future is a loss, and does not reach the caller.
async fn caught<'a>(export: impl FnOnce() -> ExportFuture<'a>) -> Result<(), ExportError> {
    let panicked = || Err(ExportError::permanent("the exporter panicked").with_loss_reason(LossReason::Panicked));
    let Some(future) = contained(|| suppress(export)) else { return panicked() };
    let mut future = pin!(suppressed(future));
    poll_fn(|context| contained(|| future.as_mut().poll(context)).unwrap_or_else(|| Poll::Ready(panicked()))).await
}
