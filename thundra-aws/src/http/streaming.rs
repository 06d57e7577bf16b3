//! Applications whose responses are streamed.

use lambda_http::StreamAdapter;
use lambda_runtime::Error;
use thundra_core::Telemetry;

use super::adapters::{Streamed, StreamedBody, StreamedService};
use super::route::routed;
use crate::lifecycle::described::HandlerError;

/// Runs an HTTP application as [`lambda_http::run_with_streaming_response`] does, traced. The caller receives each part
/// of a response as soon as the body yields the part.
///
/// The invocation ends with the body. A body that fails, or is dropped early, makes the invocation [an
/// error](crate::run#how-an-invocation-ends), although Lambda counts a success. Trailers are not sent, as without this
/// crate.
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
/// use axum::Router;
/// use axum::body::Body;
/// use axum::routing::get;
/// use thundra_aws::Error;
///
/// #[tokio::main]
/// async fn main() -> Result<(), Error> {
///     let app = Router::new().route("/lines", get(lines));
///     thundra_aws::http::run_with_streaming_response(app).await
/// }
///
/// async fn lines() -> Body {
///     Body::from_stream(futures_util::stream::iter(["one\n", "two\n"].map(Ok::<_, Error>)))
/// }
/// ```
pub async fn run_with_streaming_response<'a, S, B, E>(app: S) -> Result<(), Error>
where
    S: StreamedService<B, E>,
    S::Answer: Send + 'a,
    E: HandlerError,
    B: StreamedBody,
{
    run_with_streaming_response_with(Telemetry::default(), app).await
}

/// Runs an HTTP application as [`run_with_streaming_response`] does, with telemetry set up in code.
///
/// # Errors
///
/// As [`thundra_aws::run`](crate::run).
///
/// # Panics
///
/// As [`thundra_aws::run`](crate::run).
pub async fn run_with_streaming_response_with<'a, S, B, E>(telemetry: impl Into<Telemetry>, app: S) -> Result<(), Error>
where
    S: StreamedService<B, E>,
    S::Answer: Send + 'a,
    E: HandlerError,
    B: StreamedBody,
{
    crate::run_with(telemetry, StreamAdapter::from(app)).await
}

/// Runs an HTTP application as `lambda_http::run_with_streaming_response_concurrent` does, traced. Differs from
/// [`run_with_streaming_response`] in that managed instances of Lambda run several invocations at once.
///
/// # Errors
///
/// As [`thundra_aws::run`](crate::run).
///
/// # Panics
///
/// As [`thundra_aws::run_concurrent`](crate::run_concurrent).
pub async fn run_with_streaming_response_concurrent<S, B, E>(app: S) -> Result<(), Error>
where
    S: StreamedService<B, E> + Clone + Send + 'static,
    S::Answer: Send + 'static,
    E: HandlerError + Send,
    B: StreamedBody,
{
    run_with_streaming_response_concurrent_with(Telemetry::default(), app).await
}

/// Runs an HTTP application as [`run_with_streaming_response_concurrent`] does, with telemetry set up in code.
///
/// # Errors
///
/// As [`thundra_aws::run`](crate::run).
///
/// # Panics
///
/// As [`thundra_aws::run_concurrent`](crate::run_concurrent).
pub async fn run_with_streaming_response_concurrent_with<S, B, E>(
    telemetry: impl Into<Telemetry>,
    app: S,
) -> Result<(), Error>
where
    S: StreamedService<B, E> + Clone + Send + 'static,
    S::Answer: Send + 'static,
    E: HandlerError + Send,
    B: StreamedBody,
{
    crate::run_concurrent_with(telemetry, Streamed::new(routed(app))).await
}
