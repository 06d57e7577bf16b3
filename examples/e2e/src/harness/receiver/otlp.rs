//! The routes of OTLP/HTTP, and the encodings of their requests.
//!
//! See <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.

use std::io::Read as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;
use serde::de::DeserializeOwned;

use super::inbox::Inbox;
use crate::harness::Error;

/// Returns the routes that fill an inbox.
pub(super) fn router(inbox: Arc<Inbox>) -> Router {
    Router::new()
        .route("/v1/traces", post(traces))
        .route("/v1/logs", post(logs))
        .route("/v1/metrics", post(metrics))
        .layer(DefaultBodyLimit::max(64 << 20))
        .with_state(inbox)
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
