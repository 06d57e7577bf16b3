//! Lambda's Extensions API: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>.
//!
//! An extension is registered before the function requests the first event. No extension receives events: an internal
//! extension cannot get `SHUTDOWN`, and the tested extensions do not register for `INVOKE`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::life::Life;

#[derive(Clone)]
struct Api {
    life: Arc<Life>,
    refuses: bool,
    number: Arc<AtomicUsize>,
}

pub(super) fn routes(life: Arc<Life>, refuses: bool) -> Router {
    Router::new()
        .route("/2020-01-01/extension/register", post(register))
        .route("/2020-01-01/extension/event/next", get(next))
        .route("/2020-01-01/extension/init/error", post(failed))
        .route("/2020-01-01/extension/exit/error", post(failed))
        .with_state(Api { life, refuses, number: Arc::default() })
}

async fn register(State(api): State<Api>, headers: HeaderMap, body: Option<Json<Value>>) -> Response {
    let Some(name) = header(&headers, "lambda-extension-name") else {
        return refuse(StatusCode::BAD_REQUEST, "Extension.InvalidExtensionName");
    };
    let events = body.and_then(|body| body.0.get("events").cloned()).unwrap_or_default();
    if events.as_array().is_some_and(|events| events.iter().any(|event| event == "SHUTDOWN")) {
        // An extension without a file in /opt/extensions is an internal extension.
        return refuse(StatusCode::FORBIDDEN, "ShutdownEventNotSupportedForInternalExtension");
    }
    let id = format!("extension-{}", api.number.fetch_add(1, Ordering::Relaxed));
    if api.refuses || !api.life.register(&id, name) {
        return refuse(StatusCode::FORBIDDEN, "Extension.RegistrationClosed");
    }
    let answer = json!({ "functionName": "reliable", "functionVersion": "$LATEST", "handler": "bootstrap" });
    ([("lambda-extension-identifier", id)], Json(answer)).into_response()
}

async fn next(State(api): State<Api>, headers: HeaderMap) -> Response {
    match header(&headers, "lambda-extension-identifier") {
        Some(id) if api.life.extension_waits(id) => std::future::pending().await,
        _ => refuse(StatusCode::FORBIDDEN, "Extension.UnknownExtensionIdentifier"),
    }
}

async fn failed() -> StatusCode {
    StatusCode::ACCEPTED
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn refuse(status: StatusCode, error_type: &str) -> Response {
    (status, Json(json!({ "errorType": error_type, "errorMessage": error_type }))).into_response()
}
