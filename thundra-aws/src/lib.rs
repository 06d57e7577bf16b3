//! Tracing for AWS Lambda in Rust: one attribute on the handler, and every invocation is recorded.
//!
//! ```no_run
//! use aws_lambda_events::event::sns::SnsEvent;
//! use thundra_aws::{Error, LambdaEvent};
//!
//! #[thundra_aws::handler] // the whole integration
//! async fn main(event: LambdaEvent<SnsEvent>) -> Result<(), Error> {
//!     for record in event.payload.records {
//!         bill(&record.sns.message).await?;
//!     }
//!     Ok(())
//! }
//!
//! #[tracing::instrument(skip_all)] // a local span, as everywhere in Rust
//! async fn bill(order: &str) -> Result<(), Error> {
//!     Ok(())
//! }
//! ```
//!
//! # What is recorded
//!
//! - The invocation: what triggered it, its outcome (error, panic, HTTP status), cold starts. Its parent is
//!   whoever sent the event, over HTTP, SNS, SQS, Kinesis or a direct invoke; a batch links to all of them.
//! - Local spans: whatever `#[tracing::instrument]` makes.
//! - AWS calls made with clients from here ([`sns::client`], [`client!`], [`interceptor`]), and HTTP calls
//!   made with `thundra-http`. Messages carry the trace and the [correlation ids](correlation) on.
//! - The records of a batch, each in a scope of its own: [`batch`].
//!
//! The spans leave after the response was posted, before the next event is asked for, and never for longer
//! than the function has time. Trouble of ours becomes one line on standard error; results, errors and panics
//! are the handler's own.
//!
//! # A `main` of your own
//!
//! Functions that keep their `main` call [`run`] in place of `lambda_runtime::run`, and [`init`] in place of the line
//! that initialises a subscriber. Outside Lambda the same program takes one event from a file or standard input.
//!
//! # Logs
//!
//! [`handler`](macro@handler) on `main`, [`run`] and [`init`] write `tracing` events and the records of the `log` crate
//! as lines of JSON on standard error. Those of an invocation have its request id (`function_request_id`, as the
//! Powertools for AWS Lambda name it), its trace, and its correlation ids. `RUST_LOG`, else `AWS_LAMBDA_LOG_LEVEL`, sets
//! the levels; `FATAL` writes what `ERROR` writes, the highest level that events have. A subscriber or a logger that the
//! program has set before is kept. One that it sets later is refused, as `tracing` and `log` take only one.
//!
//! # Features
//!
//! - `sns`, `sqs`, `kinesis`, `eventbridge`, `lambda`, `sfn`: the client, and our context in what it sends. Each
//!   brings `sdk` and `config`.
//! - `sdk`: spans for every AWS client; `config`: [`load_config`].
//! - `http`: functions of `lambda_http` and axum.
//! - `batch` (default): [`batch`], for the events of `aws_lambda_events`.
//! - `unwrapped-clients` (default): with `sdk`, spans for the calls of clients without the [`interceptor`]. These carry no
//!   ids.
//! - `https`: TLS for the exporter; the SDK brings it anyway.
//! - `otel` (default): inside an invocation our context is the current `opentelemetry::Context`, with the baggage that
//!   was received; calls carry the baggage that it has when they are made. OpenTelemetry's current span is the root span
//!   of the invocation.
//! - `otel-spans`: OpenTelemetry's current span is the `tracing` span that is entered.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attributes;
#[cfg(feature = "batch")]
pub mod batch;
#[doc(hidden)]
pub mod bench_support;
pub mod configuration;
mod handler;
#[cfg(feature = "http")]
pub mod http;
mod lifecycle;
mod payload;
mod payload_patterns;
#[cfg(feature = "sdk")]
mod sdk;
mod settings;
mod trigger;

#[doc(hidden)]
pub use handler::private as __private;
pub use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
pub use lifecycle::{init, init_with, run, run_concurrent, run_concurrent_with, run_with};
pub use payload_patterns::{InvalidPayloadPattern, PayloadPatterns};
#[cfg(feature = "config")]
pub use sdk::clients::*;
#[cfg(feature = "sdk")]
pub use sdk::interceptor;
#[doc(hidden)]
pub use settings::VARIABLES;
pub use settings::{BatchSpans, MessageSpans, Settings};
pub use thundra_core::{SpanExt, correlation};
pub use thundra_macros::handler;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
