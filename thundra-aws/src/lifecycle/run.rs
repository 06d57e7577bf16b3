//! `run` and its siblings: `lambda_runtime::run`, traced.

use std::fmt::Debug;
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};

use bytes::Bytes;
use futures_util::{FutureExt, Stream};
use lambda_runtime::{Diagnostic, Error, IntoFunctionResponse, LambdaEvent, Runtime};
use serde::{Deserialize, Serialize};
use thundra_core::{Config, Records, Telemetry};
use tower_layer::layer_fn;
use tower_service::Service;

use super::described::HandlerError;
use super::layer::{InvocationService, export_last};
use super::reporting::Reporting;
use super::{environment, runtime_events, setup, shutdown, snap_start, usage};

/// Runs a handler: in Lambda one event after the other, elsewhere the events of a file or of standard input.
///
/// Accepts the same handlers as [`lambda_runtime::run`] if their errors borrow nothing, and records each invocation.
/// Every `Service<LambdaEvent<A>>` is an `EventService`, and every `Debug + Into<Diagnostic> + 'static` a
/// `HandlerError`.
/// Installs the subscriber, the bridge from the `log` crate and the exporters, unless [`init`](crate::init) was called
/// before. Without `init`, lines that the program logs before this call are not written.
///
/// # How an invocation ends
///
/// The root span records every end. The response, the lines of the runtime and the exit status stay those of
/// [`lambda_runtime::run`].
///
/// | End | `error.type` | Status description |
/// |---|---|---|
/// | a response, or a stream to its end | none | no status |
/// | an HTTP response with a status of 500 or more | the status | empty |
/// | the status `FAILED` of a [durable execution](crate#durable-functions) | the type of its error | its message |
/// | an error of the handler | the type of the error | its message and those of its sources |
/// | a panic of the handler, of reading the event or of writing the response | `panic` | `panicked: ` and the message |
/// | a panic in a task, awaited with `?` | `JoinError::Panic` | the message of the error |
/// | a panic anywhere, with `panic = "abort"` in the profile | `panic` | `panicked: ` and the message |
/// | an event that is not the handler's type | `invalid_event` | the reason, without the values of the event |
/// | a [chain of calls](crate::configuration#loops) over `THUNDRA_MAX_CHAIN_LENGTH`, without the handler | `chain_too_long` | the length and the limit |
/// | a response that cannot be serialised | `invalid_response` | the reason |
/// | a response that Lambda refuses as too large (413) | `response_too_large` | the status of the Runtime API |
/// | a response that Lambda refuses for another reason | `response_refused` | the status of the Runtime API |
/// | a stream with an error, which Lambda takes for a success | the type of the error | its message and those of its sources |
/// | a stream that the runtime drops before its end | `response_incomplete` | a text |
/// | no answer of the Runtime API | `runtime_api_error` | the message of the error |
/// | the deadline | `timeout` | a text |
/// | [`run`] dropped by the program | `cancelled` | `cancelled` |
/// | an error of the init function, on the span `init` | `init_failed` | its message and those of its sources |
///
/// An error of the runtime ends the program, and so does a panic while the event is read or the response is written.
/// The last export comes before `run` returns or panics, and ends before the deadline of the invocation.
///
/// The first failure counts: consequences of the first failure change nothing. Each failure except the HTTP status, the
/// deadline, a dropped stream and a cancellation is also an [exception event], with `exception.type` and
/// `exception.message`.
///
/// - The type is the path of a Rust type. For a boxed error, the type is the name at the start of the `Debug` text, or
///   `Error`.
/// - The sources are known for boxed errors of the standard library, for `anyhow` and for `eyre`: up to 8 sources, and
///   up to 8 KiB of text. [`#[handler]`](crate::handler) on `main` sees the program's error type, and records the
///   sources of each type with [`Error`](std::error::Error). Under `run`, such a type names its sources in its own
///   message, or is returned in a box.
/// - Credentials and query values are redacted.
/// - `exception.stacktrace` is recorded only if `RUST_BACKTRACE` or `RUST_LIB_BACKTRACE` asks for backtraces. The text
///   is the place and the backtrace of a panic, or the backtrace captured by an error of `anyhow` or `eyre`.
///
/// The records of a [batch](crate::batch), the requests of a server and the calls of a client have the same events.
/// Lambda's refusal of a response is read from an event of the runtime, so a program with its own subscriber adds
/// thundra's [`layer`](thundra_core::layer) to record refusals.
///
/// [exception event]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/exceptions/exceptions-spans.md
///
/// # Local runs
///
/// Outside Lambda, the events come from the file named by the first argument, or from standard input. The responses are
/// on standard output, log lines and a tree for each invocation on standard error.
///
/// - Each JSON value is an event: joined, on a line each, or as a JSON text sequence. An array is one event. A byte
///   order mark is skipped, and UTF-16 with a byte order mark is read as well.
/// - One process runs all events, one after another, and initialises once. With several events, each response is a line
///   of JSON. The only response of a single event is printed for people.
/// - If an event fails, or panics, the next event still runs. The error names the event and the line. The program fails
///   in the end if any event failed.
/// - A value that is no JSON ends the input. The events before the value run, and the error names the value's line,
///   column and byte.
/// - [Captured events](crate::configuration#captured-events) may be among the values.
///
/// ```sh
/// ./bootstrap event.json
/// cat events/*.json | ./bootstrap
/// jq --compact-output '.[]' orders.json | ./bootstrap > responses.jsonl
/// ```
///
/// # Errors
///
/// In Lambda, the errors of [`lambda_runtime::run`]. Elsewhere, an error if the events cannot be read, or the handler
/// fails for any event.
///
/// # Panics
///
/// In Lambda, panics like [`lambda_runtime::run`] if the environment lacks a variable that Lambda sets.
///
/// # Examples
///
/// ```no_run
/// use thundra_aws::{Error, LambdaEvent, service_fn};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Error> {
///     thundra_aws::run(service_fn(greet)).await
/// }
///
/// async fn greet(event: LambdaEvent<String>) -> Result<String, Error> {
///     Ok(format!("hello {}", event.payload))
/// }
/// ```
pub async fn run<A, H, R, B, S, D, E>(handler: H) -> Result<(), Error>
where
    H: EventService<A, R>,
    H::Failure: HandlerError,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    run_with(Telemetry::default(), handler).await
}

