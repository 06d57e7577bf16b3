//! Methods, hosts, ports, URLs and protocol versions in the form of attributes.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Uri, Version};
use thundra_core::cut;

use super::{limits, redact};
use crate::settings::settings;

/// `http.request.method` of an unknown method.
pub(crate) const OTHER: &str = "_OTHER";
/// The span name of a request with an unknown method.
pub(super) const OTHER_NAME: &str = "HTTP";

/// Returns the method for `http.request.method`.
pub(crate) fn method(method: &Method) -> &'static str {
    known_method(&settings().known_methods, method.as_str())
}

/// Returns a known method, or `_OTHER`. An untrusted caller can therefore not create span names at will.
pub(super) fn known_method<'k>(known_methods: &'k [String], method: &str) -> &'k str {
    known_methods.iter().find(|known| *known == method).map_or(OTHER, String::as_str)
}

/// Returns `http.request.method_original`, for an unknown method.
pub(crate) fn original_method(method: &str) -> String {
    cut(method, limits::METHOD).to_owned()
}

/// Returns the name of a client span: the method, or `HTTP` in place of `_OTHER`.
pub(crate) fn span_name(known_method: &str) -> &str {
    if known_method == OTHER { OTHER_NAME } else { known_method }
}

/// Returns a host for `server.address`: without the brackets around an IPv6 address.
pub(crate) fn address(host: &str) -> &str {
    cut(host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), limits::HOST)
}

/// Reads a host with or without a port, in the form of the authority of a URL: `shop.example:8443`,
/// `[2001:db8::1]:443`. Brackets around an IPv6 address are optional, and added.
pub fn parse_host(text: &str) -> Option<Cow<'_, str>> {
    if is_authority(text) {
        return Some(text.into());
    }
    Some(format!("[{}]", text.parse::<Ipv6Addr>().ok()?).into())
}

/// Returns `true` for a host in the form of the authority of a URL.
fn is_authority(text: &str) -> bool {
    // Nearly every host is plain, with or without a port, and the parser would copy it.
    let port = text.get(plain_host_len(text)..).unwrap_or_default();
    let is_plain = match port.strip_prefix(':') {
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()),
        None => port.is_empty(),
    };
    (is_plain && !text.is_empty()) || text.parse::<Authority>().is_ok()
}

/// Returns the length of the plain host at the start of a text: of a name or an IPv4 address.
pub fn plain_host_len(text: &str) -> usize {
    let is_plain = |byte| PLAIN.get(usize::from(byte)).copied().unwrap_or_default();
    text.bytes().position(|byte| !is_plain(byte)).unwrap_or(text.len())
}

/// `true` for each byte of a plain host: a table costs a third of the comparisons.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < plain.len() {
        plain[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'-' | b'.');
        byte += 1;
    }
    plain
};

/// Returns `server.address` and `server.port` of a URL. The port defaults to the scheme's.
pub fn server_address_and_port(uri: &Uri) -> Option<(&str, Option<u16>)> {
    let place = Place::of(uri.authority()?.as_str());
    Some((place.address(), port(uri, Some(place))))
}

/// Returns the host and port in a `Host` header.
pub(crate) fn host_header(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok().filter(|text| is_authority(text))
}

/// Returns the host and port of a request, also while its headers change. A request on an open connection may have only
/// a `Host` header.
pub(crate) fn authority<'a>(uri: &'a Uri, headers: &HeaderMap) -> Option<Cow<'a, str>> {
    match uri.authority() {
        Some(authority) => Some(authority.as_str().into()),
        None => Some(host_header(headers.get(HOST)?)?.to_owned().into()),
    }
}

/// The parts of an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// The host, with the brackets around an IPv6 address.
    pub(crate) host: &'a str,
    /// The port as a number and as text.
    port: Option<(u16, &'a str)>,
    has_user: bool,
}

impl<'a> Place<'a> {
    /// Returns the parts that the methods of [`Authority`] return, at a seventh of the cost.
    pub(crate) fn of(authority: &'a str) -> Self {
        // Nearly every authority is a plain host, with or without a port.
        let plain = Place::at(authority, Some(plain_host_len(authority)), false);
        if plain.port.is_some() || plain.host.len() == authority.len() {
            return plain;
        }
        let user = authority.rfind('@');
        let place = user.and_then(|at| authority.get(at + 1..)).unwrap_or(authority);
        let end = match place.starts_with('[') {
            true => place.find(']').map(|end| end + 1),
            false => place.find(':'),
        };
        Place::at(place, end, user.is_some())
    }

    /// Returns the parts of a host that ends at a place, or with the text.
    fn at(text: &'a str, end: Option<usize>, has_user: bool) -> Self {
        let (host, rest) = end.and_then(|end| text.split_at_checked(end)).unwrap_or((text, ""));
        let port = rest.strip_prefix(':').and_then(|port| Some((port.parse().ok()?, port)));
        Place { host, port, has_user }
    }

    /// Returns `server.address`.
    pub(crate) fn address(self) -> &'a str {
        address(self.host)
    }

    /// Returns the port.
    pub(crate) fn port(self) -> Option<u16> {
        self.port.map(|(port, _)| port)
    }
}

/// Returns the port. Defaults to the port of the scheme.
pub(crate) fn port(uri: &Uri, place: Option<Place<'_>>) -> Option<u16> {
    place.and_then(Place::port).or_else(|| match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    })
}

