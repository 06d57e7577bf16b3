//! An OTLP/HTTP endpoint that keeps every received span and log record.
//!
//! The receiver decodes with `opentelemetry-proto` and `prost`, which are independent of thundra's encoder. Other
//! collectors can therefore read the same requests.

mod inbox;
mod otlp;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use self::inbox::Inbox;
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
        let inbox = Arc::new(Inbox::new(copies));
        let app = otlp::router(Arc::clone(&inbox));
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
        self.inbox.logs().iter().flat_map(LogRecord::all_of).collect()
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
        let mut count = self.inbox.arrivals();
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
        let mut count = self.inbox.arrivals();
        while matches!(tokio::time::timeout(calm, count.changed()).await, Ok(Ok(()))) {}
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::logs::v1::{LogRecord as Log, ResourceLogs, ScopeLogs};
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as Proto};
    use prost::Message as _;

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
