//! The tower layer for servers.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Method, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use thundra_core::propagation::Trust;
use thundra_core::{ScopeRef, config};
use tower_service::Service;

use super::body::TracedBody;
use super::completion::Completion;
use super::duration::Measured;
use super::{request, request_scope, route};

/// Traces the requests of a server: see [`Layer::server`](crate::Layer::server).
///
/// # Examples
///
/// A handler has the correlation ids of the caller:
///
/// ```
/// use std::convert::Infallible;
///
/// use http_body_util::BodyExt;
/// use thundra_http::{Layer, correlation};
/// use tower::{Layer as _, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let handler = async |_| Ok::<_, Infallible>(http::Response::new(correlation::get("x-correlation-order").unwrap_or_default()));
/// let request = http::Request::get("/").header("x-correlation-order", "o-9").body(String::new())?;
/// let response = Layer::server().layer(service_fn(handler)).oneshot(request).await?;
/// assert_eq!(response.into_body().collect().await?.to_bytes(), "o-9");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ServerLayer {
    trusted: bool,
}

impl ServerLayer {
    pub(crate) fn new() -> Self {
        ServerLayer::default()
    }

    /// Trusts all callers, and obeys the sampling decision, debug switch and chain length of a request.
    ///
    /// For services out of reach of untrusted callers. Off by default. *Environment variable:
    /// `THUNDRA_TRUST=all`.*
    ///
    /// # Examples
    ///
    /// ```
    /// let layer = thundra_http::Layer::server().trusted();
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn trusted(self) -> Self {
        ServerLayer { trusted: true }
    }
}

impl<S> tower_layer::Layer<S> for ServerLayer {
    type Service = TracedServer<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TracedServer { inner, trusted: self.trusted }
    }
}

/// A service with traced requests, from [`Layer::server`](crate::Layer::server).
#[derive(Clone, Debug)]
pub struct TracedServer<S> {
    inner: S,
    trusted: bool,
}

impl<S, B, R> Service<Request<B>> for TracedServer<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Display + 'static,
    R: Body,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let has_body = !matches!(*request.method(), Method::HEAD | Method::CONNECT);
        let completion = match ScopeRef::current().filter(|scope| !scope.is_finished()) {
            // An outer layer or Lambda has begun the scope. Only the route is new.
            Some(scope) => {
                route::record(&mut request, scope);
                Completion::none()
            }
            None if thundra_core::is_telemetry_suppressed() => Completion::none(),
            None => {
                let trust = if self.trusted || config().trust_all { Trust::Full } else { Trust::Edge };
                let scope = request::begin(&request, trust);
                if scope.recorded() {
                    request_scope::mark(&mut request, *scope);
                }
                Completion::new(scope, request::rpc(&request), Measured::begin(&request))
            }
        };
        let mut traced = ServerFuture { future: None, completion, has_body };
        // A closure that owns the request would be copied at each level into the scope.
        let mut request = Some(request);
        traced.completion.enter(|| {
            if let Some(request) = request.take() {
                traced.future = Some(self.inner.call(request));
            }
        });
        traced
    }
}

pin_project! {
    /// The future of a [`TracedServer`].
    #[derive(Debug)]
    pub struct ServerFuture<F> {
        // `None` before the call, and once the response is there.
        #[pin]
        future: Option<F>,
        completion: Completion,
        has_body: bool,
    }

    impl<F> PinnedDrop for ServerFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                this.completion.enter(|| this.future.set(None));
                this.completion.cancel();
            }
        }
    }
}

impl<F, R, E> Future for ServerFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Display + 'static,
    R: Body,
{
    type Output = Result<Response<TracedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut result = Poll::Pending;
        this.completion.enter(|| {
            let Some(future) = this.future.as_mut().as_pin_mut() else { return };
            result = future.poll(cx);
            if result.is_ready() {
                // Values that the future still holds are dropped inside the scope, before it ends.
                this.future.set(None);
            }
        });
        Poll::Ready(match ready!(result) {
            Ok(response) => {
                this.completion.record_response(&response);
                Ok(TracedBody::wrap(response, this.completion.take(), *this.has_body))
            }
            Err(error) => {
                this.completion.fail(&error);
                Err(error)
            }
        })
    }
}
