//! An OTLP/HTTP endpoint that keeps every received span.
//!
//! The receiver decodes with `opentelemetry-proto` and `prost`, which are independent of our encoder. Other collectors
//! can therefore read the same requests.

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
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Error;
use crate::report::Span;

/// A receiver on a loopback port. Dropping the value closes the port.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    server: JoinHandle<()>,
}

/// The received spans, in order.
#[derive(Debug)]
struct Inbox {
    received: Mutex<Vec<ResourceSpans>>,
    count: watch::Sender<usize>,
}

impl Receiver {
    /// Opens a receiver on a free loopback port.
    ///
    /// # Errors
    ///
    /// If no port can be opened.
    pub async fn open() -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let inbox = Arc::new(Inbox { received: Mutex::default(), count: watch::Sender::new(0) });
        let app = Router::new()
            .route("/v1/traces", post(traces))
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

    /// Returns all received spans in the order of arrival. A span that was sent twice is returned twice.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.inbox.all().iter().flat_map(Span::all_of).collect()
    }

    /// Returns all received spans as one OTLP JSON document.
    ///
    /// # Errors
    ///
    /// If the spans cannot be written as JSON.
    pub fn json(&self) -> Result<String, Error> {
        let request = ExportTraceServiceRequest { resource_spans: self.inbox.all() };
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

    /// Waits until no span has arrived for `calm`.
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
    fn all(&self) -> Vec<ResourceSpans> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, request: ExportTraceServiceRequest) {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.extend(request.resource_spans);
        self.count.send_replace(received.len());
    }
}

/// Handles `POST /v1/traces`, in protobuf or JSON, plain or gzip.
///
/// See <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.
async fn traces(
    State(inbox): State<Arc<Inbox>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(HeaderMap, Bytes), (StatusCode, String)> {
    let json = names(&headers, header::CONTENT_TYPE, "application/json");
    let (content_type, empty) = if json { ("application/json", "{}") } else { ("application/x-protobuf", "") };
    inbox.add(decode(&headers, json, body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?);

    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    Ok((headers, Bytes::from_static(empty.as_bytes())))
}

fn decode(headers: &HeaderMap, json: bool, body: Bytes) -> Result<ExportTraceServiceRequest, Error> {
    let body = if names(headers, header::CONTENT_ENCODING, "gzip") {
        let mut plain = Vec::new();
        GzDecoder::new(body.as_ref()).read_to_end(&mut plain)?;
        Bytes::from(plain)
    } else {
        body
    };
    Ok(if json { serde_json::from_slice(&body)? } else { ExportTraceServiceRequest::decode(body)? })
}

fn names(headers: &HeaderMap, name: header::HeaderName, value: &str) -> bool {
    headers.get(name).and_then(|found| found.to_str().ok()).is_some_and(|found| found.starts_with(value))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
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
        let request = loopback().unwrap().post(format!("{}/v1/traces", receiver.endpoint())).body(body);
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
    async fn nonsense_is_refused() {
        let receiver = Receiver::open().await.unwrap();
        assert_eq!(post(&receiver, "application/json", "identity", b"{".to_vec()).await, 400);
        assert_eq!(post(&receiver, "application/x-protobuf", "gzip", b"plain".to_vec()).await, 400);
        assert!(receiver.spans().is_empty());
        assert!(!receiver.wait_until(Duration::from_millis(20), |spans| !spans.is_empty()).await);
    }
}
