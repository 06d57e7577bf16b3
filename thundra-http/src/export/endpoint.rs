//! The endpoint of a signal: address, headers, encoding and pauses.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use thundra_core::export::{Batch, ExportError, PartialSuccess};
use thundra_core::{OtlpConfig, Proxies, Resource, Signal, SpanId, diagnostics, redact};

use super::address::{self, UnsupportedEndpoint};
use super::authorize::{Authorization, Authorizer, Destination};
use super::cause::Cause;
use super::circuit::Circuit;
use super::collector::Collector;
use super::encoding::Encoding;
use super::headers::headers;
use super::host::Host;
use super::record_limits::{Fitting, RecordLimits};
use super::response::Body;
use super::retry_after::retry_after;
use super::signal_switch::SignalSwitch;
use super::transport::{self, Limits};

/// The attempts for one batch. A function pays by the millisecond. The pipeline therefore keeps a batch after a few
/// attempts.
const ATTEMPTS: u32 = 3;

/// The first pause between attempts. Each further pause is twice as long, plus up to half at random.
const BACKOFF: Duration = Duration::from_millis(100);

/// The destination of one signal's requests.
#[derive(Clone)]
pub(super) struct Endpoint {
    signal: Signal,
    /// The head of each request, except for credentials.
    head: Arc<Parts>,
    authorization: Authorization,
    encoding: Encoding,
    /// The limits of the destination beyond OTLP's.
    record_limits: Option<RecordLimits>,
    /// The resource in place of a resource over the limit.
    short_resource: Arc<OnceLock<Arc<Resource>>>,
    /// The longest time of an export, retries included.
    timeout: Duration,
    /// The limits of an attempt.
    limits: Limits,
    /// The circuit for failures of the endpoint on a working host.
    circuit: Arc<Circuit>,
    /// The switch for a collector without support for the signal. Every collector supports spans.
    switch: Option<Arc<SignalSwitch>>,
    collector: Arc<Collector>,
}

/// Shows neither the values of headers nor the query, because either may be a key.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("signal", &self.signal)
            .field("address", &redact::text(self.head.uri.to_string()))
            .field("headers", &self.head.headers.keys())
            .field("protocol", &self.encoding.protocol())
            .finish_non_exhaustive()
    }
}

/// The parts shared by the endpoints of an exporter.
pub(super) struct Shared<'a> {
    pub(super) authorizers: &'a [Authorizer],
    pub(super) proxies: Arc<Proxies>,
    pub(super) collectors: Vec<Arc<Collector>>,
}

/// An accepted request.
struct Accepted {
    body: Body,
    partial: Option<PartialSuccess>,
}

/// A temporary failure.
struct Failure {
    cause: Cause,
    /// The pause at the request of the collector.
    after: Option<Duration>,
    /// `true` if another attempt is worth the time.
    again: bool,
    source: Failing,
}

/// `true` in a build with TLS. Only AWS's own endpoints have limits of records, and they take nothing without TLS.
const HAS_RECORD_LIMITS: bool = cfg!(feature = "https");

/// The failing part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Failing {
    /// The host, with all endpoints.
    Host,
    /// The endpoint, on a working host.
    Endpoint,
    /// The endpoint, and perhaps the host: the collector did not respond.
    Silence,
}

impl Endpoint {
    pub(super) fn new(
        signal: Signal,
        config: &OtlpConfig,
        shared: &mut Shared<'_>,
    ) -> Result<Self, UnsupportedEndpoint> {
        let default = || format!("http://localhost:4318{}", signal.path());
        let url = config.endpoint.clone().unwrap_or_else(default);
        let (address, authorization) = address::parse(&url).map_err(|error| error.of(signal))?;
        let headers = headers(&config.headers, authorization);
        let destination = Destination { signal, address: &address, references: &headers.references };
        let authorization = Authorization::of(&destination, shared.authorizers);
        let record_limits = authorization.limits();
        let mut encoding = Encoding::new(config);
        if let Some(limits) = &record_limits {
            encoding = encoding.limited_to(limits.request_bytes);
        }
        let collector = Collector::shared(&mut shared.collectors, Host::new(&address, config, &shared.proxies), false);
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = Method::POST;
        head.headers = headers.known;
        head.headers.insert(HOST, host(&address).ok_or(UnsupportedEndpoint::Malformed { signal })?);
        encoding.describe(&mut head.headers);
        head.headers.insert(USER_AGENT, HeaderValue::from_static(concat!("thundra-rust/", env!("CARGO_PKG_VERSION"))));
        head.uri = address;
        Ok(Endpoint {
            signal,
            authorization,
            collector,
            head: Arc::new(head),
            encoding,
            record_limits,
            short_resource: Arc::default(),
            timeout: config.flush_limit(),
            limits: Limits { time: config.attempt_limit(), response_bytes: config.max_response_size },
            circuit: Arc::new(Circuit::new()),
            switch: (signal != Signal::Traces).then(Arc::default),
        })
    }

