//! Tracing for AWS Lambda in Rust: one attribute on the handler, and every invocation is recorded.
//!
//! # Getting started
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
//! Outside Lambda the same program reads an event from a file or from standard input, prints the response, and prints
//! the spans as a tree on standard error: `cargo run -- event.json`. Several JSON values one after another are [several
//! invocations](run#local-runs). The same command also runs the line with the [captured
//! event](configuration#captured-events) of a failed invocation.
//!
//! In Lambda, `OTEL_EXPORTER_OTLP_ENDPOINT` names the collector, and `OTEL_TRACES_EXPORTER=xray` sends spans [to
//! X-Ray](configuration#aws-x-ray-and-cloudwatch). Without either, spans are lines on standard output for the
//! serverless-otlp-forwarder.
//!
//! The [`guides`] have a page for each back end, for each migration from another crate, and for each task after the
//! first trace.
//!
//! # What is recorded
//!
//! - **The invocation**: the trigger, the [outcome](run#how-an-invocation-ends), [cold starts](#cold-starts), and,
//!   where known, the tenant (`tenant_id`, also in log lines), the attempt (`aws.lambda.invocation_id`) and the id of
//!   the availability zone (`cloud.availability_zone`).
//! - **Local spans**: every span made by `#[tracing::instrument]`, at INFO and above.
//! - **AWS calls** of clients from `thundra-aws`: [`sns::client`] and the clients of other services, [`client!`],
//!   [`interceptor`]. Calls of clients without the interceptor are recorded too, but the messages carry no context.
//! - **HTTP calls** of clients from the crate `thundra-http`.
//! - **Metrics**: fields of events, such as `monotonic_counter.orders = 1`. Metrics leave over OTLP, or as log lines
//!   for [CloudWatch](configuration#metrics-in-cloudwatch).
//! - **The records of a batch**, each in a separate scope: see [`batch`].
//!
//! Spans leave after the response was posted and before the next event is requested, within the remaining time of the
//! function. Results, errors and panics of the handler pass through unchanged. Each problem of `thundra-aws` is
//! reported once, in a line on standard error.
//!
//! # How traces continue
//!
//! | trigger | parent of the invocation |
//! |---|---|
//! | API Gateway, function URL, load balancer | the caller, from the headers of the request |
//! | one SNS, SQS, Kinesis, Firehose, DynamoDB, EventBridge, Kafka or Amazon MQ message | the sender of the message, also through SNS in SQS and EventBridge in SQS or SNS |
//! | several messages | none: the invocation links to every sender, and [`batch`] makes each record a child of its own sender |
//! | a direct invoke | the caller, from the client context or the payload |
//! | Step Functions | the caller that started the execution, from its input or the X-Ray header |
//! | a [durable execution](#durable-functions) | the sender of the input, for each invocation |
//!
//! Clients from `thundra-aws` send the trace context and the [correlation ids](correlation) in the attributes of SNS
//! and SQS messages, in the JSON of Kinesis records, in the details of EventBridge events, in the payload or the client
//! context of Lambda invocations, and in the input of Step Functions executions. `thundra.parent.source` on every root
//! span names the source of the parent.
//!
//! # Durable functions
//!
//! A durable function runs through [`run`] and the `wrap` of AWS's SDK, `aws-durable-execution-sdk`:
//!
//! ```no_run
//! use aws_durable_execution_sdk as durable;
//! use thundra_aws::{Error, service_fn};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     thundra_aws::run(service_fn(durable::wrap(order, durable::Options::default()))).await
//! }
//!
//! async fn order(order: u32, execution: durable::DurableContext) -> Result<(), durable::BoxError> {
//!     execution.step(move |_| async move { Ok(charge(order)) }).name("charge").await?;
//!     Ok(())
//! }
//!
//! #[tracing::instrument]
//! fn charge(order: u32) {}
//! ```
//!
//! - **One trace.** All invocations of an execution are in one trace: the trace of the sender, if the input carries a
//!   context. Otherwise, Lambda's X-Ray header of the execution gives the trace, or else the ARN of the execution. All
//!   invocations have the same sampling decision and, if the input carries none, the id in the ARN as correlation id.
//!   The client context of an invoke gives a link, because later invocations may lack the client context.
//! - **The input** is read as any other event, and gives the invocation a source, a sender, ids and trust. The
//!   `__context__` is cut out of the JSON string in the envelope, in each invocation alike.
//! - **The outcome.** `durable.invocation.status` is the status reported by the invocation. `PENDING` is no error.
//!   `FAILED` is an error, with the type and the message of the error, although Lambda counts the invocation as a
//!   success. The `statusCode` of a result for an HTTP request is the status of the response.
//! - **Replay.** Each invocation runs the handler from the top. Spans, events, log lines and measurements of code
//!   replayed by the SDK are not recorded again. `durable.replayed_spans` and `durable.replayed_events` on the root
//!   span count the spans and events let through by the filters. Layers and log lines of the program's own are not
//!   filtered: the SDK has the `ReplayFilterLayer` for the program's layers.
//! - **Operations.** The SDK's span `durable_operation` around each step has `durable.operation.id` and
//!   `durable.attempt.number`. Branches of `map` and `parallel`, and work begun by `spawn`, belong to the running
//!   invocation.
//! - **Checkpoints.** The SDK's own client has no interceptor, as a line on standard error reports. With
//!   `thundra_aws::lambda::client(&config)` (feature `lambda`), given to `Options::builder().lambda_client(…)`, the
//!   span of each checkpoint has the outcome of an operation: `durable.operation.id`, `.name`, `.type`, `.subtype` and
//!   `.status`, and `durable.attempt.outcome` of a step.
//!
//! Spans begun by the handler during a replay, and still open at the end of the replay, are not recorded: new spans
//! inside are below the span `durable_execution`.
//!
//! # Cold starts
//!
//! `faas.coldstart` is `true` for the first invocation of an environment, if the caller waited for the environment:
//!
//! | initialisation type | the first invocation |
//! |---|---|
//! | on demand | a cold start, unless the ready environment waited more than 10 s for the event: Lambda had started the environment ahead of any event |
//! | SnapStart | a cold start, because the caller waited for the restore; with the same limit of 10 s |
//! | provisioned concurrency | no cold start |
//! | managed instances | no cold start |
//!
//! The init function of [`#[handler(init = …)]`](macro@handler) is recorded in a separate trace, `init`. The trace
//! begins with the program. The first recorded invocation links to the trace, and exports the trace. On managed
//! instances, the trace leaves with the first export of the background thread.
//!
//! With SnapStart, Lambda restores one snapshot in many environments. The trace `init` leaves before the snapshot: each
//! environment links to the trace, and none exports the trace again. Spans that cannot leave before the snapshot are
//! lost, or spilled, with a line on standard error. After a restore, the seeds of ids and the connections of exporters
//! are renewed. A handler under a plain `lambda_runtime::run` hears of no restore, and renews both in the first
//! invocation. For resources of your own, such as pools of connections, see [`register_snapstart_resource`].
//!
//! Managed instances let an invocation run on after the deadline, when the caller has got a timeout. The invocation is
//! then recorded as failed, with `error.type` = `timeout`, regardless of the result of the handler.
//!
//! # A `main` of your own
//!
//! A program with a `main` of its own calls [`run`] in place of `lambda_runtime::run`, and [`init`] in place of the
//! installation of a subscriber. [`http::run`] does the same for `lambda_http`, and [`InvocationLayer`] for a program
//! that keeps its `Runtime::new(…).layer(…)`.
//!
//! ```no_run
//! use thundra_aws::{Error, LambdaEvent, service_fn};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let _telemetry = thundra_aws::init();
//!     tracing::info!("written as a log line, like the lines of the handler");
//!     thundra_aws::run(service_fn(greet)).await
//! }
//!
//! async fn greet(event: LambdaEvent<String>) -> Result<String, Error> {
//!     Ok(format!("hello {}", event.payload))
//! }
//! ```
//!
//! # Setting up in code
//!
//! [`Telemetry::builder`] has options beyond the environment variables: an exporter of your own, or `tracing` layers
//! beside ours. The attribute takes a function that returns the telemetry. [`run_with`] and [`init_with`] take the
//! value.
//!
//! ```no_run
//! use std::time::Instant;
//! use thundra_aws::export::{Batch, Export, ExportFuture};
//! use thundra_aws::{Error, LambdaEvent, Telemetry, TelemetryBuilder};
//!
//! /// Prints the name of each span.
//! #[derive(Debug)]
//! struct Names;
//!
//! impl Export for Names {
//!     fn export<'a>(&'a self, batch: &'a Batch, _deadline: Instant) -> ExportFuture<'a> {
//!         batch.spans().for_each(|span| println!("{}", span.name));
//!         Box::pin(std::future::ready(Ok(())))
//!     }
//! }
//!
//! fn telemetry() -> TelemetryBuilder {
//!     Telemetry::builder().exporter(Names)
//! }
//!
//! #[thundra_aws::handler(telemetry = telemetry)]
//! async fn main(event: LambdaEvent<String>) -> Result<String, Error> {
//!     Ok(format!("hello {}", event.payload))
//! }
//! ```
//!
//! A program with a subscriber of its own adds the layer [`layer()`] to the subscriber, before [`run`] or [`init`] is
//! called:
//!
//! ```
//! use tracing_subscriber::Layer as _;
//! use tracing_subscriber::filter::LevelFilter;
//! use tracing_subscriber::layer::SubscriberExt;
//!
//! let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(LevelFilter::INFO);
//! let subscriber = tracing_subscriber::registry().with(lines).with(thundra_aws::layer());
//! tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
//! ```
//!
//! # Configuration
//!
//! Programs are configured by environment variables, all optional: see [`configuration`]. A malformed value is reported
//! once, and the default is used. Of a list, the valid items apply.
//!
//! # Testing your handler
//!
//! The feature `testing` runs a handler in a unit test, without Lambda and without a network. The module `testing` has
//! more:
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # mod example {
//! use serde_json::json;
//! use thundra_aws::{Error, LambdaEvent, handler, testing};
//!
//! #[handler]
//! async fn bill(event: LambdaEvent<u32>) -> Result<u32, Error> {
//!     charge(event.payload)
//! }
//!
//! #[tracing::instrument]
//! fn charge(cents: u32) -> Result<u32, Error> {
//!     Ok(cents)
//! }
//!
//! # pub async fn test() {
//! let invocation = testing::invoke(json!(1250), bill).await;
//! assert_eq!(invocation.response::<u32>().unwrap(), 1250);
//! assert_eq!(invocation.snapshot(), "function [server] faas.trigger=other\n└ charge cents=1250\n");
//! # }
//! # }
//! # #[cfg(feature = "testing")]
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(example::test());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Logs
//!
//! [`handler`](macro@handler) on `main`, [`run`] and [`init`] write `tracing` events and the records of the `log` crate
//! as lines of JSON on standard error. The lines of an invocation contain the request id (`function_request_id`, as in
//! the Powertools for AWS Lambda), the trace, and the correlation ids.
//!
//! `RUST_LOG`, else `AWS_LAMBDA_LOG_LEVEL`, sets the levels. `FATAL` writes the same lines as `ERROR`, the highest
//! level of events. A subscriber or a logger set by the program before is kept. A subscriber or a logger set later is
//! refused, because `tracing` and `log` accept only the first.
//!
//! # Deadlines
//!
//! Lambda ends the process of an invocation at the deadline. `THUNDRA_TIMEOUT_MARGIN` (100 ms) before the deadline, a
//! watchdog thread exports the invocation, also while the handler computes and blocks every other thread. The export
//! contains the finished spans, and a provisional ending of each open span, with the scopes of the records of a batch:
//!
//! - `error.type` is `timeout`, and the status is an error;
//! - `thundra.unfinished.elapsed_ms` is the time since the start of the span.
//!
//! An invocation that ends after all changes nothing for the caller. No span is exported a second time, and spans that
//! began after the export leave as usual. A log line at WARN has the trace, the real outcome and the duration.
//! Attributes and events recorded on an exported span are dropped, and counted in `thundra.dropped_after_end` of the
//! next root span. A late end is recorded in the same way on managed instances, where Lambda lets an invocation run on.
//!
//! The span of every invocation has the distance to the deadline: `thundra.deadline.remaining_ms`, negative after the
//! deadline, and `thundra.deadline.used_ratio`, 1 at the deadline. The span also has the [resources
//! used](#what-an-invocation-used).
//!
//! The watchdog exports through connections of its own, within the margin: a distant collector may need more than 100
//! ms. Where the collector does not take the spans in time and the process lives on, the next export sends them. Where
//! the margin is more than four fifths of the time of a function, the invocations are not exported early. An exporter
//! of the program's own is called from the thread of the watchdog, unless the exporter has a
//! [`fork`](export::Export::fork).
//!
//! The watchdog cannot help where Lambda ends the process without a deadline: where the function runs out of memory,
//! the spans of the invocation are lost.
//!
//! # What an invocation used
//!
//! The span of an invocation has these attributes, in Lambda, regardless of the exporter:
//!
//! | Attribute | Meaning |
//! |---|---|
//! | `thundra.memory.peak_bytes` | the greatest resident memory of the process since its start |
//! | `thundra.memory.used_ratio` | that memory as a part of the memory of the function |
//! | `thundra.cpu.time_ms` | the CPU time of all threads, those that ended included |
//! | `thundra.disk.read_bytes`, `.written_bytes` | what the process read from disks and wrote to them, beyond the page cache |
//! | `thundra.network.received_bytes`, `.sent_bytes` | what the environment, extensions included, received and sent, but for the Runtime API |
//! | `thundra.billed.estimated_ms` | an estimate of `Billed Duration` in Lambda's own log |
//! | `thundra.billed.estimated_gb_s` | the same in GB-seconds, by the memory of the function |
//!
//! - CPU time and bytes count from the end of the invocation before, because a reading before the handler would make
//!   the caller wait. The figures therefore contain the export of the invocation before, and not the export of the
//!   invocation itself. Concurrent invocations of a process have none of these figures, because the use of each cannot
//!   be told apart.
//! - The estimate has the time from the event to the end of the response, the initialisation in the first invocation
//!   (or the hooks after a SnapStart restore), and an export after the response, estimated by the last export. The
//!   start of the environment before the process, and the later time of extensions, are not included. An invocation
//!   exported shortly before the deadline is estimated with the whole time up to the deadline, since Lambda bills the
//!   whole time.
//! - Managed instances are billed by the instance. Invocations on managed instances therefore have no estimate.
//! - Without a file of `/proc/self`, the figures from the file are missing.
//!
//! # Metrics
//!
//! Where metrics are exported, invocations and calls are measured, sampled or not. Names, units and kinds follow the
//! semantic conventions:
//!
//! | Metric | Meaning |
//! |---|---|
//! | `faas.invocations`, `faas.errors`, `faas.timeouts` | one of these for each invocation, by `faas.trigger`: success, failure, or an end past the deadline |
//! | `faas.coldstarts`, `faas.init_duration` | cold starts, and the length of the initialisation |
//! | `faas.invoke_duration`, `faas.mem_usage`, `faas.cpu_usage`, `faas.net_io` | [what an invocation used](#what-an-invocation-used) |
//! | `thundra.deadline.used_ratio` | the used part of the time up to the deadline; near 1, the invocation nearly timed out |
//! | `thundra.message.age` | the age of the oldest message of an event from a queue, a topic, a stream or a table, by its name |
//! | `rpc.client.call.duration` | AWS calls with their retries, by service, operation and error |
//!
//! [`thundra_http`](thundra_http#metrics) and [`thundra_core`](thundra_core#metrics) have more.
//!
//! # A span is missing: where do I look?
//!
//! Standard error has a line for every problem, with the remedy. [`guides::missing_spans`] lists the other places.
//!
//! # The end of an environment
//!
//! Lambda ends an idle environment without notice. Spans still waiting for a flush, because a collector was busy or a
//! task ended late, are lost and counted nowhere. `#[handler(shutdown)]`, or `THUNDRA_SHUTDOWN=on`, exports the waiting
//! spans (feature `shutdown`): an internal extension is registered for no events, Lambda sends SIGTERM 500 ms before
//! the end, and a thread exports for up to 400 ms. A running invocation is exported with the open spans. The
//! `error.type` of an open span is `shutdown`. The process then ends by the signal. A program with a SIGTERM handler of
//! its own calls [`flush_last`](thundra_core::flush_last) from the signal handler instead. A failed registration is a
//! line on standard error.
//!
//! Managed instances never freeze. On managed instances, a background thread exports about once a second and whenever
//! about 1 MiB waits, and no invocation waits for an export.
//!
//! # Features
//!
//! - `triggers` (default): what triggered an invocation, and the contexts in the events. Without the
//!   feature, no event is read: an invocation continues the trace of Lambda's X-Ray header or of the client context
//!   alone (not of Datadog's in it), with the trust in callers at the public edge. `batch`, `http` and `sdk` include
//!   `triggers`.
//! - `availability-zone` (default): the zone of the environment, in the attribute `cloud.availability_zone`.
//! - `captured-events` (default): the events of failed invocations on lines of standard error, where
//!   `THUNDRA_CAPTURE_PAYLOADS` asks for the lines.
//! - `xray`, `stdout`, `console` (default): the words of `OTEL_TRACES_EXPORTER`. `stdout` brings `THUNDRA_SPILL` too.
//!   Without `stdout`, a function without an endpoint exports nothing, and reports it. `local-run` includes `console`.
//! - `otlp-json` (default): the protocol `http/json` of the exporter, and what a collector reports in JSON.
//! - `logs` (default): log lines, and log records over OTLP: those of events, of exceptions and of the `log` crate.
//!   Without the feature, an event is an event of its span.
//! - `usage` (default): memory, CPU time and transferred bytes of an invocation, and an estimate of the bill, as
//!   attributes and metrics.
//! - `watchdog` (default): the export [shortly before a timeout](#deadlines).
//! - `durable` (default): replayed work of durable executions is not recorded again.
//! - `managed-instances` (default): exports from a background thread on managed instances. Without the feature, each
//!   invocation exports, as elsewhere in Lambda.
//! - `snapstart` (default): hooks before a SnapStart snapshot and after a restore. Without the feature, the first
//!   invocation after a restore renews what copies must not share, such as the seeds of ids.
//! - `gunzip` (default): what a collector reports in a response with gzip. No request asks for gzip, and without the
//!   feature such a report is not read.
//! - `compression` (default): gzip for requests, where `OTEL_EXPORTER_OTLP_COMPRESSION` asks for it.
//! - `local-run` (default): [runs outside of Lambda](run#local-runs). Without the feature, such a run is an error.
//! - `measurements` (default): [metrics](#metrics), those of invocations and calls, and those of the program's events.
//!   `sdk` includes `measurements`.
//! - `registry` (default): [`layer()`] for a subscriber of the program's own, and layers of the program in the
//!   [`Telemetry`]. Without the feature, log lines have no fields of spans.
//! - `sns`, `sqs`, `kinesis`, `eventbridge`, `lambda`, `sfn`: a client, and context in the messages of the client. Each
//!   includes `sdk` and `config`.
//! - `sdk`: spans for every AWS client, by [`interceptor`] and [`client!`].
//! - `config`: [`load_config`], the configuration of the AWS SDK from the environment.
//! - `sigv4`: signed requests to [CloudWatch's OTLP endpoints](configuration#aws-x-ray-and-cloudwatch).
//! - `http`: functions of `lambda_http`, and HTTP services such as axum routers: see [`http`].
//! - `axum`: the [route](http#routes) of an axum router in the name of the invocation's span. Includes `http`.
//! - `batch` (default): the module [`batch`], for the events of `aws_lambda_events`.
//! - `dynamodb`: batches of DynamoDB streams.
//! - `s3-batch`: batches of S3 Batch Operations.
//! - `unwrapped-clients` (default): with `sdk`, spans for the calls of clients without the interceptor. The messages
//!   carry no ids.
//! - `https`: TLS and proxies for the exporter. The AWS SDK includes `https`.
//! - `remote-config`: [settings without a redeploy](configuration#settings-without-a-redeploy), from SSM Parameter
//!   Store.
//! - `secrets`: headers of OTLP requests from SSM Parameter Store and Secrets Manager.
//! - `otel` (default): inside an invocation, our context is the current `opentelemetry::Context` with the received
//!   baggage. Calls carry the baggage current at the time of the call. OpenTelemetry's current span is the root span of
//!   the invocation.
//! - `metrics`: the macros of the `metrics` crate record measurements, see [`thundra_core`](thundra_core#metrics).
//!   Includes `measurements`.
//! - `otel-spans`: OpenTelemetry's current span is the entered `tracing` span.
//! - `span-pointers`: [pointers](configuration#span-pointers) to the objects and items of an event, and the ids that
//!   Datadog computes for executions of Step Functions. Includes nothing but a hash; `sdk` includes `span-pointers`.
//! - `shutdown`: an export when Lambda ends the environment, [if asked for](#the-end-of-an-environment).
//! - `testing`: the module [`testing`].
//! - `full`: everything.
//!
//! A function for which each megabyte counts takes `default-features = false`, and of the features what it uses.
//! `BENCHMARKS.md` has the sizes of binaries.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attributes;
#[cfg(feature = "batch")]
pub mod batch;
#[doc(hidden)]
pub mod bench_support;
mod captured;
mod chain;
mod cloudwatch;
pub mod configuration;
mod emf;
#[doc(hidden)]
pub mod fuzz_support;
pub mod guides;
mod handler;
mod hops;
#[cfg(feature = "http")]
pub mod http;
mod lifecycle;
#[cfg(any(feature = "remote-config", feature = "secrets"))]
mod own_calls;
mod panics;
mod payload;
mod payload_patterns;
mod platform;
mod queue_time;
mod remote_config;
#[cfg(feature = "sdk")]
mod sdk;
#[cfg(feature = "secrets")]
mod secrets;
mod settings;
#[cfg(feature = "testing")]
pub mod testing;
mod trigger;

