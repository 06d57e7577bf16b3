//! From finished records to the exporters, under a deadline.
//!
//! ```text
//! flush ─► backlog.rs ─► slot.rs, one for each exporter ─► queue.rs ─► sender.rs ─► Export
//!                            ▲                                            │
//!                            └───────────── losses.rs, on a root span ◄───┘
//! ```
//!
//! Each exporter has a queue of requests, and at most one flush at a time sends from it. A flush that comes meanwhile
//! leaves its records to the flush at work and returns, so that a slow collector holds up one caller and not all.

pub(crate) mod backlog;
mod losses;
mod queue;
mod sender;
mod slot;

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use backlog::Due;
pub use losses::Losses;
use sender::Sender;
use slot::ExporterSlot;

use crate::export::Export;
use crate::{Records, Resource};

/// The exporters of this process.
#[derive(Debug)]
pub(crate) struct Pipeline {
    slots: Vec<ExporterSlot>,
    timeout: Duration,
}

impl Pipeline {
    pub(crate) fn new(resource: Resource, exporters: Vec<Box<dyn Export>>, timeout: Duration) -> Self {
        let resource = Arc::new(resource);
        let slots = exporters.into_iter().map(|exporter| ExporterSlot::new(exporter, resource.clone()));
        Pipeline { slots: slots.collect(), timeout }
    }

    /// Returns, for each exporter, everything that is lost if nothing more is sent.
    pub(crate) fn unexported(&self) -> Vec<Losses> {
        self.slots.iter().map(ExporterSlot::unexported).collect()
    }

    /// Returns the number of spans that wait, summed over the exporters.
    pub(crate) fn waiting_spans(&self) -> u64 {
        self.slots.iter().map(ExporterSlot::waiting_spans).sum()
    }

    /// Ends the pauses after failures.
    pub(crate) fn resume(&self) {
        self.slots.iter().for_each(ExporterSlot::resume);
    }

    /// Hands records and counts to the exporters, which send them together with those that earlier flushes could not
    /// send.
    pub(crate) fn begin(&self, records: Records, due: &Due, deadline: Option<Instant>) -> Flush<'_> {
        let now = Instant::now();
        let longest = now + self.timeout;
        let deadline = deadline.map_or(longest, |deadline| deadline.min(longest));
        let Some((last, others)) = self.slots.split_last() else {
            return Flush { last: None, others: Vec::new(), deadline };
        };
        let others = others.iter().filter_map(|slot| slot.begin(records.clone(), due, now)).collect();
        Flush { last: last.begin(records, due, now), others, deadline }
    }
}

/// A flush whose records the exporters have. It sends as long as it is polled; the next flush sends the rest.
#[derive(Debug)]
pub(crate) struct Flush<'a> {
    last: Option<Sender<'a>>,
    others: Vec<Sender<'a>>,
    deadline: Instant,
}

impl Flush<'_> {
    /// Sends. Returns at the deadline at the latest, as far as the exporters keep to it.
    pub(crate) async fn send(&mut self) {
        if !self.others.is_empty() {
            return send_all(self.others.drain(..).chain(self.last.take()), self.deadline).await;
        }
        // Sent where it stands: a sender is too long to be moved for each flush.
        if let Some(last) = &mut self.last {
            last.send(self.deadline).await;
        }
    }
}

/// Sends from several queues at once.
async fn send_all<'a>(senders: impl Iterator<Item = Sender<'a>>, deadline: Instant) {
    let send = |mut sender: Sender<'a>| Box::pin(async move { sender.send(deadline).await });
    let mut flushes: Vec<_> = senders.map(send).collect();
    poll_fn(|context| {
        flushes.retain_mut(|flush| flush.as_mut().poll(context).is_pending());
        if flushes.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[cfg(test)]
mod tests;
