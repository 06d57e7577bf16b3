//! Taking finished spans away.

mod console;
mod gzip;
#[cfg(feature = "testing")]
mod memory;
mod stdout;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

pub use console::ConsoleExporter;
pub use gzip::Gzip;
#[cfg(feature = "testing")]
pub use memory::MemoryExporter;
pub use stdout::StdoutExporter;

use crate::otlp::{json, read, write};
use crate::{OtlpProtocol, Resource, SpanData, Trace};

/// A future that an exporter returns.
pub type ExportFuture<'a> = Pin<Box<dyn Future<Output = Result<(), ExportError>> + Send + 'a>>;

/// Sends finished spans somewhere.
///
/// It runs after the response and outside of any scope, so that it cannot trace itself.
pub trait Export: fmt::Debug + Send + Sync {
    /// Sends a batch, which is never empty. It must be done, one way or the other, at the deadline.
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a>;
}

/// Why a batch was not taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExportError {
    /// It may be taken later: it is kept for the next flush.
    Retryable(Cow<'static, str>),
    /// It never will be: it is lost, and counted.
    Permanent(Cow<'static, str>),
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ExportError::Retryable(why) | ExportError::Permanent(why)) = self;
        f.write_str(why)
    }
}

impl std::error::Error for ExportError {}

/// Finished spans of one program.
#[derive(Clone, Debug)]
pub struct Batch {
    resource: Arc<Resource>,
    trace: Trace,
}

impl Batch {
    /// The spans of a trace, said by this program.
    pub fn new(resource: Arc<Resource>, trace: Trace) -> Self {
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

    pub(crate) fn into_trace(self) -> Trace {
        self.trace
    }

    /// Two batches of about the same size; `None` for a single span.
    pub(crate) fn split(&self) -> Option<(Batch, Batch)> {
        let (first, second) = self.trace.split()?;
        Some((Batch::new(self.resource.clone(), first), Batch::new(self.resource.clone(), second)))
    }
}

/// What a collector says of spans that it refused in a request it otherwise took: how many, and why.
///
/// `None` when it took all of them. They are counted as lost, since the refusal is final: <https://opentelemetry.io/docs/specs/otlp/#partial-success-1>.
pub fn rejected(answer: &[u8], protocol: OtlpProtocol) -> Option<(u64, String)> {
    let (spans, message) = match protocol {
        OtlpProtocol::Protobuf => read::partial_success(answer)?,
        OtlpProtocol::Json => {
            let answer: serde_json::Value = serde_json::from_slice(answer).ok()?;
            let partial = answer.get("partialSuccess")?;
            // A 64-bit integer is text in OTLP/JSON; some send a number all the same.
            let spans = partial.get("rejectedSpans")?;
            let spans = spans.as_u64().or_else(|| spans.as_str()?.parse().ok())?;
            (spans, partial.get("errorMessage").and_then(|text| text.as_str()).unwrap_or_default().to_owned())
        }
    };
    (spans > 0).then(|| {
        crate::late::lost(spans);
        (spans, message)
    })
}
