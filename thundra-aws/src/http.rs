//! Functions behind HTTP: API Gateway, function URLs, load balancers and VPC Lattice.
//!
//! [`run`] takes an application of `lambda_http` or axum. The root span of the invocation is the server span of the
//! request. Behind API Gateway the route is part of the name, as in `GET /orders/{id}`.
//!
//! ```no_run
//! use axum::Router;
//! use axum::routing::get;
//! use thundra_aws::Error;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let app = Router::new().route("/orders/{id}", get(async || "an order"));
//!     thundra_aws::http::run(app).await
//! }
//! ```

use std::fmt::Debug;
use std::future::Future;

use lambda_http::{Adapter, IntoResponse, Request};
use lambda_runtime::{Diagnostic, Error};
use thundra_core::Telemetry;
use tower_service::Service;

/// Runs an HTTP application as [`lambda_http::run`] does, traced. The application is a `service_fn` or an axum router.
///
/// The adapters of `lambda_http` cover the other forms: `thundra_aws::run(StreamAdapter::from(app))` streams responses, and
/// `thundra_aws::run_concurrent(Adapter::from(app))` runs several invocations at once.
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
    E: Debug + Into<Diagnostic>,
{
    crate::run(Adapter::from(app)).await
}

/// Runs an HTTP application as [`run`] does, with telemetry that is set up in code.
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
    E: Debug + Into<Diagnostic>,
{
    crate::run_with(telemetry, Adapter::from(app)).await
}
