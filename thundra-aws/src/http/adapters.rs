//! HTTP services as services of Lambda's events.
//!
//! The adapters of `lambda_http` are `Send` only if the response is `Sync`, and axum's responses are not. The adapters
//! of this module hold only the service, and make an adapter of `lambda_http` for each call.

use std::fmt::Debug;
use std::task::{Context, Poll};

use bytes::Bytes;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, IntoResponse, Request, Response, StreamAdapter};
use lambda_runtime::{Diagnostic, Error, LambdaEvent};
use tower_service::Service;

/// An HTTP service.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no HTTP service",
    label = "no service of `lambda_http::Request`",
    note = "an HTTP service is a `Service<lambda_http::Request>` such as an axum `Router`; a router whose handlers take a \
            state is one once it has the state: `.with_state(state)`",
    note = "under `#[handler]`, `main` takes an event, as in `async fn main(event: LambdaEvent<T>)`, or nothing if it returns \
            an HTTP service or a `Result` with one whose error implements `Display`"
)]
pub trait App:
    Service<
        Request,
        Response: IntoResponse + 'static,
        Error: Debug + Into<Diagnostic> + 'static,
        Future: Send + 'static,
    > + 'static
{
}

#[diagnostic::do_not_recommend]
impl<S> App for S
where
    S: Service<Request> + 'static,
    S::Response: IntoResponse + 'static,
    S::Error: Debug + Into<Diagnostic> + 'static,
    S::Future: Send + 'static,
{
}

/// An HTTP service with streamed responses.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no HTTP service whose responses can be streamed",
    label = "no service of `lambda_http::Request`",
    note = "such a service is a `Service<lambda_http::Request>` that answers with a `Response<B>`, as an axum `Router` does; a \
            router whose handlers take a state is one once it has the state: `.with_state(state)`"
)]
pub trait StreamingApp<B>:
    Service<Request, Response = Response<B>, Error: Debug + Into<Diagnostic> + 'static, Future: Send + 'static> + 'static
{
}

#[diagnostic::do_not_recommend]
impl<S, B> StreamingApp<B> for S
where
    S: Service<Request, Response = Response<B>> + 'static,
    S::Error: Debug + Into<Diagnostic> + 'static,
    S::Future: Send + 'static,
{
}

/// An HTTP service that may borrow, with responses `R` and errors `E`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no HTTP service",
    label = "no service of `lambda_http::Request`",
    note = "an HTTP service is a `Service<lambda_http::Request>` such as an axum `Router`, or an async function in \
            `lambda_http::service_fn`; a router whose handlers take a state is one once it has the state: \
            `.with_state(state)`",
    note = "the request is that of lambda_http = \"1\": `cargo tree -i lambda_http` shows whether another version is in use"
)]
pub trait HttpService<R, E>: Service<Request, Response = R, Error = E, Future = Self::Answer> {
    /// The future, named here so that a bound on the future of no service has the message above too.
    type Answer;
}

#[diagnostic::do_not_recommend]
impl<S, R, E> HttpService<R, E> for S
where
    S: Service<Request, Response = R, Error = E>,
{
    type Answer = S::Future;
}

/// An HTTP service that may borrow, with streamed responses with bodies `B`, and errors `E`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no HTTP service whose responses can be streamed",
    label = "no service of `lambda_http::Request` that answers with a `Response<B>`",
    note = "such a service is a `Service<lambda_http::Request>` that answers with a `Response<B>`, as an axum `Router` does; a \
            router whose handlers take a state is one once it has the state: `.with_state(state)`"
)]
pub trait StreamedService<B, E>: Service<Request, Response = Response<B>, Error = E, Future = Self::Answer> {
    /// The future, as in [`HttpService`].
    type Answer;
}

#[diagnostic::do_not_recommend]
impl<S, B, E> StreamedService<B, E> for S
where
    S: Service<Request, Response = Response<B>, Error = E>,
{
    type Answer = S::Future;
}

/// The response to a request.
#[diagnostic::on_unimplemented(
    message = "a request cannot be answered with `{Self}`",
    label = "no HTTP response",
    note = "a response implements `lambda_http::IntoResponse`: a `Response<B>` with a body, a `String`, a \
            `serde_json::Value`, each also with a status, as in `(StatusCode, String)`"
)]
pub trait Reply: IntoResponse {}

#[diagnostic::do_not_recommend]
impl<R: IntoResponse> Reply for R {}

/// The body of a streamed response.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be streamed",
    label = "no body of a streamed response",
    note = "a body implements `http_body::Body + Unpin + Send + 'static`, as `lambda_http::Body` and `axum::body::Body` do; \
            its data are `Into<Bytes> + Send`, and its error is `Into<Box<dyn Error + Send + Sync>> + Send + Debug`"
)]
pub trait StreamedBody:
    http_body::Body<Data: Into<Bytes> + Send, Error: Into<Error> + Send + Debug> + Unpin + Send + 'static
{
}

#[diagnostic::do_not_recommend]
impl<B> StreamedBody for B
where
    B: http_body::Body + Unpin + Send + 'static,
    B::Data: Into<Bytes> + Send,
    B::Error: Into<Error> + Send + Debug,
{
}

/// A service that returns each response in one piece.
#[derive(Clone, Debug)]
pub struct Buffered<S>(S);

impl<S> Buffered<S> {
    pub(crate) fn new(app: S) -> Self {
        Buffered(app)
    }
}

impl<S> Service<LambdaEvent<LambdaRequest>> for Buffered<S>
where
    S: App,
{
    type Response = <Adapter<'static, S::Response, S> as Service<LambdaEvent<LambdaRequest>>>::Response;
    type Error = S::Error;
    type Future = <Adapter<'static, S::Response, S> as Service<LambdaEvent<LambdaRequest>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, event: LambdaEvent<LambdaRequest>) -> Self::Future {
        Adapter::from(&mut self.0).call(event)
    }
}

/// A service that sends each response as the body arrives.
#[derive(Clone, Debug)]
pub struct Streamed<S>(S);

impl<S> Streamed<S> {
    pub(crate) fn new(app: S) -> Self {
        Streamed(app)
    }
}

impl<S, B> Service<LambdaEvent<LambdaRequest>> for Streamed<S>
where
    S: Service<Request, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    B: StreamedBody,
{
    type Response = <StreamAdapter<'static, S, B> as Service<LambdaEvent<LambdaRequest>>>::Response;
    type Error = S::Error;
    type Future = <StreamAdapter<'static, S, B> as Service<LambdaEvent<LambdaRequest>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, event: LambdaEvent<LambdaRequest>) -> Self::Future {
        StreamAdapter::from(&mut self.0).call(event)
    }
}
