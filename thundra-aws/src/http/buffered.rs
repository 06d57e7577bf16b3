//! Applications whose responses leave in one piece.

use lambda_http::Adapter;
use lambda_runtime::Error;
use thundra_core::Telemetry;

use super::adapters::{Buffered, HttpService, Reply};
use super::route::routed;
use crate::lifecycle::described::HandlerError;

/// Runs an HTTP application as [`lambda_http::run`] does, traced. The application is a `service_fn` or an axum router.
///
/// # Errors
///
/// As [`thundra_aws::run`](crate::run).
///
/// # Panics
///
/// As [`thundra_aws::run`](crate::run).
///
/// # Examples
///
/// ```no_run
/// use lambda_http::{Body, Request, Response, service_fn};
/// use thundra_aws::Error;
///
/// #[tokio::main]
/// async fn main() -> Result<(), Error> {
///     thundra_aws::http::run(service_fn(hello)).await
/// }
///
/// async fn hello(_: Request) -> Result<Response<Body>, Error> {
///     Ok(Response::new("hello".into()))
/// }
/// ```
pub async fn run<'a, R, S, E>(app: S) -> Result<(), Error>
where
    S: HttpService<R, E>,
    S::Answer: Send + 'a,
    R: Reply,
    E: HandlerError,
{
    run_with(Telemetry::default(), app).await
}

/// Runs an HTTP application as [`run`] does, with telemetry set up in code.
///
/// # Errors
///
/// As [`thundra_aws::run`](crate::run).
///
/// # Panics
///
/// As [`thundra_aws::run`](crate::run).
pub async fn run_with<'a, R, S, E>(telemetry: impl Into<Telemetry>, app: S) -> Result<(), Error>
where
    S: HttpService<R, E>,
    S::Answer: Send + 'a,
    R: Reply,
    E: HandlerError,
{
    crate::run_with(telemetry, Adapter::from(app)).await
}

/// Runs an HTTP application as `lambda_http::run_concurrent` does, traced. Managed instances of Lambda run several
/// invocations at once.
///
/// Accepts axum routers too, although the responses of axum are not `Sync`.
///
/// # Errors
///
/// As [`thundra_aws::run`](crate::run).
///
/// # Panics
///
/// As [`thundra_aws::run_concurrent`](crate::run_concurrent).
///
/// # Examples
///
/// ```no_run
/// use axum::Router;
/// use axum::routing::get;
/// use thundra_aws::Error;
///
/// #[tokio::main]
/// async fn main() -> Result<(), Error> {
///     let app = Router::new().route("/", get(async || "hello"));
///     thundra_aws::http::run_concurrent(app).await
/// }
/// ```
pub async fn run_concurrent<R, S, E>(app: S) -> Result<(), Error>
where
    S: HttpService<R, E> + Clone + Send + 'static,
    S::Answer: Send + 'static,
    R: Reply + Send + 'static,
    E: HandlerError + Send,
{
    run_concurrent_with(Telemetry::default(), app).await
}

/// Runs an HTTP application as [`run_concurrent`] does, with telemetry set up in code.
///
/// # Errors
///
/// As [`thundra_aws::run`](crate::run).
///
/// # Panics
///
/// As [`thundra_aws::run_concurrent`](crate::run_concurrent).
pub async fn run_concurrent_with<R, S, E>(telemetry: impl Into<Telemetry>, app: S) -> Result<(), Error>
where
    S: HttpService<R, E> + Clone + Send + 'static,
    S::Answer: Send + 'static,
    R: Reply + Send + 'static,
    E: HandlerError + Send,
{
    crate::run_concurrent_with(telemetry, Buffered::new(routed(app))).await
}
