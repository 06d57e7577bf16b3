//! The bridge to the `opentelemetry` crates (feature `otel`).
//!
//! While a scope's future is polled, the scope's root span is in the current [`Context`], together with the baggage that
//! the scope received. Libraries instrumented with OpenTelemetry therefore continue the trace without further set-up. With
//! the feature `otel-spans`, the current span is the `tracing` span that is entered.
//!
//! # Versions
//!
//! This module is the only one of this crate whose public signatures name types of the `opentelemetry` crates. It is
//! exempt from the semantic versioning of `thundra-core`: while `opentelemetry` is at 0.x, each of its minor versions is a
//! breaking one, and this module follows it with a *minor* version of ours. The changelog names the version. Programs that
//! use this module depend on the same `opentelemetry` as this crate, or pin a minor version of this crate. Everything
//! outside of this module, and the context that libraries find, does not depend on it: with another `opentelemetry` in the
//! dependency graph, those libraries do not see our spans, and nothing else changes.

#[cfg(feature = "opentelemetry_sdk")]
mod sdk;

use opentelemetry::Context;

#[cfg(feature = "opentelemetry_sdk")]
pub use sdk::SdkExporter;

use crate::recorder::ambient::context_at;
use crate::recorder::current;

/// Returns the innermost span as OpenTelemetry's own context, for libraries that take one as an argument.
///
/// The current [`Context`] of a scope's future has the root span of the scope. This function has the innermost one.
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
