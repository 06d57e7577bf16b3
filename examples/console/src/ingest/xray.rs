//! Datagrams to the X-Ray daemon: spans of the exporter `xray`, as OTLP, and segments of AWS's SDKs, which are skipped.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thundra_core::Signal;
use thundra_lines::{Format, decode};
use tokio::net::UdpSocket;

use crate::rows::Batch;
use crate::store::Store;

/// What comes before the document in each datagram ends in a line break.
const HEADER_END: u8 = b'\n';

/// What comes before OTLP in base64: sampled and unsampled spans.
const OTLP: [&[u8]; 2] = [b"T1S", b"T1U"];

/// Listens on the port of the daemon.
pub(crate) async fn listen(port: u16) -> std::io::Result<UdpSocket> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Receives until the end of the process.
pub(crate) async fn receive(socket: UdpSocket, store: Store) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        // An error is of an earlier send, or of the datagram alone.
        let Ok(len) = socket.recv(&mut buffer).await else { continue };
        match read(buffer.get(..len).unwrap_or_default()) {
            Some(batch) => {
                if let Err(error) = store.write(batch).await {
                    eprintln!("thundra-console: a datagram of X-Ray is not stored: {error}");
                }
            }
            None => store.reject(|rejected| rejected.requests += 1),
        }
    }
}

/// Reads a datagram; `None` for anything but OTLP.
fn read(datagram: &[u8]) -> Option<Batch> {
    let start = datagram.iter().position(|byte| *byte == HEADER_END)? + 1;
    let document = datagram.get(start..)?;
    let base64 = OTLP.iter().find_map(|prefix| document.strip_prefix(*prefix))?;
    let bytes = STANDARD.decode(base64.trim_ascii_end()).ok()?;
    let mut batch = Batch::default();
    batch.add(decode(Signal::Traces, Format::Protobuf, &bytes).ok()?);
    Some(batch)
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
    use prost::Message as _;

    use super::*;

    #[test]
    fn a_datagram_of_spans_is_read() {
        let span = Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..Span::default() };
        let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
        let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
        let otlp = STANDARD.encode(ExportTraceServiceRequest { resource_spans }.encode_to_vec());
        let header = r#"{"format":"json","version":1}"#;
        for prefix in ["T1S", "T1U"] {
            assert_eq!(read(format!("{header}\n{prefix}{otlp}").as_bytes()).unwrap().spans.len(), 1);
        }
        for other in ["", header, &format!("{header}\n{{\"trace_id\":\"1-a-b\"}}"), &format!("{header}\nT1S%%")] {
            assert!(read(other.as_bytes()).is_none());
        }
    }
}
