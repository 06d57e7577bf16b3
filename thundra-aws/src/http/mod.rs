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
//! Every `Service<lambda_http::Request>` is an `HttpService`, and a `StreamedService` if the response is a
//! `Response<B>`. A `Reply` is an `IntoResponse`, and a `HandlerError` is `Debug + Into<Diagnostic> + 'static`. The
//! compiler's messages need the names.
//!
//! With telemetry set up in code, [`run_with`], [`run_concurrent_with`], [`run_with_streaming_response_with`] and
//! [`run_with_streaming_response_concurrent_with`] take the telemetry before the application.
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
mod buffered;
pub(crate) mod route;
mod streaming;

pub use self::buffered::{run, run_concurrent, run_concurrent_with, run_with};
pub use self::streaming::{
    run_with_streaming_response, run_with_streaming_response_concurrent, run_with_streaming_response_concurrent_with,
    run_with_streaming_response_with,
};

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use lambda_http::request::LambdaRequest;
    use lambda_http::{Adapter, Request, RequestExt, service_fn};
    use lambda_runtime::{Context, Error, LambdaEvent};
    use serde_json::json;
    use tower_service::Service;

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
