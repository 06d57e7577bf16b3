//! The caller of a proxied request, from [`Forwarded`] or the `X-Forwarded-*` headers.
//!
//! The entry of the first proxy counts, because the first proxy saw the caller. Anyone can write forwarding headers.
//! Only values in the form of an address, a host or a scheme are used.
//!
//! [`Forwarded`]: https://www.rfc-editor.org/rfc/rfc7239

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http::header::FORWARDED;

use super::attributes;

/// Returns the first header of a name, given in lower case.
pub type Header<'h> = dyn Fn(&str) -> Option<&'h str> + 'h;

/// Returns the address of the caller.
pub fn client(header: &Header<'_>) -> Option<IpAddr> {
    forwarded(header, "for").and_then(address).or_else(|| first(header, "x-forwarded-for").and_then(address))
}

/// Returns the scheme of the caller's request.
pub fn scheme(header: &Header<'_>) -> Option<&'static str> {
    let known = |scheme: &str| ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known));
    forwarded(header, "proto").and_then(known).or_else(|| first(header, "x-forwarded-proto").and_then(known))
}

/// Returns the host of the caller's request.
pub fn host<'h>(header: &Header<'h>) -> Option<Cow<'h, str>> {
    let host = |name| first(header, name).and_then(attributes::parse_host);
    forwarded(header, "host").and_then(attributes::parse_host).or_else(|| host("x-forwarded-host"))
}

/// Returns the port of the caller's connection.
pub fn port(header: &Header<'_>) -> Option<u16> {
    first(header, "x-forwarded-port").and_then(|port| port.parse().ok())
}

/// Reads an address with or without a port, in brackets or not.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

/// Returns the first member of a list.
fn first<'h>(header: &Header<'h>, name: &str) -> Option<&'h str> {
    header(name)?.split(',').next().map(str::trim).filter(|first| !first.is_empty())
}

/// Returns a parameter of the first proxy: `for=192.0.2.60;proto=https, for="[2001:db8::1]:4711"`.
fn forwarded<'h>(header: &Header<'h>, name: &str) -> Option<&'h str> {
    let proxy = split(header(FORWARDED.as_str())?, ',').next()?;
    split(proxy, ';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// Splits a text outside of quotes.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == at && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: Vec<(&'static str, &'static str)>) -> impl Fn(&str) -> Option<&'static str> {
        move |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    #[test]
    fn the_caller_is_an_address_or_nobody() {
        for (header, expected) in [
            ("203.0.113.7, 10.0.0.1", Some("203.0.113.7")),
            ("203.0.113.7:4711", Some("203.0.113.7")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:4711, 10.0.0.1", Some("2001:db8::1")),
            ("unknown", None),
            ("<script>", None),
            ("", None),
        ] {
            let client = client(&headers(vec![("x-forwarded-for", header)]));
            assert_eq!(client.map(|address| address.to_string()).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn the_standard_header_comes_before_the_others() {
        let others = [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-proto", "https, http"),
            ("x-forwarded-host", "b.example, c"),
        ];
        for (forwarded, client_, scheme_, host_, why) in [
            ("", "203.0.113.7", "https", "b.example", "nothing"),
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43;host=a.example:81",
                "192.0.2.60",
                "http",
                "a.example:81",
                "all",
            ),
            ("For=\"[2001:db8::1]:4711\" ; PROTO=http, for=192.0.2.60", "2001:db8::1", "http", "b.example", "some"),
            ("by=\"a,b;for=x\";for=\"[2001:db8::2]\"", "2001:db8::2", "https", "b.example", "signs in quotes"),
            ("host=\"[2001:db8::2]:81\"", "203.0.113.7", "https", "[2001:db8::2]:81", "a host that is an address"),
            ("for=unknown;host=<>, for=192.0.2.60", "203.0.113.7", "https", "b.example", "nobody, and no host"),
            ("for=_hidden", "203.0.113.7", "https", "b.example", "a name for nobody"),
            ("proto=gopher", "203.0.113.7", "https", "b.example", "another scheme"),
            ("\"", "203.0.113.7", "https", "b.example", "no form"),
        ] {
            let headers = headers([&others[..], &[("forwarded", forwarded)]].concat());
            assert_eq!(client(&headers).unwrap().to_string(), client_, "{why}");
            assert_eq!(scheme(&headers), Some(scheme_), "{why}");
            assert_eq!(host(&headers).unwrap(), host_, "{why}");
        }
        let none = headers(Vec::new());
        assert_eq!((client(&none), scheme(&none), host(&none), port(&none)), (None, None, None, None));
        for (sent, expected) in [("8443, 80", Some(8443)), ("https", None), ("70000", None)] {
            assert_eq!(port(&headers(vec![("x-forwarded-port", sent)])), expected);
        }
    }
}
