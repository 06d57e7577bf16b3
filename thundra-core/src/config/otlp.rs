//! OTLP settings of each signal: the [specification]'s variables for all signals, and those for one.
//!
//! [specification]: https://opentelemetry.io/docs/specs/otel/protocol/exporter/

use std::fmt;
use std::time::Duration;

use super::Variable;
use super::reader::{Reader, is_token};
use super::variables as v;
use crate::redact;

/// The longest wait for a collector, where the variable sets no limit.
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
/// A variable of one signal, such as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, wins over the one of all signals. The endpoint
/// of all signals is a base: `/v1/traces`, `/v1/logs` or `/v1/metrics` is added to its path. The endpoint of one signal
/// is used unchanged.
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
}

/// OTLP settings of one signal.
///
/// `Debug` shows neither the values of headers nor credentials and query values in the endpoint.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct OtlpConfig {
    /// The full address of the signal's endpoint; `None` when none is configured. A user and a password in it are sent
    /// as `Authorization: Basic`, unless [`headers`](Self::headers) has an `authorization`.
    pub endpoint: Option<String>,
    /// The encoding. Defaults to protobuf.
    pub protocol: OtlpProtocol,
    /// Headers sent with each request.
    pub headers: Vec<(String, String)>,
    /// The longest time of a flush, retries included. Defaults to 10 s; at most an hour, which also stands for the
    /// variable's `0`, [no limit](https://opentelemetry.io/docs/specs/otel/configuration/common/#timeout).
    pub timeout: Duration,
    /// The longest time of one attempt. Defaults to 2 s, or to the timeout where that is configured.
    pub attempt_timeout: Duration,
    /// The compression. Defaults to none.
    pub compression: OtlpCompression,
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
        }
    }
}

impl OtlpConfig {
    /// Returns the timeout of a flush, which code may have set to more than a clock can add.
    #[doc(hidden)]
    pub fn flush_limit(&self) -> Duration {
        self.timeout.min(MAX_TIMEOUT)
    }

    /// Returns the timeout of an attempt, as [`flush_limit`](Self::flush_limit) does.
    #[doc(hidden)]
    pub fn attempt_limit(&self) -> Duration {
        self.attempt_timeout.min(MAX_TIMEOUT)
    }
}

impl fmt::Debug for OtlpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OtlpConfig { endpoint, protocol, headers, timeout, attempt_timeout, compression } = self;
        let names: Vec<_> = headers.iter().map(|(name, _)| redact::text(name.as_str())).collect();
        f.debug_struct("OtlpConfig")
            .field("endpoint", &endpoint.as_deref().map(redact::text))
            .field("protocol", protocol)
            .field("headers", &names)
            .field("timeout", timeout)
            .field("attempt_timeout", attempt_timeout)
            .field("compression", compression)
            .finish()
    }
}

/// The variables of one signal, or those of all.
struct Variables {
    endpoint: &'static Variable,
    protocol: &'static Variable,
    headers: &'static Variable,
    timeout: &'static Variable,
    compression: &'static Variable,
}

const ALL: Variables = Variables {
    endpoint: &v::OTLP_ENDPOINT,
    protocol: &v::OTLP_PROTOCOL,
    headers: &v::OTLP_HEADERS,
    timeout: &v::OTLP_TIMEOUT,
    compression: &v::OTLP_COMPRESSION,
};

const TRACES: Variables = Variables {
    endpoint: &v::OTLP_TRACES_ENDPOINT,
    protocol: &v::OTLP_TRACES_PROTOCOL,
    headers: &v::OTLP_TRACES_HEADERS,
    timeout: &v::OTLP_TRACES_TIMEOUT,
    compression: &v::OTLP_TRACES_COMPRESSION,
};

const LOGS: Variables = Variables {
    endpoint: &v::OTLP_LOGS_ENDPOINT,
    protocol: &v::OTLP_LOGS_PROTOCOL,
    headers: &v::OTLP_LOGS_HEADERS,
    timeout: &v::OTLP_LOGS_TIMEOUT,
    compression: &v::OTLP_LOGS_COMPRESSION,
};

const METRICS: Variables = Variables {
    endpoint: &v::OTLP_METRICS_ENDPOINT,
    protocol: &v::OTLP_METRICS_PROTOCOL,
    headers: &v::OTLP_METRICS_HEADERS,
    timeout: &v::OTLP_METRICS_TIMEOUT,
    compression: &v::OTLP_METRICS_COMPRESSION,
};

/// The values of one signal's variables, or of those of all.
struct Values {
    endpoint: Option<String>,
    protocol: Option<OtlpProtocol>,
    headers: Option<Vec<(String, String)>>,
    timeout: Option<Duration>,
    compression: Option<OtlpCompression>,
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
        }
    }

    /// Returns the settings of the signal whose requests go to `path` below the endpoint of all signals.
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
        }
    }
}

impl OtlpSignals {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let all = Values::read(reader, &ALL);
        OtlpSignals {
            traces: Values::read(reader, &TRACES).or(&all, "/v1/traces"),
            logs: Values::read(reader, &LOGS).or(&all, "/v1/logs"),
            metrics: Values::read(reader, &METRICS).or(&all, "/v1/metrics"),
        }
    }
}

/// Returns the address of a path below a base. The query of the base stays at the end, and a fragment is never sent.
fn below(base: &str, path: &str) -> String {
    let base = base.split('#').next().unwrap_or(base);
    let (start, query) = base.find('?').map_or((base, ""), |at| base.split_at(at));
    format!("{}{path}{query}", start.trim_end_matches('/'))
}

/// Returns the name of a header, in which a `%` is no escape.
fn header_name(name: &str) -> Option<String> {
    is_token(name).then(|| name.to_owned())
}

