//! From finished spans to the exporters, under a deadline.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::export::{Batch, Export, ExportError};
use crate::{Resource, Trace, diagnostics, late};

/// What an exporter's failed batches may measure while they wait for the next flush.
const MAX_KEPT_BYTES: usize = 4 << 20;

/// The exporters of this process.
#[derive(Debug)]
pub(crate) struct Pipeline {
    resource: Arc<Resource>,
    outlets: Vec<Outlet>,
    timeout: Duration,
}

#[derive(Debug)]
struct Outlet {
    exporter: Box<dyn Export>,
    /// What could not be sent and may be later.
    kept: Mutex<Trace>,
}

impl Pipeline {
    pub(crate) fn new(resource: Resource, exporters: Vec<Box<dyn Export>>, timeout: Duration) -> Self {
        let outlets = exporters.into_iter().map(|exporter| Outlet { exporter, kept: Mutex::default() }).collect();
        Pipeline { resource: Arc::new(resource), outlets, timeout }
    }

    /// How many spans wait for a next flush.
    pub(crate) fn kept(&self) -> u32 {
        self.outlets.iter().map(|outlet| outlet.kept().count).sum()
    }

    /// Exports a trace, together with late spans and with what earlier flushes could not send. Returns at
    /// the deadline at the latest, as far as the exporters keep to it.
    pub(crate) async fn flush(&self, mut trace: Trace, deadline: Option<Instant>) {
        trace.append(late::drain());
        let longest = Instant::now() + self.timeout;
        let deadline = deadline.map_or(longest, |deadline| deadline.min(longest));
        // Each outlet has its copy before the first one is waited for: this future may be dropped.
        if let Some((last, others)) = self.outlets.split_last() {
            others.iter().for_each(|outlet| outlet.kept().append(trace.clone()));
            last.kept().append(trace);
        }
        for outlet in &self.outlets {
            outlet.flush(&self.resource, deadline).await;
        }
    }
}

impl Outlet {
    async fn flush(&self, resource: &Arc<Resource>, deadline: Instant) {
        let all = std::mem::take(&mut *self.kept());
        if all.is_empty() {
            return;
        }
        // Should this future be dropped, what was to be sent waits for the next flush.
        let mut guard = Keep { outlet: self, batch: Some(Batch::new(resource.clone(), all)) };
        let Some(batch) = &guard.batch else { return };
        let result = self.exporter.export(batch, deadline).await;
        match result {
            Ok(()) => guard.batch = None,
            Err(ExportError::Retryable(why)) => {
                diagnostics::once(
                    "export",
                    format_args!("spans could not be exported and are kept for the next flush: {why}"),
                );
            }
            Err(ExportError::Permanent(why)) => {
                diagnostics::once("export.lost", format_args!("spans could not be exported and are lost: {why}"));
                late::lost(guard.batch.take().map_or(0, |batch| batch.span_count().into()));
            }
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Trace> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts back what was not sent, before what came since: the oldest part of it that fits.
    fn keep(&self, trace: Trace) {
        let (mut fits, over) = trace.cut(MAX_KEPT_BYTES);
        if over > 0 {
            diagnostics::once(
                "export.full",
                "spans that could not be exported are over 4 MiB: what is more than that is lost",
            );
            late::lost(over.into());
        }
        let mut kept = self.kept();
        fits.append(std::mem::take(&mut *kept));
        *kept = fits;
    }
}

/// Gives a batch back to its outlet unless it was sent.
struct Keep<'a> {
    outlet: &'a Outlet,
    batch: Option<Batch>,
}

impl Drop for Keep<'_> {
    fn drop(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.outlet.keep(batch.into_trace());
        }
    }
}
