//! Exports of a function, and a check of arrival.

use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use base64::Engine;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::Value;
use tokio::net::UdpSocket;

use crate::Result;

/// The kind of export.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Export {
    /// No export.
    None,
    /// Protobuf over HTTP, uncompressed.
    Otlp,
    /// A line on standard output: protobuf, gzip, base64. Without a level, the stack's default applies.
    Line { gzip: Option<&'static str> },
    /// Datagrams to the X-Ray daemon.
    XRay,
}

/// The received payloads.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) payloads: usize,
    pub(super) last: Vec<u8>,
}

/// The receiving side.
#[derive(Clone, Debug, Default)]
pub(super) struct Collector(Arc<Mutex<Received>>);

impl Export {
    /// Returns the name for files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Export::None => "none",
            Export::Otlp => "otlp",
            Export::Line { gzip: None } => "line",
            Export::Line { gzip: Some(_) } => "line-1",
            Export::XRay => "xray",
        }
    }

    /// Returns the environment of a function for the export. `None` also has an endpoint, because connections are
    /// opened on demand.
    pub(super) fn variables(self, collector: &str, daemon: &str) -> Vec<(&'static str, String)> {
        match self {
            // Spans alone, because all stacks export spans.
            Export::None | Export::Otlp => vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}")),
                ("OTEL_LOGS_EXPORTER", "none".to_owned()),
                ("OTEL_METRICS_EXPORTER", "none".to_owned()),
            ],
            Export::Line { gzip } => {
                let level = gzip.map(|level| ("OTLP_STDOUT_SPAN_EXPORTER_COMPRESSION_LEVEL", level.to_owned()));
                [("OTEL_TRACES_EXPORTER", "stdout".to_owned())].into_iter().chain(level).collect()
            }
            Export::XRay => vec![("AWS_XRAY_DAEMON_ADDRESS", daemon.to_owned())],
        }
    }

    /// Returns the number of spans in a payload; `None` if the spans are not counted.
    pub(super) fn spans(self, payload: &[u8]) -> Result<Option<usize>> {
        let protobuf = match self {
            Export::None | Export::XRay => return Ok(None),
            Export::Otlp => payload.to_vec(),
            Export::Line { .. } => {
                let line: Value = serde_json::from_slice(payload)?;
                let text = line["payload"].as_str().ok_or("a line without a payload")?;
                let mut protobuf = Vec::new();
                let gzip = base64::engine::general_purpose::STANDARD.decode(text)?;
                GzDecoder::new(gzip.as_slice()).read_to_end(&mut protobuf)?;
                protobuf
            }
        };
        let request = ExportTraceServiceRequest::decode(protobuf.as_slice())?;
        let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        Ok(Some(scopes.map(|scope| scope.spans.len()).sum()))
    }
}

impl Collector {
    pub(super) fn received(&self) -> MutexGuard<'_, Received> {
        self.0.lock().expect("nobody panics while holding it")
    }

    fn receive(&self, payload: &[u8]) {
        let mut received = self.received();
        received.payloads += 1;
        received.last.clear();
        received.last.extend_from_slice(payload);
    }

    /// Returns the routes of OTLP over HTTP.
    pub(super) fn routes(&self) -> Router {
        async fn traces(State(collector): State<Collector>, body: Bytes) {
            collector.receive(&body);
        }
        Router::new().route("/v1/traces", post(traces)).with_state(self.clone())
    }

    /// Reads the lines of a process until the process ends.
    pub(super) fn lines(&self, child: &mut Child) -> Option<JoinHandle<()>> {
        let (collector, pipe) = (self.clone(), child.stdout.take()?);
        Some(std::thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(|line| line.ok()) {
                collector.receive(&line);
            }
        }))
    }

    /// Receives the datagrams of the X-Ray daemon.
    pub(super) async fn datagrams(self, socket: UdpSocket) {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length) = socket.recv(&mut buffer).await {
            self.receive(buffer.get(..length).unwrap_or_default());
        }
    }
}