/// Runs a handler as [`run`] does, with telemetry set up in code.
///
/// If telemetry was installed before, the new telemetry is dropped, and a line on standard error reports the drop.
///
/// # Errors
///
/// As [`run`].
///
/// # Panics
///
/// As [`run`].
///
/// # Examples
///
/// ```no_run
/// use thundra_aws::{Error, LambdaEvent, service_fn};
/// use thundra_core::{Config, Records, Telemetry};
/// use thundra_core::export::ConsoleExporter;
///
/// #[tokio::main]
/// async fn main() -> Result<(), Error> {
///     let telemetry = Telemetry::builder().exporter(ConsoleExporter::new());
///     thundra_aws::run_with(telemetry, service_fn(greet)).await
/// }
///
/// async fn greet(event: LambdaEvent<String>) -> Result<String, Error> {
///     Ok(format!("hello {}", event.payload))
/// }
/// ```
pub async fn run_with<A, H, R, B, S, D, E>(telemetry: impl Into<Telemetry>, handler: H) -> Result<(), Error>
where
    H: EventService<A, R>,
    H::Failure: HandlerError,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    let config = setup::install(telemetry.into());
    let handler = Reporting::new(handler);
    if !setup::in_lambda() {
        return run_locally(handler, config).await;
    }
    runtime_events::watch();
    let runtime = Runtime::new(handler).layer(layer_fn(|inner| InvocationService::new(inner, config)));
    let runtime = snap_start::register(runtime, config);
    shutdown::prepare(config).await;
    usage::initialised(config);
    environment::is_ready();
    // The compiler computes the layout of nested futures recursively. A box ends the recursion.
    to_the_end(Box::pin(runtime.run()), config).await
}

