//! Spans as seen by libraries instrumented with OpenTelemetry. While code of a scope runs, the scope's context is the
//! current `opentelemetry::Context`.
//!
//! Without the feature `otel` everything here does nothing.

#[cfg(feature = "otel")]
mod context;
#[cfg(feature = "otel-spans")]
mod entered_spans;

#[cfg(feature = "otel")]
pub(crate) use context::context_at;
#[cfg(feature = "opentelemetry_sdk")]
pub(crate) use context::span_context;
#[cfg(feature = "otel-spans")]
pub(super) use entered_spans::{enter, exit};

use super::scope_state::ScopeState;
use super::slot::{ScopeId, SpanSlot};
use super::waiting::DrawnIds;
use crate::carrier::Outbound;

/// The OpenTelemetry context of a scope, attached at each poll.
#[derive(Clone, Debug, Default)]
pub(crate) struct OtelContext {
    #[cfg(feature = "otel")]
    context: Option<opentelemetry::Context>,
}

/// A guard of an attached context. Dropping the guard detaches the context.
pub(crate) struct Attached {
    #[cfg(feature = "otel")]
    _guard: Option<opentelemetry::ContextGuard>,
}

impl OtelContext {
    /// Returns the current context, with the span of a slot.
    #[cfg_attr(not(feature = "otel"), expect(unused_variables))]
    pub(crate) fn of(slot: SpanSlot) -> Self {
        OtelContext {
            #[cfg(feature = "otel")]
            context: context_at(slot),
        }
    }

    /// Returns the context as [`of`](Self::of) does, in a scope that nobody else knows yet.
    #[inline]
    #[cfg_attr(not(feature = "otel"), expect(unused_variables))]
    pub(crate) fn within(scope: &ScopeState, slot: SpanSlot) -> Self {
        OtelContext {
            #[cfg(feature = "otel")]
            context: context::context_in(scope, slot),
        }
    }

    /// Returns the current context, with the root span of a scope that waits.
    #[inline]
    #[cfg_attr(not(feature = "otel"), expect(unused_variables))]
    pub(crate) fn of_drawn(ids: Option<DrawnIds>) -> Self {
        OtelContext {
            #[cfg(feature = "otel")]
            context: ids.map(context::context_of_drawn),
        }
    }

    /// Makes the context the current context.
    pub(crate) fn attach(&self) -> Attached {
        Attached {
            #[cfg(feature = "otel")]
            _guard: self.context.clone().map(opentelemetry::Context::attach),
        }
    }
}

/// Sets the baggage of a call made in a scope.
#[cfg_attr(not(feature = "otel"), expect(unused_variables))]
pub(super) fn set_baggage(scope: ScopeId, outbound: &mut Outbound) {
    #[cfg(feature = "otel")]
    {
        outbound.baggage = context::baggage_to_send(scope, outbound.baggage.take());
    }
}

/// Returns `true` if the running code must not be traced. OpenTelemetry's exporters [suppress] tracing of export
/// requests: otherwise each export would cause another export. Always `false` without the feature `otel`.
///
/// [suppress]: https://docs.rs/opentelemetry/latest/opentelemetry/struct.Context.html#method.enter_telemetry_suppressed_scope
#[inline]
pub fn is_telemetry_suppressed() -> bool {
    #[cfg(feature = "otel")]
    return opentelemetry::Context::map_current(opentelemetry::Context::is_telemetry_suppressed);
    #[cfg(not(feature = "otel"))]
    false
}
