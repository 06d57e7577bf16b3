//! OTLP over HTTP: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.
//!
//! hyper, which lambda_runtime brings anyway; no client of ours, so that it does not trace itself.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use std::{fmt, io};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use thundra_core::export::{Batch, Export, ExportError, ExportFuture, Gzip, rejected};
use thundra_core::{OtlpCompression, OtlpConfig, OtlpProtocol, SpanId, redact};

use super::circuit::Circuit;
use super::endpoint::{self, UnsupportedEndpoint};
use super::headers::headers;
use super::transport::{self, Response, Transport};

/// Attempts for one batch: who pays by the millisecond keeps a batch rather than tries for long.
const ATTEMPTS: u32 = 3;
/// The first pause between attempts; each further one is twice as long, with up to half of it more at random.
const BACKOFF: Duration = Duration::from_millis(100);
/// Packing fewer spans takes some 100 us at most.
const MANY_SPANS: u32 = 100;
/// A collector that asks for more is asked again after so long.
const MAX_RETRY_AFTER_SECONDS: u64 = 300;

/// Sends spans to an OTLP/HTTP collector: protobuf or JSON, gzip when configured.
///
/// An attempt takes 2 s at most, or `OTEL_EXPORTER_OTLP_TIMEOUT` where that is set. Connection failures, 429, 502, 503
/// and 504 are retried twice, with a jittered pause (or that of `Retry-After`, where it is longer), as long as the
/// deadline lets it. A pause of more than 1 s is not waited for: the batch is kept until it is over. A collector that
/// fails after all is left alone for ten times as long as the failure took, and for longer each time; then one attempt
/// tries it. A batch that the collector finds too large (413) is sent in parts. The connection is made at the first
/// export, and kept open.
pub struct OtlpExporter {
    endpoint: Uri,
    /// The `Host` header.
    host: HeaderValue,
    headers: Arc<HeaderMap>,
    encoding: Encoding,
    attempt_timeout: Duration,
    in_background: bool,
    transport: OnceLock<Transport>,
    circuit: Circuit,
}

/// Shows neither the values of headers nor the query of the endpoint, which may be a key.
impl fmt::Debug for OtlpExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpExporter")
            .field("endpoint", &redact::text(self.endpoint.to_string()))
            .field("headers", &self.headers.keys())
            .field("protocol", &self.encoding.protocol)
            .finish_non_exhaustive()
    }
}

impl OtlpExporter {
    /// An exporter for this configuration; without an endpoint it is `http://localhost:4318/v1/traces`. A user and a
    /// password in the endpoint are sent as `Authorization: Basic`, unless the headers have an `authorization`.
    ///
    /// # Errors
    ///
    /// When the endpoint is malformed, or `https` without the feature `https`.
    pub fn new(config: &OtlpConfig) -> Result<Self, UnsupportedEndpoint> {
        let url = config.endpoint.as_deref().unwrap_or("http://localhost:4318/v1/traces");
        let (endpoint, authorization) = endpoint::parse(url)?;
        Ok(OtlpExporter {
            host: host(&endpoint).ok_or(UnsupportedEndpoint::Malformed)?,
            endpoint,
            headers: headers(&config.headers, authorization),
            encoding: Encoding {
                protocol: config.protocol,
                gzip: (config.compression == OtlpCompression::Gzip).then(|| Arc::new(Gzip::new())),
            },
            attempt_timeout: config.attempt_limit(),
            in_background: false,
            transport: OnceLock::new(),
            circuit: Circuit::new(),
        })
    }

    /// Returns the exporter for a thread of its own: nobody waits for an export, so a collector that failed is tried
    /// again sooner, and nothing freezes the process between two exports.
    pub fn in_background(self) -> Self {
        OtlpExporter { circuit: Circuit::in_background(), in_background: true, ..self }
    }

