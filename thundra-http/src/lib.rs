//! Traced HTTP: a drop-in for reqwest, a tower layer for clients and servers, and the OTLP/HTTP exporter.
//!
//! # Getting started
//!
//! A server with axum, with traced requests and calls:
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use thundra_http as reqwest;
//!
//! async fn price() -> Result<String, String> {
//!     let response = reqwest::get("http://pricing.internal/price/7").await;
//!     response.map_err(|error| error.to_string())?.text().await.map_err(|error| error.to_string())
//! }
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let _telemetry = thundra_http::init(); // exports the rest when dropped
//!     let app = Router::new().route("/price", get(price)).layer(thundra_http::Layer::server());
//!     axum::serve(tokio::net::TcpListener::bind("0.0.0.0:8080").await?, app).await
//! }
//! ```
//!
//! Without configuration, the program prints spans as trees. `OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318` sends
//! spans to a collector. Lambda functions start with the crate `thundra-aws`, which includes this crate.
//!
//! # What is recorded
//!
//! - A **server span** for each request, named `{method} {route}`, with status, address, caller, user agent and
//!   protocol.
//! - A **client span** for each call, named after the method, with status, host, port, URL and the number of redirects.
//! - `tracing` spans inside a request, at INFO and above.
//!
//! Names and attributes follow the [HTTP conventions] of OpenTelemetry. Paths and queries are recorded without
//! credentials and without the values of queries. Headers are recorded if listed in
//! `OTEL_INSTRUMENTATION_HTTP_…_CAPTURE_…_HEADERS`.
//!
//! # Clients
//!
//! - `reqwest = { package = "thundra-http", version = "0.1" }` in Cargo.toml traces every call of a program written for
//!   reqwest's client, without a change of the sources: see [`drop_in`]. `use thundra_http as reqwest;` does the same
//!   for a file.
//! - [`send_traced`](RequestBuilderExt::send_traced) replaces `send` on a request of reqwest's own client.
//! - [`Layer::client`] wraps any other client: hyper-util, tonic, or a tower service.
//!
//! ## Who gets what
//!
//! | host | `traceparent`, `tracestate` | correlation ids, baggage, X-Ray header |
//! |---|---|---|
//! | a loopback, private or link-local address, in any spelling | yes | yes |
//! | a name without a dot, or below `.internal`, `.local`, `.localhost` | yes | yes |
//! | an internal load balancer (`internal-*.elb.amazonaws.com`) or VPC endpoint (`*.vpce.amazonaws.com`) | yes | yes |
//! | a host in `THUNDRA_PROPAGATE_HOSTS`: names, `*.example.com`, networks, `*` | yes | yes |
//! | any other host | yes | no |
//! | any host, with a presigned URL or a request signed by AWS credentials | no | no |
//!
//! Other names of AWS get no ids, because anyone can create a bucket, an API, a load balancer or an instance. A line on
//! standard error names each host without ids once, with the value of `THUNDRA_PROPAGATE_HOSTS` to add the host.
//!
//! Headers of the request win over ours, and so do the default headers of our own builders. The exception is a
//! forwarded header, with the value received by the current scope. Our header replaces a forwarded header.
//!
//! All our headers of a request together have at most 4 KiB, in this order: `traceparent`, the id of the call chain
//! with length and debug switch, `tracestate`, the X-Ray header, other correlation ids, `baggage`. At most 1 KiB of ids
//! is accepted from an untrusted caller. A call without room for all headers has the attributes
//! `thundra.injection.skipped` and `thundra.injection.incomplete_messages`.
//!
//! ## Redirects
//!
//! Clients built with [`Client::builder`] count redirects and, before following one, remove every header that the new
//! host must not see. Correlation ids follow redirects to any host when you use `send_traced`, a client converted from
//! `reqwest::Client`, a client changed with [`ClientBuilder::configure`], or [`Layer::client`] around reqwest. If the
//! final host of such a call is foreign, a line on standard error names the host, once. The module [`redirect`] has the
//! details.
//!
//! # Servers
//!
//! [`Layer::server`] makes each request a scope: a server span that continues the caller's trace, with the caller's
//! correlation ids. Spans, log lines and calls inside the request belong to the scope.
//!
//! Callers are untrusted. The server accepts trace context and ids, and does not obey sampling decisions and debug
//! switches. [`ServerLayer::trusted`] and `THUNDRA_TRUST=all` trust every caller.
//!
//! ## gRPC
//!
//! A call counts as gRPC only if the *response* has a gRPC content type, or no content type and a `grpc-status`. The
//! content type of the request does not count, because a client can send any content type. The span is named after the
//! method once the method is known to exist: the response started successfully, an earlier call of the method
//! succeeded, or a route matches the method exactly. Any other failure may come from middleware in front of the router.
//! The span of such a failure is named `grpc`, with the method in `rpc.method_original`.
//!
//! # Programs outside Lambda
//!
//! A server has a scope for each request. Any other program, such as a command or a scheduled job, runs its work in
//! [`scope`](scope()), or in [`sync_scope`] without async:
//!
//! ```no_run
//! # async fn import() -> Result<(), thundra_http::Error> { Ok(()) }
//! #[tokio::main]
//! async fn main() -> Result<(), thundra_http::Error> {
//!     let _telemetry = thundra_http::init();
//!     thundra_http::scope("import", import()).await
//! }
//! ```
//!
//! The root span continues the trace of the program's starter, where the environment has `TRACEPARENT`, as set by other
//! programs with OpenTelemetry. [`propagation::env`] hands the context on to child processes:
//!
//! ```no_run
//! # fn convert() -> std::io::Result<()> {
//! let mut command = std::process::Command::new("convert");
//! thundra_http::propagation::env::inject(&mut command);
//! command.status()?;
//! # Ok(())
//! # }
//! ```
//!
//! Servers, functions and local runs of functions do not read `TRACEPARENT`, because their callers send a context with
//! each request.
//!
//! [`init`] installs the configuration, the exporters, a subscriber, the bridge from the `log` crate, and a background
//! thread for the export. The call replaces the initialization of a subscriber. Keep the guard until the program ends:
//!
//! ```no_run
//! let _telemetry = thundra_http::init();
//! ```
//!
//! # Configuration
//!
//! The [configuration page](configuration) lists every variable. [`init_with`] accepts the same settings in code, and
//! an exporter or a subscriber layer of your own.
//!
//! # Metrics
//!
//! Where metrics are exported, the following durations are measured, sampled or not:
//!
//! - `http.client.request.duration`, and `rpc.client.call.duration` of gRPC, by host, method, status and error: also of
//!   calls outside of scopes, without a span. A duration ends with the head of the response.
//! - `http.server.request.duration` by route, and `rpc.server.call.duration` of gRPC by method. A duration ends with
//!   the body of the response.
//!
//! `tokio.runtime.workers`, `.alive_tasks` and `.global_queue_depth` describe one Tokio runtime: the runtime of the
//! call of [`init`], or of the first call or request. More is in [`thundra_core`](thundra_core#metrics).
//!
//! # A span is missing: where do I look?
//!
//! 1. **Standard error.** A line reports each problem once, with the remedy: a malformed variable, an unreachable
//!    collector, a subscriber without our layer.
//! 2. **The guard.** `let _ = thundra_http::init();` drops the guard at once. Give the guard a name: `let _telemetry =
//!    …`.
//! 3. **The scope.** Spans are recorded only inside a scope. [`Layer::server`] begins a scope for each request, and
//!    outside of a server [`scope`](scope()) begins a scope. A spawned task needs `.in_current_span()` to stay in the
//!    scope.
//! 4. **The level.** `THUNDRA_SPANS` is `info` by default. `RUST_LOG` selects log lines, and not spans.
//! 5. **The client.** Calls of a plain `reqwest::Client` are not traced. See [Clients](#clients).
//! 6. **The sampler.** `OTEL_TRACES_SAMPLER` and the decision of a trusted caller can leave out a whole trace, unless
//!    [`THUNDRA_KEEP`](crate::configuration#sampling) keeps a request of the trace, and `OTEL_SDK_DISABLED=true` leaves
//!    out everything.
//! 7. **The counts.** `thundra.dropped_spans` and `thundra.lost_spans` on a root span count spans over a limit and
//!    spans lost in the export, by [reason](thundra_core#losses).
//!
//! A span may also exist and begin another trace. In this case the two services disagree about `OTEL_PROPAGATORS`, or a
//! proxy in between removes the headers.
//!
//! # Features
//!
//! - `reqwest` (default): the traced client, with TLS for the client and the exporter. All features of reqwest exist
//!   here under the same names, with the same defaults. The exception is the unstable `http3`. Enable `http3` on
//!   reqwest, and use the settings through [`ClientBuilder::configure`].
//! - `full`: everything except the alternatives to rustls. The alternatives need OpenSSL.
//! - `https`: TLS and proxies for the exporter, without reqwest.
//! - `axum`: the route of an axum router in the name of a server span.
//! - `otel` (default): inside a scope, our context is the current `opentelemetry::Context` with the received baggage. A
//!   call carries the baggage of the current context. Code with suppressed telemetry is not traced. OpenTelemetry's
//!   current span is the root span of the scope.
//! - `xray`, `stdout`, `console` (default): the words of `OTEL_TRACES_EXPORTER`. `stdout` brings `THUNDRA_SPILL` too.
//!   Without `console`, a program without an endpoint exports nothing, and reports it.
//! - `otlp-json` (default): the protocol `http/json` of the exporter, and what a collector reports in JSON.
//! - `logs` (default): log lines, and log records over OTLP: those of events, of exceptions and of the `log` crate.
//! - `gunzip` (default): what a collector reports in a response with gzip. No request asks for gzip, and without the
//!   feature such a report is not read.
//! - `compression` (default): gzip for requests, where `OTEL_EXPORTER_OTLP_COMPRESSION` asks for it.
//! - `measurements` (default): metrics of calls and requests, and [of events](thundra_core#metrics).
//! - `metrics`: the macros of the `metrics` crate measure, see [`thundra_core`](thundra_core#metrics). Includes
//!   `measurements`.
//! - `registry` (default): [`layer()`] for a subscriber of the program's own, and layers of the program in the
//!   [`Telemetry`].
//! - `otel-spans`: OpenTelemetry's current span is the entered `tracing` span.
//! - `testing`: the module `testing`, with recordings, snapshots, and a collector for acceptance tests.
//!
//! [HTTP conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/http/http-spans.md
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
pub mod configuration;
pub mod drop_in;
pub mod export;
mod host_patterns;
mod init;
mod layer;
mod propagation_policy;
mod scope;
#[doc(hidden)]
pub mod semantics;
mod server;
mod settings;
#[cfg(feature = "testing")]
pub mod testing;
mod tokio_runtime;
mod xray_daemon;

