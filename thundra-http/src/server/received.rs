//! A request as its server sees it, over a connection or as an event of AWS Lambda, and the attributes of its span.
//!
//! Texts of an untrusted caller are bounded: hyper takes 400 KB of headers, Lambda an event of 6 MB, and every byte of an
//! attribute is stored and sent.

use std::borrow::Cow;
use std::net::SocketAddr;

use http::uri::Authority;
use thundra_core::{Value, semconv};

use crate::{attributes, redact};

/// Browsers stay below this.
const MAX_USER_AGENT_BYTES: usize = 256;
/// Longer paths and queries break in some browser, proxy or server on their way.
const MAX_PATH_BYTES: usize = 2048;
const MAX_QUERY_BYTES: usize = 2048;
/// The longest registered method has 17 bytes.
const MAX_METHOD_BYTES: usize = 64;
/// The longest name in DNS.
const MAX_HOST_BYTES: usize = 255;
/// Routes are names of spans too.
const MAX_ROUTE_BYTES: usize = 1024;

/// The facts about a request; `None` for those that are not known.
#[derive(Debug, Default)]
pub struct Received<'a> {
    /// The method as it was sent.
    pub method: Option<&'a str>,
    /// One of the known methods, or `_OTHER`.
    pub known_method: Cow<'static, str>,
    /// The route that a router chose.
    pub route: Option<&'a str>,
    /// The path.
    pub path: Option<&'a str>,
    /// The query, from [`query`] or [`query_of_names`].
    pub query: Option<String>,
    /// The scheme.
    pub scheme: Option<&'static str>,
    /// The host that the caller asked, with its port.
    pub host: Option<Authority>,
    /// The port that the caller connected to, where the host names none.
    pub port: Option<u16>,
    /// The caller, as the nearest proxy or the service in front saw it.
    pub client: Option<Cow<'a, str>>,
    /// The other end of the connection.
    pub peer: Option<SocketAddr>,
    /// The version of HTTP.
    pub version: Option<&'static str>,
    /// The user agent.
    pub user_agent: Option<&'a str>,
}

impl Received<'_> {
    /// Returns the name of the span: `{method} {route}`, or the method alone, since a path is no name. `None` without a
    /// method.
    pub fn name(&self) -> Option<String> {
        self.method?;
        let method = attributes::span_name(&self.known_method);
        Some(match self.route {
            Some(route) => format!("{method} {}", redact::cut(route, MAX_ROUTE_BYTES)),
            None => method.to_owned(),
        })
    }

    /// Returns the attributes of the span.
    pub fn attributes(self) -> Vec<(&'static str, Value)> {
        let mut attributes = Vec::with_capacity(16);
        let mut set = |key: &'static str, value: Option<Value>| attributes.extend(value.map(|value| (key, value)));
        let cut = |text: Option<&str>, bytes| text.map(|text| Value::from(redact::cut(text, bytes).to_owned()));
        let is_other = self.known_method == attributes::OTHER;
        set(semconv::HTTP_REQUEST_METHOD, self.method.map(|_| self.known_method.into()));
        set(semconv::HTTP_REQUEST_METHOD_ORIGINAL, cut(self.method.filter(|_| is_other), MAX_METHOD_BYTES));
        set(semconv::HTTP_ROUTE, cut(self.route, MAX_ROUTE_BYTES));
        let path = self.path.map(|path| redact::path(redact::cut(path, MAX_PATH_BYTES)).into_owned());
        set(semconv::URL_PATH, path.map(Value::from));
        set(semconv::URL_QUERY, self.query.map(Value::from));
        set(semconv::URL_SCHEME, self.scheme.map(Value::from));
        let host = self.host.as_ref();
        set(semconv::SERVER_ADDRESS, cut(host.map(|host| attributes::address(host.host())), MAX_HOST_BYTES));
        let port = host.and_then(|host| host.port_u16().or(self.port));
        set(semconv::SERVER_PORT, port.map(Value::from));
        set(semconv::NETWORK_PEER_ADDRESS, self.peer.map(|peer| peer.ip().to_string().into()));
        set(semconv::NETWORK_PEER_PORT, self.peer.map(|peer| peer.port().into()));
        set(semconv::CLIENT_ADDRESS, cut(self.client.as_deref(), MAX_HOST_BYTES));
        set(semconv::NETWORK_PROTOCOL_VERSION, self.version.map(Value::from));
        set(semconv::USER_AGENT_ORIGINAL, cut(self.user_agent, MAX_USER_AGENT_BYTES));
        attributes
    }
}

/// Returns the names in a query, each with the value `REDACTED`. `None` for an empty one.
pub fn query(query: &str) -> Option<String> {
    Some(redact::query(query, MAX_QUERY_BYTES)).filter(|query| !query.is_empty())
}

/// As [`query`], where only the names are known.
pub fn query_of_names<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut query = String::new();
    for name in names {
        if !query.is_empty() {
            query.push('&');
        }
        redact::push_name(&mut query, name);
        if query.len() > MAX_QUERY_BYTES {
            query.truncate(redact::cut(&query, MAX_QUERY_BYTES).len());
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
    fn an_untrusted_caller_fills_no_span() {
        let long = "a".repeat(60_000);
        let received = Received {
            method: Some(&long),
            known_method: attributes::OTHER.into(),
            route: Some(&long),
            path: Some(&long),
            query: query(&format!("{long}=1&").repeat(3)),
            host: attributes::host(&long),
            client: Some(long.as_str().into()),
            user_agent: Some(&long),
            ..Received::default()
        };
        assert_eq!(received.name().unwrap().len(), "HTTP ".len() + MAX_ROUTE_BYTES);
        let attributes = received.attributes();
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
        let received = Received { path: Some("/x;jsessionid=abc"), ..Received::default() };
        assert_eq!(text(&received.attributes(), semconv::URL_PATH).as_deref(), Some("/x;jsessionid=REDACTED"));
    }

    #[test]
    fn the_port_is_that_of_the_host_or_that_of_the_proxy() {
        for (host, port, expected) in [
            (Some("a.example:81"), Some(443), (Some("a.example"), Some("81"))),
            (Some("[2001:db8::1]"), Some(443), (Some("2001:db8::1"), Some("443"))),
            (Some("a.example"), None, (Some("a.example"), None)),
            (None, Some(443), (None, None)),
        ] {
            let received = Received { host: host.and_then(attributes::host), port, ..Received::default() };
            let attributes = received.attributes();
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
        assert_eq!(query_of_names((0..10_000).map(|_| "name")).unwrap().len(), MAX_QUERY_BYTES);
    }
}
