//! OTLP over HTTP: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.
//!
//! hyper-util, which lambda_runtime brings anyway; no client of ours, so that it does not trace itself.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use std::{fmt, io};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use thundra_core::export::{Batch, Export, ExportError, ExportFuture, Gzip, rejected};
use thundra_core::{OtlpConfig, OtlpProtocol, SpanId, diagnostics, redact};

use super::circuit::Circuit;
use super::endpoint::{self, UnsupportedEndpoint};

/// Attempts for one batch: who pays by the millisecond keeps a batch rather than tries for long.
const ATTEMPTS: u32 = 3;
/// The first pause between attempts; each further one is twice as long, with up to half of it more at random.
const BACKOFF: Duration = Duration::from_millis(100);
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// A collector that asks for more is asked again after so long.
const MAX_RETRY_AFTER_SECONDS: u64 = 300;

/// Sends spans to an OTLP/HTTP collector: protobuf or JSON, gzip when configured.
///
/// It retries on connection failures, 429, 502, 503 and 504 with a jittered pause (or what `Retry-After`
/// asks for), as long as the deadline lets it. A collector that stays away is asked less and less often.
/// Connections are made at the first export.
pub struct OtlpExporter {
    endpoint: Uri,
    headers: Arc<HeaderMap>,
    protocol: OtlpProtocol,
    gzip: Option<Gzip>,
    transport: OnceLock<Transport>,
    circuit: Circuit,
}

/// Shows neither the values of headers nor the query of the endpoint, which may be a key.
impl fmt::Debug for OtlpExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpExporter")
            .field("endpoint", &redact::text(self.endpoint.to_string()))
            .field("headers", &self.headers.keys())
            .field("protocol", &self.protocol)
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
            endpoint,
            headers: super::headers(&config.headers, authorization),
            protocol: config.protocol,
            gzip: config.gzip.then(Gzip::new),
            transport: OnceLock::new(),
            circuit: Circuit::default(),
        })
    }

    async fn send(&self, batch: &Batch, deadline: Instant) -> Result<(), ExportError> {
        if Instant::now() >= deadline {
            return Err(ExportError::Retryable("no time was left".into()));
        }
        if self.circuit.is_open(Instant::now()) {
            return Err(ExportError::Retryable("the collector did not answer a moment ago".into()));
        }
        let body = self.body(batch).map_err(|error| ExportError::Permanent(format!("gzip: {error}").into()))?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (asked, error) = match self.attempt(body.clone()).await {
                Ok(answer) => {
                    self.circuit.succeeded();
                    report_rejected(&answer, self.protocol);
                    return Ok(());
                }
                Err(Failure::Permanent(why)) => return Err(ExportError::Permanent(why)),
                Err(Failure::Retryable { why, after }) => (after, why),
            };
            let pause = asked.unwrap_or_else(|| pause(attempt));
            if attempt == ATTEMPTS || Instant::now() + pause >= deadline {
                self.circuit.failed(Instant::now(), asked);
                return Err(ExportError::Retryable(error));
            }
            tokio::time::sleep(pause).await;
        }
    }

    fn body(&self, batch: &Batch) -> io::Result<Bytes> {
        let body = match self.protocol {
            OtlpProtocol::Json => batch.to_json().into_bytes(),
            _ => batch.to_protobuf(),
        };
        Ok(match &self.gzip {
            Some(gzip) => gzip.pack(&body)?.into(),
            None => body.into(),
        })
    }

    async fn attempt(&self, body: Bytes) -> Result<Bytes, Failure> {
        let mut request = Request::post(self.endpoint.clone())
            .body(Full::new(body))
            .map_err(|error| Failure::Permanent(error.to_string().into()))?;
        let headers = request.headers_mut();
        headers.extend(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        let content_type = match self.protocol {
            OtlpProtocol::Json => "application/json",
            _ => "application/x-protobuf",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("thundra-rust/", env!("CARGO_PKG_VERSION"))));
        if self.gzip.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let (status, headers, answer) =
            self.transport.get_or_init(|| Transport::new(&self.endpoint)).call(request).await?;
        match status {
            status if status.is_success() => Ok(answer),
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                let after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(retry_after);
                Err(Failure::Retryable { why: format!("the collector answered {status}").into(), after })
            }
            status => Err(Failure::Permanent(format!("the collector answered {status}").into())),
        }
    }
}

impl Export for OtlpExporter {
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
        Box::pin(async move {
            match tokio::time::timeout_at(deadline.into(), self.send(batch, deadline)).await {
                Ok(result) => result,
                Err(_) => {
                    self.circuit.failed(Instant::now(), None);
                    Err(ExportError::Retryable("the collector did not answer in time".into()))
                }
            }
        })
    }
}

enum Failure {
    Retryable { why: Cow<'static, str>, after: Option<Duration> },
    Permanent(Cow<'static, str>),
}

/// A connection to the collector, kept open between exports.
#[derive(Debug)]
enum Transport {
    Plain(Client<HttpConnector, Full<Bytes>>),
    #[cfg(feature = "https")]
    Tls(Client<hyper_rustls::HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Transport {
    fn new(endpoint: &Uri) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_max_idle_per_host(1);
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        #[cfg(feature = "https")]
        if endpoint.scheme_str() == Some("https")
            && let Some(tls) = tls()
        {
            http.enforce_http(false);
            return Transport::Tls(builder.build(tls.wrap_connector(http)));
        }
        let _ = endpoint;
        Transport::Plain(builder.build(http))
    }

    async fn call(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, HeaderMap, Bytes), Failure> {
        let response = match self {
            Transport::Plain(client) => client.request(request).await,
            #[cfg(feature = "https")]
            Transport::Tls(client) => client.request(request).await,
        };
        let retryable = |why: String| Failure::Retryable { why: why.into(), after: None };
        let (head, body) = response
            .map_err(|error| retryable(format!("the collector could not be reached: {}", root_cause(&error))))?
            .into_parts();
        // An answer that breaks off says no more than its status.
        let answer =
            Limited::new(body, MAX_ANSWER_BYTES).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        Ok((head.status, head.headers, answer))
    }
}

/// The provider is named, since a program whose dependencies enable two of them has no default one. The roots
/// are compiled in: reading the system's costs some 45 ms.
#[cfg(feature = "https")]
fn tls() -> Option<hyper_rustls::HttpsConnectorBuilder<hyper_rustls::builderstates::WantsProtocols2>> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let builder = hyper_rustls::HttpsConnectorBuilder::new().with_provider_and_webpki_roots(provider).ok()?;
    Some(builder.https_only().enable_http1())
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
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

/// A collector may take a request and refuse some of its spans.
fn report_rejected(answer: &[u8], protocol: OtlpProtocol) {
    if let Some((spans, message)) = rejected(answer, protocol) {
        diagnostics::once("otlp.rejected", format_args!("the collector refused {spans} spans: {message}"));
    }
}
