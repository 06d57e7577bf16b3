//! OTLP settings of each signal, from the variables of the [specification].
//!
//! [specification]: https://opentelemetry.io/docs/specs/otel/protocol/exporter/

use std::fmt;
use std::time::Duration;

use super::list as v;
use super::reader::{Reader, is_token};
use super::{Proxies, Variable};
use crate::redact;

/// The longest wait for a collector. The same value stands for no limit.
const MAX_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// The encoding of OTLP requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OtlpProtocol {
    /// `http/protobuf`.
    #[default]
    Protobuf,
    /// `http/json`.
    Json,
}

/// The compression of OTLP requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OtlpCompression {
    /// `none`.
    #[default]
    None,
    /// `gzip`, level 1.
    Gzip,
}

/// OTLP settings of each signal.
///
/// A variable for a single signal, such as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, wins over the variable for all
/// signals. The endpoint for all signals is a base URL: `/v1/traces`, `/v1/logs` or `/v1/metrics` is added to the path.
/// The endpoint of a single signal is used unchanged.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env};
///
/// let otlp = Config::from_env(&Env::from_pairs([("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")])).otlp;
/// assert_eq!(otlp.traces.endpoint.as_deref(), Some("http://collector:4318/v1/traces"));
/// assert_eq!(otlp.logs.endpoint.as_deref(), Some("http://collector:4318/v1/logs"));
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub struct OtlpSignals {
    /// Spans.
    pub traces: OtlpConfig,
    /// Log records.
    pub logs: OtlpConfig,
    /// Metric points.
    pub metrics: OtlpConfig,
    /// The proxies of all signals.
    pub proxies: Proxies,
}

/// OTLP settings of a signal.
///
/// `Debug` shows neither the values of headers, nor credentials and query values in the endpoint, nor the certificates
/// and the key.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use thundra_core::{Config, Env, OtlpCompression, OtlpProtocol};
///
/// let mut config = Config::from_env(&Env::from_pairs([("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]));
/// config.otlp.traces.compression = OtlpCompression::Gzip;
/// config.otlp.traces.headers.push(("x-tenant".to_owned(), "shop".to_owned()));
/// assert_eq!(config.otlp.traces.protocol, OtlpProtocol::Json);
/// assert_eq!(config.otlp.traces.timeout, Duration::from_secs(10));
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct OtlpConfig {
    /// The URL of the endpoint. A user and a password in the URL are sent as `Authorization: Basic`, unless
    /// [`headers`](Self::headers) has an `authorization`.
    pub endpoint: Option<String>,
    /// The encoding. Defaults to protobuf.
    pub protocol: OtlpProtocol,
    /// Headers sent with each request. A value such as `ssm:/name` or `secretsmanager:id#key` is the name of a secret.
    /// The feature `secrets` of thundra-aws reads secrets.
    pub headers: Vec<(String, String)>,
    /// The longest time of a flush, retries included. Defaults to 10 s. The maximum is an hour. An hour also stands for
    /// the variable's `0`, [no limit](https://opentelemetry.io/docs/specs/otel/configuration/common/#timeout).
    pub timeout: Duration,
    /// The longest time of an attempt. Defaults to 2 s, or to a configured timeout.
    pub attempt_timeout: Duration,
    /// The compression. Defaults to none.
    pub compression: OtlpCompression,
    /// The certificates trusted to vouch for an `https` collector, in PEM: those of authorities, or the collector's
    /// own. No other certificate is trusted then. Without a value, the well-known authorities are trusted. The
    /// variables have the path of a file with the certificates.
    pub certificate: Option<String>,
    /// The client certificate for the collector (mTLS), in PEM, followed by those of intermediate authorities. A client
    /// certificate requires [`client_key`](Self::client_key).
    pub client_certificate: Option<String>,
    /// The private key of [`client_certificate`](Self::client_certificate), in PEM: PKCS #8, PKCS #1 or SEC 1, without
    /// a password.
    pub client_key: Option<String>,
    /// The largest body of a request, in bytes before compression. A larger batch is sent in parts, and a larger single
    /// record is lost, and counted. Defaults to 64 MiB.
    pub max_request_size: usize,
    /// The largest body of a response, in bytes after decompression. A larger response is an error: the records count
    /// as lost, although the collector may have accepted them. Defaults to 4 MiB.
    pub max_response_size: usize,
}

