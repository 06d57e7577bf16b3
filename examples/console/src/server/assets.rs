//! The files of the page, which the binary holds.

use std::borrow::Cow;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::guard::error;

const INDEX: &[u8] = include_bytes!("../../page/dist/index.html");

/// The files below `/assets`, by name and media type.
const ASSETS: [(&str, &str, &[u8]); 3] = [
    ("console.js", "text/javascript; charset=utf-8", include_bytes!("../../page/dist/assets/console.js")),
    ("console.css", "text/css; charset=utf-8", include_bytes!("../../page/dist/assets/console.css")),
    ("worker.js", "text/javascript; charset=utf-8", include_bytes!("../../page/dist/assets/worker.js")),
];

/// Returns the script, the style and the worker of the page, for a page that holds them.
pub(crate) fn bundle() -> (Cow<'static, str>, Cow<'static, str>, &'static [u8]) {
    let bytes = |name: &str| ASSETS.iter().find(|(known, ..)| *known == name).map_or(&b""[..], |(.., bytes)| bytes);
    let text = |name| String::from_utf8_lossy(bytes(name));
    (text("console.js"), text("console.css"), bytes("worker.js"))
}

/// Answers the page for any path but those of the API: a screen has a path of its own.
pub(crate) async fn page(uri: Uri) -> Response {
    if uri.path().starts_with("/api/") {
        return error(StatusCode::NOT_FOUND, "no such route: API.md has the list");
    }
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-cache")], INDEX).into_response()
}

/// Answers a file of the bundle.
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, media_type, bytes)) => {
            ([(CONTENT_TYPE, *media_type), (CACHE_CONTROL, "no-cache")], *bytes).into_response()
        }
        None => error(StatusCode::NOT_FOUND, "no such file"),
    }
}