/// Returns `true` for a text that may be the [value of a header].
///
/// [value of a header]: https://www.rfc-editor.org/rfc/rfc9110#name-field-values
fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;
    use crate::config::ConfigProblem;

    fn read(pairs: &[(&str, &str)]) -> (OtlpSignals, Vec<ConfigProblem>) {
        let env = Env::from_pairs(pairs.iter().copied());
        let mut reader = Reader::new(&env);
        (OtlpSignals::read(&mut reader), reader.finish())
    }

    fn endpoints(pairs: &[(&str, &str)]) -> [Option<String>; 3] {
        let OtlpSignals { traces, logs, metrics } = read(pairs).0;
        [traces, logs, metrics].map(|signal| signal.endpoint)
    }

    #[test]
    fn the_endpoint_of_a_signal_is_exact_and_the_other_a_base() {
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/");
        let below = ["traces", "logs", "metrics"].map(|signal| Some(format!("http://c:4318/v1/{signal}")));
        assert_eq!(endpoints(&[]), [const { None }; 3]);
        assert_eq!(endpoints(&[base]), below);
        for (nth, name) in [
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        ]
        .into_iter()
        .enumerate()
        {
            let exact = (name, "http://d/x?key=abc");
            let mut expected = below.clone();
            expected[nth] = Some(exact.1.to_owned());
            assert_eq!(endpoints(&[base, exact]), expected, "{name}");
            assert_eq!(endpoints(&[exact]).iter().flatten().count(), 1, "{name} is for its signal alone");
        }
    }

    #[test]
    fn a_base_may_have_more_than_a_path() {
        for (base, endpoint, why) in [
            ("http://c/base?key=abc", "http://c/base/v1/traces?key=abc", "a query"),
            ("http://c?key=a/b", "http://c/v1/traces?key=a/b", "a query alone"),
            ("http://c/#part", "http://c/v1/traces", "a fragment"),
            ("HTTP://c", "HTTP://c/v1/traces", "a scheme in upper case"),
            ("Https://u:p@c//", "Https://u:p@c/v1/traces", "a user"),
        ] {
            let (otlp, problems) = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", base)]);
            assert_eq!((otlp.traces.endpoint.as_deref(), problems.len()), (Some(endpoint), 0), "{why}");
        }
    }

    #[test]
    fn each_setting_of_a_signal_wins_over_that_of_all() {
        let all = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ];
        let own = [
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "b=2"),
            ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "4000"),
            ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "none"),
        ];
        let general = OtlpConfig {
            protocol: OtlpProtocol::Json,
            headers: vec![("a".into(), "1".into())],
            timeout: Duration::from_secs(3),
            attempt_timeout: Duration::from_secs(3),
            compression: OtlpCompression::Gzip,
            ..OtlpConfig::default()
        };
        let logs = OtlpConfig {
            headers: vec![("b".into(), "2".into())],
            timeout: Duration::from_secs(4),
            attempt_timeout: Duration::from_secs(4),
            ..OtlpConfig::default()
        };
        let (otlp, problems) = read(&[all, own].concat());
        assert_eq!(otlp, OtlpSignals { traces: general.clone(), logs, metrics: general });
        assert_eq!(problems, []);
        assert_eq!(read(&[]).0, OtlpSignals::default());
    }

    #[test]
    fn a_bad_value_of_one_signal_leaves_that_of_all() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", ",,"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1s"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "c:4318"),
        ] {
            let all = [
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"),
            ];
            let (otlp, problems) = read(&[&all[..], &[(name, value)]].concat());
            assert_eq!((otlp.traces, problems.len()), (read(&all).0.traces, 1), "{name}");
        }
    }

    #[test]
    fn a_bad_value_of_all_signals_is_reported_once() {
        let (_, problems) = read(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"), ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "1")]);
        assert_eq!(problems.iter().map(ConfigProblem::variable).collect::<Vec<_>>(), ["OTEL_EXPORTER_OTLP_TIMEOUT"]);
    }

    #[test]
    fn a_timeout_of_zero_is_no_limit() {
        for (value, seconds) in [("0", 3600), ("2500", 2), ("18446744073709551615", 3600), ("1e3", 10), ("-1", 10)] {
            let (otlp, _) = read(&[("OTEL_EXPORTER_OTLP_TIMEOUT", value)]);
            assert_eq!(otlp.traces.timeout.as_secs(), seconds, "{value}");
        }
    }

    #[test]
    fn the_values_of_headers_are_percent_decoded() {
        let (otlp, _) = read(&[("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x=1=2,,X%41=%41")]);
        let headers = [("api-key", "a b"), ("x", "1=2"), ("X%41", "A")];
        assert_eq!(otlp.traces.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_value_that_no_header_has_is_reported() {
        for (value, why) in [
            ("a=%0a", "a line feed"),
            ("a=b%00", "a zero"),
            ("a=%7f", "a delete"),
            ("a=1,b=%0d%0ac: 1", "another header"),
        ] {
            let (otlp, problems) = read(&[("OTEL_EXPORTER_OTLP_HEADERS", value)]);
            assert_eq!((otlp.traces.headers.len(), problems.len()), (0, 1), "{why}");
        }
        assert_eq!(read(&[("OTEL_EXPORTER_OTLP_HEADERS", "a=%09é")]).1, [], "a tab, and what is beyond ASCII");
    }

    #[test]
    fn debug_shows_no_credentials() {
        let (OtlpSignals { mut traces, .. }, _) = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:s3cr3t@c/x?key=s3cr3t"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cr3t"),
        ]);
        traces.headers.push(("Authorization: Basic s3cr3t".into(), "=".into()));
        let shown = format!("{traces:?} {traces:#?}");
        assert!(!shown.contains("s3cr3t") && shown.contains("api-key"), "{shown}");
    }
}
