//! Lambda's Runtime API: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response as HttpResponse};
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use serde_json::json;

use super::event::{Event, Outcome, Response};
use super::life::{Life, millis};

/// The largest response without streaming.
const MAX_RESPONSE: usize = 6 << 20;

/// The headers that Lambda adds to an error in the middle of a stream.
const STREAM_ERROR: &str = "lambda-runtime-function-error-type";

pub(super) fn routes(life: Arc<Life>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(|| async { StatusCode::ACCEPTED }))
        .with_state(life)
}

/// Returns the headers of an event.
pub(super) fn headers(
    event: &Event,
    request_id: &str,
    number: usize,
    xray_samples: bool,
    now: SystemTime,
) -> HeaderMap {
    let deadline = millis(now + event.timeout).saturating_sub(event.deadline_behind.as_millis());
    let seconds = millis(now) / 1000;
    let headers = [
        ("lambda-runtime-aws-request-id", request_id.to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:reliable".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            format!(
                "Root=1-{seconds:08x}-{number:024x};Parent=53995c3f42cd8ad8;Sampled={};Lineage=1:a87bd80c:0",
                u8::from(xray_samples)
            ),
        ),
        ("lambda-runtime-invocation-id", format!("attempt-{number}")),
    ];
    let tenant = event.tenant.map(|tenant| ("lambda-runtime-aws-tenant-id", tenant.to_owned()));
    let known = headers.into_iter().chain(tenant).filter(|(name, _)| !event.without.contains(name));
    known
        .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?)))
        .collect()
}

async fn next(State(life): State<Arc<Life>>) -> (HeaderMap, Bytes) {
    match life.asked(Instant::now()).await {
        Ok(delivery) => delivery,
        Err(_) => std::future::pending().await,
    }
}

async fn response(
    State(life): State<Arc<Life>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> HttpResponse {
    let text = |headers: &HeaderMap, name: &str| {
        headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let streams = headers.contains_key("lambda-runtime-function-response-mode");
    let (mut bytes, mut stream_error, mut broken_off) = (Vec::new(), None, false);
    while let Some(frame) = body.frame().await {
        match frame.map(|frame| frame.into_data().map_err(|frame| frame.into_trailers())) {
            Ok(Ok(data)) => bytes.extend_from_slice(&data),
            Ok(Err(trailers)) => stream_error = trailers.ok().and_then(|trailers| text(&trailers, STREAM_ERROR)),
            Err(_) => broken_off = true,
        }
    }
    if !streams && bytes.len() > MAX_RESPONSE {
        life.answered(&id, Outcome::TooLarge);
        let message = format!("Exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).");
        let answer = json!({ "errorType": "RequestEntityTooLarge", "errorMessage": message });
        return (StatusCode::PAYLOAD_TOO_LARGE, Json(answer)).into_response();
    }
    let content_type = text(&headers, "content-type").unwrap_or_default();
    let outcome = Outcome::Response(Response { content_type, body: bytes.into(), stream_error, broken_off });
    acknowledge(life.answered(&id, outcome))
}

async fn error(State(life): State<Arc<Life>>, Path(id): Path<String>, body: Bytes) -> HttpResponse {
    let error = serde_json::from_slice(&body).unwrap_or_default();
    acknowledge(life.answered(&id, Outcome::Error(error)))
}

fn acknowledge(known: bool) -> HttpResponse {
    if known {
        (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
    } else {
        let answer = json!({ "errorType": "InvalidRequestID", "errorMessage": "Invalid request ID" });
        (StatusCode::BAD_REQUEST, Json(answer)).into_response()
    }
}
