//! OTLP over HTTP: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.
//!
//! ```text
//! OtlpExporter ─► Endpoint, one for each signal ─► Collector, one for each host ─► Transport, one connection
//! ```
//!
//! The HTTP client is hyper, which lambda_runtime depends on anyway. No client of this crate is used, so that the exporter
//! does not trace itself.

use std::fmt;
use std::time::Instant;

use thundra_core::export::{Batch, Export, ExportError, ExportFuture};
use thundra_core::{OtlpSignals, Signal};

use super::address::UnsupportedEndpoint;
use super::endpoint::Endpoint;

/// Sends telemetry to an OTLP/HTTP collector: protobuf or JSON, gzip when configured.
///
/// An attempt takes 2 s at most, or `OTEL_EXPORTER_OTLP_TIMEOUT` where that is set. Connection failures, 429, 502, 503
/// and 504 are retried twice, with a jittered pause (or that of `Retry-After`, where it is longer), as long as the
/// deadline permits. The exporter does not wait for a pause of more than 1 s, but keeps the batch until the pause is over.
/// After a failure, the exporter pauses for ten times as long as the failure took, and for longer after each further one.
/// Then one attempt tries the collector. A batch that the collector finds too large (413) is sent in parts.
///
/// Signals fail and pause apart from each other, unless their collector cannot be reached at all. The connection to a host
/// is made at the first export, kept open, and shared by the signals.
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
    signals: &'static [Signal],
}

/// Shows neither the values of headers nor the queries of endpoints, which may be keys.
impl fmt::Debug for OtlpExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpExporter").field("endpoints", &self.endpoints).finish()
    }
}

impl OtlpExporter {
    /// Makes an exporter for the signals that have an endpoint, and for spans. Spans without an endpoint go to
    /// `http://localhost:4318/v1/traces`. A user and a password in an endpoint are sent as `Authorization: Basic`, unless
    /// the headers have an `authorization`.
    ///
    /// # Errors
    ///
    /// [`UnsupportedEndpoint`] where an endpoint is malformed, or `https` without the feature `https`.
    pub fn new(config: &OtlpSignals) -> Result<Self, UnsupportedEndpoint> {
        use Signal::{Logs, Metrics, Traces};
        let mut collectors = Vec::new();
        let mut endpoints = vec![Endpoint::new(Traces, &config.traces, &mut collectors)?];
        for (signal, config) in [(Logs, &config.logs), (Metrics, &config.metrics)] {
            if config.endpoint.is_some() {
                endpoints.push(Endpoint::new(signal, config, &mut collectors)?);
            }
        }
        let signals: &[Signal] = match (&config.logs.endpoint, &config.metrics.endpoint) {
            (None, None) => &[Traces],
            (Some(_), None) => &[Traces, Logs],
            (None, Some(_)) => &[Traces, Metrics],
            (Some(_), Some(_)) => &[Traces, Logs, Metrics],
        };
        Ok(OtlpExporter { endpoints, signals })
    }

    /// Returns the exporter for a thread of its own. No caller waits for an export there, so a collector that failed is
    /// tried again sooner, and nothing freezes the process between two exports.
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
        OtlpExporter { endpoints: endpoints.collect(), ..self }
    }

    fn endpoint(&self, signal: Signal) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.signal() == signal)
    }
}

impl Export for OtlpExporter {
    fn signals(&self) -> &'static [Signal] {
        self.signals
    }

    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
        Box::pin(async move {
            match self.endpoint(batch.signal()) {
                Some(endpoint) => endpoint.send(batch, deadline).await,
                None => Err(ExportError::permanent("the signal has no endpoint")),
            }
        })
    }

    fn is_paused(&self, signal: Signal) -> bool {
        let now = Instant::now();
        self.endpoint(signal).is_some_and(|endpoint| endpoint.is_paused(now))
    }

    fn resume(&self) {
        self.endpoints.iter().for_each(Endpoint::resume);
    }
}
