//! The endpoint of a request.

use thundra_core::semconv;

use crate::attributes::Attributes;

/// Returns the host and the port of an endpoint. Without a port in the URI, the port is the default of the scheme.
pub(crate) fn attributes(uri: &str) -> Attributes {
    let Ok(uri) = uri.parse::<http::Uri>() else { return Attributes::new() };
    let Some((host, port)) = thundra_http::semantics::server_address_and_port(&uri) else { return Attributes::new() };
    let port = port.map(|port| (semconv::SERVER_PORT, port.into()));
    [(semconv::SERVER_ADDRESS, host.to_owned().into())].into_iter().chain(port).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_that_of_the_endpoint() {
        let show = |uri| attributes(uri).iter().map(|(key, value)| format!("{key}={value} ")).collect::<String>();
        for (uri, expected) in [
            ("https://sns.eu-west-1.amazonaws.com/?a=b", "server.address=sns.eu-west-1.amazonaws.com server.port=443 "),
            ("http://localhost/", "server.address=localhost server.port=80 "),
            ("http://127.0.0.1:4566/", "server.address=127.0.0.1 server.port=4566 "),
            ("http://[::1]:4566/", "server.address=::1 server.port=4566 "),
            ("https://[2001:db8::1]/", "server.address=2001:db8::1 server.port=443 "),
            ("/", ""),
            ("no uri", ""),
        ] {
            assert_eq!(show(uri), expected);
        }
    }
}
