//! Functions behind HTTP: API Gateway (REST, HTTP, WebSocket), function URLs, load balancers and VPC Lattice (events of
//! the version 2.0).
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
/// The adapters of `lambda_http` cover the other forms: `thundra_aws::run(StreamAdapter::from(app))` streams responses,
/// and `thundra_aws::run_concurrent(Adapter::from(app))` runs several invocations at once.
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
    crate::run(Adapter::from(app)).await
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
