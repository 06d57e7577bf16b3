//! Clients: a span for each request, and our context in its headers.

mod layer;
#[cfg(feature = "reqwest")]
mod reqwest;

use std::borrow::Cow;

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
        { semconv::HTTP_REQUEST_METHOD } = known,
        { semconv::SERVER_ADDRESS } = uri.host(),
        { semconv::SERVER_PORT } = attributes::port(uri),
        { semconv::URL_FULL } = field::Empty,
        { semconv::HTTP_RESPONSE_STATUS_CODE } = field::Empty,
        { semconv::ERROR_TYPE } = field::Empty,
    );
    if !span.is_disabled() {
        span.record(semconv::URL_FULL, attributes::full_url(uri));
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
        return span.set_attribute(semconv::THUNDRA_INJECTION_SKIPPED, "signed request");
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
        span.set_attribute(semconv::THUNDRA_INJECTION_SKIPPED, "correlation ids: not one of our hosts");
        (outbound.trace_pairs(), None)
    };
    // A context of the caller's own is not mixed with ours. His user agent is not that of this client.
    let theirs = headers.contains_key("traceparent");
    let ours = |key: &str| key != USER_AGENT && !(theirs && (key == "tracestate" || key == XRAY_HEADER));
    for (key, value) in pairs.into_iter().chain(xray.map(|xray| (XRAY_HEADER, xray))).filter(|(key, _)| ours(key)) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            headers.entry(name).or_insert(value);
        }
    }
}

/// The span of a request under way. Dropped before there is a result, it ends as cancelled.
#[derive(Debug)]
struct Pending {
    span: Span,
    done: bool,
}

impl Pending {
    fn new(span: Span) -> Self {
        Pending { span, done: false }
    }

    /// Records the response: 4xx and 5xx are errors to a client.
    fn answered(&mut self, status: StatusCode) {
        self.done = true;
        self.span.record(semconv::HTTP_RESPONSE_STATUS_CODE, status.as_u16());
        if status.is_client_error() || status.is_server_error() {
            self.span.record(semconv::ERROR_TYPE, status.as_str());
            self.span.set_status(Status::error(""));
        }
    }

    /// Records that there was no response.
    fn failed(&mut self, error_type: &'static str, message: impl Into<Cow<'static, str>>) {
        self.done = true;
        self.span.record(semconv::ERROR_TYPE, error_type);
        self.span.set_status(Status::error(message));
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.done {
            self.failed("cancelled", "cancelled");
        }
    }
}
