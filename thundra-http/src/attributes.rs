//! From requests and responses to attributes: the stable [HTTP conventions].
//!
//! [HTTP conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/http/http-spans.md

use http::{Method, Uri, Version};

/// The method for `http.request.method`: one outside the known nine is `_OTHER`, so that a stranger cannot
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
        _ => "_OTHER",
    }
}

/// The name of a span: the method, or `HTTP` for an unknown one.
pub(crate) fn span_name(method: &'static str) -> &'static str {
    if method == "_OTHER" { "HTTP" } else { method }
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
        url.push_str(&redacted_query(query));
    }
    url
}

/// A query whose values are not told.
fn redacted_query(query: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((key, value)) if !value.is_empty() => format!("{key}=REDACTED"),
        _ => pair.to_owned(),
    };
    query.split('&').map(pair).collect::<Vec<_>>().join("&")
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

/// Whether the address carries its own authorization: a header of ours must not be added to what was signed.
pub(crate) fn is_presigned(uri: &Uri) -> bool {
    const KEYS: [&str; 5] = ["X-Amz-Signature", "X-Goog-Signature", "Signature", "sig", "AWSAccessKeyId"];
    let keys = uri.query().unwrap_or("").split('&').map(|pair| pair.split_once('=').map_or(pair, |(key, _)| key));
    keys.into_iter().any(|key| KEYS.contains(&key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_no_secret() {
        for (url, shown) in [
            (
                "http://user:pw@a.example:81/x?q=1&token=abc&flag",
                "http://REDACTED:REDACTED@a.example:81/x?q=REDACTED&token=REDACTED&flag",
            ),
            ("https://a.example", "https://a.example/"),
            ("/only/a/path", "/only/a/path"),
        ] {
            assert_eq!(full_url(&url.parse().unwrap()), shown);
        }
    }

    #[test]
    fn presigned_addresses_are_recognised() {
        for (url, presigned) in [
            ("https://b.s3.amazonaws.com/k?X-Amz-Algorithm=a&X-Amz-Signature=b", true),
            ("https://x.blob.core.windows.net/k?sv=1&sig=b", true),
            ("https://a.example/?signature=lowercase-is-someone-elses", false),
            ("https://a.example/", false),
        ] {
            assert_eq!(is_presigned(&url.parse().unwrap()), presigned, "{url}");
        }
    }
}
