//! The address of a collector, and the credentials in an address.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::uri::Authority;
use http::{HeaderValue, Uri};
use thundra_core::{Signal, percent_decode};

/// An unusable endpoint. The error leaves out the address, because an address may have credentials.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env, Signal};
/// use thundra_http::export::OtlpExporter;
///
/// let mut config = Config::from_env(&Env::from_pairs([("OTEL_SERVICE_NAME", "billing")]));
/// config.otlp.traces.endpoint = Some("collector without a port".to_owned());
/// let error = OtlpExporter::new(&config.otlp).unwrap_err();
/// assert_eq!(error.signal(), Signal::Traces);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsupportedEndpoint {
    /// The address is malformed.
    #[non_exhaustive]
    Malformed {
        /// The signal of the endpoint.
        signal: Signal,
    },
    /// The address is `https`, and the feature `https` is not enabled.
    #[non_exhaustive]
    NoTls {
        /// The signal of the endpoint.
        signal: Signal,
    },
}

impl UnsupportedEndpoint {
    /// Returns the signal of the endpoint.
    pub fn signal(&self) -> Signal {
        match self {
            Self::Malformed { signal } | Self::NoTls { signal } => *signal,
        }
    }

    /// Returns the text for a program with the dependency `package`. The feature `https` of `package` enables `https`
    /// here.
    pub(super) fn reason(&self, package: &str) -> String {
        let signal = self.signal().name().to_ascii_uppercase();
        let variables = format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT, or else OTEL_EXPORTER_OTLP_ENDPOINT,");
        match self {
            Self::Malformed { .. } => format!(
                "{variables} is not used: it takes an address such as http://localhost:4318, with a user and a password \
                 percent-encoded"
            ),
            Self::NoTls { .. } => format!("{variables} is https, which takes the feature `https` of {package}"),
        }
    }
}

impl fmt::Display for UnsupportedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason(env!("CARGO_PKG_NAME")))
    }
}

impl std::error::Error for UnsupportedEndpoint {}

/// The problem of an address, for any signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsupported {
    Malformed,
    NoTls,
}

impl Unsupported {
    pub(super) fn of(self, signal: Signal) -> UnsupportedEndpoint {
        match self {
            Unsupported::Malformed => UnsupportedEndpoint::Malformed { signal },
            Unsupported::NoTls => UnsupportedEndpoint::NoTls { signal },
        }
    }
}

/// Returns the address of a request, and an `authorization` for the user and the password in the URL.
pub(super) fn parse(url: &str) -> Result<(Uri, Option<HeaderValue>), Unsupported> {
    let malformed = Unsupported::Malformed;
    let (scheme, rest) = url.split_once("://").ok_or(malformed)?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    // A `Uri` has no path where a query follows the host, and a request needs a path.
    let root = if path.starts_with('/') { "" } else { "/" };
    let endpoint: Uri = format!("{scheme}://{host}{root}{path}").parse().map_err(|_| malformed)?;
    match endpoint.scheme_str() {
        _ if !endpoint.authority().is_some_and(names_host) => Err(malformed),
        Some("http") => Ok((endpoint, user.and_then(basic))),
        Some("https") if cfg!(feature = "https") => Ok((endpoint, user.and_then(basic))),
        Some("https") => Err(Unsupported::NoTls),
        _ => Err(malformed),
    }
}

/// Returns `true` for a host and an optional port. A `Uri` accepts more after the host, such as part of a password.
fn names_host(authority: &Authority) -> bool {
    let behind = authority.as_str().strip_prefix(authority.host());
    !authority.host().is_empty() && (matches!(behind, Some("" | ":")) || authority.port_u16().is_some())
}

/// `Basic` of [RFC 7617]; `None` without a user and a password.
///
/// [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617
fn basic(user: &str) -> Option<HeaderValue> {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    if user.is_empty() && password.is_empty() {
        return None;
    }
    let decoded = |text: &str| percent_decode(text).unwrap_or_else(|| text.to_owned());
    let credentials = BASE64_STANDARD.encode(format!("{}:{}", decoded(user), decoded(password)));
    let mut value = HeaderValue::try_from(format!("Basic {credentials}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_its_credentials() {
        for (url, endpoint, authorization, why) in [
            ("http://c:4318/v1/traces", "http://c:4318/v1/traces", None, "no credentials"),
            ("HTTP://c/x?key=a@b", "http://c/x?key=a@b", None, "a scheme in upper case, and a query"),
            ("http://u:p@c/x", "http://c/x", Some("u:p"), "a user and a password"),
            ("http://t0ken@c/", "http://c/", Some("t0ken:"), "a user alone"),
            ("http://:p@c/", "http://c/", Some(":p"), "a password alone"),
            ("http://a%40b:p%3Aq%2f@[::1]:1/", "http://[::1]:1/", Some("a@b:p:q/"), "escapes"),
            ("http://u:p@q@c/", "http://c/", Some("u:p@q"), "a password that is not escaped"),
            ("http://u:100%@c/", "http://c/", Some("u:100%"), "no escape"),
            ("http://u:\u{fc}@c/", "http://c/", Some("u:\u{fc}"), "no ASCII"),
            ("http://@c/", "http://c/", None, "neither"),
            ("http://c?key=abc", "http://c/?key=abc", None, "no path"),
            ("http://u:p@[::1]:1?key=/abc", "http://[::1]:1/?key=/abc", Some("u:p"), "nor here"),
            ("http://c#part", "http://c/", None, "nor here"),
        ] {
            let (uri, value) = parse(url).unwrap();
            assert!(uri.path_and_query().is_some_and(|target| target.as_str().starts_with('/')), "{why}");
            let expected = authorization.map(|text| format!("Basic {}", BASE64_STANDARD.encode(text)));
            assert_eq!(
                (uri.to_string(), value.as_ref().map(|v| v.to_str().unwrap())),
                (endpoint.into(), expected.as_deref()),
                "{why}"
            );
            assert!(value.is_none_or(|value| value.is_sensitive()));
        }
    }

    #[test]
    fn an_address_that_is_none_is_not_shown() {
        assert!(Unsupported::Malformed.of(Signal::Logs).to_string().contains("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"));
        for url in [
            "",
            "c:4318",
            "http://",
            "http:///x",
            "ftp://c/",
            "http://u:s3cr3t@/",
            "http://u:s3cr3t/x@c",
            "http://c:99999/",
            "http://c d/",
        ] {
            let error = parse(url).unwrap_err();
            assert_eq!(error, Unsupported::Malformed, "{url}");
            let error = error.of(Signal::Traces);
            assert!(!format!("{error} {error:?}").contains("s3cr3t"));
        }
    }
}
