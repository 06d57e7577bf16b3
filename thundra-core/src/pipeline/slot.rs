//! An exporter, and the records that it has still to send.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::backlog::Due;
use super::losses::Losses;
use super::queue::Queue;
use super::sender::Sender;
use crate::export::{Batch, Export, ExportError, ExportErrorKind};
use crate::signal::Signals;
use crate::{Records, Resource, Signal, contained, diagnostics};

/// A failure in less time is followed by no pause.
const QUICK: Duration = Duration::from_millis(100);

/// The pause after a failure, as a multiple of the time that the failure took. Failures thus take at most a tenth of the
/// time.
const TIMES_COST: u32 = 10;

/// The place of an exporter in the pipeline.
#[derive(Debug)]
pub(super) struct ExporterSlot {
    pub(super) exporter: Box<dyn Export>,
    pub(super) resource: Arc<Resource>,
    /// The signals that the exporter takes.
    signals: &'static [Signal],
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) queue: Queue,
    /// `true` while a flush sends from the queue.
    pub(super) is_sending: bool,
    /// The records in the request that is being sent.
    pub(super) in_flight: Losses,
    /// A request that the exporter accepted, and that may not have left yet.
    pub(super) accepted: Option<Batch>,
    /// The end of the pause after a failure of an exporter that makes no pauses itself.
    paused_until: Option<Instant>,
}

impl ExporterSlot {
    pub(super) fn new(exporter: Box<dyn Export>, resource: Arc<Resource>) -> Self {
        let signals = contained(|| exporter.signals()).unwrap_or_default();
        ExporterSlot { exporter, resource, signals, state: Mutex::default() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns everything that is lost if nothing more is sent.
    pub(super) fn unexported(&self) -> Losses {
        let state = self.state();
        let mut losses = state.queue.unsent();
        if let Some(batch) = &state.accepted {
            losses += Losses::of(batch.records());
        }
        losses += state.in_flight;
        losses
    }

    /// Returns the number of spans that wait, or that are being sent.
    pub(super) fn waiting_spans(&self) -> u64 {
        let state = self.state();
        let accepted = state.accepted.as_ref().filter(|batch| batch.signal() == Signal::Traces);
        state.queue.spans() + accepted.map_or(0, |batch| batch.count().into()) + state.in_flight.spans
    }

    /// Ends the pauses after failures.
    pub(super) fn resume(&self) {
        self.state().paused_until = None;
        contained(|| self.exporter.resume());
    }

    /// Takes records and counts. Returns the right to send, unless another flush has it or the exporter pauses.
    pub(super) fn begin(&self, due: Due) -> Option<Sender<'_>> {
        let held_back = self.paused_signals();
        let mut state = self.state();
        state.queue.lose(due.losses);
        let mut rest = Vec::new();
        for records in std::iter::once(due.records).chain(due.others) {
            if self.signals.contains(&records.signal()) {
                rest.extend(Some(state.queue.push(records)).filter(|over| !over.is_empty()));
            }
        }
        if state.is_sending || state.is_paused() {
            drop(state);
            rest.into_iter().for_each(|over| self.lose(over));
            return None;
        }
        Sender::begin(self, state, held_back, rest)
    }

    /// Returns the signals of which the exporter would take nothing now.
    pub(super) fn paused_signals(&self) -> Signals {
        let is_paused = |signal: &Signal| contained(|| self.exporter.is_paused(*signal)).unwrap_or_default();
        self.signals.iter().copied().filter(is_paused).collect()
    }

    /// Pauses after a slow failure that took `cost`, unless the exporter does so itself for this signal.
    #[cold]
    pub(super) fn pause(&self, signal: Signal, cost: Duration) {
        if cost > QUICK && !self.paused_signals().contains(signal) {
            self.state().paused_until = Instant::now().checked_add(cost * TIMES_COST);
        }
    }

    /// Counts records for which the queue has no room.
    #[cold]
    pub(super) fn lose(&self, over: Records) {
        self.state().queue.lose(Losses::of(&over));
        diagnostics::once(
            &format!("export.full.{}", over.signal()),
            format_args!(
                "{} that could not be exported are over 4 MiB: what is more than that is lost",
                over.signal().records()
            ),
        );
    }
}

impl State {
    pub(super) fn is_paused(&self) -> bool {
        self.paused_until.is_some_and(|until| Instant::now() < until)
    }

    /// Settles a request that is over, and returns the losses. `splits` is `true` where a request that is too large is
    /// sent in parts.
    pub(super) fn settle(&mut self, batch: &Batch, result: &Result<(), ExportError>, splits: bool) -> Settled {
        let records = batch.records();
        let losses = match result.as_ref().map_err(ExportError::kind) {
            Ok(()) => Losses::NONE,
            Err(ExportErrorKind::TooLarge) if splits && self.queue.put_back_in_parts(records) => return Settled::Split,
            // A collector that claims to have rejected more than it was sent rejected all of it.
            Err(ExportErrorKind::Partial { lost }) if lost < u64::from(records.count()) => {
                Losses::records(records.signal(), lost)
            }
            Err(_) => Losses::of(records),
        };
        self.queue.finish(records);
        self.queue.lose(losses);
        Settled::Done(losses)
    }
}

/// The end of a request.
pub(super) enum Settled {
    /// The request was too large, and its parts are in the queue.
    Split,
    /// The request was sent, but for these losses.
    Done(Losses),
}
