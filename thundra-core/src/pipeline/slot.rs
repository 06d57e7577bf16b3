//! An exporter, and the state of its queue.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::losses::Losses;
use super::queue::Queue;
use crate::export::{Batch, Export, ExportError, ExportErrorKind, LossReason};
use crate::signal::Signals;
use crate::{Records, Resource, Signal, contained, diagnostics};

/// A failure in less time is followed by no pause.
const QUICK: Duration = Duration::from_millis(100);

/// The pause after a failure, as a multiple of the failure's duration. Failures thus take a tenth of the time at most.
const TIMES_COST: u32 = 10;

/// The place of an exporter in the pipeline.
#[derive(Debug)]
pub(super) struct ExporterSlot {
    pub(super) exporter: Box<dyn Export>,
    pub(super) resource: Arc<Resource>,
    /// The signals of the exporter.
    signals: Signals,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) queue: Queue,
    /// `true` while a flush sends from the queue.
    pub(super) is_sending: bool,
    /// The signal and the number of records of the current request.
    pub(super) in_flight: Option<(Signal, u32)>,
    /// An accepted request, which may not have left yet.
    pub(super) accepted: Option<Batch>,
    /// The end of the pipeline's own pause after a failure.
    paused_until: Option<Instant>,
}

impl ExporterSlot {
    pub(super) fn new(mut exporter: Box<dyn Export>, resource: Arc<Resource>) -> Self {
        contained(|| exporter.set_resource(&resource));
        // An exporter that panics here takes the signal: otherwise all its batches would be missing without a line.
        let takes = |signal: &Signal| contained(|| exporter.takes(*signal)).unwrap_or(true);
        let signals = Signal::ALL.into_iter().filter(takes).collect();
        ExporterSlot { exporter, resource, signals, state: Mutex::default() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the losses if no flush follows, with the losses of the records in the backlog.
    pub(super) fn unexported(&self, backlog: &Losses) -> Losses {
        let state = self.state();
        let mut losses = state.queue.unsent();
        losses += backlog.of_signals(|signal| self.takes(signal));
        if let Some(batch) = &state.accepted {
            losses += Losses::of(batch.records(), LossReason::Unsent);
        }
        losses += state.in_flight();
        losses
    }

    /// Returns the number of unsent spans, with those of the current request.
    pub(super) fn waiting_spans(&self) -> u64 {
        let state = self.state();
        let accepted = state.accepted.as_ref().filter(|batch| batch.signal() == Signal::Traces);
        state.queue.spans() + accepted.map_or(0, |batch| batch.count().into()) + state.in_flight().lost(Signal::Traces)
    }

    /// Ends the pauses after failures.
    pub(super) fn resume(&self) {
        self.state().paused_until = None;
        contained(|| self.exporter.resume());
    }

    /// Forgets all records and counts that wait. A flush in progress keeps the current request.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.queue = Queue::default();
        state.accepted = None;
    }

    /// Forgets what copies of the process must not share, and the pauses.
    pub(super) fn renew(&self) {
        self.resume();
        contained(|| self.exporter.renew());
    }

    /// Returns the fork of the exporter for another thread.
    pub(super) fn fork(&self) -> Option<Box<dyn Export>> {
        contained(|| self.exporter.fork()).flatten()
    }

    /// Returns `true` if the exporter takes the signal.
    pub(super) fn takes(&self, signal: Signal) -> bool {
        self.signals.contains(signal)
    }

    /// Returns the signals for which the exporter pauses.
    pub(super) fn paused_signals(&self) -> Signals {
        let is_paused = |signal: &Signal| contained(|| self.exporter.is_paused(*signal)).unwrap_or_default();
        Signal::ALL.into_iter().filter(|signal| self.takes(*signal)).filter(is_paused).collect()
    }

    /// Pauses after a slow failure of duration `cost`, unless the exporter pauses the signal by itself.
    #[cold]
    pub(super) fn pause(&self, signal: Signal, cost: Duration) {
        if cost > QUICK && !self.paused_signals().contains(signal) {
            self.state().paused_until = Instant::now().checked_add(cost * TIMES_COST);
        }
    }

    /// Counts records beyond the limit of the queue.
    #[cold]
    pub(super) fn lose(&self, over: Records) {
        self.state().queue.lose(Losses::of(&over, LossReason::QueueFull));
        diagnostics::once(
            &format!("export.full.{}", over.signal()),
            format_args!("unsent {} exceed 4 MiB; the excess is lost", over.signal().records()),
        );
    }
}

impl State {
    pub(super) fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    /// Returns the records of the current request.
    fn in_flight(&self) -> Losses {
        let in_flight = |(signal, count): (Signal, u32)| Losses::records(signal, count.into(), LossReason::Unsent);
        self.in_flight.map_or(Losses::NONE, in_flight)
    }

    /// Settles a final failure, and returns the losses. Returns `None` after splitting a request that was too large,
    /// which `splits` permits.
    #[cold]
    pub(super) fn settle(&mut self, batch: &Batch, error: &ExportError, splits: bool) -> Option<Losses> {
        let (records, reason) = (batch.records(), error.loss_reason());
        let losses = match error.kind() {
            ExportErrorKind::TooLarge if splits && self.queue.put_back_in_parts(records) => return None,
            // If a collector claims more rejections than records, all records are lost.
            ExportErrorKind::Partial { lost } if lost < u64::from(records.count()) => {
                Losses::records(records.signal(), lost, reason)
            }
            _ => Losses::of(records, reason),
        };
        self.queue.finish(records);
        self.queue.lose(losses.clone());
        Some(losses)
    }
}
