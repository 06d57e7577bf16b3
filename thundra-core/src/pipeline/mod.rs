//! From finished records to the exporters, under a deadline.
//!
//! ```text
//! flush ─► backlog.rs ─► slot.rs, one for each exporter ─► queue.rs ─► sender.rs ─► Export
//!                            ▲                                            │
//!                            ├───────────── losses.rs, on a root span ◄───┤
//!                            └──────── another slot, for stdout ◄─────────┘ if spilled
//! ```
//!
//! Each exporter has a queue of requests, and one flush at a time sends from the queue. A concurrent flush adds records
//! to the queue and returns, so a slow collector holds up one caller at most.

pub(crate) mod backlog;
mod exported;
mod losses;
mod queue;
mod sender;
mod slot;
pub(crate) mod tally;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use backlog::Due;
#[cfg(feature = "testing")]
pub(crate) use exported::record_for_tests;
pub(crate) use exported::{exports, set_exported};
pub use losses::Losses;
use sender::Sender;
use slot::ExporterSlot;

use crate::export::{Export, Room, StandardStream};
use crate::signal::Signals;
use crate::{Config, Records, Resource, Signal};

/// The share of a last flush's time for spilling: a tenth.
const LAST_PART: u32 = 10;

/// `true` in a build with lines of lost records on standard output.
pub(crate) const SPILLS: bool = cfg!(feature = "stdout");

/// The exporters of this process.
#[derive(Debug)]
pub(crate) struct Pipeline {
    slots: Vec<ExporterSlot>,
    timeout: Duration,
    /// The room for the spill of a flush; `None` if nothing is spilled.
    room: Option<Arc<Room>>,
}

impl Pipeline {
    pub(crate) fn new(resource: Resource, exporters: Vec<Box<dyn Export>>, timeout: Duration) -> Self {
        let resource = Arc::new(resource);
        let slots = exporters.into_iter().map(|exporter| ExporterSlot::new(exporter, resource.clone()));
        Pipeline { slots: slots.collect(), timeout, room: None }
    }

    /// Spills lost records: `limit` bytes of lines for each flush. `to` makes the exporter for the lines.
    ///
    /// Exporters to a standard stream spill nothing. With an exporter to standard output, no exporter spills.
    pub(crate) fn spilling(mut self, limit: usize, to: impl Fn(Arc<Room>) -> Box<dyn Export>) -> Self {
        let room = Arc::new(Room::new(limit));
        let is_on_stdout = self.slots.iter().any(|slot| slot.standard_stream() == Some(StandardStream::Output));
        for slot in self.slots.iter_mut().filter(|slot| !is_on_stdout && slot.standard_stream().is_none()) {
            slot.spill = Some(Box::new(ExporterSlot::new(to(room.clone()), slot.resource.clone())));
            self.room = Some(room.clone());
        }
        self
    }

    /// Returns `true` if an exporter takes the signal.
    pub(crate) fn takes(&self, signal: Signal) -> bool {
        self.slots.iter().any(|slot| slot.takes(signal))
    }

    /// Returns the signals that an exporter takes and the configuration admits.
    pub(crate) fn exported(&self, config: &Config) -> Signals {
        Signal::ALL.into_iter().filter(|signal| self.takes(*signal) && config.admits(*signal)).collect()
    }

    /// Returns `true` if all spans end up in X-Ray, and nowhere else.
    pub(crate) fn follows_xray(&self) -> bool {
        let mut slots = self.slots.iter().filter(|slot| slot.takes(Signal::Traces)).peekable();
        slots.peek().is_some() && slots.all(ExporterSlot::follows_xray)
    }

    /// Returns `true` if some spans end up in X-Ray.
    pub(crate) fn reaches_xray(&self) -> bool {
        self.slots.iter().any(ExporterSlot::follows_xray)
    }

    /// Returns, for each exporter, the losses if no flush follows, with the losses of the records in the backlog.
    pub(crate) fn unexported(&self, backlog: &Losses) -> Vec<Losses> {
        self.slots.iter().map(|slot| slot.unexported(backlog)).collect()
    }

    /// Returns the number of waiting spans, summed over the exporters.
    pub(crate) fn waiting_spans(&self) -> u64 {
        self.slots.iter().map(ExporterSlot::waiting_spans).sum()
    }

    /// Ends the pauses after failures.
    pub(crate) fn resume(&self) {
        self.slots.iter().for_each(ExporterSlot::resume);
    }

    /// Forgets all waiting records and counts.
    pub(crate) fn forget(&self) {
        self.slots.iter().for_each(ExporterSlot::forget);
    }

    /// Forgets connections, which copies of the process must not share.
    pub(crate) fn renew(&self) {
        self.slots.iter().for_each(ExporterSlot::renew);
    }

