//! The endpoint of a request.

use thundra_core::semconv;
use thundra_http::semantics;

use crate::attributes::TakeAttributes;

/// Adds the host and the port of an endpoint. Without a port in the URI, the port is the default of the scheme.
pub(crate) fn describe(uri: &str, to: &mut impl TakeAttributes) {
    if let Some((host, port)) = plain(uri) {
        return add(to, host, Some(port));
    }
    let uri = uri.parse::<http::Uri>().ok();
    let address = uri.as_ref().and_then(semantics::server_address_and_port);
    if let Some((host, port)) = address.filter(|(host, _)| !host.is_empty()) {
        add(to, host, port);
    }
}

fn add(to: &mut impl TakeAttributes, host: &str, port: Option<u16>) {
    to.text(semconv::SERVER_ADDRESS, host);
    if let Some(port) = port {
        to.value(semconv::SERVER_PORT, port.into());
    }
}

/// Reads the host and the port of a usual endpoint, at a tenth of the cost of parsing the URI.
fn plain(uri: &str) -> Option<(&str, u16)> {
    let (rest, default) = match uri.strip_prefix("https://") {
        Some(rest) => (rest, 443),
        None => (uri.strip_prefix("http://")?, 80),
    };
    let (host, rest) = rest.split_at_checked(semantics::plain_host_len(rest)).filter(|(host, _)| !host.is_empty())?;
    let Some(port) = rest.strip_prefix(':') else {
        return matches!(rest.as_bytes().first(), None | Some(b'/' | b'?')).then_some((host, default));
    };
    let end = port.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(port.len());
    let (digits, rest) = port.split_at_checked(end)?;
    let port = digits.parse().ok()?;
    matches!(rest.as_bytes().first(), None | Some(b'/' | b'?')).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::Attributes;

    #[test]
    fn the_address_is_that_of_the_endpoint() {
        let show = |uri| {
            let mut attributes = Attributes::new();
            describe(uri, &mut attributes);
            attributes.iter().map(|(key, value)| format!("{key}={value} ")).collect::<String>()
        };
        for (uri, expected) in [
            ("https://sns.eu-west-1.amazonaws.com/?a=b", "server.address=sns.eu-west-1.amazonaws.com server.port=443 "),
            ("http://localhost/", "server.address=localhost server.port=80 "),
            ("http://127.0.0.1:4566/", "server.address=127.0.0.1 server.port=4566 "),
            ("http://[::1]:4566/", "server.address=::1 server.port=4566 "),
            ("http://localhost:80?a=b", "server.address=localhost server.port=80 "),
            ("https://user:pw@a.example:81/", "server.address=a.example server.port=81 "),
            ("https://a.example", "server.address=a.example server.port=443 "),
            ("https://a.example:/", "server.address=a.example server.port=443 "),
            ("https://a_b.example/", "server.address=a_b.example server.port=443 "),
            ("https://:81/", ""),
            ("https://[2001:db8::1]/", "server.address=2001:db8::1 server.port=443 "),
            ("/", ""),
            ("no uri", ""),
        ] {
            assert_eq!(show(uri), expected);
        }
    }
}
