//! What libraries instrumented with OpenTelemetry see of our spans: while code of a scope runs, the scope's context is
//! the current `opentelemetry::Context`.
//!
//! Without the feature `otel` everything here does nothing.

#[cfg(feature = "otel")]
mod context;
#[cfg(feature = "otel-spans")]
mod spans;

#[cfg(feature = "otel")]
pub(crate) use context::context_at;
#[cfg(feature = "opentelemetry_sdk")]
pub(crate) use context::span_context;
#[cfg(feature = "otel-spans")]
pub(super) use spans::{enter, exit};

use super::slot::{ScopeId, SpanSlot};
use crate::propagation::Outbound;

/// The context that is current in a scope. It is attached anew at each poll.
pub(crate) struct Ambient {
    #[cfg(feature = "otel")]
    context: Option<opentelemetry::Context>,
}

/// Keeps a context current until it is dropped.
pub(crate) struct Attached {
    #[cfg(feature = "otel")]
    _guard: Option<opentelemetry::ContextGuard>,
}

impl Ambient {
    /// Returns the current context with the span of this slot in it.
    #[cfg_attr(not(feature = "otel"), expect(unused_variables))]
    pub(crate) fn of(slot: SpanSlot) -> Self {
        Ambient {
            #[cfg(feature = "otel")]
            context: context_at(slot),
        }
    }

    /// Makes the context the current one.
    pub(crate) fn attach(&self) -> Attached {
        Attached {
            #[cfg(feature = "otel")]
            _guard: self.context.clone().map(opentelemetry::Context::attach),
        }
    }
}

/// Sets the baggage of a call that is made in this scope.
#[cfg_attr(not(feature = "otel"), expect(unused_variables))]
pub(super) fn set_baggage(scope: ScopeId, outbound: &mut Outbound) {
    #[cfg(feature = "otel")]
    {
        outbound.baggage = context::baggage_to_send(scope, outbound.baggage.take());
    }
}

/// Returns `true` if the running code must not be traced. OpenTelemetry's exporters [suppress] it for their own requests,
/// which would otherwise be traced and exported for ever. Always `false` without the feature `otel`.
///
/// [suppress]: https://docs.rs/opentelemetry/latest/opentelemetry/struct.Context.html#method.enter_telemetry_suppressed_scope
#[inline]
pub fn is_telemetry_suppressed() -> bool {
    #[cfg(feature = "otel")]
    return opentelemetry::Context::map_current(opentelemetry::Context::is_telemetry_suppressed);
    #[cfg(not(feature = "otel"))]
    false
}
