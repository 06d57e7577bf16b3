//! From requests and responses to attributes: the stable [HTTP conventions].
//!
//! [HTTP conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/http/http-spans.md

use std::borrow::Cow;
use std::net::Ipv6Addr;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method, Uri, Version};
use thundra_core::Value;
use thundra_core::redact::{is_secret, text};

use crate::redact::{self, REDACTED};
use crate::settings::settings;

/// The method that is none of the known ones.
pub(crate) const OTHER: &str = "_OTHER";

/// The method for `http.request.method`: one outside the known ones is `_OTHER`, so that an untrusted caller cannot
/// make as many span names as it likes.
pub(crate) fn method(method: &Method) -> &'static str {
    known_method(&settings().known_methods, method.as_str())
}

/// Returns the method, or `_OTHER` for one outside the known ones.
pub fn known_method<'k>(known_methods: &'k [String], method: &str) -> &'k str {
    known_methods.iter().find(|known| *known == method).map_or(OTHER, String::as_str)
}

/// The name of a span: the method, or `HTTP` for an unknown one.
pub(crate) fn span_name(method: &str) -> &str {
    if method == OTHER { "HTTP" } else { method }
}

/// The host as `server.address` has it: without the brackets around an IPv6 address.
pub(crate) fn address(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Reads a host: `shop.example:8443`, `[2001:db8::1]:443`, or an IPv6 address without its brackets.
pub fn host(text: &str) -> Option<Authority> {
    let bare = || format!("[{}]", text.parse::<Ipv6Addr>().ok()?).parse().ok();
    text.parse().ok().or_else(bare)
}

/// `server.address` and `server.port` of an address, the port that of its scheme where it names none.
pub fn server(uri: &Uri) -> Option<(&str, Option<u16>)> {
    let authority = uri.authority()?;
    Some((address(authority.host()), port(uri, Some(authority))))
}

/// Whom a request is for. One that is made over a single connection says it in `Host` alone.
pub(crate) fn authority<'a>(uri: &'a Uri, headers: &HeaderMap) -> Option<Cow<'a, Authority>> {
    let host = || headers.get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    uri.authority().map(Cow::Borrowed).or_else(|| host().map(Cow::Owned))
}

/// The port, where the scheme's own is meant too.
pub(crate) fn port(uri: &Uri, authority: Option<&Authority>) -> Option<u16> {
    authority.and_then(Authority::port_u16).or_else(|| match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    })
}

/// `url.full`: without credentials, and with the query's keys alone. It begins with the host where nobody says
/// what the connection is.
pub(crate) fn full_url(uri: &Uri, authority: Option<&Authority>) -> String {
    let mut url = String::with_capacity(64);
    if let Some(authority) = authority {
        if let Some(scheme) = uri.scheme_str() {
            url.push_str(scheme);
            url.push(':');
        }
        url.push_str("//");
        if authority.as_str().contains('@') {
            url.push_str("REDACTED:REDACTED@");
        }
        url.push_str(authority.host());
        if let Some(port) = authority.port() {
            url.push(':');
            url.push_str(port.as_str());
        }
    }
    url.push_str(&redact::path(uri.path()));
    if let Some(query) = uri.query() {
        url.push('?');
        redact::push_query(&mut url, query);
    }
    url
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

/// `network.protocol.version` of a protocol as it is written: `HTTP/1.1`, `HTTP/2.0`. `None` for another protocol.
pub fn written_version(protocol: &str) -> Option<&'static str> {
    let (name, version) = protocol.split_once('/')?;
    let version = match version {
        "0.9" => Version::HTTP_09,
        "1.0" => Version::HTTP_10,
        "1.1" => Version::HTTP_11,
        "2" | "2.0" => Version::HTTP_2,
        "3" | "3.0" => Version::HTTP_3,
        _ => return None,
    };
    name.eq_ignore_ascii_case("http").then(|| protocol_version(version))
}

/// How much of headers is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    /// Of each name.
    values: usize,
    /// Of each value.
    bytes: usize,
}

impl Most {
    /// What the program itself, or whom it asked, wrote.
    pub(crate) const ALL: Self = Most { values: usize::MAX, bytes: usize::MAX };
    /// What a stranger wrote: hyper takes 400 KB of it.
    pub(crate) const STRANGERS: Self = Most { values: 8, bytes: 1024 };
}