/// Returns `url.full`, without credentials and without the values of the query. Where the scheme is not known, the text
/// begins with `//` and the host.
pub(crate) fn full_url(uri: &Uri, place: Option<Place<'_>>) -> String {
    let mut url = String::with_capacity(64);
    if let Some(place) = place {
        if let Some(scheme) = uri.scheme_str() {
            url.push_str(scheme);
            url.push(':');
        }
        url.push_str("//");
        if place.has_user {
            url.push_str("REDACTED:REDACTED@");
        }
        url.push_str(cut(place.host, limits::HOST));
        if let Some((_, port)) = place.port {
            url.push(':');
            url.push_str(port);
        }
    }
    url.push_str(&redact::path(uri.path()));
    if let Some(query) = uri.query() {
        url.push('?');
        redact::push_query(&mut url, query);
    }
    url
}

/// Returns the text of an address, at a fourth of the cost of `Display` for IPv4.
pub(crate) fn ip(address: IpAddr) -> String {
    let IpAddr::V4(v4) = address else { return address.to_string() };
    let mut text = String::with_capacity("255.255.255.255".len());
    for (at, octet) in v4.octets().into_iter().enumerate() {
        if at > 0 {
            text.push('.');
        }
        if octet >= 100 {
            text.push(char::from(b'0' + octet / 100));
        }
        if octet >= 10 {
            text.push(char::from(b'0' + octet / 10 % 10));
        }
        text.push(char::from(b'0' + octet % 10));
    }
    text
}

/// Returns `network.protocol.version`.
pub(crate) fn protocol_version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

/// Returns `network.protocol.version` of a protocol in the spelling of Lambda's events: `HTTP/1.1`, `HTTP/2.0`. `None`
/// for another protocol.
pub fn parse_protocol_version(protocol: &str) -> Option<&'static str> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            assert_eq!(full_url(&uri, uri.authority().map(|authority| Place::of(authority.as_str()))), shown);
        }
    }

    #[test]
    fn a_long_address_is_cut() {
        let (long, short) = ("a".repeat(3000), "a".repeat(2048));
        for (url, shown) in [
            (format!("http://a.example/{long}"), format!("http://a.example/{}", &short[1..])),
            (format!("http://a.example/?a=1&{long}"), "http://a.example/?a=REDACTED".to_owned()),
            (format!("http://{long}/"), format!("http://{}/", &short[..255])),
        ] {
            let uri: Uri = url.parse().unwrap();
            assert_eq!(full_url(&uri, uri.authority().map(|authority| Place::of(authority.as_str()))), shown);
        }
        assert_eq!(original_method(&long), &short[..64]);
    }

    #[test]
    fn a_request_over_one_connection_is_for_its_host() {
        let headers = |host: &'static str| HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
        for (uri, host, url, port) in [
            ("/x?a=1", "shop.internal:8080", "//shop.internal:8080/x?a=REDACTED", Some(8080)),
            ("/x", "u:p@shop.internal", "//REDACTED:REDACTED@shop.internal/x", None),
            ("/x", "no host", "/x", None),
            ("/x", "::1", "/x", None),
            ("/x", "a:80:81", "/x", None),
            ("https://a.example/x", "b.example:81", "https://a.example/x", Some(443)),
        ] {
            let (uri, headers): (Uri, _) = (uri.parse().unwrap(), headers(host));
            let authority = authority(&uri, &headers);
            let place = authority.as_deref().map(Place::of);
            assert_eq!((full_url(&uri, place).as_str(), super::port(&uri, place)), (url, port), "{uri} {host}");
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
            let host = parse_host(text);
            let place = host.as_deref().map(Place::of);
            assert_eq!(place.map(|place| (place.address(), place.port())), expected, "{text}");
        }
        for (uri, expected) in [
            ("https://[::1]/x", Some(("::1", Some(443)))),
            ("http://[2001:db8::1]:4566", Some(("2001:db8::1", Some(4566)))),
            ("http://a.example", Some(("a.example", Some(80)))),
            ("/x", None),
        ] {
            assert_eq!(server_address_and_port(&uri.parse().unwrap()), expected, "{uri}");
        }
    }

    #[test]
    fn hosts_and_ports_are_those_of_the_crate_http() {
        let texts =
            ["a.example", "a.example:81", "u:p@a.example:81", "u@b", "[::1]", "[::1]:81", "u:p@[2001:db8::1]:9"];
        for text in texts.into_iter().chain(["a.example:", "a.example:+80", "a.example:99999", "u:@a", "u%40v@a:1"]) {
            let Ok(authority) = text.parse::<Authority>() else { continue };
            let port = authority.port();
            let expected = Place {
                host: authority.host(),
                port: port.as_ref().map(|port| (port.as_u16(), port.as_str())),
                has_user: text.contains('@'),
            };
            assert_eq!(Place::of(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_host_has_the_form_of_an_authority(text in "[a-z:@.%-]{0,6}|[!-~]{0,8}") {
            prop_assert_eq!(is_authority(&text), text.parse::<Authority>().is_ok());
        }
    }

    #[test]
    fn an_address_has_the_text_of_its_display() {
        let v4 = (0..=255).map(|octet| IpAddr::from([octet, 255 - octet, octet / 2, 10]));
        for address in v4.chain(["::1", "2001:db8::7"].map(|v6| v6.parse().unwrap())) {
            assert_eq!(ip(address), address.to_string());
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
            assert_eq!(parse_protocol_version(protocol), version, "{protocol}");
        }
    }
}
