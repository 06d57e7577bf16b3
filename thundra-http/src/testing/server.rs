//! The HTTP server of a collector.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use thundra_core::Signal;
use thundra_core::testing::RequestForm;
use tokio::sync::oneshot;

use super::received::Received;

/// The longest request.
const MAX_BYTES: usize = 64 << 20;

/// A server on a separate thread. Dropping the value ends the thread, and closes all connections.
#[derive(Debug)]
pub(super) struct Server {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(listener: TcpListener, received: Arc<Received>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("otlp-collector".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    () = accept(listener, received) => {}
                }
            });
        })?;
        Ok(Server { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, received: Arc<Received>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        // A connection that broke before the accept ends nothing.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let received = received.clone();
        let answer = service_fn(move |request| {
            let received = received.clone();
            async move { Ok::<_, std::convert::Infallible>(answer(request, &received).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

async fn answer(request: Request<Incoming>, received: &Received) -> Response<Full<Bytes>> {
    let signal = Signal::ALL.into_iter().find(|signal| signal.path() == request.uri().path().trim_end_matches('/'));
    let Some(signal) = signal else { return response(StatusCode::NOT_FOUND, false, "no path of OTLP") };
    if request.method() != Method::POST {
        return response(StatusCode::METHOD_NOT_ALLOWED, false, "OTLP is a POST");
    }
    let headers = request.headers();
    let is_json = text(headers, CONTENT_TYPE).starts_with("application/json");
    let encoding = text(headers, CONTENT_ENCODING).to_ascii_lowercase();
    let is_gzip = match &*encoding {
        "" | "identity" => false,
        "gzip" => true,
        _ => return response(StatusCode::UNSUPPORTED_MEDIA_TYPE, is_json, "gzip and identity are understood"),
    };
    let body = match Limited::new(request.into_body(), MAX_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return response(StatusCode::BAD_REQUEST, is_json, &error.to_string()),
    };
    match received.take(signal, RequestForm { is_json, is_gzip }, &body) {
        Ok(()) => response(StatusCode::OK, is_json, if is_json { "{}" } else { "" }),
        Err(why) => response(StatusCode::BAD_REQUEST, is_json, &why),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn response(status: StatusCode, is_json: bool, body: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_owned()));
    *response.status_mut() = status;
    let content_type = match (status, is_json) {
        (StatusCode::OK, true) => "application/json",
        (StatusCode::OK, false) => "application/x-protobuf",
        _ => "text/plain",
    };
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}
