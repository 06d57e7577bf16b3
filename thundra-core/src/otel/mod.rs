//! The bridge to the `opentelemetry` crates (feature `otel`).
//!
//! While a scope's future is polled, the scope's root span is in the current [`Context`], together with the received
//! baggage. Libraries instrumented with OpenTelemetry therefore continue the trace without further set-up. With the
//! feature `otel-spans`, the entered `tracing` span is the current span.
//!
//! # Versions
//!
//! No other module has types of the `opentelemetry` crates in public signatures. This module is **exempt from the
//! semantic versioning of `thundra-core`**: `opentelemetry` is at 0.x, where every minor version is breaking, and this
//! module moves to a new one in a *minor* version of ours. The changelog names the version.
//!
//! A program with calls into this module depends on the same version of `opentelemetry`, or pins a minor version of
//! `thundra-core`. All other programs compile as before. With two versions of `opentelemetry` in the dependency graph,
//! libraries on the other version do not see our spans, and nothing else changes.

#[cfg(feature = "opentelemetry_sdk")]
mod sdk;

use opentelemetry::Context;

#[cfg(feature = "opentelemetry_sdk")]
pub use sdk::SdkExporter;

use crate::recorder::current;
use crate::recorder::otel_context::context_at;

/// Returns an OpenTelemetry context with the innermost span, for libraries with a context argument.
///
/// The current [`Context`] inside a scope has the scope's root span, or the innermost span with the feature
/// `otel-spans`.
///
/// # Examples
///
/// ```
/// use opentelemetry::trace::TraceContextExt;
/// use thundra_core::Scope;
///
/// let scope = Scope::builder("work").begin();
/// let trace_id = scope.enter(|| thundra_core::otel::context().span().span_context().trace_id());
/// assert_eq!(trace_id.to_bytes(), scope.context().unwrap().trace_id.to_bytes());
/// ```
pub fn context() -> Context {
    current::slot().and_then(context_at).unwrap_or_else(Context::current)
}