    async fn send(&self, batch: &Batch, deadline: Instant) -> Result<(), ExportError> {
        let started = Instant::now();
        if started >= deadline {
            return Err(ExportError::Retryable("no time was left".into()));
        }
        if self.circuit.is_open(started) {
            return Err(ExportError::Retryable("the collector did not answer a moment ago".into()));
        }
        let body = self.body(batch).await.map_err(|error| ExportError::Permanent(format!("gzip: {error}").into()))?;
        let attempts = if self.circuit.is_on_trial() { 1 } else { ATTEMPTS };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let Failure { why, after, again } = match self.attempt(body.clone(), deadline).await {
                Ok(Ok(response)) => {
                    match response.body {
                        Some(_) => self.circuit.close(),
                        None => self.circuit.over(Instant::now(), started.elapsed()),
                    }
                    return self.accepted(&response);
                }
                Err(refusal) => {
                    self.circuit.over(Instant::now(), started.elapsed());
                    return Err(refusal);
                }
                Ok(Err(failure)) => failure,
            };
            let pause = pause(attempt).max(after.unwrap_or_default());
            let waits = again && attempt < attempts && self.circuit.allows_waiting(pause);
            if !waits || Instant::now() + pause >= deadline {
                self.circuit.failed(Instant::now(), started.elapsed(), after);
                return Err(ExportError::Retryable(why));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Encodes a batch. A large one is packed on a thread for such work, since others may wait for this one.
    async fn body(&self, batch: &Batch) -> io::Result<Bytes> {
        let encoding = self.encoding.clone();
        if encoding.is_quick(batch) {
            return encoding.encode(batch);
        }
        let copy = batch.clone();
        match tokio::task::spawn_blocking(move || encoding.encode(&copy)).await {
            Ok(body) => body,
            Err(_) => self.encoding.encode(batch),
        }
    }

    /// Sends one request: the outer error is final, the inner one may pass.
    async fn attempt(&self, body: Bytes, deadline: Instant) -> Result<Result<Response, Failure>, ExportError> {
        let request = self.request(body).map_err(|error| ExportError::Permanent(error.to_string().into()))?;
        let transport = self.transport.get_or_init(|| Transport::new(self.endpoint.clone(), !self.in_background));
        let response = match transport.exchange(request, self.attempt_timeout, deadline).await {
            Ok(response) => response,
            Err(transport::Failure::Unreachable(cause)) => {
                let why = format!("the collector could not be reached: {cause}").into();
                return Ok(Err(Failure { why, after: None, again: true }));
            }
            Err(transport::Failure::TimedOut) => {
                let why = "the collector did not answer in time".into();
                return Ok(Err(Failure { why, after: None, again: false }));
            }
        };
        let why = || format!("the collector answered {}", response.status).into();
        match response.status {
            status if status.is_success() => Ok(Ok(response)),
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                let after = response.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                Ok(Err(Failure { why: why(), after: after.and_then(retry_after), again: true }))
            }
            StatusCode::PAYLOAD_TOO_LARGE => Err(ExportError::TooLarge(why())),
            _ => Err(ExportError::Permanent(why())),
        }
    }

    fn request(&self, body: Bytes) -> http::Result<Request<Full<Bytes>>> {
        let target = self.endpoint.path_and_query().map_or("/", |target| target.as_str());
        let mut request = Request::post(target).body(Full::new(body))?;
        let headers = request.headers_mut();
        headers.extend(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        headers.insert(HOST, self.host.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.encoding.content_type()));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("thundra-rust/", env!("CARGO_PKG_VERSION"))));
        if self.encoding.gzip.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(request)
    }

    /// Reads the response to a request that was taken: some of its spans may have been refused.
    fn accepted(&self, response: &Response) -> Result<(), ExportError> {
        match response.body.as_ref().and_then(|body| rejected(body, self.encoding.protocol)) {
            Some((spans, message)) => {
                Err(ExportError::partial(spans, format!("the collector refused them: {message}")))
            }
            None => Ok(()),
        }
    }
}

impl Export for OtlpExporter {
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
        Box::pin(self.send(batch, deadline))
    }

    fn is_paused(&self) -> bool {
        self.circuit.is_open(Instant::now())
    }

    fn resume(&self) {
        self.circuit.close();
    }
}

/// A failure that may pass.
struct Failure {
    why: Cow<'static, str>,
    /// The pause that the collector asked for.
    after: Option<Duration>,
    /// `true` where another attempt is worth its time.
    again: bool,
}

/// The form of a request's body.
#[derive(Clone, Debug)]
struct Encoding {
    protocol: OtlpProtocol,
    gzip: Option<Arc<Gzip>>,
}

impl Encoding {
    fn content_type(&self) -> &'static str {
        match self.protocol {
            OtlpProtocol::Json => "application/json",
            _ => "application/x-protobuf",
        }
    }

    /// Returns whether encoding takes less time than going to another thread: protobuf is only copied.
    fn is_quick(&self, batch: &Batch) -> bool {
        let packed = self.gzip.is_some() || self.protocol == OtlpProtocol::Json;
        !packed || batch.span_count() < MANY_SPANS
    }

    fn encode(&self, batch: &Batch) -> io::Result<Bytes> {
        let body = match self.protocol {
            OtlpProtocol::Json => batch.to_json().into_bytes(),
            _ => batch.to_protobuf(),
        };
        Ok(match &self.gzip {
            Some(gzip) => gzip.pack(&body)?.into(),
            None => body.into(),
        })
    }
}

/// Returns the `Host` header for an endpoint.
fn host(endpoint: &Uri) -> Option<HeaderValue> {
    let host = endpoint.host()?;
    let host = match endpoint.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    HeaderValue::try_from(host).ok()
}

/// The pause after this many attempts.
fn pause(attempts: u32) -> Duration {
    let pause = BACKOFF * 2_u32.saturating_pow(attempts - 1);
    let [random, ..] = SpanId::random().to_bytes();
    pause + pause * u32::from(random) / 512
}

/// What [`Retry-After`] asks for in seconds. The other form, a date, is not read: our own pause serves.
///
/// [`Retry-After`]: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
fn retry_after(value: &str) -> Option<Duration> {
    value.trim().parse().ok().map(|seconds: u64| Duration::from_secs(seconds.min(MAX_RETRY_AFTER_SECONDS)))
}
