//! Helpers of the exporter's tests: one batch, and a collector on raw sockets.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use thundra_core::export::{Batch, Export, ExportErrorKind};
use thundra_core::{Config, Env, OtlpSignals, Resource, Scope};
use thundra_http::export::OtlpExporter;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// The heads of the requests received by a server.
pub(crate) type Heads = Arc<Mutex<Vec<String>>>;

pub(crate) fn otlp(variables: &[(&str, &str)]) -> OtlpSignals {
    Config::from_env(&Env::from_pairs(variables.iter().copied())).otlp
}

pub(crate) fn exporter(variables: &[(&str, &str)]) -> OtlpExporter {
    OtlpExporter::new(&otlp(variables)).unwrap()
}

/// Exports a span with an attribute of `fill` bytes. Returns the kind of a failure, and the causes as text.
pub(crate) async fn export_filled(exporter: &OtlpExporter, fill: usize) -> Result<(), (ExportErrorKind, String)> {
    let scope = Scope::builder("root").attribute("fill", "x".repeat(fill)).begin();
    let batch = Batch::new(Arc::new(Resource::new([])), scope.finish());
    exporter.export(&batch, Instant::now() + Duration::from_secs(10)).await.map_err(|error| {
        let mut text = String::new();
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            text.push_str(&format!(": {error}"));
            source = error.source();
        }
        (error.kind(), text)
    })
}

pub(crate) async fn export(exporter: &OtlpExporter) -> Result<(), (ExportErrorKind, String)> {
    export_filled(exporter, 1).await
}

/// Reads one request; `None` where the connection ends.
pub(crate) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let length: usize = length.unwrap_or_default();
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, bytes.split_off(end)))
}

/// Answers each request on a connection with the same bytes.
pub(crate) async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, response: &[u8], heads: &Heads) {
    while let Some((head, _)) = read_request(&mut stream).await {
        heads.lock().unwrap().push(head);
        if stream.write_all(response).await.is_err() {
            return;
        }
    }
}

pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Starts a collector in plain HTTP that responds to each request with the same bytes. Returns the URL, the heads, and
/// the number of connections.
pub(crate) async fn collector(response: impl Into<Vec<u8>>) -> (String, Heads, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (heads, connections, response) = (Heads::default(), Arc::new(Mutex::new(0)), response.into());
    let (kept, counted) = (heads.clone(), connections.clone());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            *counted.lock().unwrap() += 1;
            let (kept, response) = (kept.clone(), response.clone());
            tokio::spawn(async move { answer(stream, &response, &kept).await });
        }
    });
    (url, heads, connections)
}
