//! Clients: a span for each request, and our context in its headers.

mod layer;
#[cfg(feature = "reqwest")]
mod reqwest;

use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use thundra_core::propagation::{USER_AGENT, XRAY_HEADER};
use thundra_core::{SpanExt, Status, config, diagnostics, outbound, semconv};
use tracing::{Span, field};

pub use self::layer::{ClientLayer, TracedClient};
#[cfg(feature = "reqwest")]
pub use self::reqwest::{Client, ClientBuilder, RequestBuilder, RequestBuilderExt, get};
use crate::attributes;
use crate::hosts;

/// A span for a request that is about to be made, below the current one.
fn span(method: &Method, uri: &Uri) -> Span {
    let known = attributes::method(method);
    let span = tracing::info_span!(
        target: "thundra_http",
        "request",
        otel.name = attributes::span_name(known),
        otel.kind = "client",
        http.request.method = known,
        server.address = uri.host(),
        server.port = attributes::port(uri),
        url.full = field::Empty,
        http.response.status_code = field::Empty,
        error.type = field::Empty,
    );
    if !span.is_disabled() {
        span.record("url.full", attributes::full_url(uri));
        if known == "_OTHER" {
            span.set_attribute(semconv::HTTP_REQUEST_METHOD_ORIGINAL, method.to_string());
        }
    }
    span
}

/// Puts the context of `span` into the headers, as far as the host may know it. What is there already wins;
/// a request that was signed gets nothing.
fn inject(span: &Span, uri: &Uri, headers: &mut HeaderMap) {
    let signed = |value: &HeaderValue| value.as_bytes().starts_with(b"AWS4-");
    if attributes::is_presigned(uri) || headers.get(AUTHORIZATION).is_some_and(signed) {
        return;
    }
    let Some(outbound) = outbound(span) else { return };
    let host = uri.host().unwrap_or("");
    let (pairs, xray) = if hosts::trusted(host, &config().propagate_hosts) {
        (outbound.pairs(), outbound.xray_header())
    } else {
        diagnostics::once(
            &format!("host {host}"),
            format_args!("correlation ids are not sent to {host:?}; THUNDRA_PROPAGATE_HOSTS names hosts that get them"),
        );
        (outbound.trace_pairs(), None)
    };
    // The caller's user agent is not that of this client.
    let pairs = pairs.into_iter().filter(|(key, _)| *key != USER_AGENT);
    for (key, value) in pairs.chain(xray.map(|xray| (XRAY_HEADER, xray))) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            headers.entry(name).or_insert(value);
        }
    }
}

/// Records the response: 4xx and 5xx are errors to a client.
fn record_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_client_error() || status.is_server_error() {
        span.record("error.type", status.as_str());
        span.set_status(Status::error(""));
    }
}

/// Records that there was no response.
fn record_failure(span: &Span, error_type: &'static str, message: String) {
    span.record("error.type", error_type);
    span.set_status(Status::error(message));
}
