//! The core of the thundra crates: local spans, correlation ids, and trace context.
//!
//! Most programs use it through `thundra-aws` (Lambda, the AWS SDK) and `thundra-http` (clients and
//! servers). It knows no AWS and no network.
//!
//! # How it fits together
//!
//! ```text
//! Inbound ─► Scope (root span) ─► tracing spans, calls with an Outbound ─► Trace ─► Batch ─► Export
//! ```
//!
//! - A [`Scope`] is work done on someone's behalf: an invocation, a request, a record of a batch. It begins
//!   with what the caller sent, an [`Inbound`](propagation::Inbound).
//! - Local spans are `tracing` spans: whatever `#[tracing::instrument]` makes inside a scope, at INFO and
//!   above, is recorded. [`SpanExt`] adds what `tracing` cannot say.
//! - Calls to others carry an [`Outbound`](propagation::Outbound): the trace context, and the
//!   [correlation ids](correlation) of the scope.
//! - A finished scope is a [`Trace`]; [`flush`] hands it to the exporters.
//!
//! # Features
//!
//! - `otel` (default): inside a scope our context is the current [`opentelemetry::Context`], so libraries
//!   instrumented with OpenTelemetry continue the trace.
//! - `opentelemetry_sdk`: any `SpanExporter` of the OpenTelemetry SDK plugs in.
//! - `testing`: an in-memory exporter and a printer of span trees.
#![cfg_attr(not(feature = "otel"), allow(rustdoc::broken_intra_doc_links))]

mod config;
mod context;
pub mod correlation;
pub mod diagnostics;
mod env;
mod escape;
pub mod export;
mod id;
mod late;
mod log;
#[cfg(feature = "otel")]
pub mod otel;
mod otlp;
mod pipeline;
pub mod propagation;
mod recorder;
#[doc(hidden)]
pub mod redact;
mod resource;
mod sampler;
mod scope;
pub mod semconv;
mod span;
mod span_ext;
mod suppressed;
mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod trace;
mod tree;
mod value;

pub use config::{
    BatchSpans, CapturedHeaders, Config, ExporterKind, Limits, MessageSpans, OtlpConfig, OtlpProtocol, VARIABLES,
};
pub use context::{ParentSource, TraceContext};
pub use env::Env;
#[doc(hidden)]
pub use escape::Escaped;
pub use id::{SpanId, TraceId};
pub use otlp::read::{Link, SpanData, SpanEvent};
pub use resource::Resource;
#[doc(hidden)]
pub use resource::percent_decode;
pub use sampler::Sampler;
pub use scope::{InScope, Scope, ScopeBuilder, ScopeRef, current, outbound};
pub use span::{SpanKind, Status};
pub use span_ext::SpanExt;
pub use suppressed::is_telemetry_suppressed;
pub use telemetry::{config, defer, flush, install, kept_spans, layer, subscriber};
pub use trace::Trace;
pub use value::Value;
