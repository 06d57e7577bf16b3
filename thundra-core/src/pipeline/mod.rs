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
use slot::ExporterSlot;

use crate::Resource;
use crate::export::Export;

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

    /// Exports records and counts, together with those that earlier flushes could not send. Returns at the deadline at
    /// the latest, as far as the exporters keep to it.
    pub(crate) async fn flush(&self, due: Due, deadline: Option<Instant>) {
        let longest = Instant::now() + self.timeout;
        let deadline = deadline.map_or(longest, |deadline| deadline.min(longest));
        let Some((last, others)) = self.slots.split_last() else { return };
        // Each exporter has its records before the first one is waited for, since this future may be dropped.
        let others: Vec<_> = others.iter().filter_map(|slot| slot.begin(due.clone())).collect();
        let last = last.begin(due);
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

#[cfg(test)]
mod tests;
