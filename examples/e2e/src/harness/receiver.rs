//! An OTLP/HTTP endpoint that keeps every received span and log record.
//!
//! The receiver decodes with `opentelemetry-proto` and `prost`, which are independent of thundra's encoder. Other
//! collectors can therefore read the same requests.

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::ResourceLogs;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Error;
use super::console::{Console, Forwarded};
use crate::report::{LogRecord, Span};

/// A receiver on a loopback port. Dropping the value closes the port.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    server: JoinHandle<()>,
}

/// The received spans and log records, in order.
#[derive(Debug)]
struct Inbox {
    spans: Mutex<Vec<ResourceSpans>>,
    logs: Mutex<Vec<ResourceLogs>>,
    /// The place for a copy of each request.
    copies: Option<UnboundedSender<Option<Forwarded>>>,
    /// The number of requests with spans or log records.
    count: watch::Sender<usize>,
}

impl Receiver {
    /// Opens a receiver on a free loopback port.
    ///
    /// # Errors
    ///
    /// If no port can be opened.
    pub async fn open() -> Result<Self, Error> {
        Self::open_with(None).await
    }

    /// Opens a receiver that sends a copy of each request to a console.
    ///
    /// # Errors
    ///
    /// If no port can be opened.
    pub async fn open_beside(console: &Console) -> Result<Self, Error> {
        Self::open_with(Some(console.copies())).await
    }

    async fn open_with(copies: Option<UnboundedSender<Option<Forwarded>>>) -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let count = watch::Sender::new(0);
        let inbox = Arc::new(Inbox { spans: Mutex::default(), logs: Mutex::default(), copies, count });
        let app = Router::new()
            .route("/v1/traces", post(traces))
            .route("/v1/logs", post(logs))
            .route("/v1/metrics", post(metrics))
            .layer(DefaultBodyLimit::max(64 << 20))
            .with_state(Arc::clone(&inbox));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { address, inbox, server })
    }

    /// Returns the value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns all received spans in the order of arrival. A span in two requests is returned twice.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.inbox.spans().iter().flat_map(Span::all_of).collect()
    }

    /// Returns all received log records in the order of arrival.
    #[must_use]
    pub fn logs(&self) -> Vec<LogRecord> {
        self.inbox.logs.lock().unwrap_or_else(PoisonError::into_inner).iter().flat_map(LogRecord::all_of).collect()
    }

    /// Returns all received spans as one OTLP JSON document.
    ///
    /// # Errors
    ///
    /// If the spans cannot be written as JSON.
    pub fn json(&self) -> Result<String, Error> {
        let request = ExportTraceServiceRequest { resource_spans: self.inbox.spans() };
        Ok(serde_json::to_string(&request)?)
    }

    /// Waits until `enough` returns `true` for all spans. Returns `false` if `patience` runs out first.
    pub async fn wait_until(&self, patience: Duration, mut enough: impl FnMut(&[Span]) -> bool) -> bool {
        let mut count = self.inbox.count.subscribe();
        tokio::time::timeout(patience, async {
            loop {
                count.mark_unchanged();
                if enough(&self.spans()) || count.changed().await.is_err() {
                    return;
                }
            }
        })
        .await
        .is_ok()
    }

    /// Waits until neither spans nor log records have arrived for `calm`.
    pub async fn settled(&self, calm: Duration) {
        let mut count = self.inbox.count.subscribe();
        while matches!(tokio::time::timeout(calm, count.changed()).await, Ok(Ok(()))) {}
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Inbox {
    fn spans(&self) -> Vec<ResourceSpans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn copy(&self, path: &'static str, headers: &HeaderMap, body: &Bytes) {
        if let Some(copies) = &self.copies {
            // After a refused copy the console gets no more, and the end of the program says so.
            let _ = copies.send(Some(Forwarded { path, headers: headers.clone(), body: body.clone() }));
        }
    }

    fn add_spans(&self, request: ExportTraceServiceRequest) {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).extend(request.resource_spans);
        self.count.send_modify(|count| *count += 1);
    }

    fn add_logs(&self, request: ExportLogsServiceRequest) {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).extend(request.resource_logs);
        self.count.send_modify(|count| *count += 1);
    }
}

/// The response to a request, or why the request cannot be read.
type Response = Result<(HeaderMap, Bytes), (StatusCode, String)>;

