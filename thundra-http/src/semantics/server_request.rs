//! The attributes of a received request, over a connection or as an event of AWS Lambda.

use std::borrow::Cow;
use std::net::SocketAddr;

use thundra_core::{Description, Value, cut, semconv};

use super::attributes::{self, OTHER, Place};
use super::{limits, redact};

/// Attributes in the order of recording.
pub type Attributes = Vec<(&'static str, Value)>;

/// The facts about a request. Unknown facts are `None`.
///
/// [`attributes`](Self::attributes) redacts and cuts the values. A caller passes all values on unchanged. A server and
/// a Lambda trigger record the same attributes for the same request.
#[derive(Debug, Default)]
pub struct ServerRequest<'a> {
    /// The methods allowed in span names.
    pub known_methods: &'a [String],
    /// The method, as sent.
    pub method: Option<&'a str>,
    /// The route chosen by a router or by API Gateway.
    pub route: Option<&'a str>,
    /// The path.
    pub path: Option<&'a str>,
    /// The query, from [`query`] or [`query_of_names`].
    pub query: Option<String>,
    /// The scheme.
    pub scheme: Option<&'static str>,
    /// The requested host and port, as [`parse_host`](super::parse_host) returns them.
    pub host: Option<Cow<'a, str>>,
    /// The port of the connection, for a `host` without a port.
    pub port: Option<u16>,
    /// The caller's address, from the nearest proxy or from AWS.
    pub client: Option<Cow<'a, str>>,
    /// The other end of the connection.
    pub peer: Option<SocketAddr>,
    /// The version of HTTP.
    pub version: Option<&'static str>,
    /// The user agent.
    pub user_agent: Option<&'a str>,
}

impl ServerRequest<'_> {
    /// Returns the name of the span. `None` without a method.
    pub fn span_name(&self) -> Option<Cow<'static, str>> {
        Some(span_name(self.known_method()?, self.route))
    }

    /// Returns the attributes of the span.
    pub fn attributes(self) -> Attributes {
        let mut attributes = Vec::with_capacity(16);
        self.describe(&mut attributes);
        attributes
    }

    /// Writes the attributes of the span. No key comes twice.
    pub(crate) fn describe(&self, to: &mut impl TakeAttributes) {
        let known_method = self.method.map(|method| attributes::known_method(self.known_methods, method));
        if let Some(known) = known_method {
            match usual_method(known) {
                Some(usual) => to.word(semconv::HTTP_REQUEST_METHOD, usual),
                None => to.text(semconv::HTTP_REQUEST_METHOD, known),
            }
        }
        if let (Some(OTHER), Some(method)) = (known_method, self.method) {
            to.text(semconv::HTTP_REQUEST_METHOD_ORIGINAL, cut(method, limits::METHOD));
        }
        if let Some(route) = self.route {
            to.text(semconv::HTTP_ROUTE, cut(route, limits::ROUTE));
        }
        if let Some(path) = self.path {
            to.text(semconv::URL_PATH, &redact::path(path));
        }
        if let Some(query) = &self.query {
            to.text(semconv::URL_QUERY, query);
        }
        if let Some(scheme) = self.scheme {
            to.word(semconv::URL_SCHEME, scheme);
        }
        if let Some(place) = self.host.as_deref().map(Place::of) {
            to.text(semconv::SERVER_ADDRESS, place.address());
            if let Some(port) = place.port().or(self.port) {
                to.number(semconv::SERVER_PORT, port);
            }
        }
        if let Some(peer) = self.peer {
            to.text(semconv::NETWORK_PEER_ADDRESS, &attributes::ip(peer.ip()));
            to.number(semconv::NETWORK_PEER_PORT, peer.port());
        }
        if let Some(client) = &self.client {
            to.text(semconv::CLIENT_ADDRESS, cut(client, limits::HOST));
        }
        if let Some(version) = self.version {
            to.word(semconv::NETWORK_PROTOCOL_VERSION, version);
        }
        if let Some(user_agent) = self.user_agent {
            to.text(semconv::USER_AGENT_ORIGINAL, cut(user_agent, limits::USER_AGENT));
        }
    }

    fn known_method(&self) -> Option<Cow<'static, str>> {
        let known = attributes::known_method(self.known_methods, self.method?);
        Some(usual_method(known).map_or_else(|| known.to_owned().into(), Cow::Borrowed))
    }
}

/// Returns the same method without an allocation. Nearly every request has one of these.
fn usual_method(known: &str) -> Option<&'static str> {
    ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", OTHER].into_iter().find(|usual| *usual == known)
}