pub use emf::EmfSettings;
#[doc(hidden)]
pub use handler::private as __private;
pub use lambda_runtime::{BoxFuture, Context, Error, LambdaEvent, SnapStartResource, service_fn};
pub use lifecycle::{
    InvocationLayer, init, init_with, register_snapstart_resource, run, run_concurrent, run_concurrent_with, run_with,
};
pub use payload_patterns::{InvalidPayloadPattern, PayloadPatterns};
pub use remote_config::{InvalidRemoteConfig, RemoteConfig};
#[cfg(feature = "config")]
pub use sdk::clients::*;
#[cfg(feature = "sdk")]
pub use sdk::interceptor;
#[doc(hidden)]
pub use settings::VARIABLES;
pub use settings::{BatchSpans, CapturePayloads, MessageSpans, QueueSpans, Settings};
#[cfg(feature = "registry")]
#[doc(inline)]
pub use thundra_core::layer;
#[doc(inline)]
pub use thundra_core::{
    Config, ConfigProblem, Env, Levels, LogFormat, NO_ATTRIBUTES, ParseTraceContextError, Scope, ScopeBuilder,
    ScopeRef, SpanExt, SpanKind, Telemetry, TelemetryBuilder, TraceContext, correlation, log, propagation,
};
#[doc(inline)]
pub use thundra_http::{Outcome, TelemetryGuard, export, scope, sync_scope};
#[doc(inline)]
pub use thundra_macros::{handler, traced_of_aws as traced};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