    /// Hands records and counts to the exporters. The returned flush sends the records of earlier flushes as well.
    pub(crate) fn begin(&self, records: Records, due: &Due, deadline: Option<Instant>) -> Flush<'_> {
        let now = Instant::now();
        let longest = now + self.timeout;
        let deadline = deadline.map_or(longest, |deadline| deadline.min(longest));
        if let Some(room) = &self.room {
            room.refill();
        }
        let Some((last, others)) = self.slots.split_last() else {
            return Flush { last: None, others: Vec::new(), deadline, spilling: None };
        };
        let others = others.iter().filter_map(|slot| Sender::begin(slot, records.clone(), due, now)).collect();
        Flush { last: Sender::begin(last, records, due, now), others, deadline, spilling: self.if_spilling() }
    }

    /// Returns the deadline of exports in the last flush of a program. The rest of the time is for spilling.
    pub(crate) fn last_export(&self, deadline: Instant) -> Instant {
        match self.room {
            Some(_) => deadline - deadline.saturating_duration_since(Instant::now()) / LAST_PART,
            None => deadline,
        }
    }

    /// Spills all waiting records, at the end of a program.
    pub(crate) async fn spill_all(&self, deadline: Instant) {
        if self.if_spilling().is_some() {
            self.slots.iter().for_each(|slot| slot.spill(None));
            self.send_spilled(deadline).await;
        }
    }

    /// Spills the newest waiting records, as many as fit. The program may end before the next flush.
    pub(crate) async fn spill_newest(&self, deadline: Instant) {
        if let Some(room) = self.room.as_ref().filter(|_| SPILLS) {
            self.slots.iter().for_each(|slot| slot.spill(Some(room.limit())));
            self.send_spilled(deadline).await;
        }
    }

    /// Returns the pipeline if it spills.
    fn if_spilling(&self) -> Option<&Self> {
        (SPILLS && self.room.is_some()).then_some(self)
    }

    /// Writes spilled records.
    #[cold]
    fn send_spilled(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            for spill in self.slots.iter().filter_map(|slot| slot.spill.as_deref()) {
                if let Some(mut sender) = Sender::begin(spill, Records::default(), &Due::default(), Instant::now()) {
                    sender.send(deadline).await;
                }
            }
        })
    }

    /// Makes exporters for a flush [aside](Self::begin_aside).
    pub(crate) fn fork(&self) -> Forks {
        Forks(self.slots.iter().map(ExporterSlot::fork).collect())
    }

    /// Hands over records as [`begin`](Self::begin) does, for a flush on a thread of its own that is perhaps the last
    /// one of the process. Queues and counts are those of every flush: an unsent record waits for the next one.
    pub(crate) fn begin_aside<'a>(
        &'a self,
        forks: &'a Forks,
        records: &Records,
        due: &Due,
        deadline: Instant,
    ) -> Flush<'a> {
        let now = Instant::now();
        if let Some(room) = &self.room {
            room.refill();
        }
        let exporters = self.slots.iter().zip(&forks.0).map(|(slot, fork)| (slot, fork.as_deref()));
        let begin = |(slot, fork): (&'a ExporterSlot, Option<&'a dyn Export>)| {
            Sender::begin_aside(slot, fork.unwrap_or(&*slot.exporter), records.clone(), due, now)
        };
        Flush { last: None, others: exporters.filter_map(begin).collect(), deadline, spilling: self.if_spilling() }
    }
}

/// The forks of the exporters, `None` for an exporter that serves every thread.
#[derive(Debug)]
pub(crate) struct Forks(Vec<Option<Box<dyn Export>>>);

/// A flush in progress. The exporters keep unsent records for the next flush.
#[derive(Debug)]
pub(crate) struct Flush<'a> {
    last: Option<Sender<'a>>,
    others: Vec<Sender<'a>>,
    deadline: Instant,
    /// The pipeline, if it spills.
    spilling: Option<&'a Pipeline>,
}

impl Flush<'_> {
    /// Sends until the queues are empty. Returns by the deadline, if the exporters respect the deadline.
    pub(crate) async fn send(&mut self) {
        if !self.others.is_empty() {
            self.others.extend(self.last.take());
            send_all(std::mem::take(&mut self.others), self.deadline).await;
        } else if let Some(last) = &mut self.last {
            // A sender is large. Sending by reference saves a move for each flush.
            last.send(self.deadline).await;
        }
        if let Some(pipeline) = self.spilling {
            // A sender gives up its excess on drop.
            self.last = None;
            pipeline.send_spilled(self.deadline).await;
        }
    }
}

/// Sends from several queues at once.
fn send_all<'a>(senders: Vec<Sender<'a>>, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    let send = |mut sender: Sender<'a>| Box::pin(async move { sender.send(deadline).await });
    let mut flushes: Vec<_> = senders.into_iter().map(send).collect();
    Box::pin(poll_fn(move |context| {
        flushes.retain_mut(|flush| flush.as_mut().poll(context).is_pending());
        if flushes.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }))
}

#[cfg(test)]
mod tests;
