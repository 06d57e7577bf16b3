//! The work of the exporters, equal for all stacks.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

/// The work of an exporter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Export {
    /// Spans are dropped.
    Drop,
    /// Spans are encoded as OTLP protobuf, and the bytes are dropped.
    Encode,
    /// Spans are written to standard output, as a line in the stack's own form.
    Line,
}

/// The exported spans of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) spans: u64,
    /// The spans in the encoded bytes; the next fields count the attributes and events of the spans.
    pub(crate) encoded: u64,
    pub(crate) attributes: u64,
    pub(crate) events: u64,
}

static WATCHING: AtomicBool = AtomicBool::new(false);
static SEEN: Mutex<Seen> = Mutex::new(Seen { spans: 0, encoded: 0, attributes: 0, events: 0 });

/// Returns the spans exported during some work.
pub(super) fn watch(work: impl FnOnce()) -> Seen {
    *seen() = Seen::default();
    WATCHING.store(true, Ordering::Relaxed);
    work();
    WATCHING.store(false, Ordering::Relaxed);
    *seen()
}

fn seen() -> MutexGuard<'static, Seen> {
    SEEN.lock().expect("nobody panics while holding it")
}

/// Counts the spans that an exporter received.
pub(super) fn spans(count: usize) {
    if WATCHING.load(Ordering::Relaxed) {
        seen().spans += count as u64;
    }
}

/// Counts the spans in encoded bytes.
pub(super) fn bytes(bytes: Vec<u8>) {
    if WATCHING.load(Ordering::Relaxed) {
        let request = ExportTraceServiceRequest::decode(bytes.as_slice()).expect("what was encoded can be decoded");
        let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        for span in scopes.flat_map(|scope| &scope.spans) {
            let mut seen = seen();
            seen.encoded += 1;
            seen.attributes += span.attributes.len() as u64;
            seen.events += span.events.len() as u64;
        }
    }
    black_box(bytes);
}
