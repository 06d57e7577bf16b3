//! `run` and its siblings: `lambda_runtime::run`, traced.

use std::fmt::Debug;
use std::future::Future;

use bytes::Bytes;
use futures_util::Stream;
use lambda_runtime::{Diagnostic, Error, IntoFunctionResponse, LambdaEvent, Runtime};
use serde::{Deserialize, Serialize};
use thundra_core::Telemetry;
use tower_service::Service;

use super::layer::InvocationLayer;
use super::reporting::Reporting;
use super::snap_start::Hooks;
use super::{background, environment, local, refusal, setup, shutdown};

/// Runs a handler: in Lambda one event after the other, elsewhere one event from a file or from standard input.
///
/// Accepts the same handlers as [`lambda_runtime::run`], and records each invocation. Installs the subscriber, the
/// bridge from the `log` crate and the exporters, unless [`init`](crate::init) was called before. Without `init`, lines
/// that the program logs before this call are not written.
///
/// # Errors
///
/// In Lambda, the errors of [`lambda_runtime::run`]. Elsewhere, an error if the event cannot be read or the handler
/// fails.
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
    H: Service<LambdaEvent<A>, Response = R>,
    H::Future: Future<Output = Result<R, H::Error>>,
    H::Error: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    run_with(Telemetry::default(), handler).await
}

/// Runs a handler as [`run`] does, with telemetry that is set up in code.
///
/// If telemetry was installed before, this one is dropped, and one line on standard error says so.
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
/// use thundra_core::Telemetry;
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
    H: Service<LambdaEvent<A>, Response = R>,
    H::Future: Future<Output = Result<R, H::Error>>,
    H::Error: Into<Diagnostic> + Debug + 'static,
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
        return Box::pin(local::run(handler, config)).await;
    }
    refusal::watch();
    let runtime = Runtime::new(handler).layer(InvocationLayer::new(config));
    let runtime = runtime.register_snapstart_resource(Hooks::new(config));
    shutdown::prepare(config).await;
    environment::is_ready();
    // The compiler computes the layout of nested futures recursively. A box ends the recursion.
    let result = Box::pin(runtime.run()).await;
    background::end();
    result
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
    H: Service<LambdaEvent<A>, Response = R> + Clone + Send + 'static,
    H::Future: Future<Output = Result<R, H::Error>> + Send + 'static,
    H::Error: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: IntoFunctionResponse<B, S> + Send + 'static,
    B: Serialize + Send + 'static,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send + 'static,
    E: Into<Error> + Send + Debug + 'static,
{
    run_concurrent_with(Telemetry::default(), handler).await
}

/// Runs a handler as [`run_concurrent`] does, with telemetry that is set up in code.
///
/// If telemetry was installed before, this one is dropped, and one line on standard error says so.
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
    H: Service<LambdaEvent<A>, Response = R> + Clone + Send + 'static,
    H::Future: Future<Output = Result<R, H::Error>> + Send + 'static,
    H::Error: Into<Diagnostic> + Debug + 'static,
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
        return Box::pin(local::run(handler, config)).await;
    }
    refusal::watch();
    let runtime = Runtime::new(handler).layer(InvocationLayer::new(config));
    let runtime = runtime.register_snapstart_resource(Hooks::new(config));
    shutdown::prepare(config).await;
    environment::is_ready();
    let result = Box::pin(runtime.run_concurrent()).await;
    background::end();
    result
}
