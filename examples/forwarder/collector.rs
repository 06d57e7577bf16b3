//! The collector, and the way of a request: in parts small enough for the collector, with retries while the collector
//! is busy.

use std::error::Error as _;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::iter::successors;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use thundra_aws::Error;
use thundra_core::{Config, Env, OtlpCompression, OtlpConfig, OtlpProtocol, OtlpSignals};
use thundra_http::header::{self, HeaderMap};
use thundra_http::{Client, Response, StatusCode};

use crate::request::Request;

/// The size of a request before compression. The OpenTelemetry Collector takes 20 MiB, and other collectors take 4 MiB.
const MAX_REQUEST_BYTES: usize = 4 << 20;

/// The time reserved for the end of the invocation: the response, and the export of the forwarder's own spans.
const RESERVE: Duration = Duration::from_secs(1);

/// The time for a delivery without a deadline, as in a local run.
const NO_DEADLINE: Duration = Duration::from_secs(30);

/// The first pause before a retry. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The limit of a pause requested by a collector.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// The length of a collector's text in an error.
const MAX_REASON_BYTES: usize = 200;

/// An OTLP collector.
#[derive(Debug)]
pub(crate) struct Collector {
    client: Client,
    signals: OtlpSignals,
}

/// The outcome of a request.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// The number of records taken by the collector.
    pub(crate) taken: usize,
    /// The number of records read and rejected by the collector.
    pub(crate) rejected: usize,
    /// The parts not taken by the collector.
    pub(crate) failures: Vec<String>,
}

/// The outcome of an attempt.
enum Attempt {
    Taken {
        rejected: usize,
    },
    TooLarge,
    /// A failure, with the least pause before a retry.
    Busy(String, Duration),
    Refused(String),
}

impl Collector {
    /// Returns the collector configured by `OTEL_EXPORTER_OTLP_*`.
    ///
    /// # Errors
    ///
    /// If a signal has no endpoint, since the lines hold all signals, or if a header's value is to be read from AWS.
    /// The first delivery would be too late for either error.
    pub(crate) fn from_env() -> Result<Self, Error> {
        Self::of(Config::from_env(&Env::process()).otlp)
    }

    fn of(signals: OtlpSignals) -> Result<Self, Error> {
        for config in [&signals.traces, &signals.logs, &signals.metrics] {
            if config.endpoint.is_none() {
                return Err("OTEL_EXPORTER_OTLP_ENDPOINT is not set: the forwarder needs an OTLP/HTTP endpoint".into());
            }
            let is_reference = |value: &str| value.starts_with("ssm:") || value.starts_with("secretsmanager:");
            if let Some((name, _)) = config.headers.iter().find(|(_, value)| value.split(' ').any(is_reference)) {
                return Err(format!("the header {name} names a secret, which the forwarder does not read").into());
            }
        }
        Ok(Collector { client: Client::new(), signals })
    }

    /// Sends the records of a signal before the deadline, in parts of at most 4 MiB.
    pub(crate) async fn send<R: Request>(&self, request: R, deadline: SystemTime) -> Sent {
        let now = SystemTime::now();
        let left = deadline.duration_since(now).unwrap_or(NO_DEADLINE);
        let until = tokio::time::Instant::now() + left.saturating_sub(RESERVE);
        let (mut sent, mut parts) = (Sent::default(), vec![request]);
        while let Some(mut part) = parts.pop() {
            let count = part.count();
            if count == 0 {
                continue;
            }
            let attempt = if part.encoded_len() > MAX_REQUEST_BYTES && count > 1 {
                Attempt::TooLarge
            } else {
                self.send_part(&part, until).await
            };
            match attempt {
                Attempt::Taken { rejected } => {
                    sent.taken += count.saturating_sub(rejected);
                    sent.rejected += rejected.min(count);
                }
                Attempt::TooLarge => match part.split() {
                    Some(rest) => parts.extend([rest, part]),
                    None => sent.failures.push(format!("one of the {} is larger than the collector takes", R::RECORDS)),
                },
                Attempt::Busy(reason, _) | Attempt::Refused(reason) => {
                    sent.failures.push(format!("{count} {}: {reason}", R::RECORDS));
                }
            }
        }
        sent
    }

