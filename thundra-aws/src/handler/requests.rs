//! `main` as an HTTP function: with a request as the argument, or with an HTTP service as the result.

use std::fmt::Debug;
use std::future::Future;

use bytes::Bytes;
use lambda_http::{Body, IntoResponse, Request, Response};
use lambda_runtime::tower::util::ServiceFn;
use lambda_runtime::{Diagnostic, Error, service_fn};
use tower_service::Service;

use super::input::{Input, StreamedInput};
use crate::http::adapters::{Buffered, Streamed};
use crate::http::route::routed;

impl Input for Request {
    type Kind = Requests;
}

impl StreamedInput for Request {
    type Kind = StreamedRequests;
}

/// A `main` that takes requests, and answers in one piece.
#[derive(Clone, Copy, Debug, Default)]
pub struct Requests;

impl Requests {
    /// Returns the handler as a service of Lambda's events.
    #[inline(always)]
    pub fn service<F, Fut, E>(self, handler: F) -> Buffered<ServiceFn<F>>
    where
        F: Fn(Request) -> Fut,
        Fut: Future<Output = Result<Response<Body>, E>> + Send + 'static,
    {
        Buffered::new(service_fn(handler))
    }

    /// Runs the handler, and converts the response while the state that the response may borrow is there.
    ///
    /// # Errors
    ///
    /// The error of the handler.
    pub async fn answer<F, R, E>(self, handler: F) -> Result<Response<Body>, E>
    where
        F: Future<Output = Result<R, E>>,
        R: Reply,
    {
        let response = handler.await?;
        Ok(response.into_response().await)
    }
}

/// A `main` that takes requests, and streams its answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamedRequests;

impl StreamedRequests {
    /// Returns the handler as a service of Lambda's events.
    #[inline(always)]
    pub fn service<F, Fut, B, E>(self, handler: F) -> Streamed<ServiceFn<F>>
    where
        F: Fn(Request) -> Fut,
        Fut: Future<Output = Result<Response<B>, E>> + Send + 'static,
    {
        Streamed::new(service_fn(handler))
    }

    /// Returns the future of the handler. The runtime polls the body of the response.
    #[inline(always)]
    pub fn answer<F, B, E>(self, handler: F) -> F
    where
        F: Future<Output = Result<Response<B>, E>>,
        B: StreamedBody,
    {
        handler
    }
}

/// What `main` may return for a request.
#[diagnostic::on_unimplemented(
    message = "`main` cannot answer a request with `{Self}`",
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

/// What a `main` without arguments may return.
#[diagnostic::on_unimplemented(
    message = "`main` takes no event, and `{Self}` is no HTTP service",
    label = "no service of `lambda_http::Request`",
    note = "`main` takes the event, as in `async fn main(event: LambdaEvent<T>)`, or returns an HTTP service such as an \
            axum `Router`, or a `Result` with it",
    note = "a router whose handlers take a state is a service once it has the state: `.with_state(state)`"
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

/// Returns an HTTP service as a service of Lambda's events, which answers in one piece.
pub fn buffered<S: App>(app: S) -> Buffered<S> {
    Buffered::new(routed(app))
}

/// Returns an HTTP service as a service of Lambda's events, which streams its answers.
pub fn streamed<S, B>(app: S) -> Streamed<S>
where
    S: App<Response = Response<B>>,
    B: StreamedBody,
{
    Streamed::new(routed(app))
}
