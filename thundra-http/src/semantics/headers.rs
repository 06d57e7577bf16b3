//! Captured headers: the headers listed in the configuration become attributes.

use http::{HeaderMap, HeaderName, HeaderValue};
use thundra_core::redact::{REDACTED, is_secret, text};
use thundra_core::{Value, cut};

use super::limits;

/// The prefix of the attributes of request headers.
pub(crate) const REQUEST_HEADER: &str = "http.request.header.";
/// The prefix of the attributes of response headers.
pub(crate) const RESPONSE_HEADER: &str = "http.response.header.";

/// The captured share of a header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CaptureLimit {
    /// The number of values of a name.
    values: usize,
    /// The bytes of a value.
    bytes: usize,
}

impl CaptureLimit {
    /// No limit, for headers of the program or of a server chosen by the program.
    pub(crate) const NONE: Self = CaptureLimit { values: usize::MAX, bytes: usize::MAX };
    /// The limit for headers of an untrusted caller.
    pub(crate) const UNTRUSTED: Self = CaptureLimit { values: limits::HEADER_VALUES, bytes: limits::HEADER_VALUE };
}

/// Calls `set` with the attribute of each listed header, without credentials and without the values of queries.
pub(crate) fn capture(
    headers: &HeaderMap,
    names: &[HeaderName],
    prefix: &str,
    limit: CaptureLimit,
    mut set: impl FnMut(String, Value),
) {
    for name in names {
        let values: Vec<_> = headers.get_all(name).iter().take(limit.values).collect();
        if values.is_empty() {
            continue;
        }
        let secret = is_secret(name.as_str());
        let value = |value: &HeaderValue| match value.to_str() {
            Ok(value_text) if !secret && !value.is_sensitive() => cut(&text(value_text), limit.bytes).to_owned(),
            _ => REDACTED.to_owned(),
        };
        set(format!("{prefix}{name}"), Value::Array(values.into_iter().map(value).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_headers_are_captured_without_credentials() {
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
        let mut captured = Vec::new();
        capture(&headers, &names, REQUEST_HEADER, CaptureLimit::NONE, |key, value| {
            captured.push(format!("{key}={value}"))
        });
        let secret = |name| format!("http.request.header.{name}=[REDACTED]");
        let all = "http.request.header.x-a=[1,2]".to_owned();
        let referer = "http.request.header.referer=[http://REDACTED@a.example/x?REDACTED]".to_owned();
        assert_eq!(
            captured,
            [all, secret("cookie"), secret("authorization"), secret("x-api-key"), secret("x-token"), referer]
        );
    }

    #[test]
    fn an_untrusted_caller_fills_no_span() {
        let (name, long) = (HeaderName::from_static("x-a"), HeaderValue::try_from("a".repeat(1025)).unwrap());
        let headers: HeaderMap = (0..9).map(|_| (name.clone(), long.clone())).collect();
        for (limit, values, bytes) in [(CaptureLimit::UNTRUSTED, 8, 1024), (CaptureLimit::NONE, 9, 1025)] {
            let mut captured = Vec::new();
            capture(&headers, &[HeaderName::from_static("x-a")], REQUEST_HEADER, limit, |_, value| {
                captured.push(value)
            });
            assert_eq!(captured, [Value::Array(vec!["a".repeat(bytes); values])]);
        }
    }
}