    /// Sends a request, and retries while the collector is busy and time is left.
    async fn send_part<R: Request>(&self, request: &R, until: tokio::time::Instant) -> Attempt {
        let config = R::config(&self.signals);
        let body = match encode(request, config) {
            Ok(body) => body,
            Err(error) => return Attempt::Refused(error.to_string()),
        };
        let mut pause = FIRST_PAUSE;
        loop {
            if tokio::time::Instant::now() >= until {
                return Attempt::Busy("no time is left before the deadline".to_owned(), Duration::ZERO);
            }
            let attempt = match tokio::time::timeout_at(until, self.post::<R>(&body, config)).await {
                Ok(attempt) => attempt,
                Err(_) => return Attempt::Busy("no response before the deadline".to_owned(), Duration::ZERO),
            };
            let Attempt::Busy(reason, asked) = attempt else { return attempt };
            // Half of the pause is random, so that many forwarders do not return at once.
            let jittered = pause / 2 + pause.mul_f64(random() / 2.0);
            let next = tokio::time::Instant::now() + asked.clamp(jittered, MAX_PAUSE);
            if next >= until {
                return Attempt::Busy(reason, Duration::ZERO);
            }
            tokio::time::sleep_until(next).await;
            pause *= 2;
        }
    }

    async fn post<R: Request>(&self, body: &[u8], config: &OtlpConfig) -> Attempt {
        let url = config.endpoint.as_deref().unwrap_or_default();
        let content_type = match config.protocol {
            OtlpProtocol::Json => "application/json",
            _ => "application/x-protobuf",
        };
        let mut request = self.client.post(url).header(header::CONTENT_TYPE, content_type).body(body.to_vec());
        if config.compression == OtlpCompression::Gzip {
            request = request.header(header::CONTENT_ENCODING, "gzip");
        }
        for (name, value) in &config.headers {
            request = request.header(name, value);
        }
        match request.timeout(config.attempt_timeout).send().await {
            Ok(response) => Attempt::of::<R>(response).await,
            Err(error) => {
                let (is_final, error) = (error.is_builder(), error.without_url());
                let causes = successors(error.source(), |&cause| cause.source());
                let reason = causes.fold(error.to_string(), |reason, cause| format!("{reason}: {cause}"));
                if is_final { Attempt::Refused(reason) } else { Attempt::Busy(reason, Duration::ZERO) }
            }
        }
    }
}

impl Attempt {
    /// Reads a response by the rules of the [specification].
    ///
    /// [specification]: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
    async fn of<R: Request>(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match status {
            _ if status.is_success() => {
                let is_json = header(header::CONTENT_TYPE).starts_with("application/json");
                // The status says that the request was taken. An incomplete body adds nothing.
                let body = response.bytes().await.unwrap_or_default();
                let (rejected, reason) = R::rejected(&body, is_json);
                if rejected > 0 || !reason.is_empty() {
                    tracing::warn!(rejected, reason, "the collector rejected {}", R::RECORDS);
                }
                Attempt::Taken { rejected }
            }
            StatusCode::PAYLOAD_TOO_LARGE => Attempt::TooLarge,
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                Attempt::Busy(status.to_string(), retry_after(&headers).unwrap_or_default())
            }
            _ => {
                let body = response.bytes().await.unwrap_or_default();
                let text = String::from_utf8_lossy(body.get(..MAX_REASON_BYTES).unwrap_or(&body));
                Attempt::Refused(format!("{status} {}", text.escape_debug()).trim_end().to_owned())
            }
        }
    }
}

/// Reads the pause requested by a collector, in seconds or up to a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).ok(),
    }
}

fn encode<R: Request>(request: &R, config: &OtlpConfig) -> Result<Vec<u8>, Error> {
    let plain = match config.protocol {
        OtlpProtocol::Json => serde_json::to_vec(request)?,
        _ => request.encode_to_vec(),
    };
    if config.compression != OtlpCompression::Gzip {
        return Ok(plain);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&plain)?;
    Ok(encoder.finish()?)
}

