//! The route of an axum router, for the span of the invocation.

#[cfg(feature = "axum")]
use std::any::Any;

/// Adds a layer that names the span by the route, if the application is an axum router. Returns any other application
/// unchanged, because only a router knows the route, and shows the route only to layers inside.
#[cfg(feature = "axum")]
pub(crate) fn routed<S: 'static>(mut app: S) -> S {
    if let Some(router) = (&mut app as &mut dyn Any).downcast_mut::<axum::Router>() {
        *router = std::mem::take(router).layer(thundra_http::RouteLayer);
    }
    app
}
#[cfg(not(feature = "axum"))]
pub(crate) fn routed<S>(app: S) -> S {
    app
}
