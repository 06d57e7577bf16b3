//! OTLP over HTTP: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.
//!
//! ```text
//! OtlpExporter ─► Endpoint, one for each signal ─► Collector, one for each host ─► Transport, one connection
//! ```
//!
//! The HTTP client is hyper, a dependency of lambda_runtime anyway. The traced clients of this crate are not used,
//! since the exporter must not trace its own requests.

use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Instant;

use thundra_core::export::{Batch, Export, ExportError, ExportFuture};
use thundra_core::{OtlpConfig, OtlpSignals, Signal};

use super::address::UnsupportedEndpoint;
use super::authorize::{Authorizer, report_references};
use super::endpoint::{Endpoint, Shared};

/// Sends telemetry to an OTLP/HTTP collector: protobuf or JSON, gzip when configured.
///
/// An attempt takes 2 s at most, or `OTEL_EXPORTER_OTLP_TIMEOUT` if set. Connection failures, 429, 502, 503 and 504 are
/// retried twice before the deadline, with a jittered pause or the longer pause of `Retry-After`. The exporter waits
/// for pauses of up to 1 s. After a longer pause, the next flush sends the batch.
///
/// No other status is retried, and redirects are not followed. A response of more than 4 MiB is an error. The records
/// of the request then count as lost although the collector may have stored the records. A batch of more than 64 MiB is
/// sent in parts. Both sizes are fields of [`OtlpConfig`](thundra_core::OtlpConfig).
///
/// With the feature `https`, the exporter trusts the well-known authorities or the configured certificates, presents a
/// configured client certificate, and uses the [proxies](thundra_core::Proxies) of the configuration.
///
/// After a failure, the exporter pauses for ten times the duration of the failure, and longer after each further
/// failure. Then a single attempt tries the collector. After 413, a batch is sent in parts.
///
/// After a 404 or 501 in three flushes running, log records or metrics are not sent for an hour, and counted as lost.
/// Then a single request tries the collector. Spans are always sent.
///
/// Signals fail and pause independently, unless the host is unreachable. The signals of a host share one connection.
/// The first export opens the connection, and later exports reuse the connection.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env};
/// use thundra_http::export::OtlpExporter;
///
/// let config = Config::from_env(&Env::from_pairs([("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")]));
/// let exporter = OtlpExporter::new(&config.otlp)?;
/// # let _ = exporter;
/// # Ok::<(), thundra_http::export::UnsupportedEndpoint>(())
/// ```
pub struct OtlpExporter {
    endpoints: Vec<Endpoint>,
}

/// Shows neither the values of headers nor the queries of endpoints, because both may be keys.
impl fmt::Debug for OtlpExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpExporter").field("endpoints", &self.endpoints).finish()
    }
}

impl OtlpExporter {
    /// Makes an exporter for spans, and for the other signals with a configured endpoint. The default endpoint of spans
    /// is `http://localhost:4318/v1/traces`. A user and a password in an endpoint are sent as `Authorization: Basic`,
    /// unless the headers have an `authorization`.
    ///
    /// # Errors
    ///
    /// [`UnsupportedEndpoint`] where an endpoint is malformed, or `https` without the feature `https`.
    pub fn new(config: &OtlpSignals) -> Result<Self, UnsupportedEndpoint> {
        let is_taken = |signal: &Signal| *signal == Signal::Traces || of(config, *signal).endpoint.is_some();
        Self::authorized(config, Signal::ALL.into_iter().filter(is_taken), &[report_references])
    }

    /// Makes an exporter for the configured signals. The default endpoints are on `http://localhost:4318`. The
    /// authorizers add credentials to requests.
    #[doc(hidden)]
    pub fn authorized(
        config: &OtlpSignals,
        signals: impl IntoIterator<Item = Signal>,
        authorizers: &[Authorizer],
    ) -> Result<Self, UnsupportedEndpoint> {
        let mut shared = Shared { authorizers, proxies: Arc::new(config.proxies.clone()), collectors: Vec::new() };
        let endpoints = signals.into_iter().map(|signal| Endpoint::new(signal, of(config, signal), &mut shared));
        Ok(OtlpExporter { endpoints: endpoints.collect::<Result<_, _>>()? })
    }

    /// Returns the exporter for a background thread. No caller waits for an export on a background thread. Pauses are
    /// therefore shorter. The process is never frozen between two exports.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Config, Env, Telemetry};
    /// use thundra_http::export::OtlpExporter;
    ///
    /// let config = Config::from_env(&Env::from_pairs([("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")]));
    /// let exporter = OtlpExporter::new(&config.otlp)?.in_background();
    /// let _telemetry = thundra_http::init_with(Telemetry::builder().config(config).exporter(exporter));
    /// # Ok::<(), thundra_http::export::UnsupportedEndpoint>(())
    /// ```
    pub fn in_background(self) -> Self {
        let mut collectors = Vec::new();
        let endpoints = self.endpoints.into_iter().map(|endpoint| endpoint.in_background(&mut collectors));
        OtlpExporter { endpoints: endpoints.collect() }
    }

    fn endpoint(&self, signal: Signal) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.signal() == signal)
    }
}

/// Returns the settings of a signal.
fn of(config: &OtlpSignals, signal: Signal) -> &OtlpConfig {
    match signal {
        Signal::Logs => &config.logs,
        Signal::Metrics => &config.metrics,
        _ => &config.traces,
    }
}

impl Export for OtlpExporter {
    fn takes(&self, signal: Signal) -> bool {
        self.endpoint(signal).is_some()
    }

    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
        match self.endpoint(batch.signal()) {
            Some(endpoint) => Box::pin(endpoint.send(batch, deadline)),
            None => Box::pin(ready(Err(ExportError::permanent("the signal has no endpoint")))),
        }
    }

    fn is_paused(&self, signal: Signal) -> bool {
        let now = Instant::now();
        self.endpoint(signal).is_some_and(|endpoint| endpoint.is_paused(now))
    }

    fn resume(&self) {
        self.endpoints.iter().for_each(Endpoint::resume);
    }

    fn renew(&self) {
        self.endpoints.iter().for_each(Endpoint::renew);
    }

    fn fork(&self) -> Option<Box<dyn Export>> {
        // A fork serves a single flush. Nothing freezes the connections of a fork.
        Some(Box::new(OtlpExporter { endpoints: self.endpoints.clone() }.in_background()))
    }
}