    /// Returns the endpoint for a background thread, with a separate connection and separate pauses.
    pub(super) fn in_background(self, collectors: &mut Vec<Arc<Collector>>) -> Self {
        let collector = Collector::shared(collectors, self.collector.host().clone(), true);
        Endpoint { circuit: Arc::new(Circuit::in_background()), collector, ..self }
    }

    pub(super) fn signal(&self) -> Signal {
        self.signal
    }

    /// Returns `true` while a batch would not be sent.
    pub(super) fn is_paused(&self, now: Instant) -> bool {
        self.circuit.is_open(now) || self.collector.circuit().is_open(now)
    }

    /// Ends the pauses before a last flush. A last flush has no time for a lost connection.
    pub(super) fn resume(&self) {
        self.collector.close_frozen();
        self.circuit.close();
        self.collector.circuit().close();
    }

    /// Closes the idle connection, forgets cached credentials, and ends the pauses.
    pub(super) fn renew(&self) {
        self.resume();
        self.switch.iter().for_each(|switch| switch.reset());
        self.authorization.renew();
        self.collector.renew();
    }

    /// Sends a batch, without the records known to be refused by the destination.
    pub(super) async fn send(&self, batch: &Batch, deadline: Instant) -> Result<(), ExportError> {
        if self.switch.as_ref().is_some_and(|switch| switch.is_off(Instant::now())) {
            return Err(ExportError::permanent(Cause::SwitchedOff));
        }
        let Some(limits) = self.record_limits.as_ref().filter(|_| HAS_RECORD_LIMITS) else {
            return self.send_all(batch, deadline).await;
        };
        let Fitting { batch, unfit } = limits.fit(batch, SystemTime::now(), &self.short_resource)?;
        unfit.added_to(match &batch {
            Some(batch) => self.send_all(batch, deadline).await,
            None => Ok(()),
        })
    }