/// The headers that were asked for, as `http.request.header.…` (or response), without credentials and query values.
pub(crate) fn captured(
    headers: &HeaderMap,
    names: &[HeaderName],
    prefix: &str,
    most: Most,
    mut set: impl FnMut(String, Value),
) {
    for name in names {
        let values: Vec<_> = headers.get_all(name).iter().take(most.values).collect();
        if values.is_empty() {
            continue;
        }
        let secret = is_secret(name.as_str());
        let value = |value: &http::HeaderValue| match value.to_str() {
            Ok(value_text) if !secret && !value.is_sensitive() => redact::cut(&text(value_text), most.bytes).to_owned(),
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
                "http://user:pw@a.example:81/x?q=1&token=abc&s3cret&empty=",
                "http://REDACTED:REDACTED@a.example:81/x?q=REDACTED&token=REDACTED&REDACTED&empty=",
            ),
            ("https://a.example", "https://a.example/"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("/only/a/path", "/only/a/path"),
            ("http://a.example/x;token=abc?q=1", "http://a.example/x;token=REDACTED?q=REDACTED"),
        ] {
            let uri: Uri = url.parse().unwrap();
            assert_eq!(full_url(&uri, uri.authority()), shown);
        }
    }

    #[test]
    fn a_request_over_one_connection_is_for_its_host() {
        let headers = |host: &'static str| HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
        for (uri, host, url, port) in [
            ("/x?a=1", "shop.internal:8080", "//shop.internal:8080/x?a=REDACTED", Some(8080)),
            ("/x", "u:p@shop.internal", "//REDACTED:REDACTED@shop.internal/x", None),
            ("/x", "no host", "/x", None),
            ("https://a.example/x", "b.example:81", "https://a.example/x", Some(443)),
        ] {
            let (uri, headers): (Uri, _) = (uri.parse().unwrap(), headers(host));
            let authority = authority(&uri, &headers);
            assert_eq!(full_url(&uri, authority.as_deref()), url, "{uri} {host}");
            assert_eq!(super::port(&uri, authority.as_deref()), port, "{uri} {host}");
        }
    }

    #[test]
    fn hosts_are_names_and_addresses_without_brackets_and_ports() {
        for (text, expected) in [
            ("shop.example", Some(("shop.example", None))),
            ("shop.example:8443", Some(("shop.example", Some(8443)))),
            ("[2001:db8::1]", Some(("2001:db8::1", None))),
            ("[2001:db8::1]:8443", Some(("2001:db8::1", Some(8443)))),
            ("2001:db8::1", Some(("2001:db8::1", None))),
            ("::1", Some(("::1", None))),
            ("192.0.2.1:80", Some(("192.0.2.1", Some(80)))),
            ("user:pw@shop.example:81", Some(("shop.example", Some(81)))),
            ("no host", None),
            ("", None),
        ] {
            let host = host(text);
            assert_eq!(host.as_ref().map(|host| (address(host.host()), host.port_u16())), expected, "{text}");
        }
        for (uri, expected) in [
            ("https://[::1]/x", Some(("::1", Some(443)))),
            ("http://[2001:db8::1]:4566", Some(("2001:db8::1", Some(4566)))),
            ("http://a.example", Some(("a.example", Some(80)))),
            ("/x", None),
        ] {
            assert_eq!(server(&uri.parse().unwrap()), expected, "{uri}");
        }
    }

    #[test]
    fn protocols_are_versions_of_http_or_nothing() {
        for (protocol, version) in [
            ("HTTP/0.9", Some("0.9")),
            ("HTTP/1.0", Some("1.0")),
            ("HTTP/1.1", Some("1.1")),
            ("http/1.1", Some("1.1")),
            ("HTTP/2", Some("2")),
            ("HTTP/2.0", Some("2")),
            ("HTTP/3.0", Some("3")),
            ("HTTP/1", None),
            ("HTTP", None),
            ("SPDY/3", None),
            ("", None),
        ] {
            assert_eq!(written_version(protocol), version, "{protocol}");
        }
    }

    #[test]
    fn headers_are_told_when_they_are_listed_and_no_credentials() {
        let mut headers = HeaderMap::new();
        let mut token = HeaderValue::from_static("t0ken");
        token.set_sensitive(true);
        for (name, value) in [
            ("x-a", "1"),
            ("x-a", "2"),
            ("x-b", "3"),
            ("cookie", "c"),
            ("authorization", "Basic x"),
            ("x-api-key", "k"),
            ("referer", "http://u:p@a.example/x?q=1"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers.append("x-token", token);
        let names = ["x-a", "cookie", "authorization", "x-api-key", "x-token", "x-absent", "referer"]
            .map(HeaderName::from_static);
        let mut told = Vec::new();
        captured(&headers, &names, REQUEST_HEADER, Most::ALL, |key, value| told.push(format!("{key}={value}")));
        let secret = |name| format!("http.request.header.{name}=[REDACTED]");
        let all = "http.request.header.x-a=[1,2]".to_owned();
        let referer = "http.request.header.referer=[http://REDACTED@a.example/x?REDACTED]".to_owned();
        assert_eq!(
            told,
            [all, secret("cookie"), secret("authorization"), secret("x-api-key"), secret("x-token"), referer]
        );
    }

    #[test]
    fn a_stranger_fills_no_span() {
        let (name, long) = (HeaderName::from_static("x-a"), HeaderValue::try_from("a".repeat(1025)).unwrap());
        let headers: HeaderMap = (0..9).map(|_| (name.clone(), long.clone())).collect();
        for (most, values, bytes) in [(Most::STRANGERS, 8, 1024), (Most::ALL, 9, 1025)] {
            let mut told = Vec::new();
            captured(&headers, &[HeaderName::from_static("x-a")], REQUEST_HEADER, most, |_, value| told.push(value));
            assert_eq!(told, [Value::Array(vec!["a".repeat(bytes); values])]);
        }
    }
}
