//! The tower layer for clients.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Pending, inject, span};

/// Traces the requests of a client: see [`Layer::client`](crate::Layer::client).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ClientLayer;

impl ClientLayer {
    pub(crate) fn new() -> Self {
        ClientLayer
    }
}

impl<S> tower_layer::Layer<S> for ClientLayer {
    type Service = TracedClient<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TracedClient { inner }
    }
}

/// A client whose requests are traced.
#[derive(Clone, Debug)]
pub struct TracedClient<S> {
    pub(super) inner: S,
}

impl<S, B, R> Service<Request<B>> for TracedClient<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Display,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let span = span(request.method(), request.uri());
        let uri = request.uri().clone();
        inject(&span, &uri, request.headers_mut());
        let future = span.in_scope(|| self.inner.call(request));
        ResponseFuture { future, pending: Pending::new(span) }
    }
}

pin_project! {
    /// A request on its way.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        pending: Pending,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Display,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.pending.span.in_scope(|| this.future.poll(cx)));
        match &result {
            Ok(response) => this.pending.answered(response.status()),
            Err(error) => this.pending.failed("request_failed", error.to_string()),
        }
        Poll::Ready(result)
    }
}