/// Takes attributes, one after the other.
pub(crate) trait TakeAttributes {
    /// Takes a text.
    fn text(&mut self, key: &'static str, text: &str);
    /// Takes a text that needs no copy.
    fn word(&mut self, key: &'static str, word: &'static str);
    /// Takes a number.
    fn number(&mut self, key: &'static str, number: u16);
}

impl TakeAttributes for Attributes {
    fn text(&mut self, key: &'static str, text: &str) {
        self.push((key, text.to_owned().into()));
    }

    fn word(&mut self, key: &'static str, word: &'static str) {
        self.push((key, word.into()));
    }

    fn number(&mut self, key: &'static str, number: u16) {
        self.push((key, number.into()));
    }
}

impl TakeAttributes for Description<'_> {
    fn text(&mut self, key: &'static str, text: &str) {
        Description::text(self, key, text);
    }

    fn word(&mut self, key: &'static str, word: &'static str) {
        Description::text(self, key, word);
    }

    fn number(&mut self, key: &'static str, number: u16) {
        Description::number(self, key, number);
    }
}

/// Returns the name of a server span: `{method} {route}`, or the method alone without a route. A path is no name,
/// because callers choose paths.
pub(crate) fn span_name(known_method: Cow<'static, str>, route: Option<&str>) -> Cow<'static, str> {
    let method = if known_method == OTHER { Cow::Borrowed(attributes::OTHER_NAME) } else { known_method };
    match route {
        Some(route) => format!("{method} {}", cut(route, limits::ROUTE)).into(),
        None => method,
    }
}

/// Returns the names in a query, each with the value `REDACTED`. `None` for an empty query.
pub fn query(query: &str) -> Option<String> {
    let mut names = String::with_capacity(query.len().min(limits::QUERY));
    redact::push_query(&mut names, query);
    Some(names).filter(|names| !names.is_empty())
}

/// Returns the same as [`query`], from the names alone.
pub fn query_of_names<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut query = String::new();
    for name in names {
        if !query.is_empty() {
            query.push('&');
        }
        redact::push_name(&mut query, name);
        if query.len() > limits::QUERY {
            query.truncate(cut(&query, limits::QUERY).len());
            break;
        }
    }
    Some(query).filter(|query| !query.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(attributes: &[(&'static str, Value)], key: &str) -> Option<String> {
        attributes.iter().find(|(known, _)| *known == key).map(|(_, value)| value.to_string())
    }

    #[test]
    fn requests_have_a_name_and_their_method_is_a_known_one() {
        let known_methods = ["GET".to_owned(), "Brew".to_owned()];
        for (method, route, name, recorded, original, why) in [
            (Some("GET"), None, Some("GET"), Some("GET"), None, "a path is no name"),
            (Some("GET"), Some("/a/{b}"), Some("GET /a/{b}"), Some("GET"), None, "a route"),
            (Some("Brew"), None, Some("Brew"), Some("Brew"), None, "a method of the configuration"),
            (Some("POST"), None, Some("HTTP"), Some("_OTHER"), Some("POST"), "not one of the configuration"),
            (Some("get"), None, Some("HTTP"), Some("_OTHER"), Some("get"), "methods are case-sensitive"),
            (Some("_OTHER"), None, Some("HTTP"), Some("_OTHER"), Some("_OTHER"), "the word itself"),
            (Some("x"), Some("/a"), Some("HTTP /a"), Some("_OTHER"), Some("x"), "a route of any method"),
            (None, Some("/a"), None, None, None, "no method"),
        ] {
            let request = ServerRequest { known_methods: &known_methods, method, route, ..ServerRequest::default() };
            assert_eq!(request.span_name().as_deref(), name, "{why}");
            let attributes = request.attributes();
            let keys = [semconv::HTTP_REQUEST_METHOD, semconv::HTTP_REQUEST_METHOD_ORIGINAL, semconv::HTTP_ROUTE];
            let found = keys.map(|key| text(&attributes, key));
            assert_eq!(found.each_ref().map(Option::as_deref), [recorded, original, route], "{why}");
        }
    }

    #[test]
    fn an_untrusted_caller_fills_no_span() {
        let long = "a".repeat(60_000);
        let request = ServerRequest {
            method: Some(&long),
            route: Some(&long),
            path: Some(&long),
            query: query(&format!("{long}=1&").repeat(3)),
            host: attributes::parse_host(&long),
            client: Some(long.as_str().into()),
            user_agent: Some(&long),
            ..ServerRequest::default()
        };
        assert_eq!(request.span_name().unwrap().len(), "HTTP ".len() + limits::ROUTE);
        let attributes = request.attributes();
        for (key, bytes) in [
            (semconv::HTTP_REQUEST_METHOD_ORIGINAL, 64),
            (semconv::HTTP_ROUTE, 1024),
            (semconv::URL_PATH, 2048),
            (semconv::SERVER_ADDRESS, 255),
            (semconv::CLIENT_ADDRESS, 255),
            (semconv::USER_AGENT_ORIGINAL, 256),
        ] {
            assert_eq!(text(&attributes, key).map(|text| text.len()), Some(bytes), "{key}");
        }
        assert!(attributes.iter().all(|(_, value)| value.to_string().len() <= 2048));
    }

    #[test]
    fn a_path_keeps_no_credentials() {
        let request = ServerRequest { path: Some("/x;jsessionid=abc"), ..ServerRequest::default() };
        assert_eq!(text(&request.attributes(), semconv::URL_PATH).as_deref(), Some("/x;jsessionid=REDACTED"));
    }

    #[test]
    fn the_port_is_that_of_the_host_or_that_of_the_proxy() {
        for (host, port, expected) in [
            (Some("a.example:81"), Some(443), (Some("a.example"), Some("81"))),
            (Some("[2001:db8::1]"), Some(443), (Some("2001:db8::1"), Some("443"))),
            (Some("a.example"), None, (Some("a.example"), None)),
            (None, Some(443), (None, None)),
        ] {
            let request =
                ServerRequest { host: host.and_then(attributes::parse_host), port, ..ServerRequest::default() };
            let attributes = request.attributes();
            let found = [semconv::SERVER_ADDRESS, semconv::SERVER_PORT].map(|key| text(&attributes, key));
            assert_eq!((found[0].as_deref(), found[1].as_deref()), expected);
        }
    }

    #[test]
    fn names_alone_are_a_query() {
        assert_eq!(
            query_of_names(["a", "b c", "d&e"].into_iter()).unwrap(),
            "a=REDACTED&REDACTED=REDACTED&REDACTED=REDACTED"
        );
        assert_eq!((query_of_names([].into_iter()), query("")), (None, None));
        assert_eq!(query_of_names((0..10_000).map(|_| "name")).unwrap().len(), limits::QUERY);
    }
}
