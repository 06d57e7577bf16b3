//! An exporter, and the state of its queue.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::SPILLS;
use super::losses::Losses;
use super::queue::Queue;
use super::tally;
use crate::export::{Batch, Export, ExportError, ExportErrorKind, LossReason, StandardStream, suppress};
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
    follows_xray: bool,
    state: Mutex<State>,
    /// The place of the exporter for lost records, if the program spills.
    pub(super) spill: Option<Box<ExporterSlot>>,
}

/// The consequence of a final failure.
pub(super) enum Settled {
    /// The request is sent again in two parts.
    Split,
    /// The request goes to another exporter.
    Spilled,
    Lost(Losses),
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
        let follows_xray = contained(|| exporter.follows_xray()).unwrap_or_default();
        ExporterSlot { exporter, resource, signals, follows_xray, state: Mutex::default(), spill: None }
    }

    /// Returns the place of the exporter for lost records; `None` in a build without the spill, whose code the compiler
    /// then drops.
    fn spilled_to(&self) -> Option<&ExporterSlot> {
        self.spill.as_deref().filter(|_| SPILLS)
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
        if let Some(spill) = self.spilled_to() {
            losses += spill.unexported(&Losses::NONE);
        }
        losses
    }

    /// Returns the number of unsent spans, with those of the current request.
    pub(super) fn waiting_spans(&self) -> u64 {
        let state = self.state();
        let accepted = state.accepted.as_ref().filter(|batch| batch.signal() == Signal::Traces);
        let spilled = self.spilled_to().map_or(0, ExporterSlot::waiting_spans);
        spilled
            + state.queue.spans()
            + accepted.map_or(0, |batch| batch.count().into())
            + state.in_flight().lost(Signal::Traces)
    }

    /// Ends the pauses after failures.
    pub(super) fn resume(&self) {
        self.state().paused_until = None;
        quietly(|| self.exporter.resume());
        if let Some(spill) = self.spilled_to() {
            spill.resume();
        }
    }

    /// Forgets all waiting records and counts. A flush in progress keeps the current request.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.queue = Queue::default();
        state.accepted = None;
        if let Some(spill) = self.spilled_to() {
            spill.forget();
        }
    }

    /// Forgets the connections, which copies of the process must not share, and the pauses.
    pub(super) fn renew(&self) {
        self.resume();
        quietly(|| self.exporter.renew());
    }

    /// Returns the standard stream of the exporter, if any.
    pub(super) fn standard_stream(&self) -> Option<StandardStream> {
        contained(|| self.exporter.standard_stream()).flatten()
    }

    /// Returns the fork of the exporter for another thread.
    pub(super) fn fork(&self) -> Option<Box<dyn Export>> {
        quietly(|| self.exporter.fork()).flatten()
    }

    /// Returns `true` if the exporter takes the signal.
    pub(super) fn takes(&self, signal: Signal) -> bool {
        self.signals.contains(signal)
    }

    /// Returns `true` if X-Ray decides which spans the exporter gets.
    pub(super) fn follows_xray(&self) -> bool {
        self.follows_xray
    }

    /// Returns the records that the exporter gets.
    #[inline]
    pub(super) fn share(&self, records: Records) -> Records {
        if self.follows_xray { records.for_xray() } else { records.for_all() }
    }

    /// Returns the signals for which the exporter pauses.
    pub(super) fn paused_signals(&self) -> Signals {
        let is_paused = |signal: &Signal| quietly(|| self.exporter.is_paused(*signal)).unwrap_or_default();
        Signal::ALL.into_iter().filter(|signal| self.takes(*signal)).filter(is_paused).collect()
    }

    /// Pauses after a slow failure of duration `cost`, unless the exporter pauses the signal by itself.
    #[cold]
    pub(super) fn pause(&self, signal: Signal, cost: Duration) {
        if cost > QUICK && !self.paused_signals().contains(signal) {
            self.state().paused_until = Instant::now().checked_add(cost * TIMES_COST);
        }
    }

    /// Spills or counts records beyond the limit of the queue.
    #[cold]
    pub(super) fn lose(&self, over: Records) {
        let records = over.signal().records();
        if let Some(spill) = self.spilled_to() {
            spill.take(over);
            report_spill(format_args!("unsent {records} exceed 4 MiB"));
        } else {
            tally::lost(over.signal(), over.count().into(), LossReason::QueueFull);
            self.state().queue.lose(Losses::of(&over, LossReason::QueueFull));
            diagnostics::once(
                &format!("export.full.{records}"),
                format_args!("unsent {records} exceed 4 MiB; the excess is lost"),
            );
        }
    }

    /// Takes the lost records of another exporter. Root spans go first: a root span has the counts and the outcome.
    fn take(&self, records: Records) {
        let mut state = self.state();
        if let Some(over) = state.queue.push(records.roots_first()) {
            tally::lost(over.signal(), over.count().into(), LossReason::QueueFull);
            state.queue.lose(Losses::of(&over, LossReason::QueueFull));
        }
    }

    /// Takes over the counts of records beyond the limit of the spill.
    #[inline]
    pub(super) fn take_over_losses_of_spill(&self) {
        if let Some(spill) = self.spilled_to() {
            let losses = spill.state().queue.take_losses();
            self.state().queue.lose(losses);
        }
    }

    /// Settles a final failure.
    #[cold]
    pub(super) fn settle(&self, state: &mut State, batch: Batch, error: &ExportError, splits: bool) -> Settled {
        let (signal, count) = (batch.signal(), u64::from(batch.count()));
        if error.kind() == ExportErrorKind::TooLarge && splits && state.queue.put_back_in_parts(batch.records()) {
            return Settled::Split;
        }
        state.queue.finish(batch.records());
        let losses = match (error.kind(), self.spilled_to()) {
            // The error does not name the rejected records. With more rejections than records, all are rejected.
            (ExportErrorKind::Partial { lost }, _) if lost < count => Losses::by_reasons(signal, lost, error),
            (_, Some(spill)) => {
                spill.take(batch.into_records());
                return Settled::Spilled;
            }
            _ => {
                let mut losses = Losses::carried_by(batch.records());
                losses += Losses::by_reasons(signal, count, error);
                losses
            }
        };
        state.queue.lose(losses.clone());
        Settled::Lost(losses)
    }

    /// Spills waiting records at the end of a program: all, or up to `max_bytes` of the newest.
    pub(super) fn spill(&self, max_bytes: Option<usize>) {
        let Some(spill) = self.spilled_to() else { return };
        let mut state = self.state();
        let (requests, losses) = match max_bytes {
            None => state.queue.take_all(),
            Some(max_bytes) => state.queue.take_newest(max_bytes),
        };
        let is_empty = requests.is_empty();
        requests.into_iter().for_each(|request| spill.take(request));
        spill.state().queue.lose(losses);
        drop(state);
        if !is_empty {
            report_spill("the program may end");
        }
    }
}

/// Calls an exporter, whose panics and log records stay its own.
fn quietly<T>(call: impl FnOnce() -> T) -> Option<T> {
    contained(|| suppress(call))
}

/// Reports the first spill.
pub(super) fn report_spill(cause: impl Display) {
    diagnostics::once(
        "spill",
        format_args!("what cannot be exported goes to standard output, as far as THUNDRA_SPILL allows: {cause}"),
    );
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
}