/// Returns a random number from 0 to 1.
fn random() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::State;
    use axum::response::{IntoResponse as _, Response};
    use axum::routing::post;
    use opentelemetry_proto::tonic::collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
    };
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
    use prost::Message as _;

    use super::*;

    /// The responses to come, and the spans of the accepted requests.
    #[derive(Clone, Default)]
    struct Script {
        responses: Arc<Mutex<VecDeque<Response>>>,
        taken: Arc<Mutex<Vec<String>>>,
    }

    /// Takes a request, unless a scripted response is a refusal.
    async fn traces(State(script): State<Script>, body: Bytes) -> Response {
        let response = script.responses.lock().unwrap().pop_front().unwrap_or_else(|| StatusCode::OK.into_response());
        if response.status().is_success() {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            let spans = request.resource_spans.iter().flat_map(|run| &run.scope_spans).flat_map(|scope| &scope.spans);
            script.taken.lock().unwrap().extend(spans.map(|span| span.name.clone()));
        }
        response
    }

    fn spans(number: usize) -> ExportTraceServiceRequest {
        let span = |number: usize| Span { name: number.to_string(), ..Span::default() };
        let scope_spans = vec![ScopeSpans { spans: (0..number).map(span).collect(), ..ScopeSpans::default() }];
        ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] }
    }

    /// Sends four spans to a collector with the given responses.
    async fn send(responses: impl IntoIterator<Item = Response>, left: Duration) -> (Sent, Vec<String>) {
        let script = Script::default();
        script.responses.lock().unwrap().extend(responses);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/v1/traces", post(traces)).with_state(script.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        let config = Config::from_env(&Env::from_pairs([("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())]));
        let collector = Collector::of(config.otlp).unwrap();
        let sent = collector.send(spans(4), SystemTime::now() + RESERVE + left).await;
        server.abort();
        let taken = std::mem::take(&mut *script.taken.lock().unwrap());
        (sent, taken)
    }

    const LONG: Duration = Duration::from_secs(10);

    /// The time limit of tests without pauses.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn every_span_arrives_once_in_parts_that_the_collector_takes() {
        use StatusCode as Code;
        for (responses, why) in [
            (vec![], "a collector that takes everything"),
            (vec![Code::SERVICE_UNAVAILABLE, Code::TOO_MANY_REQUESTS], "a busy one"),
            (vec![Code::PAYLOAD_TOO_LARGE], "one that takes half"),
            (vec![Code::PAYLOAD_TOO_LARGE, Code::PAYLOAD_TOO_LARGE, Code::BAD_GATEWAY], "one that takes single spans"),
        ] {
            let (sent, taken) = send(responses.into_iter().map(|code| code.into_response()), LONG).await;
            assert_eq!((sent.taken, sent.failures), (4, vec![]), "{why}");
            assert_eq!(taken, ["0", "1", "2", "3"], "{why}");
        }
    }

    #[tokio::test]
    async fn a_part_that_is_refused_is_reported_and_the_others_arrive() {
        use StatusCode as Code;
        let refusal = (Code::BAD_REQUEST, "no such tenant\n").into_response();
        let (sent, taken) = send([Code::PAYLOAD_TOO_LARGE.into_response(), refusal], LONG).await;
        assert_eq!((sent.taken, taken), (2, vec!["2".to_owned(), "3".to_owned()]));
        assert_eq!(sent.failures, [r"2 spans: 400 Bad Request no such tenant\n"]);
        let (sent, _) = send([Code::PAYLOAD_TOO_LARGE; 7].map(|code| code.into_response()), LONG).await;
        assert_eq!((sent.taken, sent.failures.len()), (0, 4), "{:?}", sent.failures);
    }

    #[tokio::test]
    async fn a_busy_collector_is_waited_for_until_the_deadline() {
        for asked in ["60", "18446744073709551615", "Fri, 01 Jan 2100 00:00:00 GMT"] {
            let busy = (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, asked)]).into_response();
            let (sent, _) = send([busy], Duration::from_secs(5)).await;
            assert_eq!(sent.failures, ["4 spans: 503 Service Unavailable"], "{asked}");
        }
        for asked in ["0", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"] {
            let busy = (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, asked)]).into_response();
            let (sent, _) = send([busy], Duration::from_secs(5)).await;
            assert_eq!((sent.taken, sent.failures), (4, vec![]), "{asked}");
        }
        let (sent, _) = send([], Duration::ZERO).await;
        assert_eq!((sent.taken, sent.failures.len()), (0, 1), "no time is left: {:?}", sent.failures);
    }

    #[tokio::test]
    async fn a_collector_that_cannot_be_used_is_named() {
        let at = |variables: &[(&str, &str)]| {
            Collector::of(Config::from_env(&Env::from_pairs(variables.iter().copied())).otlp)
        };
        const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
        for (variables, error) in [
            (&[][..], "OTEL_EXPORTER_OTLP_ENDPOINT is not set"),
            (&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a")], "OTEL_EXPORTER_OTLP_ENDPOINT is not set"),
            (&[ENDPOINT, ("OTEL_EXPORTER_OTLP_HEADERS", "key=Bearer%20ssm:/key")], "the header key names a secret"),
        ] {
            assert!(at(variables).unwrap_err().to_string().starts_with(error), "{error}");
        }
        let sent = at(&[ENDPOINT]).unwrap().send(spans(1), SystemTime::now() + RESERVE + FIRST_PAUSE).await;
        assert!(sent.failures.iter().all(|failure| failure.contains("refused")), "{:?}", sent.failures);
        let malformed = at(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:99999")]).unwrap();
        let sent = tokio::time::timeout(PATIENCE, malformed.send(spans(1), SystemTime::now() + LONG * 100)).await;
        assert_eq!(sent.unwrap().failures.len(), 1, "no retry helps");
    }

    #[tokio::test]
    async fn rejected_spans_are_counted() {
        let partial = ExportTracePartialSuccess { rejected_spans: 3, error_message: "too old".to_owned() };
        let body = ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec();
        let (sent, _) = send([body.into_response()], LONG).await;
        assert_eq!((sent.taken, sent.rejected, sent.failures), (1, 3, vec![]));
    }
}
