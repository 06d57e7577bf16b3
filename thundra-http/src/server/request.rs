//! What a server's request tells: who sent it, what for, and what the work on it is called.

use std::net::SocketAddr;

use http::header::{HOST, USER_AGENT};
use http::uri::Authority;
use http::{HeaderMap, Request};
use thundra_core::propagation::{Inbound, Trust};
use thundra_core::{Scope, SpanKind, config, semconv};

use crate::{attributes, grpc};

/// Begins the scope of a request.
pub(super) fn begin<B>(request: &Request<B>, trust: Trust) -> Scope {
    let (headers, uri) = (request.headers(), request.uri());
    let pairs = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let method = attributes::method(request.method());
    let mut builder = Scope::builder(name(request))
        .kind(SpanKind::Server)
        .parent(Inbound::extract(pairs, config().propagators, trust))
        .attribute(semconv::HTTP_REQUEST_METHOD, method)
        .attribute(semconv::URL_PATH, uri.path().to_owned())
        .attribute(semconv::URL_SCHEME, scheme(request))
        .attribute(semconv::NETWORK_PROTOCOL_VERSION, attributes::protocol_version(request.version()));
    if let Some(query) = uri.query() {
        builder = builder.attribute(semconv::URL_QUERY, attributes::query(query));
    }
    if method == "_OTHER" {
        builder = builder.attribute(semconv::HTTP_REQUEST_METHOD_ORIGINAL, request.method().to_string());
    }
    if let Some(route) = route(request) {
        builder = builder.attribute(semconv::HTTP_ROUTE, route.to_owned());
    }
    if let Some(method) = grpc::method(uri, headers) {
        builder =
            builder.attribute(semconv::RPC_SYSTEM_NAME, grpc::SYSTEM).attribute(semconv::RPC_METHOD, method.to_owned());
    }
    // HTTP/2 has no `Host`, but the authority in its address.
    let host = text(headers, HOST.as_str()).and_then(|host| host.parse::<Authority>().ok());
    if let Some(host) = host.as_ref().or(uri.authority()) {
        builder = builder.attribute(semconv::SERVER_ADDRESS, attributes::address(host.host()).to_owned());
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
    if let Some(client) = forwarded_for(headers).or_else(|| Some(peer?.ip().to_string())) {
        builder = builder.attribute(semconv::CLIENT_ADDRESS, client);
    }
    if let Some(agent) = text(headers, USER_AGENT.as_str()) {
        builder = builder.attribute(semconv::USER_AGENT_ORIGINAL, agent.to_owned());
    }
    let scope = builder.begin();
    attributes::captured(
        headers,
        &config().captured_headers.server_request,
        attributes::REQUEST_HEADER,
        |key, value| scope.set_attribute(&key, value),
    );
    scope
}

/// `{method} {route}`, or what gRPC calls it, or the method alone: a path is not a name. Whether it is gRPC only the
/// answer proves, so that a route comes first until then.
pub(super) fn name<B>(request: &Request<B>) -> String {
    let method = attributes::span_name(attributes::method(request.method()));
    match (route(request), grpc::method(request.uri(), request.headers())) {
        (Some(route), _) => format!("{method} {route}"),
        (None, Some(rpc)) => rpc.to_owned(),
        (None, None) => method.to_owned(),
    }
}

/// What the request says of itself, where that is gRPC.
pub(super) fn rpc<B>(request: &Request<B>) -> Option<Rpc> {
    let method = grpc::method(request.uri(), request.headers())?.into();
    let http = attributes::span_name(attributes::method(request.method()));
    Some(Rpc { method, has_route: route(request).is_some(), http })
}

/// A request that says that it is gRPC.
#[derive(Debug)]
pub(super) struct Rpc {
    pub(super) method: Box<str>,
    /// Whether it is named after its route so far, rather than after its method.
    pub(super) has_route: bool,
    /// What it is called where it is not gRPC and has no route.
    pub(super) http: &'static str,
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

/// The other end of the connection, where axum was asked for it.
#[cfg(feature = "axum")]
fn peer<B>(request: &Request<B>) -> Option<SocketAddr> {
    request.extensions().get::<axum::extract::ConnectInfo<SocketAddr>>().map(|peer| peer.0)
}
#[cfg(not(feature = "axum"))]
fn peer<B>(_: &Request<B>) -> Option<SocketAddr> {
    None
}

/// The caller, as the first proxy saw him.
fn forwarded_for(headers: &HeaderMap) -> Option<String> {
    let first = text(headers, "x-forwarded-for")?.split(',').next()?.trim();
    // Anyone can write this header: an address is taken, whatever else it holds is not.
    let address = first.parse().ok().or_else(|| first.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address: std::net::IpAddr| address.to_string())
}

fn scheme<B>(request: &Request<B>) -> &'static str {
    let forwarded = text(request.headers(), "x-forwarded-proto");
    if forwarded.or(request.uri().scheme_str()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")) {
        "https"
    } else {
        "http"
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn the_caller_is_an_address_or_nobody() {
        for (header, expected) in [
            ("203.0.113.7, 10.0.0.1", Some("203.0.113.7")),
            ("203.0.113.7:4711", Some("203.0.113.7")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("unknown", None),
            ("<script>", None),
            ("", None),
        ] {
            let name = HeaderName::from_static("x-forwarded-for");
            let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(header))]);
            assert_eq!(forwarded_for(&headers).as_deref(), expected, "{header}");
        }
    }
}
