//! Destinations of finished telemetry.
//!
//! [`Export`] is the trait of all exporters, with one method to implement. A [`Batch`] holds the records of one
//! request, as OTLP or as [plain spans](Batch::spans). `thundra-http` has the exporter over OTLP/HTTP.

mod batch;
mod console;
mod deflate;
mod encoded;
mod error;
mod gzip;
mod line;
mod loss_reason;
#[cfg(feature = "testing")]
mod memory;
mod partial;
mod spill;
mod stdout;
mod suppressed;
mod writer;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

pub use batch::Batch;
pub use console::ConsoleExporter;
#[doc(hidden)]
pub use encoded::EncodedRecord;
pub use error::{ExportError, ExportErrorKind};
#[doc(hidden)]
pub use gzip::Gzip;
pub use loss_reason::LossReason;
#[cfg(feature = "testing")]
pub use memory::MemoryExporter;
#[doc(hidden)]
pub use partial::{PartialSuccess, failure_message, partial_success};
pub(crate) use spill::{Room, spill_exporter};
pub use stdout::StdoutExporter;
pub use suppressed::{Suppressed, suppressed};
#[doc(hidden)]
pub use suppressed::{is_suppressed, suppress, suppress_thread};

pub use crate::whole_line::StandardStream;
#[doc(hidden)]
pub use crate::whole_line::write_line;

use crate::{Resource, Signal};

/// The future of an exporter's work.
pub type ExportFuture<'a> = Pin<Box<dyn Future<Output = Result<(), ExportError>> + Send + 'a>>;

/// A destination of finished telemetry.
///
/// The pipeline calls an exporter after the response and outside of any scope: an exporter cannot trace itself. The
/// pipeline exports one batch at a time. The pipeline catches panics of an exporter, and counts the batch as lost.
///
/// # Examples
///
/// An exporter that counts spans, and otherwise uses the defaults:
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
    /// A batch is never empty. A batch has about 1 MiB at most, unless a single record is larger. If the future is
    /// dropped before the end, the batch is exported again later.
    ///
    /// The pipeline pauses after an export past the deadline, and after a [`Retryable`](ExportErrorKind::Retryable)
    /// failure of more than 100 ms. The pause is ten times as long as the failure, unless the exporter
    /// [pauses](Self::is_paused) by itself.
    ///
    /// # Errors
    ///
    /// The [kind](ExportErrorKind) of the error is the consequence for the batch.
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a>;

    /// Returns `true` if the exporter takes batches of the signal. Batches of other signals are not exported, and not
    /// counted as lost. Called once for each signal; defaults to spans alone.
    fn takes(&self, signal: Signal) -> bool {
        signal == Signal::Traces
    }

    /// Returns `true` if the batches end up in AWS X-Ray. Such an exporter gets no spans of an invocation with
    /// `Sampled=0` in the X-Ray header, so the sampling of X-Ray stays in force. Called once; defaults to `false`.
    ///
    /// Where all exporters follow X-Ray, the X-Ray header received by Lambda is the parent of each invocation.
    fn follows_xray(&self) -> bool {
        false
    }

    /// Waits for an accepted batch to leave, where a thread or a queue sends the batch. Called after each successful
    /// [`export`](Self::export); defaults to no wait.
    ///
    /// # Errors
    ///
    /// [`Retryable`](ExportErrorKind::Retryable) if the batch has not left by the deadline, or at once after the
    /// deadline. The next flush then calls this method again before any export. Other errors are losses.
    fn force_flush(&self, _deadline: Instant) -> ExportFuture<'_> {
        Box::pin(Done)
    }

    /// Returns `true` while the exporter would refuse batches of the signal, as for some time after a failure. Batches
    /// are kept meanwhile, and no flush waits. Defaults to `false`.
    fn is_paused(&self, _signal: Signal) -> bool {
        false
    }

    /// Sets the attributes of the program, for exporters that need the attributes before the first batch. Called once,
    /// before any export; defaults to nothing. Each [`Batch`] has the attributes too.
    fn set_resource(&mut self, _resource: &Resource) {}

    /// Returns the standard stream written by the exporter. Defaults to none, for a destination outside of the process.
    ///
    /// With `THUNDRA_SPILL`, lost records are spilled to standard output. Records lost by an exporter to a standard
    /// stream are not spilled. If any exporter writes everything to standard output, no records are spilled.
    fn standard_stream(&self) -> Option<StandardStream> {
        None
    }

    /// Ends all pauses. Called before the last flush of a program; defaults to nothing.
    fn resume(&self) {}

    /// Forgets all state unusable in a copy of the process: open connections, cached credentials, seeds of random
    /// numbers. Called before a snapshot of the process (Lambda SnapStart), and in each process restored from the
    /// snapshot; defaults to nothing.
    fn renew(&self) {}

    /// Returns an exporter to the same destination, with separate connections and without pauses, for a thread with a
    /// separate Tokio runtime. The fork lives for one flush, and `self` exports nothing meanwhile.
    ///
    /// A function about to time out may have blocked the threads of the program's runtime, and thereby the connections
    /// of `self`. `None`, the default, is for an exporter without connections, or with connections for any runtime: the
    /// other thread calls `self`.
    fn fork(&self) -> Option<Box<dyn Export>> {
        None
    }
}

/// Success, without an allocation in a box.
struct Done;

impl Future for Done {
    type Output = Result<(), ExportError>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(()))
    }
}
