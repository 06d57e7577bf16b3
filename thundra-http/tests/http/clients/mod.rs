//! Clients.

mod calls;
mod errors;
mod headers;
mod layer;
mod settings;

use axum::Router;
use axum::extract::Request;

use crate::support::{Record, Seen};

/// Returns a server that keeps its requests.
fn keeping(record: &Record) -> Router {
    let keep = record.clone();
    Router::new().fallback(move |request: Request| {
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let headers = request.headers().clone();
        keep.keep(Seen { method, host: String::new(), path, headers, body: Default::default() });
        async { "kept" }
    })
}
