//! The core of the thundra crates: scopes, local spans, correlation ids, propagation, and export.
//!
//! Most programs use this crate through `thundra-aws` (Lambda and the AWS SDK) or `thundra-http` (clients, servers and
//! the OTLP exporter). `thundra-core` depends on neither a network nor an AWS crate. AWS appears in names alone: the
//! names of the wire formats known to every program in a chain of calls (the X-Ray header, the keys of correlation
//! ids), attribute names, and the target of the Lambda runtime's own spans.
//!
//! ```text
//! Inbound ─► Scope (root span) ─► tracing spans, calls with an Outbound ─► Records ─► Batch ─► Export
//! ```
//!
//! # Scopes
//!
//! A [`Scope`] is a unit of work done on behalf of a caller: an invocation, a request, a record of a batch. A scope
//! begins with the context sent by the caller, an [`Inbound`](propagation::Inbound), and has a root span. Finishing a
//! scope returns the spans as [`Records`], and [`flush`] exports the records. Spans outside of a scope are not
//! recorded.
//!
//! # Local spans
//!
//! Local spans are `tracing` spans at INFO or above. The fields `otel.name`, `otel.kind`, `otel.status_code` and
//! `otel.status_description` have the same meaning as in tracing-opentelemetry. A span made with `parent: None` is a
//! child of the scope's root span, and `follows_from` makes a link. [`SpanExt`] adds attributes with keys made at run
//! time, links, and errors.
//!
//! ```
//! use thundra_core::testing;
//!
//! #[tracing::instrument]
//! fn bill(order: &str) {
//!     tracing::info!(amount = 12, "billed");
//! }
//!
//! let (_, spans) = testing::record("checkout", || bill("o-9"));
//! assert_eq!((spans[0].name.as_str(), spans[0].events[0].name.as_str()), ("bill", "billed"));
//! ```
//!
//! [`traced`] puts a span on each function of an `impl` block or a module.
//!
//! # Correlation ids
//!
//! [`correlation`] ids belong to the scope. Every call made in the scope carries the ids, on every transport, and every
//! log line shows the ids.
//!
//! ```
//! use thundra_core::{Scope, correlation};
//!
//! Scope::builder("checkout").begin().enter(|| {
//!     correlation::set("order", "o-9");
//!     assert_eq!(correlation::get("order").as_deref(), Some("o-9"));
//!     assert!(correlation::id().is_some());
//! });
//! ```
//!
//! # Debug logs
//!
//! Some chains of calls are logged in more detail than others. `THUNDRA_DEBUG_SAMPLE_RATE` is the ratio of chains with
//! debug logs. The first scope of a chain decides at random. The correlation ids carry the decision as
//! `debug-log-enabled`, and each program of the chain follows the decision. A program without trust in the caller
//! decides anew. Each record of a batch has a separate decision.
//!
//! With debug logs, a scope writes the events of the program's own code down to `debug`, regardless of the levels of
//! `RUST_LOG`. A target turned off by `RUST_LOG` stays off. The program's own code is the code of the crates in the
//! workspace, under the default targets of `tracing`. Events of dependencies keep the levels of `RUST_LOG`, and spans
//! keep the levels of `THUNDRA_SPANS`.
//!
//! # Kept log lines
//!
//! With `THUNDRA_LOG_BUFFER`, a scope keeps the lines too detailed to be written, and writes the kept lines when the
//! scope fails. The lines are written together, in order, each with the time of the event. A successful scope drops the
//! kept lines.
//!
//! - A scope fails when the work returns an error, panics or is cancelled, when the response has a failed status, and
//!   when the program calls [`ScopeRef::set_error`], [`ScopeRef::record_error`] or [`ScopeRef::set_status`] with an
//!   error. An event at ERROR alone is no failure. The sampling of spans makes no difference.
//! - Near the deadline of an invocation, the lines of the invocation and of open records are written, since Lambda ends
//!   the process at the deadline (`THUNDRA_TIMEOUT_MARGIN`).
//! - Once kept lines were written, the scope writes further lines at once.
//! - Each scope has a separate buffer. A successful record has dropped the kept lines, even if the invocation fails
//!   later. Outside of scopes nothing is kept.
//! - A full buffer evicts the oldest lines, and drops a single line over the limit. A line at WARN then reports the
//!   number of lost lines, regardless of the levels. All buffers of a process share 16 MiB of memory.
//!
//! Kept lines have the same format and the same redaction as other lines. A line is redacted before being kept. Where
//! log records are exported, the log records of kept lines wait beside the lines, within the same limit, and are
//! exported when the lines are written.
//!
//! # Metrics
//!
//! Fields of `tracing` events record measurements, under the names of tracing-opentelemetry. The other fields are
//! attributes, and `otel.unit` is the unit:
//!
//! ```
//! tracing::info!(monotonic_counter.orders = 1, country = "de"); // a sum that never goes down
//! tracing::info!(counter.open_orders = -1); // one that does
//! tracing::info!(histogram.order_value = 12.5, otel.unit = "{EUR}"); // a distribution
//! tracing::info!(gauge.stock = 7); // the last value
//! ```
//!
//! With the feature `metrics`, the macros of the [`metrics`](https://docs.rs/metrics) crate record measurements too. A
//! recorder installed earlier by the program stays. The `metrics` crate refuses a recorder installed later.
//!
//! - The level of an event makes no difference to measurements.
//! - An event without a message is only a measurement, and neither a log line nor a span event, even where nothing
//!   takes metrics.
//! - A measurement belongs to the current scope, sampled or not.
//! - An instrument has up to 2,000 sets of attributes between two exports, or since the start where metrics are
//!   cumulative. Further sets share a point with the attribute `otel.metric.overflow`, and are counted on a root span
//!   as `thundra.overflowing_measurements`.
//! - Infinite values, NaN, and negative values of a monotonic counter are dropped. A metric name is a letter followed
//!   by up to 254 letters, digits and `_.-/`; a metric with any other name is dropped. A line on standard error names
//!   the metric once, and `thundra.dropped_measurements` counts dropped measurements.
//! - Sums of whole numbers are exact. In each process, whole and other numbers may be mixed.
//!
//! Built-in metrics are recorded without set-up, where metrics are exported: metrics of the process (`process.*`, on
//! Linux) and of telemetry (`otel.sdk.*`: spans started, records exported and lost by reason, requests and durations of
//! requests, waiting spans). A quantity in use at a time, such as memory, is a gauge.
//!
//! Metrics leave with a [`flush`] as OTLP, where an exporter takes [`Signal::Metrics`]: the exporters of `thundra-http`
//! do where `OTEL_METRICS_EXPORTER` or an endpoint enables metrics. In Lambda each invocation exports the measurements
//! since the last export. A program with an exporting thread exports metrics at each `OTEL_METRIC_EXPORT_INTERVAL`, and
//! at the end of the program.
//!
//! # Log records
//!
//! Where an exporter takes [`Signal::Logs`], each event of the levels of the log lines becomes a log record of OTLP,
//! with the message, the typed fields, and the ids of the span and the scope, sampled or not. The records of a scope
//! leave with the [`flush`] after the end of the scope, or once the records fill 64 KiB. Events of an exporter become
//! no log records: [`export::suppressed`] marks the tasks spawned by an exporter.
//!
//! # A transport of your own
//!
//! `thundra-http` and `thundra-aws` propagate context over HTTP and the AWS services. For another transport, send the
//! pairs of [`outbound`] with each message, and begin a scope from [`Inbound::extract`](propagation::Inbound::extract)
//! for each message received. The [`propagation`] module has the example.
//!
//! # An exporter of your own
//!
//! An exporter implements one method of [`Export`](export::Export):
//!
//! ```
//! use std::time::Instant;
//!
//! use thundra_core::Telemetry;
//! use thundra_core::export::{Batch, Export, ExportFuture};
//!
//! #[derive(Debug)]
//! struct Lines;
//!
//! impl Export for Lines {
//!     fn export<'a>(&'a self, batch: &'a Batch, _deadline: Instant) -> ExportFuture<'a> {
//!         batch.spans().for_each(|span| eprintln!("{} {:?}", span.name, span.status));
//!         Box::pin(async { Ok(()) })
//!     }
//! }
//!
//! thundra_core::install(Telemetry::builder().exporter(Lines));
//! ```
//!
//! # A subscriber of your own
//!
//! [`install`] sets a subscriber that records spans and writes log lines. A program with a subscriber of its own adds
//! [`layer`] to that subscriber before a call of [`install`]:
//!
//! ```
//! use thundra_core::Telemetry;
//! use tracing_subscriber::prelude::*;
//!
//! tracing_subscriber::registry()
//!     .with(thundra_core::layer())
//!     .with(tracing_subscriber::fmt::layer().with_filter(tracing_subscriber::filter::LevelFilter::WARN))
//!     .init();
//! thundra_core::install(Telemetry::builder());
//! ```
//!
//! A filter for the whole subscriber hides spans from all layers. One line on standard error reports a filter added
//! before our layer; our layer cannot see a later filter. Give each filter to a layer, as above.
//!
//! # Testing
//!
//! [`testing`] (feature `testing`) records the spans of a closure and prints a tree of the spans:
//!
//! ```
//! use thundra_core::testing::{record, tree};
//!
//! let (total, spans) = record("checkout", || tracing::info_span!("add", items = 2).in_scope(|| 40 + 2));
//! assert_eq!(total, 42);
//! assert_eq!(tree(&spans), "checkout thundra.parent.source=none\n└ add items=2\n");
//! ```
//!
//! # A span is missing
//!
//! - Was the span made inside a scope? [`current`] returns `None` outside.
//! - Is the span at INFO or above? `THUNDRA_SPANS` enables others.
//! - Is our layer in the subscriber? If not, standard error says so.
//! - Was the trace sampled? [`TraceContext::sampled`] of [`current`] is the decision. [`Keep`] exports unsampled scopes
//!   after a failure, a long duration or a cold start.
//! - Was the scope over a limit? The root span has the attribute `thundra.dropped_spans` then.
//!
//! # Losses
//!
//! Every recorded span, log record and data point ends in one of three ways: *made = arrived + spilled + counted*.
//!
//! - **Arrived.** The destination of the exporter took the record.
//! - **Spilled.** The record is on standard output, in a line of the [`StdoutExporter`](export::StdoutExporter),
//!   because the destination refused the whole request for good, or had not taken the record when 4 MiB waited.
//!   `THUNDRA_SPILL` turns the spill on. A record lost from a request with other records that arrived is not spilled.
//! - **Counted.** A later root span carries the number of lost records as `thundra.lost_spans`,
//!   `thundra.lost_log_records` or `thundra.lost_data_points`. A root span may be lost as well; the next root span then
//!   carries the counts. At the end of a program, a line on standard error has the counts without a root span.
//!
//! Each number is a sum. The names of the parts have the [reason](export::LossReason), as in
//! `thundra.lost_spans.queue_full`:
//!
//! | Reason | The record is lost because |
//! |---|---|
//! | `backlog_full` | more than 8 MiB waited for a flush |
//! | `queue_full` | more than 4 MiB waited for the exporter |
//! | `refused` | the destination refused the request for good (such as 400 or 401), or standard output is closed or full |
//! | `partial_success` | the destination took the request, and rejected some of its records without naming them |
//! | `too_large` | the record alone is over the size limit of the destination: of a request, a datagram or a line |
//! | `too_old` | the destination takes no record of that age |
//! | `too_new` | the time of the record is further ahead than the destination takes |
//! | `spill_limit` | the destination did not take it, and the limit of `THUNDRA_SPILL` was reached |
//! | `panicked` | the exporter panicked |
//! | `keep_limit` | `THUNDRA_KEEP` had kept as many scopes as it may |
//! | `unsent` | the program ended first; only the line on standard error counts these |
//!
//! Spans over `THUNDRA_MAX_SPANS` are not recorded, and have a separate number: `thundra.dropped_spans`.
//!
//! **The limit of `THUNDRA_SPILL`** counts the bytes of lines, for each flush. In Lambda each invocation has one flush,
//! and a second flush for the export shortly before the deadline: the second flush spills the newest records, as many
//! as fit. In a service and on Lambda's managed instances, a thread flushes about once a second, and for each MiB. The
//! last flush of a program has the limit as well, and spills all waiting records. The unused part of the limit is not
//! saved for the next flush. Root spans go first. But for the export before a deadline, no record is spilled while the
//! record may still arrive. Nothing is spilled for an exporter to standard output or standard error.
//!
//! A collector that takes a request and breaks off before the response gets the request again, or loses the request to
//! the spill: the records can be in two places.
//!
//! # Features
//!
//! - `otel` (default): the root span of the scope is in the current [`opentelemetry::Context`], so that libraries
//!   instrumented with OpenTelemetry continue the trace. [`otel::context`] has the innermost span. Received baggage is
//!   in the current context, and calls carry the baggage of the context current at the time of the call.
//! - `otel-spans`: the entered `tracing` span is OpenTelemetry's current span. Entering a span costs more.
//! - `opentelemetry_sdk`: exporters of the OpenTelemetry SDK plug in, see [`otel::SdkExporter`].
//! - `gunzip` (default): what a collector reports in a response with gzip. No request asks for gzip, and without the
//!   feature such a report is not read.
//! - `logs` (default): [log lines](log), and log records: those of events, of exceptions and of the `log` crate.
//!   Without the feature, an event is an event of its span.
//! - `stdout` (default): the lines of lost records, for `THUNDRA_SPILL`.
//! - `otlp-json` (default): what a collector reports in JSON.
//! - `replays`: work that a library marks as replayed is not recorded again.
//! - `measurements` (default): [metrics](#metrics). Without the feature nothing is measured, and a program is smaller.
//! - `metrics`: the macros of the `metrics` crate record measurements, see [Metrics](#metrics). Includes
//!   `measurements`.
//! - `registry` (default): [`layer`] and [`log::layer()`] for a subscriber of the program's own,
//!   [`TelemetryBuilder::layer`], and the fields of spans in log lines. Without the feature, the subscriber of
//!   [`install`] is the only one that records local spans, and a program is smaller.
//! - `testing`: an in-memory exporter and a printer of span trees.
#![cfg_attr(not(feature = "full"), allow(rustdoc::broken_intra_doc_links))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub mod __private;
mod carrier;
mod clock;
#[doc(hidden)]
pub mod config;
mod contained;
mod context;
pub mod correlation;
#[doc(hidden)]
pub mod diagnostics;
mod env;
mod escape;
#[doc(hidden)]
pub mod exception;
pub mod export;
mod id;
mod kept_run;
mod latest;
pub mod log;
#[cfg(feature = "testing")]
mod log_data;
mod members;
#[cfg(feature = "testing")]
mod metric_data;
#[doc(hidden)]
pub mod metrics;
#[cfg(feature = "otel")]
pub mod otel;
mod otlp;
mod percent;
mod pipeline;
mod points;
pub mod propagation;
mod recorder;
mod records;
#[doc(hidden)]
pub mod redact;
mod resource;
mod sampler;
mod scope;
#[doc(hidden)]
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
#[doc(hidden)]
pub mod usage;
mod value;
mod whole_line;

