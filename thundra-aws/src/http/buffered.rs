//! Applications whose responses leave in one piece.

use std::fmt::Debug;
use std::future::Future;

use lambda_http::{Adapter, IntoResponse, Request};
use lambda_runtime::{Diagnostic, Error};
use thundra_core::Telemetry;
use tower_service::Service;

use super::adapters::Buffered;
use super::route::routed;

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
    S: Service<Request, Response = R, Error = E>,
    S::Future: Future<Output = Result<R, E>> + Send + 'a,
    R: IntoResponse,
    E: Debug + Into<Diagnostic> + 'static,
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
    S: Service<Request, Response = R, Error = E>,
    S::Future: Future<Output = Result<R, E>> + Send + 'a,
    R: IntoResponse,
    E: Debug + Into<Diagnostic> + 'static,
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
    S: Service<Request, Response = R, Error = E> + Clone + Send + 'static,
    S::Future: Future<Output = Result<R, E>> + Send + 'static,
    R: IntoResponse + Send + 'static,
    E: Debug + Into<Diagnostic> + Send + 'static,
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
    S: Service<Request, Response = R, Error = E> + Clone + Send + 'static,
    S::Future: Future<Output = Result<R, E>> + Send + 'static,
    R: IntoResponse + Send + 'static,
    E: Debug + Into<Diagnostic> + Send + 'static,
{
    crate::run_concurrent_with(telemetry, Buffered::new(routed(app))).await
}
