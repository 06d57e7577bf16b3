//! What a server's request tells: who sent it, what for, and what the work on it is called.

use std::borrow::Cow;
use std::net::SocketAddr;

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Request};
use thundra_core::propagation::{Inbound, Trust};
use thundra_core::{Scope, SpanKind, config, semconv};

use super::forwarded;
use crate::{attributes, grpc, redact};

// What a stranger may fill a span with: hyper takes 400 KB of headers, and every byte is stored and sent.
/// Browsers stay below this.
const MAX_USER_AGENT_BYTES: usize = 256;
/// Longer paths and queries break in some browser, proxy or server on their way.
const MAX_PATH_BYTES: usize = 2048;
const MAX_QUERY_BYTES: usize = 2048;
/// The longest registered method has 17 bytes.
const MAX_METHOD_BYTES: usize = 64;
/// What a name can have in DNS.
const MAX_HOST_BYTES: usize = 255;

fn utf8(value: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(value.as_bytes()).ok()
}

/// Begins the scope of a request.
pub(super) fn begin<B>(request: &Request<B>, trust: Trust) -> Scope {
    let (headers, uri) = (request.headers(), request.uri());
    // A value that is not UTF-8 is malformed, but it was sent: a second `traceparent` counts, and a list has other members.
    let others = headers.iter().filter(|(_, value)| utf8(value).is_none());
    let others = others.map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    let others: Vec<_> = others.collect();
    let pairs = headers.iter().filter_map(|(name, value)| Some((name.as_str(), utf8(value)?)));
    let pairs = pairs.chain(others.iter().map(|(name, value)| (*name, &**value)));
    let method = attributes::method(request.method());
    let mut builder = Scope::builder(name(request))
        .kind(SpanKind::Server)
        .parent(Inbound::extract(pairs, config().propagators, trust))
        .attribute(semconv::HTTP_REQUEST_METHOD, method)
        .attribute(semconv::URL_PATH, redact::cut(uri.path(), MAX_PATH_BYTES).to_owned())
        .attribute(semconv::URL_SCHEME, scheme(request))
        .attribute(semconv::NETWORK_PROTOCOL_VERSION, attributes::protocol_version(request.version()));
    if let Some(query) = uri.query() {
        builder = builder.attribute(semconv::URL_QUERY, redact::query(query, MAX_QUERY_BYTES));
    }
    if method == attributes::OTHER {
        let original = redact::cut(request.method().as_str(), MAX_METHOD_BYTES);
        builder = builder.attribute(semconv::HTTP_REQUEST_METHOD_ORIGINAL, original.to_owned());
    }
    if let Some(route) = route(request) {
        builder = builder.attribute(semconv::HTTP_ROUTE, route.to_owned());
    }
    // HTTP/2 has no `Host`, but the authority in its address.
    let host = forwarded::host(headers).map(Cow::Owned).or_else(|| attributes::authority(uri, headers));
    if let Some(host) = host {
        let address = redact::cut(attributes::address(host.host()), MAX_HOST_BYTES);
        builder = builder.attribute(semconv::SERVER_ADDRESS, address.to_owned());
        if let Some(port) = host.port_u16() {
            builder = builder.attribute(semconv::SERVER_PORT, port);
        }
    }
    let peer = peer(request);
    if let Some(peer) = peer {
        builder = builder
            .attribute(semconv::NETWORK_PEER_ADDRESS, peer.ip().to_string())
            .attribute(semconv::NETWORK_PEER_PORT, peer.port());
    }
    if let Some(client) = forwarded::client(headers).or_else(|| Some(peer?.ip())) {
        builder = builder.attribute(semconv::CLIENT_ADDRESS, client.to_string());
    }
    if let Some(agent) = text(headers, USER_AGENT.as_str()) {
        builder = builder.attribute(semconv::USER_AGENT_ORIGINAL, redact::cut(agent, MAX_USER_AGENT_BYTES).to_owned());
    }
    let scope = builder.begin();
    attributes::captured(
        headers,
        &config().captured_headers.server_request,
        attributes::REQUEST_HEADER,
        attributes::Most::STRANGERS,
        |key, value| scope.set_attribute(&key, value),
    );
    scope
}

/// `{method} {route}`, or the method alone: a path is not a name. What gRPC calls it only its answer confirms.
pub(super) fn name<B>(request: &Request<B>) -> Cow<'static, str> {
    let method = attributes::span_name(attributes::method(request.method()));
    route(request).map_or(method.into(), |route| format!("{method} {route}").into())
}

/// What the request says of itself, where that is gRPC.
pub(super) fn rpc<B>(request: &Request<B>) -> Option<Rpc> {
    let method = grpc::method(request.uri(), request.headers())?;
    let is_route = route(request).and_then(|route| route.strip_prefix('/')) == Some(method);
    Some(Rpc { method: method.into(), is_route, is_named: false })
}

/// A request that says that it is gRPC.
#[derive(Debug)]
pub(super) struct Rpc {
    pub(super) method: Box<str>,
    /// Whether a route is exactly that: the server knows the method.
    pub(super) is_route: bool,
    /// Whether the span is named after it.
    pub(super) is_named: bool,
}

/// The route that a router chose.
#[cfg(feature = "axum")]
pub(super) fn route<B>(request: &Request<B>) -> Option<&str> {
    request.extensions().get::<axum::extract::MatchedPath>().map(axum::extract::MatchedPath::as_str)
}
#[cfg(not(feature = "axum"))]
pub(super) fn route<B>(_: &Request<B>) -> Option<&str> {
    None
}

/// The other end of the connection: where axum was asked for it, or whoever accepts connections puts it.
fn peer<B>(request: &Request<B>) -> Option<SocketAddr> {
    #[cfg(feature = "axum")]
    if let Some(peer) = request.extensions().get::<axum::extract::ConnectInfo<SocketAddr>>() {
        return Some(peer.0);
    }
    request.extensions().get().copied()
}

fn scheme<B>(request: &Request<B>) -> &'static str {
    let scheme = forwarded::scheme(request.headers()).or(request.uri().scheme_str());
    if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")) { "https" } else { "http" }
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
