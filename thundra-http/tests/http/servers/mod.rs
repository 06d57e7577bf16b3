//! Servers.

mod attributes;
mod bodies;
mod grpc;
mod nested;
mod trust;

use axum::body::Body;
use axum::extract::Request;
use thundra_core::Scope;

/// Returns a request with the given method and headers, in the trace of a scope.
fn request_of(scope: &Scope, method: &str, uri: &str, headers: &[(&str, &str)]) -> Request {
    let context = thundra_core::propagation::format_traceparent(&scope.context().unwrap());
    let request = Request::builder().method(method).uri(uri).header("traceparent", context);
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(Body::empty()).unwrap()
}
