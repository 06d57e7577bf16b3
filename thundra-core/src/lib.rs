//! The core of the thundra crates: local spans, correlation ids, and trace context.
//!
//! Most programs use it through `thundra-aws` (Lambda, the AWS SDK) and `thundra-http` (clients and
//! servers). It knows no AWS and no network.
//!
//! # How it fits together
//!
//! ```text
//! Inbound ─► Scope (root span) ─► tracing spans, calls with an Outbound ─► Records ─► Batch ─► Export
//! ```
//!
//! - A [`Scope`] is work done on someone's behalf: an invocation, a request, a record of a batch. It begins
//!   with what the caller sent, an [`Inbound`](propagation::Inbound).
//! - Local spans are `tracing` spans: whatever `#[tracing::instrument]` makes inside a scope, at INFO and
//!   above, is recorded. One that is made with `parent: None` is a child of the scope's root, and `follows_from` is a
//!   link. [`SpanExt`] adds what `tracing` cannot say.
//! - Calls to others carry an [`Outbound`](propagation::Outbound): the trace context, and the
//!   [correlation ids](correlation) of the scope.
//! - A finished scope is a run of [`Records`]; [`flush`] hands it to the exporters.
//! - Log lines are `tracing` events and records of the `log` crate: [`install`] sets the subscriber that writes them.
//!
//! # Features
//!
//! - `otel` (default): inside a scope our context is the current [`opentelemetry::Context`], so libraries
//!   instrumented with OpenTelemetry continue the trace. The current span there is the scope's root, whatever `tracing`
//!   span is entered; [`otel::context`] has the innermost one. Received baggage is in that context, and calls carry the
//!   baggage that it has when they are made.
//! - `otel-spans`: OpenTelemetry's current span is the `tracing` span that is entered. Entering a span costs more.
//! - `opentelemetry_sdk`: any `SpanExporter` of the OpenTelemetry SDK plugs in.
//! - `testing`: an in-memory exporter and a printer of span trees.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
#[doc(hidden)]
pub mod config;
mod contained;
mod context;
pub mod correlation;
pub mod diagnostics;
mod env;
mod escape;
pub mod export;
mod id;
mod log;
#[cfg(feature = "otel")]
pub mod otel;
mod otlp;
mod percent;
mod pipeline;
pub mod propagation;
mod recorder;
mod records;
#[doc(hidden)]
pub mod redact;
mod resource;
mod sampler;
mod scope;
pub mod semconv;
mod signal;
mod span;
mod span_data;
mod span_ext;
mod telemetry;
#[cfg(test)]
mod test_records;
#[cfg(feature = "testing")]
pub mod testing;
mod tree;
mod value;

pub use config::{
    Config, ConfigProblem, InvalidLevels, Levels, Limits, OtlpCompression, OtlpConfig, OtlpProtocol, OtlpSignals,
};
#[doc(hidden)]
pub use config::{VARIABLES, Variable};
#[doc(hidden)]
pub use contained::{contained, formatted};
pub use context::TraceContext;
pub use env::Env;
#[doc(hidden)]
pub use escape::{Escaped, cut};
pub use id::{SpanId, TraceId};
pub use log::LogFormat;
#[doc(hidden)]
pub use percent::percent_decode;
#[doc(hidden)]
pub use pipeline::Losses;
#[doc(hidden)]
pub use recorder::ambient::is_telemetry_suppressed;
pub use recorder::current::{current, outbound};
pub use records::Records;
pub use resource::Resource;
pub use sampler::Sampler;
#[doc(hidden)]
pub use scope::ScopeFlags;
pub use scope::{InScope, Scope, ScopeBuilder, ScopeRef};
pub use signal::Signal;
pub use span::{SpanKind, Status};
pub use span_data::{Link, SpanData, SpanEvent};
pub use span_ext::SpanExt;
pub use telemetry::{Telemetry, TelemetryBuilder, config, flush, flush_last, install, layer, subscriber};
#[doc(hidden)]
pub use telemetry::{
    enough_deferred, export_later, flushes_itself, install_with, pending_spans, report_missing_scope, settings,
    unexported,
};
pub use value::{NO_ATTRIBUTES, Value};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
