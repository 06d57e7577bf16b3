//! Destinations of finished telemetry.
//!
//! [`Export`] is the trait of all exporters, with one method to implement. A [`Batch`] holds the records of one request,
//! which it returns as OTLP or as [plain spans](Batch::spans). `thundra-http` has the exporter over OTLP/HTTP.

mod batch;
mod console;
mod error;
mod gzip;
#[cfg(feature = "testing")]
mod memory;
mod partial;
mod stdout;
mod writer;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

pub use batch::Batch;
pub use console::ConsoleExporter;
pub use error::{ExportError, ExportErrorKind};
#[doc(hidden)]
pub use gzip::Gzip;
#[cfg(feature = "testing")]
pub use memory::MemoryExporter;
#[doc(hidden)]
pub use partial::rejected;
pub use stdout::StdoutExporter;

use crate::Signal;

/// The future of an exporter's work.
pub type ExportFuture<'a> = Pin<Box<dyn Future<Output = Result<(), ExportError>> + Send + 'a>>;

/// A destination of finished telemetry.
///
/// The pipeline calls an exporter after the response and outside of any scope, so that the exporter cannot trace itself.
/// One batch at a time is exported. A panic of an exporter is caught, and its batch is counted as lost.
///
/// # Examples
///
/// An exporter that counts spans, and leaves all else to the defaults:
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Instant;
///
/// use thundra_core::export::{Batch, Export, ExportFuture};
///
/// #[derive(Debug, Default)]
/// struct Counter {
///     spans: AtomicU32,
/// }
///
/// impl Export for Counter {
///     fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
///         self.spans.fetch_add(batch.count(), Ordering::Relaxed);
///         Box::pin(std::future::ready(Ok(())))
///     }
/// }
/// ```
pub trait Export: fmt::Debug + Send + Sync {
    /// Exports a batch, and returns by the deadline.
    ///
    /// A batch is never empty and, but for a single record of that size, not much over 1 MiB. Where the future is dropped
    /// before it is ready, the batch is exported again later.
    ///
    /// After a batch that was not done at the deadline, or failed as [`Retryable`](ExportErrorKind::Retryable) in more
    /// than 100 ms, nothing is exported for ten times as long as that took, unless the exporter
    /// [pauses](Self::is_paused) by itself.
    ///
    /// # Errors
    ///
    /// The [kind](ExportErrorKind) of the error decides what becomes of the batch.
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a>;

    /// Returns the signals that the exporter takes. Batches of other signals are not exported, and not counted as lost.
    /// Called once; defaults to spans alone.
    fn signals(&self) -> &'static [Signal] {
        &[Signal::Traces]
    }

    /// Waits until the batch that [`export`](Self::export) accepted has left, where a thread or a queue sends it. Called
    /// after each accepted batch; defaults to a batch that has left.
    ///
    /// # Errors
    ///
    /// [`Retryable`](ExportErrorKind::Retryable) where the batch is still on its way: at the deadline, or at once when
    /// the deadline has passed. The next flush calls this again before it exports anything. Other errors are losses.
    fn force_flush(&self, _deadline: Instant) -> ExportFuture<'_> {
        Box::pin(Done)
    }

    /// Returns `true` while the exporter would take no batch of this signal, as for some time after a failure. Batches
    /// wait then, and no flush waits for them. Defaults to `false`.
    fn is_paused(&self, _signal: Signal) -> bool {
        false
    }

    /// Ends all pauses, so that the next batch is tried. Called before the last flush of a program; defaults to nothing.
    fn resume(&self) {}
}

/// Success, without an allocation when it is boxed.
struct Done;

impl Future for Done {
    type Output = Result<(), ExportError>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(()))
    }
}