/// Runs a handler as [`run`] does, with several invocations at once if Lambda allows it: on managed instances, as many
/// as `AWS_LAMBDA_MAX_CONCURRENCY`.
///
/// # Errors
///
/// As [`run`].
///
/// # Panics
///
/// As [`run`], and outside of a Tokio runtime.
pub async fn run_concurrent<A, H, R, B, S, D, E>(handler: H) -> Result<(), Error>
where
    H: EventService<A, R> + Clone + Send + 'static,
    H::Answer: Send + 'static,
    H::Failure: HandlerError,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: IntoFunctionResponse<B, S> + Send + 'static,
    B: Serialize + Send + 'static,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send + 'static,
    E: Into<Error> + Send + Debug + 'static,
{
    run_concurrent_with(Telemetry::default(), handler).await
}

/// Runs a handler as [`run_concurrent`] does, with telemetry set up in code.
///
/// If telemetry was installed before, the new telemetry is dropped, and a line on standard error reports the drop.
///
/// # Errors
///
/// As [`run`].
///
/// # Panics
///
/// As [`run_concurrent`].
pub async fn run_concurrent_with<A, H, R, B, S, D, E>(telemetry: impl Into<Telemetry>, handler: H) -> Result<(), Error>
where
    H: EventService<A, R> + Clone + Send + 'static,
    H::Answer: Send + 'static,
    H::Failure: HandlerError,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: IntoFunctionResponse<B, S> + Send + 'static,
    B: Serialize + Send + 'static,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send + 'static,
    E: Into<Error> + Send + Debug + 'static,
{
    let config = setup::install(telemetry.into());
    let handler = Reporting::new(handler);
    if !setup::in_lambda() {
        return run_locally(handler, config).await;
    }
    runtime_events::watch();
    let runtime = Runtime::new(handler).layer(layer_fn(|inner| InvocationService::new(inner, config)));
    let runtime = snap_start::register(runtime, config);
    shutdown::prepare(config).await;
    usage::initialised(config);
    environment::is_ready();
    to_the_end(Box::pin(runtime.run_concurrent()), config).await
}

/// A service of events `A` with responses `R`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no service of Lambda's events",
    label = "no service of a `LambdaEvent`",
    note = "an async function of one `LambdaEvent<T>` is one in `thundra_aws::service_fn`, as in `run(service_fn(handle))`; \
            functions of a `lambda_http::Request` and routers run by `thundra_aws::http::run`",
    note = "the event is that of lambda_runtime = \"1\": `cargo tree -i lambda_runtime` shows whether another version is in \
            use"
)]
pub trait EventService<A, R>:
    Service<LambdaEvent<A>, Response = R, Error = Self::Failure, Future = Self::Answer>
{
    /// The error, named here so that a bound on the error of no service has the message above too.
    type Failure;
    /// The future, for the same reason.
    type Answer: Future<Output = Result<R, Self::Failure>>;
}

#[diagnostic::do_not_recommend]
impl<H, A, R> EventService<A, R> for H
where
    H: Service<LambdaEvent<A>, Response = R>,
{
    type Failure = H::Error;
    type Answer = H::Future;
}

/// Runs a handler outside of Lambda.
async fn run_locally<A, H, R, B, S, D, E>(handler: H, config: &Config) -> Result<(), Error>
where
    H: Service<LambdaEvent<A>, Response = R>,
    H::Error: Into<Diagnostic>,
    R: IntoFunctionResponse<B, S>,
    A: for<'de> Deserialize<'de>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Into<Bytes>,
    E: Into<Error>,
{
    #[cfg(feature = "local-run")]
    return Box::pin(super::local::run(handler, config)).await;
    #[cfg(not(feature = "local-run"))]
    {
        let _ = (handler, config);
        Err("a run outside of Lambda takes the feature `local-run` of thundra-aws".into())
    }
}

/// Waits for the end of the runtime, and exports all waiting records. An error and a panic pass through.
pub(super) async fn to_the_end(runtime: impl Future<Output = Result<(), Error>>, config: &Config) -> Result<(), Error> {
    let result = AssertUnwindSafe(runtime).catch_unwind().await;
    export_last(Records::default(), config).await;
    result.unwrap_or_else(|panic| resume_unwind(panic))
}