pub use carrier::ParseTraceContextError;
pub use config::{
    Config, ConfigProblem, ExceptionSignal, HistogramAggregation, InvalidLevels, Keep, Levels, Limits, LogBuffer,
    LogFormat, LogsExporter, MetricsExporter, OtlpCompression, OtlpConfig, OtlpProtocol, OtlpSignals, Proxies,
    TemporalityPreference, config,
};
#[doc(hidden)]
pub use config::{VARIABLES, Variable, settings};
#[doc(hidden)]
pub use contained::{contained, formatted};
pub use context::TraceContext;
pub use env::Env;
#[doc(hidden)]
pub use escape::{Escaped, cut};
pub use id::{SpanId, TraceId};
#[cfg(feature = "testing")]
use log_data::LogData;
#[doc(hidden)]
pub use members::Members;
#[cfg(feature = "testing")]
use metric_data::{MetricData, MetricValue};
#[doc(hidden)]
pub use percent::percent_decode;
#[doc(hidden)]
pub use pipeline::Losses;
#[doc(hidden)]
pub use recorder::current::config_of_scopes;
pub use recorder::current::{current, outbound};
#[doc(hidden)]
pub use recorder::description::Description;
#[doc(hidden)]
pub use recorder::otel_context::is_telemetry_suppressed;
#[doc(hidden)]
pub use recorder::replay::{ReplayMarks, mark_replays};
#[doc(hidden)]
pub use recorder::runtime_events::read_runtime_errors;
#[doc(hidden)]
pub use recorder::unfinished::Unfinished;
pub use records::{MixedSignals, Records};
pub use redact::mask::{InvalidMaskKeys, MaskKeys};
pub use resource::Resource;
pub use sampler::Sampler;
pub use scope::{InScope, Scope, ScopeBuilder, ScopeRef};
#[doc(hidden)]
pub use scope::{Preceding, ScopeFlags};
pub use signal::Signal;
pub use span::{SpanKind, Status};
pub use span_data::{Link, SpanData, SpanEvent};
pub use span_ext::SpanExt;
pub use telemetry::{Telemetry, TelemetryBuilder, flush, flush_last, install, subscriber};
#[doc(hidden)]
pub use telemetry::{
    export_later, export_later_is_due, flush_aside, flushes_itself, follows_xray, forget_unexported, install_with,
    last_export, observe_built_in, pending_spans, renew, report_missing_scope, revise, share_withheld, spill_all,
    unexported,
};
#[cfg(feature = "registry")]
pub use telemetry::{layer, layer_with};
pub use thundra_macros::traced_of_core as traced;
pub use value::{NO_ATTRIBUTES, Value};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
