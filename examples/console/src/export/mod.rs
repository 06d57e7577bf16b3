//! A request on its way out: as a page that opens from disk, and as a trace for Perfetto.

mod page;
mod perfetto;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::api::{Api, Failure, Part, resolve};

/// Returns the routes.
pub(crate) fn router(api: Api) -> Router {
    Router::new()
        .route("/api/v1/requests/{id}/export.html", get(html))
        .route("/api/v1/requests/{id}/perfetto.json", get(trace))
        .with_state(api)
}

async fn html(State(api): State<Api>, Part(id): Part<String>) -> Result<Response, Failure> {
    let found = api.store.read(move |db| match resolve(db, &id)? {
        Some(request) => page::write(db, request).map(Some),
        None => Ok(None),
    });
    let text = found.await?.ok_or(Failure::NotFound("no such request"))?;
    Ok(attachment("request.html", "text/html; charset=utf-8", text))
}

async fn trace(State(api): State<Api>, Part(id): Part<String>) -> Result<Response, Failure> {
    let found = api.store.read(move |db| match resolve(db, &id)? {
        Some(request) => perfetto::write(db, request).map(Some),
        None => Ok(None),
    });
    let text = found.await?.ok_or(Failure::NotFound("no such request"))?;
    Ok(attachment("request.perfetto.json", "application/json", text))
}

fn attachment(name: &str, media_type: &'static str, text: String) -> Response {
    // The id of a request may have any characters, so the name of the file has none of them.
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, media_type.to_owned()), (CONTENT_DISPOSITION, disposition)], text).into_response()
}