async fn traces(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Response {
    inbox.copy("/v1/traces", &headers, &body);
    take(&headers, body, |request| inbox.add_spans(request))
}

async fn logs(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Response {
    inbox.copy("/v1/logs", &headers, &body);
    take(&headers, body, |request| inbox.add_logs(request))
}

/// Accepts metrics and keeps none.
async fn metrics(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Response {
    inbox.copy("/v1/metrics", &headers, &body);
    take(&headers, body, |_: ExportMetricsServiceRequest| {})
}

/// Takes an OTLP request, in protobuf or JSON, plain or gzip.
///
/// See <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.
fn take<T: Message + Default + DeserializeOwned>(headers: &HeaderMap, body: Bytes, add: impl FnOnce(T)) -> Response {
    let json = names(headers, header::CONTENT_TYPE, "application/json");
    let (content_type, empty) = if json { ("application/json", "{}") } else { ("application/x-protobuf", "") };
    add(decode(headers, json, body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?);

    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    Ok((headers, Bytes::from_static(empty.as_bytes())))
}

fn decode<T: Message + Default + DeserializeOwned>(headers: &HeaderMap, json: bool, body: Bytes) -> Result<T, Error> {
    let body = if names(headers, header::CONTENT_ENCODING, "gzip") {
        let mut plain = Vec::new();
        GzDecoder::new(body.as_ref()).read_to_end(&mut plain)?;
        Bytes::from(plain)
    } else {
        body
    };
    Ok(if json { serde_json::from_slice(&body)? } else { T::decode(body)? })
}

fn names(headers: &HeaderMap, name: header::HeaderName, value: &str) -> bool {
    headers.get(name).and_then(|found| found.to_str().ok()).is_some_and(|found| found.starts_with(value))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use opentelemetry_proto::tonic::logs::v1::{LogRecord as Log, ScopeLogs};
    use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span as Proto};

    use super::*;
    use crate::harness::loopback;

    fn request(name: &str) -> ExportTraceServiceRequest {
        let span = Proto { trace_id: vec![1; 16], span_id: vec![2; 8], name: name.to_owned(), ..Proto::default() };
        let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
        ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] }
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    async fn post(receiver: &Receiver, content_type: &str, encoding: &str, body: Vec<u8>) -> u16 {
        post_to(receiver, "/v1/traces", content_type, encoding, body).await
    }

    async fn post_to(receiver: &Receiver, path: &str, content_type: &str, encoding: &str, body: Vec<u8>) -> u16 {
        let request = loopback().unwrap().post(format!("{}{path}", receiver.endpoint())).body(body);
        let request = request.header("content-type", content_type).header("content-encoding", encoding);
        request.send().await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn every_encoding_is_read() {
        let receiver = Receiver::open().await.unwrap();
        let protobuf = request("protobuf").encode_to_vec();
        let json = serde_json::to_vec(&request("json")).unwrap();
        let zipped = gzip(&request("gzip").encode_to_vec());
        assert_eq!(post(&receiver, "application/x-protobuf", "identity", protobuf).await, 200);
        assert_eq!(post(&receiver, "application/json", "identity", json).await, 200);
        assert_eq!(post(&receiver, "application/x-protobuf", "gzip", zipped).await, 200);

        assert!(receiver.wait_until(Duration::from_secs(5), |spans| spans.len() == 3).await);
        let names: Vec<_> = receiver.spans().into_iter().map(|span| span.name).collect();
        assert_eq!(names, ["protobuf", "json", "gzip"]);
        let all: ExportTraceServiceRequest = serde_json::from_str(&receiver.json().unwrap()).unwrap();
        assert_eq!(all.resource_spans.len(), 3);
    }

    #[tokio::test]
    async fn log_records_and_metrics_are_taken() {
        let receiver = Receiver::open().await.unwrap();
        let record = Log { severity_text: "INFO".to_owned(), ..Log::default() };
        let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
        let logs =
            ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }] };
        let json = serde_json::to_vec(&logs).unwrap();
        assert_eq!(post_to(&receiver, "/v1/logs", "application/json", "identity", json).await, 200);
        let protobuf = logs.encode_to_vec();
        assert_eq!(post_to(&receiver, "/v1/logs", "application/x-protobuf", "gzip", gzip(&protobuf)).await, 200);
        assert_eq!(post_to(&receiver, "/v1/metrics", "application/x-protobuf", "identity", Vec::new()).await, 200);
        let levels: Vec<_> = receiver.logs().into_iter().map(|record| record.level).collect();
        assert_eq!((levels, receiver.spans().len()), (vec!["INFO".to_owned(); 2], 0));
    }

    #[tokio::test]
    async fn nonsense_is_refused() {
        let receiver = Receiver::open().await.unwrap();
        assert_eq!(post(&receiver, "application/json", "identity", b"{".to_vec()).await, 400);
        assert_eq!(post(&receiver, "application/x-protobuf", "gzip", b"plain".to_vec()).await, 400);
        assert!(receiver.spans().is_empty());
        assert!(!receiver.wait_until(Duration::from_millis(20), |spans| !spans.is_empty()).await);
    }
}