    async fn send_all(&self, batch: &Batch, deadline: Instant) -> Result<(), ExportError> {
        let (started, flush) = (Instant::now(), deadline);
        let deadline = deadline.min(started + self.timeout);
        if started >= deadline {
            return Err(ExportError::retryable(Cause::NoTime));
        }
        if self.is_paused(started) {
            return Err(ExportError::retryable(Cause::Paused));
        }
        let body = self.encoding.body(batch).await?;
        let is_trial = self.circuit.is_on_trial() || self.collector.circuit().is_on_trial();
        let attempts = if is_trial { 1 } else { ATTEMPTS };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let head = self.head(&body, deadline).await?;
            let failure = match self.attempt(&head, &body, flush, deadline).await {
                Ok(Ok(accepted)) => {
                    self.collector.circuit().close();
                    match accepted.body {
                        Body::Endless => self.circuit.over(Instant::now(), started.elapsed()),
                        _ => self.circuit.close(),
                    }
                    return self.accepted(accepted.partial);
                }
                Err(refusal) => {
                    self.collector.circuit().close();
                    self.circuit.over(Instant::now(), started.elapsed());
                    return Err(refusal);
                }
                Ok(Err(failure)) => failure,
            };
            let pause = pause(attempt).max(failure.after.unwrap_or_default());
            let waits = failure.again && attempt < attempts && self.circuit.allows_waiting(pause);
            if !waits || Instant::now() + pause >= deadline {
                self.failed(&failure, started.elapsed());
                return Err(ExportError::retryable(failure.cause));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Pauses after a failure of duration `cost`.
    fn failed(&self, failure: &Failure, cost: Duration) {
        let now = Instant::now();
        match failure.source {
            Failing::Host => self.collector.circuit().failed(now, cost, None),
            Failing::Endpoint => {
                self.collector.circuit().close();
                self.circuit.failed(now, cost, failure.after);
            }
            Failing::Silence => {
                // The other signals of this flush must not wait as well.
                self.collector.circuit().rest(now, cost);
                self.circuit.failed(now, cost, None);
            }
        }
    }

    /// Sends one request, in the flush with the deadline `flush`. The outer error is final, the inner one temporary.
    async fn attempt(
        &self,
        head: &Parts,
        body: &Bytes,
        flush: Instant,
        deadline: Instant,
    ) -> Result<Result<Accepted, Failure>, ExportError> {
        let mut response = match self.collector.exchange(head, body, &self.limits, deadline).await {
            Ok(response) => response,
            Err(failure) => {
                let (cause, again, source) = match failure {
                    transport::Failure::Unreachable(error) => {
                        let cause = Cause::of(error);
                        let again = !matches!(cause, Cause::Untrusted(_));
                        (cause, again, Failing::Host)
                    }
                    transport::Failure::NotConnected => (Cause::TimedOut, false, Failing::Host),
                    transport::Failure::NoResponse => (Cause::TimedOut, false, Failing::Silence),
                };
                return Ok(Err(Failure { cause, after: None, again, source }));
            }
        };
        let message = response.message(self.encoding.protocol(), self.limits.response_bytes);
        if response.body == Body::TooLarge {
            return Err(ExportError::permanent(Cause::ResponseTooLarge(self.limits.response_bytes)));
        }
        let status = response.status;
        self.responded(status, flush);
        if status.is_success() {
            return Ok(Ok(Accepted {
                body: response.body,
                partial: message.and_then(|message| message.partial_success(self.signal)),
            }));
        }
        let cause = Cause::Status(status, message.map(|message| message.failure()).unwrap_or_default());
        match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                let after = retry_after(&response.headers, SystemTime::now());
                Ok(Err(Failure { cause, after, again: true, source: Failing::Endpoint }))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if self.authorization.refused() => {
                Ok(Err(Failure { cause, after: None, again: true, source: Failing::Endpoint }))
            }
            StatusCode::PAYLOAD_TOO_LARGE => Err(ExportError::too_large(cause)),
            _ => Err(ExportError::permanent(cause)),
        }
    }

    /// Records a response, and may switch the signal off.
    fn responded(&self, status: StatusCode, flush: Instant) {
        if self.switch.as_ref().is_some_and(|switch| switch.responded(status, flush, Instant::now())) {
            let (records, variable) = (self.signal.records(), self.signal.name().to_ascii_uppercase());
            diagnostics::once(
                &format!("otlp.off.{}", self.signal),
                format_args!(
                    "{records} are not exported for an hour at a time: in three flushes running, the collector responded \
                     {status}; OTEL_{variable}_EXPORTER=none turns them off for good"
                ),
            );
        }
    }

    /// Returns the head of a request, with credentials as fresh as the request.
    async fn head(&self, body: &Bytes, deadline: Instant) -> Result<Arc<Parts>, ExportError> {
        let mut head = self.head.clone();
        if !self.authorization.is_none() {
            self.authorization.authorize(Arc::make_mut(&mut head), body, deadline).await?;
        }
        Ok(head)
    }

    /// Settles an accepted request. The collector may have rejected some records.
    fn accepted(&self, partial: Option<PartialSuccess>) -> Result<(), ExportError> {
        match partial {
            Some(PartialSuccess { rejected: 0, message }) if !message.is_empty() => {
                let records = self.signal.records();
                diagnostics::once(
                    &format!("otlp.warning.{}", self.signal),
                    format_args!("the collector accepted {records} with a warning: {message}"),
                );
                Ok(())
            }
            Some(PartialSuccess { rejected, message }) if rejected > 0 => {
                Err(ExportError::partial(rejected, Cause::Rejected(message)))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the `Host` header for an address.
fn host(address: &Uri) -> Option<HeaderValue> {
    let host = address.host()?;
    let host = match address.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    HeaderValue::try_from(host).ok()
}

/// Returns the pause after a number of attempts.
fn pause(attempts: u32) -> Duration {
    let pause = BACKOFF * 2_u32.saturating_pow(attempts - 1);
    let [random, ..] = SpanId::random().to_bytes();
    pause + pause * u32::from(random) / 512
}
