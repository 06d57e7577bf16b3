//! Functions behind HTTP: API Gateway (REST, HTTP, WebSocket), function URLs, load balancers and VPC Lattice (events of
//! the version 2.0).
//!
//! The root span of the invocation is the server span of the request. Behind API Gateway, and with the feature `axum`
//! also in an axum router, the route is part of the name, as in `GET /orders/{id}`.
//!
//! # By the attribute
//!
//! `main` takes a request, and optionally the state of [`init`](macro@crate::handler):
//!
//! ```no_run
//! use lambda_http::{IntoResponse, Request, RequestExt};
//! use thundra_aws::Error;
//!
//! #[thundra_aws::handler]
//! async fn main(request: Request) -> Result<impl IntoResponse, Error> {
//!     let name = request.query_string_parameters_ref().and_then(|query| query.first("name"));
//!     Ok(format!("hello {}", name.unwrap_or("stranger")))
//! }
//! ```
//!
//! A `main` without arguments returns an axum router or another service of requests, directly or in a `Result`. The
//! work of `main` is recorded in the trace `init`, as the work of an [init function](crate#cold-starts) is:
//!
//! ```no_run
//! use axum::Router;
//! use axum::routing::get;
//!
//! #[thundra_aws::handler]
//! async fn main() -> Router {
//!     Router::new().route("/orders/{id}", get(async || "an order"))
//! }
//! ```
//!
//! # With a `main` of your own
//!
//! The functions of this module have the names, the arguments and the results of the functions of `lambda_http`:
//!
//! | for | one invocation at a time | several at once, where Lambda allows it |
//! |---|---|---|
//! | responses in one piece | [`run`] | [`run_concurrent`] |
//! | streamed responses | [`run_with_streaming_response`] | [`run_with_streaming_response_concurrent`] |
//!
//! ```no_run
//! use axum::Router;
//! use axum::routing::get;
//! use thundra_aws::Error;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let app = Router::new().route("/orders/{id}", get(async || "an order"));
//!     thundra_aws::http::run_concurrent(app).await
//! }
//! ```
//!
//! With telemetry set up in code, [`run_with`] and [`run_concurrent_with`] replace the functions of the first row. A
//! streaming application passes the telemetry to [`thundra_aws::run_with`](crate::run_with), as
//! `run_with(telemetry, StreamAdapter::from(app))` with the adapter of `lambda_http`.
//!
//! # Routes
//!
//! Behind API Gateway the event names the route of the API. A router inside the function knows a more exact route, but
//! shows the route only to layers inside of the router. With the feature `axum`, a layer that records the route is
//! added to an axum `Router` that
//!
//! - `main` returns under the attribute,
//! - [`run_concurrent`] or [`run_with_streaming_response_concurrent`] runs. On Lambda without managed instances both
//!   run one invocation at a time, as [`run`] does.
//!
//! [`run`] and [`run_with_streaming_response`] take services that borrow, and cannot ask for the type of a borrowing
//! service. A program with these functions adds the layer by hand, and so does a program with a router inside of
//! another service, such as `NormalizePath`: `router.layer(thundra_http::Layer::server())`, with the feature `axum` of
//! `thundra-http`.
//!
//! The route covers the whole path, through nested and merged routers. A fallback has no route. A service under
//! `nest_service`, even a router, needs a layer of its own to record the route.

pub(crate) mod adapters;
pub(crate) mod route;

use std::fmt::Debug;
use std::future::Future;

use bytes::Bytes;
use http_body::Body;
use lambda_http::{Adapter, IntoResponse, Request, Response, StreamAdapter};
use lambda_runtime::{Diagnostic, Error};
use thundra_core::Telemetry;
use tower_service::Service;

use self::adapters::{Buffered, Streamed};
use self::route::routed;

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
    S: Service<Request, Response = Response<B>, Error = E>,
    S::Future: Send + 'a,
    E: Debug + Into<Diagnostic> + 'static,
    B: Body + Unpin + Send + 'static,
    B::Data: Into<Bytes> + Send,
    B::Error: Into<Error> + Send + Debug,
{
    crate::run(StreamAdapter::from(app)).await
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
    S: Service<Request, Response = Response<B>, Error = E> + Clone + Send + 'static,
    S::Future: Send + 'static,
    E: Debug + Into<Diagnostic> + Send + 'static,
    B: Body + Unpin + Send + 'static,
    B::Data: Into<Bytes> + Send,
    B::Error: Into<Error> + Send + Debug,
{
    crate::run_concurrent(Streamed::new(routed(app))).await
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use lambda_http::request::LambdaRequest;
    use lambda_http::{RequestExt, service_fn};
    use lambda_runtime::{Context, LambdaEvent};
    use serde_json::json;

    use super::*;

    #[test]
    fn events_of_web_sockets_and_of_lattice_are_requests() {
        let web_socket = json!({"headers": {"Host": "a"}, "multiValueHeaders": {}, "isBase64Encoded": false, "body": "hi",
            "requestContext": {"routeKey": "$default", "eventType": "MESSAGE", "connectionId": "1", "identity": {},
                "requestTimeEpoch": 1_700_000_000_000_u64, "connectedAt": 1_700_000_000_000_u64, "apiId": "a"}});
        let lattice = json!({"version": "2.0", "path": "/pets/7", "method": "GET", "headers": {"host": ["a"]},
            "body": null, "isBase64Encoded": false, "requestContext": {"region": "eu-west-1", "timeEpoch": "1724875399456789",
                "serviceNetworkArn": "arn:aws:vpc-lattice:eu-west-1:1:servicenetwork/a", "identity": {},
                "serviceArn": "arn:aws:vpc-lattice:eu-west-1:1:service/a",
                "targetGroupArn": "arn:aws:vpc-lattice:eu-west-1:1:targetgroup/a"}});
        for (event, path, why) in [(web_socket, "", "a WebSocket without a path"), (lattice, "/pets/7", "VPC Lattice")]
        {
            let request: LambdaRequest = serde_json::from_str(&event.to_string()).expect(why);
            let app = async |request: Request| Ok::<_, Error>(request.raw_http_path().to_owned());
            let mut adapter = Adapter::from(service_fn(app));
            let answer = adapter.call(LambdaEvent::new(request, Context::default()));
            let response = serde_json::to_value(answer.now_or_never().unwrap().unwrap()).unwrap();
            assert_eq!((&response["statusCode"], &response["body"]), (&json!(200), &json!(path)), "{why}");
        }
    }
}
