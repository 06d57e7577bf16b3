//! Clients: a span for each request, and our context in its headers.

mod failure;
mod layer;
#[cfg(feature = "reqwest")]
mod reqwest;

use std::borrow::Cow;
use std::net::SocketAddr;

use http::header::{AUTHORIZATION, HeaderName};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use thundra_core::propagation::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, USER_AGENT, XRAY_HEADER,
};
use thundra_core::{SpanExt, Status, config, outbound, semconv};
use tracing::{Span, field};

pub use self::layer::{ClientLayer, HasSpan, TracedClient};
#[cfg(feature = "blocking")]
pub use self::reqwest::blocking;
#[cfg(feature = "reqwest")]
pub use self::reqwest::{Client, ClientBuilder, RequestBuilder, RequestBuilderExt, get, redirect};
use crate::hosts::Reach;
use crate::{attributes, grpc};

/// The headers that [`Call::inject`] writes, but for those of the program's own correlation ids.
static HEADERS: [HeaderName; 8] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("baggage"),
    HeaderName::from_static(XRAY_HEADER),
    HeaderName::from_static(CALL_CHAIN_LENGTH),
    HeaderName::from_static(DEBUG_LOG_ENABLED),
    HeaderName::from_static(CORRELATION_ID),
    HeaderName::from_static(CORRELATION_TRACEPARENT),
];

/// The name of a header, where there can be one.
fn header(key: &str) -> Option<HeaderName> {
    HEADERS.iter().find(|known| known.as_str() == key).cloned().or_else(|| key.parse().ok())
}

/// Whether [`Call::inject`] may write a header of this name.
#[cfg(feature = "reqwest")]
fn may_write(name: &HeaderName) -> bool {
    HEADERS.contains(name) || name.as_str().starts_with("x-correlation-")
}

/// A request under way: its span, until there is an answer. Dropped before, it ends as cancelled.
#[derive(Debug)]
struct Call {
    span: Span,
    /// What it is called where it says that it is gRPC and the answer denies it.
    http_name: Option<&'static str>,
    done: bool,
}

impl Call {
    /// Begins a span below the current one. `None` where telemetry is suppressed.
    fn begin(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        if thundra_core::is_telemetry_suppressed() {
            return None;
        }
        let known = attributes::method(method);
        let rpc = grpc::method(uri, headers);
        let authority = attributes::authority(uri, headers);
        let authority = authority.as_deref();
        let span = tracing::info_span!(
            target: "thundra_http",
            "request",
            otel.name = rpc.unwrap_or(attributes::span_name(known)),
            otel.kind = "client",
            { semconv::HTTP_REQUEST_METHOD } = known,
            { semconv::RPC_SYSTEM_NAME } = rpc.map(|_| grpc::SYSTEM),
            { semconv::RPC_METHOD } = rpc,
            { semconv::SERVER_ADDRESS } = authority.map(|authority| attributes::address(authority.host())),
            { semconv::SERVER_PORT } = attributes::port(uri, authority),
            { semconv::URL_FULL } = attributes::full_url(uri, authority),
            { semconv::HTTP_RESPONSE_STATUS_CODE } = field::Empty,
            { semconv::ERROR_TYPE } = field::Empty,
        );
        if !span.is_disabled() {
            if known == attributes::OTHER {
                span.set_attribute(semconv::HTTP_REQUEST_METHOD_ORIGINAL, method.to_string());
            }
            let names = &config().captured_headers.client_request;
            attributes::captured(headers, names, attributes::REQUEST_HEADER, attributes::Most::ALL, |key, value| {
                span.set_attribute(key, value)
            });
        }
        Some(Call { span, http_name: rpc.map(|_| attributes::span_name(known)), done: false })
    }

