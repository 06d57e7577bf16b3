//! From requests and responses to attributes: the stable [HTTP conventions].
//!
//! [HTTP conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/http/http-spans.md

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE};
use http::{HeaderMap, Method, Uri, Version};
use thundra_core::Value;

/// What takes the place of something that is not told.
const REDACTED: &str = "REDACTED";

/// The method for `http.request.method`: one outside the known ones is `_OTHER`, so that a stranger cannot
/// make as many span names as he likes.
pub(crate) fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        "QUERY" => "QUERY",
        _ => "_OTHER",
    }
}

/// The name of a span: the method, or `HTTP` for an unknown one.
pub(crate) fn span_name(method: &'static str) -> &'static str {
    if method == "_OTHER" { "HTTP" } else { method }
}

/// The host as `server.address` has it: without the brackets around an IPv6 address.
pub(crate) fn address(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The port, where the scheme's own is meant too.
pub(crate) fn port(uri: &Uri) -> Option<u16> {
    uri.port_u16().or_else(|| match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    })
}

/// `url.full`: without credentials, and with the query's keys alone.
pub(crate) fn full_url(uri: &Uri) -> String {
    let mut url = String::with_capacity(64);
    if let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) {
        url.push_str(scheme);
        url.push_str("://");
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            url.push_str("REDACTED:REDACTED@");
        }
        url.push_str(host);
        if let Some(port) = uri.port() {
            url.push(':');
            url.push_str(port.as_str());
        }
    }
    url.push_str(uri.path());
    if let Some(query) = uri.query() {
        url.push('?');
        push_query(&mut url, query);
    }
    url
}

/// `url.query`: the keys alone.
pub(crate) fn query(query: &str) -> String {
    let mut keys = String::with_capacity(query.len());
    push_query(&mut keys, query);
    keys
}

/// A query whose values are not told.
fn push_query(to: &mut String, query: &str) {
    for (at, pair) in query.split('&').enumerate() {
        if at > 0 {
            to.push('&');
        }
        match pair.split_once('=') {
            Some((key, value)) if !value.is_empty() => {
                to.push_str(key);
                to.push('=');
                to.push_str(REDACTED);
            }
            _ => to.push_str(pair),
        }
    }
}

/// `network.protocol.version`.
pub(crate) fn protocol_version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

/// The headers that were asked for, as `http.request.header.…` (or response). Credentials are not told even so.
pub(crate) fn captured(headers: &HeaderMap, names: &[String], prefix: &str, mut set: impl FnMut(String, Value)) {
    for name in names {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        if values.is_empty() {
            continue;
        }
        let secret = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE].iter().any(|secret| *secret == **name);
        let value = |value: &http::HeaderValue| match value.to_str() {
            Ok(text) if !secret && !value.is_sensitive() => text.to_owned(),
            _ => REDACTED.to_owned(),
        };
        set(format!("{prefix}{name}"), Value::Array(values.into_iter().map(value).collect()));
    }
}

/// Where [`captured`] headers of a request are put.
pub(crate) const REQUEST_HEADER: &str = "http.request.header.";
/// Where [`captured`] headers of a response are put.
pub(crate) const RESPONSE_HEADER: &str = "http.response.header.";

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn addresses_keep_no_secret() {
        for (url, shown) in [
            (
                "http://user:pw@a.example:81/x?q=1&token=abc&flag&empty=",
                "http://REDACTED:REDACTED@a.example:81/x?q=REDACTED&token=REDACTED&flag&empty=",
            ),
            ("https://a.example", "https://a.example/"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("/only/a/path", "/only/a/path"),
        ] {
            assert_eq!(full_url(&url.parse().unwrap()), shown);
        }
    }

    #[test]
    fn headers_are_told_when_they_are_listed_and_no_credentials() {
        let mut headers = HeaderMap::new();
        let mut token = HeaderValue::from_static("t0ken");
        token.set_sensitive(true);
        for (name, value) in [("x-a", "1"), ("x-a", "2"), ("x-b", "3"), ("cookie", "c"), ("authorization", "Basic x")] {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers.append("x-token", token);
        let names = ["x-a", "cookie", "authorization", "x-token", "x-absent"].map(str::to_owned);
        let mut told = Vec::new();
        captured(&headers, &names, REQUEST_HEADER, |key, value| told.push(format!("{key}={value}")));
        let secret = |name| format!("http.request.header.{name}=[REDACTED]");
        let all = "http.request.header.x-a=[1,2]".to_owned();
        assert_eq!(told, [all, secret("cookie"), secret("authorization"), secret("x-token")]);
    }
}