impl Default for OtlpConfig {
    fn default() -> Self {
        OtlpConfig {
            endpoint: None,
            protocol: OtlpProtocol::default(),
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(2),
            compression: OtlpCompression::default(),
            certificate: None,
            client_certificate: None,
            client_key: None,
            max_request_size: 64 << 20,
            max_response_size: 4 << 20,
        }
    }
}

impl OtlpConfig {
    /// Returns the timeout of a flush, limited to an hour. Code may have set more than a clock can add.
    #[doc(hidden)]
    pub fn flush_limit(&self) -> Duration {
        self.timeout.min(MAX_TIMEOUT)
    }

    /// Returns the timeout of an attempt, limited to an hour.
    #[doc(hidden)]
    pub fn attempt_limit(&self) -> Duration {
        self.attempt_timeout.min(MAX_TIMEOUT)
    }
}

impl fmt::Debug for OtlpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OtlpConfig { endpoint, protocol, headers, timeout, attempt_timeout, compression, .. } = self;
        let names: Vec<_> = headers.iter().map(|(name, _)| redact::text(name.as_str())).collect();
        f.debug_struct("OtlpConfig")
            .field("endpoint", &endpoint.as_deref().map(redact::text))
            .field("protocol", protocol)
            .field("headers", &names)
            .field("timeout", timeout)
            .field("attempt_timeout", attempt_timeout)
            .field("compression", compression)
            .field("certificate", &self.certificate.is_some())
            .field("client_certificate", &self.client_certificate.is_some())
            .field("client_key", &self.client_key.is_some())
            .field("max_request_size", &self.max_request_size)
            .field("max_response_size", &self.max_response_size)
            .finish()
    }
}

/// The variables of a signal, or of all signals.
struct Variables {
    endpoint: &'static Variable,
    protocol: &'static Variable,
    headers: &'static Variable,
    timeout: &'static Variable,
    compression: &'static Variable,
    certificate: &'static Variable,
    client_certificate: &'static Variable,
    client_key: &'static Variable,
}

const ALL: Variables = Variables {
    endpoint: &v::OTLP_ENDPOINT,
    protocol: &v::OTLP_PROTOCOL,
    headers: &v::OTLP_HEADERS,
    timeout: &v::OTLP_TIMEOUT,
    compression: &v::OTLP_COMPRESSION,
    certificate: &v::OTLP_CERTIFICATE,
    client_certificate: &v::OTLP_CLIENT_CERTIFICATE,
    client_key: &v::OTLP_CLIENT_KEY,
};

const TRACES: Variables = Variables {
    endpoint: &v::OTLP_TRACES_ENDPOINT,
    protocol: &v::OTLP_TRACES_PROTOCOL,
    headers: &v::OTLP_TRACES_HEADERS,
    timeout: &v::OTLP_TRACES_TIMEOUT,
    compression: &v::OTLP_TRACES_COMPRESSION,
    certificate: &v::OTLP_TRACES_CERTIFICATE,
    client_certificate: &v::OTLP_TRACES_CLIENT_CERTIFICATE,
    client_key: &v::OTLP_TRACES_CLIENT_KEY,
};

const LOGS: Variables = Variables {
    endpoint: &v::OTLP_LOGS_ENDPOINT,
    protocol: &v::OTLP_LOGS_PROTOCOL,
    headers: &v::OTLP_LOGS_HEADERS,
    timeout: &v::OTLP_LOGS_TIMEOUT,
    compression: &v::OTLP_LOGS_COMPRESSION,
    certificate: &v::OTLP_LOGS_CERTIFICATE,
    client_certificate: &v::OTLP_LOGS_CLIENT_CERTIFICATE,
    client_key: &v::OTLP_LOGS_CLIENT_KEY,
};

const METRICS: Variables = Variables {
    endpoint: &v::OTLP_METRICS_ENDPOINT,
    protocol: &v::OTLP_METRICS_PROTOCOL,
    headers: &v::OTLP_METRICS_HEADERS,
    timeout: &v::OTLP_METRICS_TIMEOUT,
    compression: &v::OTLP_METRICS_COMPRESSION,
    certificate: &v::OTLP_METRICS_CERTIFICATE,
    client_certificate: &v::OTLP_METRICS_CLIENT_CERTIFICATE,
    client_key: &v::OTLP_METRICS_CLIENT_KEY,
};

/// The values of [`Variables`].
struct Values {
    endpoint: Option<String>,
    protocol: Option<OtlpProtocol>,
    headers: Option<Vec<(String, String)>>,
    timeout: Option<Duration>,
    compression: Option<OtlpCompression>,
    certificate: Option<String>,
    client_certificate: Option<String>,
    client_key: Option<String>,
}

