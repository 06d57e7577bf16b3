//! A call of a client: the span, the context in the request, and the response.

use std::net::SocketAddr;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use thundra_core::exception::Exception;
use thundra_core::{ScopeRef, SpanExt, Status, diagnostics, outbound, semconv};
use tracing::{Span, field};

use super::duration::{Measured, Outcome};
use super::inject::inject;
use crate::propagation_policy::Reach;
use crate::semantics::attributes::{self, Place};
use crate::semantics::grpc;
use crate::semantics::headers::{self, CaptureLimit};
use crate::settings::settings;

/// A call in flight. Dropping a call without a response records it as cancelled.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) span: Span,
    /// The span name without gRPC, for a request with a gRPC content type. The response may not confirm gRPC.
    http_name: Option<&'static str>,
    /// `true` once the response or a failure is recorded.
    is_recorded: bool,
    /// `None` where nobody wants metrics, and once the duration is recorded.
    measured: Option<Box<Measured>>,
}

impl Call {
    /// Begins a span below the current one, [injects](Self::inject) its context, and returns the reach. `None` if
    /// telemetry is suppressed.
    pub(super) fn begin(method: &Method, uri: &Uri, headers: &mut HeaderMap) -> Option<(Self, Reach)> {
        if thundra_core::is_telemetry_suppressed() {
            return None;
        }
        let known = attributes::method(method);
        let rpc = grpc::method(uri, headers);
        let authority = attributes::authority(uri, headers);
        let place = authority.as_deref().map(Place::of);
        let span = tracing::info_span!(
            target: "thundra_http",
            "request",
            otel.name = rpc.unwrap_or(attributes::span_name(known)),
            otel.kind = "client",
            { semconv::HTTP_REQUEST_METHOD } = known,
            { semconv::RPC_SYSTEM_NAME } = rpc.map(|_| grpc::SYSTEM),
            { semconv::RPC_METHOD } = rpc,
            { semconv::SERVER_ADDRESS } = place.map(Place::address),
            { semconv::SERVER_PORT } = attributes::port(uri, place),
            { semconv::URL_FULL } = attributes::full_url(uri, place),
            { semconv::HTTP_RESPONSE_STATUS_CODE } = field::Empty,
            { semconv::ERROR_TYPE } = field::Empty,
        );
        if !span.is_disabled() {
            if known == attributes::OTHER {
                span.set_attribute(semconv::HTTP_REQUEST_METHOD_ORIGINAL, attributes::original_method(method.as_str()));
            }
            let names = &settings().captured_headers.client_request;
            headers::capture(headers, names, headers::REQUEST_HEADER, CaptureLimit::NONE, |key, value| {
                span.set_attribute(key, value)
            });
        }
        let measured = Measured::begin(known, rpc, uri, place);
        let call = Call { span, http_name: rpc.map(|_| attributes::span_name(known)), is_recorded: false, measured };
        let reach = call.inject_within(uri, place, headers);
        Some((call, reach))
    }

    /// Adds the context of the span to the headers, within the reach of the host, and returns the reach. A signed
    /// request stays unchanged.
    #[cfg(feature = "reqwest")]
    pub(super) fn inject(&self, uri: &Uri, headers: &mut HeaderMap) -> Reach {
        let authority = attributes::authority(uri, headers);
        self.inject_within(uri, authority.as_deref().map(Place::of), headers)
    }

    fn inject_within(&self, uri: &Uri, place: Option<Place<'_>>, headers: &mut HeaderMap) -> Reach {
        let Some(outbound) = outbound(&self.span) else { return Reach::Nothing };
        let signed = |value: &HeaderValue| value.as_bytes().starts_with(b"AWS4-");
        let reach = match headers.get(AUTHORIZATION).is_some_and(signed) {
            true => Reach::Nothing,
            false => Reach::of(place.map_or("", |place| place.host), uri.query()),
        };
        match reach {
            Reach::Everything => {}
            Reach::Trace => self.record_skipped("correlation ids: not one of our hosts"),
            Reach::Nothing => self.record_skipped("signed request"),
        }
        if inject(&outbound, reach, headers) {
            self.record_incomplete();
        }
        reach
    }

