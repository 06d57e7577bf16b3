//! HTTP requests, and responses according to the fault.

use std::io::Read as _;
use std::time::Duration;

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::State;
use super::fault::Fault;

/// A request with the whole body.
#[derive(Debug)]
pub(super) struct Request {
    gzip: bool,
    json: bool,
    body: Vec<u8>,
}

/// A stream with a reset instead of a regular end.
pub(super) trait Connection: AsyncRead + AsyncWrite + Unpin + Send {
    /// Lets the end of the stream be a reset.
    fn reset_at_end(&self);
}

impl Connection for TcpStream {
    fn reset_at_end(&self) {
        let _ = self.set_zero_linger();
    }
}

impl Connection for TlsStream<TcpStream> {
    fn reset_at_end(&self) {
        self.get_ref().0.reset_at_end();
    }
}

impl Request {
    pub(super) fn decode(&self) -> Option<ExportTraceServiceRequest> {
        let mut plain = Vec::new();
        let body = if self.gzip {
            GzDecoder::new(self.body.as_slice()).read_to_end(&mut plain).ok()?;
            &plain
        } else {
            &self.body
        };
        if self.json {
            serde_json::from_slice(body).ok()
        } else {
            ExportTraceServiceRequest::decode(body.as_slice()).ok()
        }
    }
}

/// Serves the requests of a connection until the connection ends.
pub(super) async fn serve(state: &State, mut stream: impl Connection) {
    let mut bytes = Vec::new();
    while let Some(head) = head(&mut stream, &mut bytes).await {
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let length = header("content-length").and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        let (fault, number) = (state.fault(), state.count_request());
        if fault == Fault::Resetting {
            let _ = body(&mut stream, &mut bytes, length / 2).await;
            stream.reset_at_end();
            return;
        }
        let gzip = header("content-encoding").is_some_and(|value| value.trim() == "gzip");
        let json = header("content-type").is_some_and(|value| value.contains("json"));
        let Some(body) = body(&mut stream, &mut bytes, length).await else { return };
        let request = Request { gzip, json, body };
        let goes_on = respond(state, &mut stream, request, fault, number).await;
        state.tell();
        if goes_on.is_none() {
            return;
        }
    }
}

/// Responds to a request. Returns `None` if the connection ends with the request.
async fn respond(
    state: &State,
    stream: &mut impl Connection,
    request: Request,
    fault: Fault,
    number: usize,
) -> Option<()> {
    match fault {
        Fault::None | Fault::BadCertificate | Fault::Refusing => {
            state.take(request, 0);
            answer(stream, 200, None, b"").await
        }
        Fault::Slow(delay) => {
            tokio::time::sleep(delay).await;
            state.take(request, 0);
            answer(stream, 200, None, b"").await
        }
        Fault::Hanging | Fault::Resetting => until_the_client_goes(stream).await,
        Fault::HalfClosed => {
            stream.shutdown().await.ok()?;
            until_the_client_goes(stream).await
        }
        Fault::Status(status, retry_after) => answer(stream, status, retry_after, b"refused").await,
        Fault::Partial(refused) => {
            let sent: usize = request.decode().iter().map(super::ledger::count).sum();
            let refused = refused.min(sent);
            state.take(request, refused);
            let partial =
                ExportTracePartialSuccess { rejected_spans: refused.try_into().ok()?, error_message: "too old".into() };
            let body = ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec();
            answer(stream, 200, None, &body).await
        }
        Fault::Garbage => {
            state.take(request, 0);
            answer(stream, 200, None, &[0xff; 300]).await
        }
        Fault::OtherProtocol => {
            stream.write_all(b"SSH-2.0-Collector\r\n").await.ok()?;
            None
        }
        Fault::Huge(bytes) => answer(stream, 400, None, &vec![b'x'; bytes]).await,
        Fault::Flapping(times) if (number / times.max(1)) % 2 == 1 => answer(stream, 503, None, b"refused").await,
        Fault::Flapping(_) => {
            state.take(request, 0);
            answer(stream, 200, None, b"").await
        }
    }
}

async fn answer(stream: &mut impl Connection, status: u16, retry_after: Option<&str>, body: &[u8]) -> Option<()> {
    let retry_after = retry_after.map(|value| format!("retry-after: {value}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status} Collected\r\ncontent-type: application/x-protobuf\r\n{retry_after}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await.ok()?;
    stream.flush().await.ok()
}

/// Returns `None` once the client has closed the connection.
async fn until_the_client_goes(stream: &mut impl Connection) -> Option<()> {
    let mut nothing = [0; 1024];
    // Limits the wait for the end of the connection: a client may vanish without a FIN.
    let gone = async { while stream.read(&mut nothing).await.is_ok_and(|count| count > 0) {} };
    let _ = tokio::time::timeout(Duration::from_secs(120), gone).await;
    None
}

/// Returns the next head in lower case; `None` if the connection ends. Later bytes stay in `bytes`.
async fn head(stream: &mut impl Connection, bytes: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            let head = std::mem::replace(bytes, rest);
            return Some(String::from_utf8_lossy(&head).to_ascii_lowercase());
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// Returns a body; `None` if the connection ends before the end of the body.
async fn body(stream: &mut impl Connection, bytes: &mut Vec<u8>, length: usize) -> Option<Vec<u8>> {
    while bytes.len() < length {
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
    let rest = bytes.split_off(length);
    Some(std::mem::replace(bytes, rest))
}
