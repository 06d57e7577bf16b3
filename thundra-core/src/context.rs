//! The identity of a span between programs: the trace context.

use std::sync::Arc;

use crate::{SpanId, TraceId};

/// The identity of a span between programs, as propagated.
///
/// # Examples
///
/// ```
/// use thundra_core::Scope;
///
/// let context = Scope::builder("checkout").begin().enter(thundra_core::current).unwrap();
/// assert!(context.sampled && context.random);
/// assert_eq!(context.trace_state, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceContext {
    /// The id of the trace.
    pub trace_id: TraceId,
    /// The id of the span.
    pub span_id: SpanId,
    /// `true` if the trace is recorded.
    pub sampled: bool,
    /// `true` if the last seven bytes of the trace id are known to be random: the [random flag] of Trace Context Level
    /// 2. Traces begun by this crate have the flag.
    ///
    /// [random flag]: https://www.w3.org/TR/trace-context-2/#random-trace-id-flag
    pub random: bool,
    /// The [tracestate], forwarded unchanged.
    ///
    /// [tracestate]: https://www.w3.org/TR/trace-context/#tracestate-header
    pub trace_state: Option<Arc<str>>,
}

impl TraceContext {
    const SAMPLED: u8 = 1;
    const RANDOM: u8 = 2;

    /// Returns a context without a trace state and without the random flag.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::propagation::format_traceparent;
    /// use thundra_core::{SpanId, TraceContext, TraceId};
    ///
    /// let (trace, span) = (TraceId::from_bytes([1; 16]).unwrap(), SpanId::from_bytes([2; 8]).unwrap());
    /// let context = TraceContext::new(trace, span, true);
    /// assert_eq!(format_traceparent(&context), "00-01010101010101010101010101010101-0202020202020202-01");
    /// ```
    pub fn new(trace_id: TraceId, span_id: SpanId, sampled: bool) -> Self {
        TraceContext { trace_id, span_id, sampled, random: false, trace_state: None }
    }

    /// Returns a context with [trace flags]. Unknown flags are ignored.
    ///
    /// [trace flags]: https://www.w3.org/TR/trace-context-2/#trace-flags
    pub(crate) fn with_flags(trace_id: TraceId, span_id: SpanId, flags: u8) -> Self {
        let random = flags & Self::RANDOM != 0;
        TraceContext { random, ..TraceContext::new(trace_id, span_id, flags & Self::SAMPLED != 0) }
    }

    /// Returns the [trace flags].
    ///
    /// [trace flags]: https://www.w3.org/TR/trace-context-2/#trace-flags
    pub(crate) const fn flags(&self) -> u8 {
        Self::flags_of(self.sampled, self.random)
    }

    /// Returns the trace flags of a trace.
    pub(crate) const fn flags_of(sampled: bool, random: bool) -> u8 {
        (sampled as u8 * Self::SAMPLED) | (random as u8 * Self::RANDOM)
    }
}