    /// Records a request without room for all of our context, on the span and in the count of the root span.
    #[cold]
    fn record_incomplete(&self) {
        const WHY: &str = "over the size limit";
        self.record_skipped(WHY);
        self.span.set_attribute(semconv::THUNDRA_INJECTION_INCOMPLETE_MESSAGES, 1);
        if let Some(scope) = ScopeRef::current() {
            scope.count_incomplete_messages(1);
        }
        diagnostics::once("inject.http", format_args!("an HTTP request went out without a part of our context: {WHY}"));
    }

    fn record_skipped(&self, why: &'static str) {
        self.span.set_attribute(semconv::THUNDRA_INJECTION_SKIPPED, why);
    }

    /// Records the head of the response. To a client, 4xx, 5xx and every gRPC status except `OK` are errors.
    pub(super) fn record_response(
        &mut self,
        status: StatusCode,
        version: Version,
        headers: &HeaderMap,
        peer: Option<SocketAddr>,
    ) {
        self.is_recorded = true;
        let is_rpc = self.http_name.is_some() && grpc::is_response(headers);
        let code = if is_rpc { grpc::Code::of(headers) } else { None };
        let failed = status.is_client_error() || status.is_server_error();
        let error = match &code {
            _ if failed => Some(status.as_str()),
            Some(code) if code.name != grpc::Code::OK => Some(code.name),
            _ => None,
        };
        if let Some(measured) = self.measured.take() {
            measured.end(Outcome {
                status: Some(status.as_u16()),
                rpc_status: code.as_ref().map(|code| code.name),
                is_rpc,
                error_type: error.map(|error| error.to_owned().into()),
            });
        }
        let span = &self.span;
        if span.is_disabled() {
            return;
        }
        // The other layers of the program see declared fields alone.
        if span.is_shared() {
            span.record(semconv::HTTP_RESPONSE_STATUS_CODE, status.as_u16());
        }
        let peer = peer.map(|peer| (attributes::ip(peer.ip()), peer.port()));
        span.describe(|to| {
            to.number(semconv::HTTP_RESPONSE_STATUS_CODE, status.as_u16());
            to.text(semconv::NETWORK_PROTOCOL_VERSION, attributes::protocol_version(version));
            if let Some((address, port)) = &peer {
                to.text(semconv::NETWORK_PEER_ADDRESS, address);
                to.number(semconv::NETWORK_PEER_PORT, *port);
            }
        });
        headers::capture(
            headers,
            &settings().captured_headers.client_response,
            headers::RESPONSE_HEADER,
            CaptureLimit::NONE,
            |key, value| span.set_attribute(key, value),
        );
        // The response is not gRPC, for example the page of a proxy.
        if let Some(name) = self.http_name.filter(|_| !is_rpc) {
            span.record("otel.name", name);
            [semconv::RPC_SYSTEM_NAME, semconv::RPC_METHOD].iter().for_each(|key| span.remove_attribute(key));
        }
        if let Some(code) = code {
            span.set_attribute(semconv::RPC_RESPONSE_STATUS_CODE, code.name);
        }
        if let Some(error) = error {
            span.record(semconv::ERROR_TYPE, error);
            span.set_status(Status::error(""));
        }
    }

    /// Measures a call without a response. A gRPC request counts as gRPC here, because no response contradicts the
    /// request.
    fn measure_failure(&mut self, error_type: &'static str) {
        if let Some(measured) = self.measured.take() {
            measured.end(Outcome { is_rpc: true, error_type: Some(error_type.into()), ..Outcome::default() });
        }
    }

    /// Records a call without a response.
    pub(super) fn record_failure(&mut self, error_type: &'static str, exception: &Exception) {
        self.is_recorded = true;
        self.measure_failure(error_type);
        self.span.record(semconv::ERROR_TYPE, error_type);
        self.span.record_exception(exception);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_recorded {
            self.measure_failure("cancelled");
            self.span.set_error("cancelled", "cancelled");
        }
    }
}
