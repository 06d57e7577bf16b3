//! Where the spans go: what an exporter does with them is the same for all stacks.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

/// What the exporter does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Export {
    /// Nothing: it drops the spans.
    Drop,
    /// It encodes them as OTLP protobuf and drops the bytes.
    Encode,
    /// It writes them to standard output, as a line of its own form.
    Line,
}

/// What the exporters were given while they were watched.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) spans: u64,
    /// How many of them were found in the encoded bytes, with so many attributes and events.
    pub(crate) encoded: u64,
    pub(crate) attributes: u64,
    pub(crate) events: u64,
}

static WATCHING: AtomicBool = AtomicBool::new(false);
static SEEN: Mutex<Seen> = Mutex::new(Seen { spans: 0, encoded: 0, attributes: 0, events: 0 });

/// What is exported while some work is done.
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

/// An exporter was given so many spans.
pub(super) fn spans(count: usize) {
    if WATCHING.load(Ordering::Relaxed) {
        seen().spans += count as u64;
    }
}

/// An exporter has encoded them.
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
