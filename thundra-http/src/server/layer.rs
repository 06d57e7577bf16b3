//! The tower layer for servers.

use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, Request, Response};
use pin_project_lite::pin_project;
use thundra_core::propagation::{Inbound, Trust};
use thundra_core::{InScope, Scope, ScopeRef, SpanKind, Status, config, semconv};
use tower_service::Service;

use super::body::{Finishing, TracedBody};
use crate::attributes;

/// Traces the requests of a server: see [`Layer::server`](crate::Layer::server).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ServerLayer {
    trusted: bool,
}

impl ServerLayer {
    pub(crate) fn new() -> Self {
        ServerLayer::default()
    }

    /// Trusts the callers like a queue: their sampling decision, debug switch and chain length are obeyed.
    ///
    /// For services that strangers cannot reach. Defaults to the edge's rules. *Environment variable:
    /// `THUNDRA_TRUST=all`.*
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

/// A server whose requests are traced.
#[derive(Clone, Debug)]
pub struct TracedServer<S> {
    inner: S,
    trusted: bool,
}

impl<S, B, R> Service<Request<B>> for TracedServer<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Display,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let name = name(&request);
        // In a Lambda function the invocation is this request: it only learns the route.
        if let Some(invocation) = ScopeRef::current().filter(|scope| !scope.is_finished()) {
            if let Some(route) = route(&request) {
                invocation.rename(&name);
                invocation.set_attribute(semconv::HTTP_ROUTE, route);
            }
            return ResponseFuture {
                future: Running::Plain { future: self.inner.call(request) },
                scope: Finishing(None),
            };
        }
        let trust = if self.trusted || config().trust_all { Trust::Full } else { Trust::Edge };
        let scope = begin(&request, name, trust);
        let future = scope.enter(|| self.inner.call(request));
        ResponseFuture { future: Running::InScope { future: scope.run(future) }, scope: Finishing(Some(scope)) }
    }
}

fn begin<B>(request: &Request<B>, name: String, trust: Trust) -> Scope {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let pairs = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let method = attributes::method(request.method());
    let mut builder = Scope::builder(name)
        .kind(SpanKind::Server)
        .parent(Inbound::extract(pairs, config().propagators, trust))
        .attribute(semconv::HTTP_REQUEST_METHOD, method)
        .attribute(semconv::URL_PATH, request.uri().path().to_owned())
        .attribute(semconv::URL_SCHEME, scheme(headers, request))
        .attribute(semconv::NETWORK_PROTOCOL_VERSION, attributes::protocol_version(request.version()));
    if method == "_OTHER" {
        builder = builder.attribute(semconv::HTTP_REQUEST_METHOD_ORIGINAL, request.method().to_string());
    }
    if let Some(route) = route(request) {
        builder = builder.attribute(semconv::HTTP_ROUTE, route);
    }
    // HTTP/2 has no `Host`, but the authority in its address.
    let host = text(HOST.as_str()).and_then(|host| host.parse::<http::uri::Authority>().ok());
    if let Some(host) = host.as_ref().or(request.uri().authority()) {
        builder = builder.attribute(semconv::SERVER_ADDRESS, host.host().to_owned());
        if let Some(port) = host.port_u16() {
            builder = builder.attribute(semconv::SERVER_PORT, port);
        }
    }
    if let Some(agent) = text(USER_AGENT.as_str()) {
        builder = builder.attribute(semconv::USER_AGENT_ORIGINAL, agent.to_owned());
    }
    builder.begin()
}

fn scheme<B>(headers: &HeaderMap, request: &Request<B>) -> &'static str {
    let forwarded = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    if forwarded.or(request.uri().scheme_str()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")) {
        "https"
    } else {
        "http"
    }
}

/// `{method} {route}`, or the method alone: a path is not a name.
fn name<B>(request: &Request<B>) -> String {
    let method = attributes::span_name(attributes::method(request.method()));
    route(request).map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
}

#[cfg(feature = "axum")]
fn route<B>(request: &Request<B>) -> Option<String> {
    request.extensions().get::<axum::extract::MatchedPath>().map(|path| path.as_str().to_owned())
}
#[cfg(not(feature = "axum"))]
fn route<B>(_: &Request<B>) -> Option<String> {
    None
}

pin_project! {
    /// A response on its way.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        future: Running<F>,
        scope: Finishing,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            this.project().scope.cancel();
        }
    }
}

pin_project! {
    #[project = RunningProjection]
    #[derive(Debug)]
    enum Running<F> {
        InScope { #[pin] future: InScope<F> },
        Plain { #[pin] future: F },
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Display,
{
    type Output = Result<Response<TracedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let poll = AssertUnwindSafe(|| match this.future.project() {
            RunningProjection::InScope { future } => future.poll(cx),
            RunningProjection::Plain { future } => future.poll(cx),
        });
        let result = ready!(catch_unwind(poll).unwrap_or_else(|panic| {
            if let Some(scope) = &this.scope.0 {
                scope.set_error("panic", "the service panicked");
            }
            this.scope.finish();
            resume_unwind(panic)
        }));
        if let Some(scope) = &this.scope.0 {
            match &result {
                Ok(response) => {
                    let status = response.status();
                    scope.set_attribute(semconv::HTTP_RESPONSE_STATUS_CODE, status.as_u16());
                    if status.is_server_error() {
                        scope.set_attribute(semconv::ERROR_TYPE, status.as_str().to_owned());
                        scope.set_status(Status::error(""));
                    }
                }
                Err(error) => {
                    scope.set_error("service_failed", error.to_string());
                    this.scope.finish();
                }
            }
        }
        Poll::Ready(result.map(|response| response.map(|body| TracedBody::new(body, this.scope.0.take()))))
    }
}
