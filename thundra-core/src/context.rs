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
    /// Whether the last seven bytes of the trace id are known to be random: the [random flag] of Trace Context Level 2.
    /// A trace that begins here has it.
    ///
    /// [random flag]: https://www.w3.org/TR/trace-context-2/#random-trace-id-flag
    pub random: bool,
    /// The vendors' part of the context, handed on unchanged: [tracestate].
    ///
    /// [tracestate]: https://www.w3.org/TR/trace-context/#tracestate-header
    pub trace_state: Option<Arc<str>>,
}

impl TraceContext {
    const SAMPLED: u8 = 1;
    const RANDOM: u8 = 2;

    /// A context without a trace state, whose trace id is not known to be random.
    pub fn new(trace_id: TraceId, span_id: SpanId, sampled: bool) -> Self {
        TraceContext { trace_id, span_id, sampled, random: false, trace_state: None }
    }

    /// A context with these [trace flags], of which those that are not known are ignored.
    ///
    /// [trace flags]: https://www.w3.org/TR/trace-context-2/#trace-flags
    pub(crate) fn with_flags(trace_id: TraceId, span_id: SpanId, flags: u8) -> Self {
        let random = flags & Self::RANDOM != 0;
        TraceContext { random, ..TraceContext::new(trace_id, span_id, flags & Self::SAMPLED != 0) }
    }

    /// Returns its [trace flags].
    ///
    /// [trace flags]: https://www.w3.org/TR/trace-context-2/#trace-flags
    pub(crate) const fn flags(&self) -> u8 {
        (self.sampled as u8 * Self::SAMPLED) | (self.random as u8 * Self::RANDOM)
    }
}
