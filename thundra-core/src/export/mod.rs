//! Taking finished spans away.

mod console;
mod gzip;
#[cfg(feature = "testing")]
mod memory;
mod stdout;
mod writer;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

pub use console::ConsoleExporter;
pub use gzip::Gzip;
#[cfg(feature = "testing")]
pub use memory::MemoryExporter;
pub use stdout::StdoutExporter;

use crate::otlp::{json, read, write};
use crate::{OtlpProtocol, Records, Resource, SpanData};

/// The future of an exporter's work.
pub type ExportFuture<'a> = Pin<Box<dyn Future<Output = Result<(), ExportError>> + Send + 'a>>;

/// Sends finished spans somewhere.
///
/// It runs after the response and outside of any scope, so that it cannot trace itself. One batch at a time is
/// exported. A panic of an exporter is caught, and its batch counted as lost.
pub trait Export: fmt::Debug + Send + Sync {
    /// Sends a batch, which is never empty and, but for a single span of that size, not much over 1 MiB. It must be
    /// done, one way or the other, at the deadline. Where the future is dropped before it is ready, the batch is
    /// exported again later.
    ///
    /// After a batch that was not done at the deadline, or failed as [`Retryable`](ExportError::Retryable) in more than
    /// 100 ms, nothing is exported for ten times as long as that took, unless the exporter [pauses](Self::is_paused)
    /// itself.
    ///
    /// # Errors
    ///
    /// See [`ExportError`]: each of them says what becomes of the batch.
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a>;

    /// Waits until the batch that [`export`](Self::export) accepted has left, where that happens elsewhere (a thread, a
    /// queue). Called after each accepted batch; defaults to "it has".
    ///
    /// # Errors
    ///
    /// [`ExportError::Retryable`] where the batch is still on its way: at the deadline, or at once when that has
    /// passed. The next flush asks once more, before it exports anything. Other errors are losses.
    fn force_flush(&self, _deadline: Instant) -> ExportFuture<'_> {
        Box::pin(Done)
    }

    /// Returns `true` while the exporter would take no batch, as for some time after a failure. Batches wait then, and
    /// nobody waits for them. Defaults to `false`.
    fn is_paused(&self) -> bool {
        false
    }

    /// Ends a pause, so that the next batch is tried: called before the last flush of a program. Defaults to nothing.
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

/// The reason why a batch was not taken, or not all of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExportError {
    /// The batch may be taken later: it is kept for the next flush.
    Retryable(Cow<'static, str>),
    /// The batch is too large for one request: it is sent again in two parts. A single span is lost, and counted.
    TooLarge(Cow<'static, str>),
    /// The batch was taken, but for so many of its spans: these are lost, and counted.
    #[non_exhaustive]
    Partial {
        /// The number of spans that were refused.
        lost: u64,
        /// The reason.
        why: Cow<'static, str>,
    },
    /// The batch will never be taken: it is lost, and counted.
    Permanent(Cow<'static, str>),
}

impl ExportError {
    /// Returns the error of a batch that was taken but for `lost` of its spans.
    pub fn partial(lost: u64, why: impl Into<Cow<'static, str>>) -> Self {
        ExportError::Partial { lost, why: why.into() }
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ExportError::{Partial, Permanent, Retryable, TooLarge};
        let (Retryable(why) | TooLarge(why) | Partial { why, .. } | Permanent(why)) = self;
        f.write_str(why)
    }
}

impl std::error::Error for ExportError {}

/// Finished spans of one program.
#[derive(Clone, Debug)]
pub struct Batch {
    resource: Arc<Resource>,
    trace: Records,
}

impl Batch {
    /// The spans of a trace, said by this program.
    pub fn new(resource: Arc<Resource>, trace: Records) -> Self {
        Batch { resource, trace }
    }

    /// What is said about the program.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// How many spans there are.
    pub fn span_count(&self) -> u32 {
        self.trace.span_count()
    }

    /// The spans, in the order they ended.
    pub fn spans(&self) -> impl Iterator<Item = SpanData> + '_ {
        self.trace.spans()
    }

    /// The body of an OTLP request, as protobuf: [`ExportTraceServiceRequest`].
    ///
    /// [`ExportTraceServiceRequest`]: https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/collector/trace/v1/trace_service.proto
    pub fn to_protobuf(&self) -> Vec<u8> {
        write::request(self.resource.encoded(), &[&self.trace.bytes])
    }

    /// The body of an OTLP request, as [JSON].
    ///
    /// [JSON]: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
    pub fn to_json(&self) -> String {
        json::request(&self.resource, self.spans())
    }

    pub(crate) fn trace(&self) -> &Records {
        &self.trace
    }

    pub(crate) fn into_trace(self) -> Records {
        self.trace
    }
}

/// Reads the partial success in a collector's response: how many spans it refused, and why.
///
/// `None` where it took all of them, or names a number below zero. The refusal is final: <https://opentelemetry.io/docs/specs/otlp/#partial-success-1>.
pub fn rejected(response: &[u8], protocol: OtlpProtocol) -> Option<(u64, String)> {
    let (spans, message) = match protocol {
        OtlpProtocol::Protobuf => read::partial_success(response)?,
        OtlpProtocol::Json => {
            let response: serde_json::Value = serde_json::from_slice(response).ok()?;
            let partial = response.get("partialSuccess")?;
            // A 64-bit integer is text in OTLP/JSON; some send a number all the same.
            let spans = partial.get("rejectedSpans")?;
            let spans = spans.as_i64().or_else(|| spans.as_str()?.parse().ok())?;
            (spans, partial.get("errorMessage").and_then(|text| text.as_str()).unwrap_or_default().to_owned())
        }
    };
    let spans = u64::try_from(spans).ok().filter(|spans| *spans > 0)?;
    Some((spans, message))
}