impl Values {
    fn read(reader: &mut Reader<'_>, variables: &Variables) -> Self {
        Values {
            endpoint: reader.url(variables.endpoint),
            protocol: reader.one_of(
                variables.protocol,
                &[("http/protobuf", OtlpProtocol::Protobuf), ("http/json", OtlpProtocol::Json)],
            ),
            headers: reader.pairs(variables.headers, header_name, is_header_value),
            timeout: reader.milliseconds(variables.timeout).map(|timeout| match timeout {
                Duration::ZERO => MAX_TIMEOUT,
                timeout => timeout.min(MAX_TIMEOUT),
            }),
            compression: reader
                .one_of(variables.compression, &[("gzip", OtlpCompression::Gzip), ("none", OtlpCompression::None)]),
            certificate: reader.file(variables.certificate, has_certificate),
            client_certificate: reader.file(variables.client_certificate, has_certificate),
            client_key: reader.file(variables.client_key, has_private_key),
        }
    }

    /// Returns the settings of a signal with a path below the endpoint of all signals.
    fn or(self, all: &Values, path: &str) -> OtlpConfig {
        let default = OtlpConfig::default();
        let timeout = self.timeout.or(all.timeout);
        OtlpConfig {
            endpoint: self.endpoint.or_else(|| all.endpoint.as_deref().map(|base| below(base, path))),
            protocol: self.protocol.or(all.protocol).unwrap_or(default.protocol),
            headers: self.headers.or_else(|| all.headers.clone()).unwrap_or(default.headers),
            timeout: timeout.unwrap_or(default.timeout),
            attempt_timeout: timeout.unwrap_or(default.attempt_timeout),
            compression: self.compression.or(all.compression).unwrap_or(default.compression),
            certificate: self.certificate.or_else(|| all.certificate.clone()),
            client_certificate: self.client_certificate.or_else(|| all.client_certificate.clone()),
            client_key: self.client_key.or_else(|| all.client_key.clone()),
            max_request_size: default.max_request_size,
            max_response_size: default.max_response_size,
        }
    }
}

impl OtlpSignals {
    /// Returns the timeout of a flush: the longest timeout of the signals with an endpoint, else the timeout of traces.
    /// Each endpoint also applies a separate timeout.
    #[doc(hidden)]
    pub fn flush_limit(&self) -> Duration {
        let with_endpoint =
            [&self.traces, &self.logs, &self.metrics].into_iter().filter(|otlp| otlp.endpoint.is_some());
        with_endpoint.map(OtlpConfig::flush_limit).max().unwrap_or_else(|| self.traces.flush_limit())
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let all = Values::read(reader, &ALL);
        OtlpSignals {
            traces: Values::read(reader, &TRACES).or(&all, "/v1/traces"),
            logs: Values::read(reader, &LOGS).or(&all, "/v1/logs"),
            metrics: Values::read(reader, &METRICS).or(&all, "/v1/metrics"),
            proxies: Proxies::read(reader),
        }
    }
}

/// Returns the URL of a path below a base URL. The query of the base stays at the end, and a fragment is never sent.
fn below(base: &str, path: &str) -> String {
    let base = base.split('#').next().unwrap_or(base);
    let (start, query) = base.find('?').map_or((base, ""), |at| base.split_at(at));
    format!("{}{path}{query}", start.trim_end_matches('/'))
}

/// Returns the name of a header. A `%` in a name is no escape.
fn header_name(name: &str) -> Option<String> {
    is_token(name).then(|| name.to_owned())
}

/// Returns `true` for a valid [header value].
///
/// [header value]: https://www.rfc-editor.org/rfc/rfc9110#name-field-values
fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// Returns `true` for a text with a certificate in PEM.
fn has_certificate(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == "-----BEGIN CERTIFICATE-----")
}

/// Returns `true` for a text with a private key in PEM without a password.
fn has_private_key(text: &str) -> bool {
    let is_key = |kind: &str| matches!(kind, "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY");
    let kind = |line: &str| line.trim_end().strip_prefix("-----BEGIN ")?.strip_suffix("-----").map(is_key);
    // In the older forms, a line marks a key with a password.
    text.lines().any(|line| kind(line) == Some(true)) && !text.contains("Proc-Type: 4,ENCRYPTED")
}

#[cfg(test)]
mod tests;