    /// Puts the context of the span into the headers, as far as the host may know it, and says how far that was.
    /// What is there already wins; a request that was signed gets nothing.
    fn inject(&self, uri: &Uri, headers: &mut HeaderMap) -> Reach {
        let Some(outbound) = outbound(&self.span) else { return Reach::Nothing };
        let signed = |value: &HeaderValue| value.as_bytes().starts_with(b"AWS4-");
        let reach = match headers.get(AUTHORIZATION).is_some_and(signed) {
            true => Reach::Nothing,
            false => {
                let authority = attributes::authority(uri, headers);
                Reach::of(authority.as_deref().map_or("", Authority::host), uri.query())
            }
        };
        let (pairs, xray) = match reach {
            Reach::Everything => (outbound.pairs(), outbound.xray_header()),
            Reach::Trace => {
                self.skipped("correlation ids: not one of our hosts");
                (outbound.trace_pairs(), None)
            }
            Reach::Nothing => {
                self.skipped("signed request");
                return reach;
            }
        };
        // A context of the caller's own is not mixed with ours. His user agent is not that of this client.
        let theirs = headers.contains_key("traceparent");
        let mixed = |key: &str| ["tracestate", XRAY_HEADER, CORRELATION_TRACEPARENT].contains(&key);
        let ours = |key: &str| key != USER_AGENT && !(theirs && mixed(key));
        let _ = headers.try_reserve(pairs.len() + 1);
        for (key, value) in pairs.into_iter().chain(xray.map(|xray| (XRAY_HEADER, xray))).filter(|(key, _)| ours(key)) {
            if let (Some(name), Ok(value)) = (header(key), HeaderValue::try_from(value)) {
                headers.entry(name).or_insert(value);
            }
        }
        reach
    }

    fn skipped(&self, why: &'static str) {
        self.span.set_attribute(semconv::THUNDRA_INJECTION_SKIPPED, why);
    }

    /// Records the head of the response: 4xx and 5xx are errors to a client, and any gRPC status but `OK`.
    fn answered(&mut self, status: StatusCode, version: Version, headers: &HeaderMap, peer: Option<SocketAddr>) {
        self.done = true;
        let span = &self.span;
        if span.is_disabled() {
            return;
        }
        span.record(semconv::HTTP_RESPONSE_STATUS_CODE, status.as_u16());
        span.set_attribute(semconv::NETWORK_PROTOCOL_VERSION, attributes::protocol_version(version));
        if let Some(peer) = peer {
            span.set_attribute(semconv::NETWORK_PEER_ADDRESS, peer.ip().to_string());
            span.set_attribute(semconv::NETWORK_PEER_PORT, peer.port());
        }
        attributes::captured(
            headers,
            &config().captured_headers.client_response,
            attributes::RESPONSE_HEADER,
            attributes::Most::ALL,
            |key, value| span.set_attribute(key, value),
        );
        let code = match self.http_name {
            Some(_) if grpc::is_answer(headers) => grpc::Code::of(headers),
            // A proxy's page, say: what the request says of itself is no more than a claim.
            Some(name) => {
                span.record("otel.name", name);
                [semconv::RPC_SYSTEM_NAME, semconv::RPC_METHOD].iter().for_each(|key| span.remove_attribute(key));
                None
            }
            None => None,
        };
        if let Some(code) = code {
            span.set_attribute(semconv::RPC_RESPONSE_STATUS_CODE, code.name);
        }
        let failed = status.is_client_error() || status.is_server_error();
        let error = match code {
            _ if failed => status.as_str(),
            Some(code) if code.name != grpc::Code::OK => code.name,
            _ => return,
        };
        span.record(semconv::ERROR_TYPE, error);
        span.set_status(Status::error(""));
    }

    /// Records that there was no response.
    fn failed(&mut self, error_type: &'static str, message: impl Into<Cow<'static, str>>) {
        self.done = true;
        self.span.record(semconv::ERROR_TYPE, error_type);
        self.span.set_status(Status::error(message));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.done {
            self.failed("cancelled", "cancelled");
        }
    }
}