#[doc(hidden)]
pub use client::HasSpan;
#[cfg(feature = "blocking")]
pub use client::blocking;
#[cfg(feature = "reqwest")]
pub use client::{Client, ClientBuilder, RequestBuilder, RequestBuilderExt, connect, get, redirect};
pub use client::{ClientLayer, TracedClient};
pub use host_patterns::{HostPatterns, InvalidHostPattern};
#[doc(hidden)]
pub use init::init_for;
pub use init::{TelemetryGuard, init, init_with};
pub use layer::Layer;
// Names of our own take precedence over those of a glob.
#[cfg(feature = "reqwest")]
pub use reqwest::*;
pub use scope::{Outcome, scope, sync_scope};
#[doc(hidden)]
pub use server::RouteLayer;
pub use server::{ServerLayer, TracedBody, TracedServer};
pub use settings::{CapturedHeaders, Settings};
#[doc(hidden)]
pub use settings::{VARIABLES, settings};
#[doc(hidden)]
pub use thundra_core::__private;
#[cfg(feature = "registry")]
#[doc(inline)]
pub use thundra_core::layer;
#[doc(inline)]
pub use thundra_core::{
    Config, ConfigProblem, Env, Levels, LogFormat, NO_ATTRIBUTES, ParseTraceContextError, Scope, ScopeBuilder,
    ScopeRef, SpanExt, SpanKind, Telemetry, TelemetryBuilder, TraceContext, correlation, log, propagation,
};
#[doc(inline)]
pub use thundra_macros::traced_of_http as traced;

/// The futures of the services made by [`Layer`].
pub mod future {
    pub use crate::client::ClientFuture;
    pub use crate::server::ServerFuture;
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
