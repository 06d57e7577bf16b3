//! The tower layer for clients.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use hyper_util::client::legacy::connect::HttpInfo;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::call::Call;
use super::error_chain;

/// Traces the requests of a client: see [`Layer::client`](crate::Layer::client).
///
/// # Examples
///
/// The service inside gets requests with our context in the headers:
///
/// ```
/// use std::convert::Infallible;
///
/// use thundra_core::Scope;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let echo = async |request: http::Request<()>| Ok::<_, Infallible>(http::Response::new(request.headers().clone()));
/// let client = thundra_http::Layer::client().layer(service_fn(echo));
/// let request = http::Request::get("http://pricing.internal/price/7").body(())?;
/// let response = Scope::builder("checkout").begin().run(client.oneshot(request)).await?;
/// assert!(response.body().contains_key("traceparent"));
/// # Ok(())
/// # }
/// ```
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

/// Marks a request with a span, such as an HTTP request of an AWS call. The client layer makes no second span.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct HasSpan;

/// A service with traced requests, from [`Layer::client`](crate::Layer::client).
#[derive(Clone, Debug)]
pub struct TracedClient<S> {
    pub(super) inner: S,
}

impl<S, B, R> Service<Request<B>> for TracedClient<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Display + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ClientFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let has_span = request.extensions().get::<HasSpan>().is_some();
        let (mut head, body) = request.into_parts();
        let begin = || Call::begin(&head.method, &head.uri, &mut head.headers);
        let call = (!has_span).then(begin).flatten().map(|(call, _)| call);
        let request = Request::from_parts(head, body);
        let future = {
            // A closure that owns the request would be copied at each level into the span.
            let _entered = call.as_ref().map(|call| call.span.enter());
            self.inner.call(request)
        };
        ClientFuture { future, call }
    }
}

pin_project! {
    /// The future of a [`TracedClient`].
    #[derive(Debug)]
    pub struct ClientFuture<F> {
        #[pin]
        future: F,
        call: Option<Call>,
    }
}

impl<F, R, E> Future for ClientFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Display + 'static,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(call) = this.call else { return this.future.poll(cx) };
        let result = {
            let _entered = call.span.enter();
            ready!(this.future.poll(cx))
        };
        match &result {
            Ok(response) => {
                let peer = response.extensions().get::<HttpInfo>().map(HttpInfo::remote_addr);
                call.record_response(response.status(), response.version(), response.headers(), peer);
            }
            Err(error) => {
                let (error_type, exception) = error_chain::type_and_exception(error);
                call.record_failure(error_type, &exception);
            }
        }
        // The span ends with the response, and not only when this future is dropped.
        *this.call = None;
        Poll::Ready(result)
    }
}
