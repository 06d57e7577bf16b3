//! OTLP over HTTP. No token is needed: a program of the user's has only the endpoint. A page in a browser is kept out
//! by its `Origin`, and by media types that a page cannot send without asking first.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use prost::Message as _;
use thundra_core::Signal;
use thundra_lines::{DecodeError, Format, MAX_BYTES, decode, unzip};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::rows::Batch;
use crate::server::is_loopback;
use crate::store::{self, Store};

/// The requests that are read at once. Others wait: each may have 64 MiB.
const MAX_REQUESTS: usize = 16;

/// Listens on the port of OTLP.
pub(crate) async fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Serves until the end of the process. `/` leads to the page, without the token: so a program that sends telemetry can
/// name the page of its own requests.
pub(crate) async fn serve(listener: TcpListener, store: Store, page: SocketAddr) -> std::io::Result<()> {
    axum::serve(listener, router(store, page)).await
}

fn router(store: Store, page: SocketAddr) -> Router {
    let take =
        |signal| post(async move |State(store): State<Store>, headers, body| take(store, signal, headers, body).await);
    Router::new()
        .route("/", get(async move |headers: HeaderMap| lead(&headers, page)))
        .route("/v1/traces", take(Signal::Traces))
        .route("/v1/logs", take(Signal::Logs))
        .route("/v1/metrics", take(Signal::Metrics))
        .layer(DefaultBodyLimit::max(MAX_BYTES))
        .layer(from_fn_with_state(Arc::new(Semaphore::new(MAX_REQUESTS)), wait))
        .with_state(store)
}

/// Lets a request in when there is room for its bytes.
async fn wait(State(room): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match room.acquire().await {
        Ok(_permit) => next.run(request).await,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn lead(headers: &HeaderMap, page: SocketAddr) -> Response {
    match admit_sender(headers) {
        Ok(()) => Redirect::to(&format!("http://{page}/")).into_response(),
        Err((status, why)) => (status, why).into_response(),
    }
}

async fn take(store: Store, signal: Signal, headers: HeaderMap, body: Bytes) -> Response {
    let format = match admit(&headers) {
        Ok(format) => format,
        Err((status, why)) => return (status, why).into_response(),
    };
    let encoding = headers.get(CONTENT_ENCODING).map(|encoding| encoding.as_bytes().to_ascii_lowercase());
    let is_zipped = match encoding.as_deref() {
        None | Some(b"" | b"identity") => false,
        Some(b"gzip" | b"x-gzip") => true,
        Some(_) => return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Encoding: gzip or none").into_response(),
    };
    let batch = tokio::task::spawn_blocking(move || {
        let plain = if is_zipped { Bytes::from(unzip(&body)?) } else { body };
        let mut batch = Batch::default();
        batch.add(decode(signal, format, &plain)?);
        Ok(batch)
    });
    let batch = match batch.await {
        Ok(Ok(batch)) => batch,
        Ok(Err(error)) => {
            store.reject(|rejected| rejected.requests += 1);
            let status = match error {
                DecodeError::TooLarge | DecodeError::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
                DecodeError::Malformed(_) => StatusCode::BAD_REQUEST,
            };
            return (status, error.to_string()).into_response();
        }
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let rejected = batch.rejected.spans;
    match store.write(batch).await {
        Ok(_) => accepted(format, rejected),
        // It would never fit, so exporters must not try again.
        Err(store::Error::Full) => (StatusCode::PAYLOAD_TOO_LARGE, store::Error::Full.to_string()).into_response(),
        // Exporters keep what was not stored, and try again.
        Err(store::Error::Closed) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// Returns the format of a request that may come in.
fn admit(headers: &HeaderMap) -> Result<Format, (StatusCode, &'static str)> {
    admit_sender(headers)?;
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/x-protobuf" => Ok(Format::Protobuf),
        "application/json" => Ok(Format::Json),
        _ => Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type: application/x-protobuf or application/json")),
    }
}

/// Keeps pages of other origins out.
fn admit_sender(headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
    if headers.contains_key(ORIGIN) {
        return Err((StatusCode::FORBIDDEN, "a page in a browser sends no telemetry here"));
    }
    let mut hosts = headers.get_all(HOST).iter().map(|host| host.to_str().is_ok_and(is_loopback));
    if !hosts.all(|is_local| is_local) {
        return Err((StatusCode::FORBIDDEN, "Host: only 127.0.0.1, [::1] and localhost are answered"));
    }
    Ok(())
}

/// Answers as OTLP asks: in the format of the request, with the number of records that could not be read.
fn accepted(format: Format, rejected: u64) -> Response {
    use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};

    // The responses of the three signals have the same fields.
    let partial_success = (rejected > 0).then(|| ExportTracePartialSuccess {
        rejected_spans: i64::try_from(rejected).unwrap_or(i64::MAX),
        error_message: "a span needs a trace id of 16 bytes and a span id of 8 bytes".to_owned(),
    });
    let response = ExportTraceServiceResponse { partial_success };
    match format {
        Format::Protobuf => ([(CONTENT_TYPE, "application/x-protobuf")], response.encode_to_vec()).into_response(),
        Format::Json => axum::Json(response).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_may_send_and_pages_may_not() {
        for (headers, expected) in [
            (&[("content-type", "application/x-protobuf"), ("host", "localhost:4318")][..], Ok(Format::Protobuf)),
            (&[("content-type", "Application/JSON; charset=utf-8")], Ok(Format::Json)),
            (&[("content-type", "text/plain")], Err(415)),
            (&[], Err(415)),
            (&[("content-type", "application/json"), ("origin", "null")], Err(403)),
            (&[("content-type", "application/json"), ("host", "evil.example")], Err(403)),
        ] {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let admitted = admit(&headers.collect()).map_err(|(status, _)| status.as_u16());
            assert_eq!(admitted, expected);
        }
    }
}
