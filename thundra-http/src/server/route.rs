//! The route of a request, told by a layer inside an axum router: the router chooses the route.

use std::task::{Context, Poll};

use http::Request;
use thundra_core::{ScopeRef, semconv};
use tower_service::Service;

use super::{request, request_scope};

/// Names the scope of a request by the route, if the scope belongs to the request.
pub(super) fn record<B>(request: &mut Request<B>, scope: ScopeRef) {
    if scope.recorded()
        && request_scope::is_of(request, scope)
        && let Some(route) = request::route(request)
    {
        scope.rename(&request::name(request));
        scope.set_attribute(semconv::HTTP_ROUTE, route.to_owned());
    }
}

/// Names the current scope by the route. Unlike [`Layer::server`](crate::Layer::server), begins no scope.
#[derive(Clone, Copy, Debug)]
pub struct RouteLayer;

impl<S> tower_layer::Layer<S> for RouteLayer {
    type Service = Routed<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Routed { inner }
    }
}

/// A service of [`RouteLayer`].
#[derive(Clone, Debug)]
pub struct Routed<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for Routed<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(scope) = ScopeRef::current().filter(|scope| !scope.is_finished()) {
            record(&mut request, scope);
        }
        self.inner.call(request)
    }
}
