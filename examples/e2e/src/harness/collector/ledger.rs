//! The received spans, and the reported losses.

use std::collections::HashSet;
use std::io::Read as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span as Proto};
use prost::Message as _;
use serde_json::Value;
use thundra_core::semconv;

use crate::report::Span;

/// The account of all receivers of one function.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The ids of the received spans.
    ids: HashSet<Vec<u8>>,
    arrived: Arrived,
    kept: Vec<ResourceSpans>,
}

/// The sums of a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// Different spans.
    pub spans: u64,
    /// Spans received again.
    pub again: u64,
    /// Lost spans, as reported by root spans.
    pub lost: u64,
    /// Spans over `THUNDRA_MAX_SPANS`, as reported by root spans.
    pub dropped: u64,
}

impl Ledger {
    /// Adds the spans of a request, without the first `refused` spans.
    pub fn add(&mut self, mut request: ExportTraceServiceRequest, mut refused: usize) {
        let Arrived { spans, again, lost, dropped } = &mut self.arrived;
        let scopes = request.resource_spans.iter_mut().flat_map(|resource| &mut resource.scope_spans);
        for scope in scopes {
            let skipped = refused.min(scope.spans.len());
            refused -= skipped;
            scope.spans.drain(..skipped);
            for span in &scope.spans {
                if self.ids.insert(span.span_id.clone()) {
                    *spans += 1;
                    *lost += number(span, semconv::THUNDRA_LOST_SPANS);
                    *dropped += number(span, semconv::THUNDRA_DROPPED_SPANS);
                } else {
                    *again += 1;
                }
            }
        }
        self.kept.extend(request.resource_spans);
    }

    /// Adds the lines of the stdout exporter among other output. A line without an end was not written whole. Returns
    /// the number of lines.
    pub fn add_lines(&mut self, output: &[u8]) -> usize {
        let whole = output.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        let requests: Vec<_> = whole.filter_map(unpack).collect();
        let count = requests.len();
        requests.into_iter().for_each(|request| self.add(request, 0));
        count
    }

    /// Adds the spans of a datagram to the X-Ray daemon.
    pub fn add_datagram(&mut self, datagram: &[u8]) {
        if let Some(request) = unpack_datagram(datagram) {
            self.add(request, 0);
        }
    }

    /// Returns the sums.
    #[must_use]
    pub fn arrived(&self) -> Arrived {
        self.arrived
    }

    pub(super) fn spans(&self) -> Vec<Span> {
        self.kept.iter().flat_map(Span::all_of).collect()
    }

    pub(super) fn forget_spans(&mut self) {
        self.kept.clear();
    }
}

/// Returns the request in a line of the stdout exporter.
fn unpack(line: &[u8]) -> Option<ExportTraceServiceRequest> {
    let envelope: Value = serde_json::from_slice(line).ok()?;
    let packed = BASE64_STANDARD.decode(envelope.get("payload")?.as_str()?).ok()?;
    let mut plain = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut plain).ok()?;
    ExportTraceServiceRequest::decode(plain.as_slice()).ok()
}

/// Returns the request in a datagram: a header of JSON, and OTLP behind a mark.
fn unpack_datagram(datagram: &[u8]) -> Option<ExportTraceServiceRequest> {
    let body = datagram.strip_prefix(b"{\"format\":\"json\",\"version\":1}\n")?;
    let packed = body.strip_prefix(b"T1S").or_else(|| body.strip_prefix(b"T1U"))?;
    ExportTraceServiceRequest::decode(BASE64_STANDARD.decode(packed).ok()?.as_slice()).ok()
}

/// Returns the number of spans in a request.
pub(super) fn count(request: &ExportTraceServiceRequest) -> usize {
    request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).map(|scope| scope.spans.len()).sum()
}

fn number(span: &Proto, key: &str) -> u64 {
    let value = span.attributes.iter().find(|attribute| attribute.key == key);
    match value.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
        Some(any_value::Value::IntValue(number)) => (*number).try_into().unwrap_or(0),
        _ => 0,
    }
}
