//! A request of a server: the scope, the name, the caller.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use http::uri::Authority;
use http::{Request, Uri};
use thundra_core::propagation::{Extraction, Trust, may_carry};
use thundra_core::{Description, Scope, ScopeBuilder, SpanKind, config};

use super::found_headers::FoundHeaders;
use crate::semantics::headers::{self, CaptureLimit};
use crate::semantics::{self, ServerRequest, attributes, grpc};
use crate::settings::settings;

/// Begins the scope of a request.
pub(super) fn begin<B>(request: &Request<B>, trust: Trust) -> Scope {
    let headers = || request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let carried = || headers().filter(|(name, _)| may_carry(name));
    let lazy_name = fmt::from_fn(|f| f.write_str(&name(request)));
    if let Some(scope) = Scope::unasked(config(), lazy_name, trust, carried()) {
        return scope;
    }
    let mut extraction = Extraction::new(config().propagators, trust);
    extraction.take_all(carried);
    let scope = ScopeBuilder::below(extraction.finish(), name(request), SpanKind::Server);
    scope.begin_request(config(), &|root| describe(request, root))
}

/// Records a request on the root span of its scope.
fn describe<B>(request: &Request<B>, root: &mut Description<'_>) {
    let (headers, uri) = (request.headers(), request.uri());
    let found = FoundHeaders::among(headers);
    let forwarded = found.forwarded();
    // HTTP/2 has the host in the URL instead of `Host`.
    let host = || uri.authority().map(Authority::as_str).or_else(|| attributes::host_header(found.get("host")?));
    let peer = peer(request);
    let description = ServerRequest {
        known_methods: &settings().known_methods,
        method: Some(request.method().as_str()),
        route: route(request),
        path: Some(uri.path()),
        query: uri.query().and_then(semantics::query),
        scheme: Some(forwarded.scheme.unwrap_or_else(|| own_scheme(uri))),
        host: forwarded.host.or_else(|| Some(host()?.into())),
        port: forwarded.port,
        client: forwarded.client.or_else(|| Some(peer?.ip())).map(|client| attributes::ip(client).into()),
        peer,
        version: Some(attributes::protocol_version(request.version())),
        user_agent: found.get("user-agent").and_then(|agent| agent.to_str().ok()),
    };
    description.describe(root);
    headers::capture(
        headers,
        &settings().captured_headers.server_request,
        headers::REQUEST_HEADER,
        CaptureLimit::UNTRUSTED,
        |key, value| root.value(&key, &value),
    );
}

/// Returns the scheme sent by the caller.
pub(super) fn scheme<B>(request: &Request<B>) -> &'static str {
    let forwarded = FoundHeaders::among(request.headers()).forwarded();
    forwarded.scheme.unwrap_or_else(|| own_scheme(request.uri()))
}

/// Returns the scheme of the connection.
fn own_scheme(uri: &Uri) -> &'static str {
    match uri.scheme_str() {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
        _ => "http",
    }
}

/// Returns the name of the span. A gRPC call is renamed once the response confirms gRPC.
pub(super) fn name<B>(request: &Request<B>) -> Cow<'static, str> {
    semantics::span_name(attributes::method(request.method()).into(), route(request))
}

/// Returns the claimed gRPC call of a request.
pub(super) fn rpc<B>(request: &Request<B>) -> Option<Rpc> {
    let method = grpc::method(request.uri(), request.headers())?;
    let is_route = route(request).and_then(|route| route.strip_prefix('/')) == Some(method);
    Some(Rpc { method: method.into(), is_route, is_named: false })
}

/// A request with a gRPC content type.
#[derive(Debug)]
pub(super) struct Rpc {
    pub(super) method: Box<str>,
    /// `true` if the route is exactly the method. The method then exists.
    pub(super) is_route: bool,
    /// `true` if the span is named after the method.
    pub(super) is_named: bool,
}

/// Returns the route chosen by a router.
#[cfg(feature = "axum")]
pub(super) fn route<B>(request: &Request<B>) -> Option<&str> {
    request.extensions().get::<axum::extract::MatchedPath>().map(axum::extract::MatchedPath::as_str)
}
#[cfg(not(feature = "axum"))]
pub(super) fn route<B>(_: &Request<B>) -> Option<&str> {
    None
}

/// Returns the other end of the connection, from axum's `ConnectInfo` or from a `SocketAddr` among the extensions.
fn peer<B>(request: &Request<B>) -> Option<SocketAddr> {
    #[cfg(feature = "axum")]
    if let Some(peer) = request.extensions().get::<axum::extract::ConnectInfo<SocketAddr>>() {
        return Some(peer.0);
    }
    request.extensions().get().copied()
}
