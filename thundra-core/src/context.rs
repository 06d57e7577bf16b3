//! What identifies a span to others: the trace context.

use std::sync::Arc;

use crate::{SpanId, TraceId};

/// The identity of a span as it travels between programs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceContext {
    /// The trace this span belongs to.
    pub trace_id: TraceId,
    /// The span itself.
    pub span_id: SpanId,
    /// Whether the trace is recorded.
    pub sampled: bool,
    /// The vendors' part of the context, handed on unchanged: [tracestate].
    ///
    /// [tracestate]: https://www.w3.org/TR/trace-context/#tracestate-header
    pub trace_state: Option<Arc<str>>,
}

impl TraceContext {
    /// A context without a trace state.
    pub fn new(trace_id: TraceId, span_id: SpanId, sampled: bool) -> Self {
        TraceContext { trace_id, span_id, sampled, trace_state: None }
    }
}

/// Where a root span's parent came from, or why it has none: the attribute `thundra.parent.source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ParentSource {
    /// A W3C `traceparent`.
    TraceParent,
    /// An AWS X-Ray trace header.
    XRay,
    /// A trace context carried among the correlation ids, handed on by a program in between.
    Correlation,
    /// A span of this process.
    Local,
    /// Nothing was carried.
    #[default]
    None,
    /// An X-Ray header that is unsampled or names no parent.
    XRayIgnored,
    /// A batch: its messages have contexts of their own, which are linked.
    Batch,
    /// A message so old that the trace it comes from is over: it is linked.
    Redrive,
    /// The carrier held a context that could not be read.
    Malformed,
}

impl ParentSource {
    /// The value of the attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            ParentSource::TraceParent => "tracecontext",
            ParentSource::XRay => "xray",
            ParentSource::Correlation => "correlation",
            ParentSource::Local => "local",
            ParentSource::None => "none",
            ParentSource::XRayIgnored => "none: x-ray header unsampled or without a parent",
            ParentSource::Batch => "none: batch, see links",
            ParentSource::Redrive => "none: message older than an hour, see links",
            ParentSource::Malformed => "none: malformed context",
        }
    }
}
