//! A server that returns the received request in the response.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::{any, get};

/// Starts the server, and returns the address.
pub(crate) async fn start() -> SocketAddr {
    let app = Router::new()
        .route("/json", get(|| async { ([("content-type", "application/json")], r#"{"id":7}"#) }))
        .route("/moved", get(|| async { (StatusCode::FOUND, [("location", "/echo")]) }))
        .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/login", get(|| async { (AppendHeaders([("set-cookie", "session=s1; Path=/")]), "in") }))
        .route("/slow", get(std::future::pending::<()>))
        .fallback(any(echo));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Starts the server on a separate thread.
pub(crate) fn start_blocking() -> SocketAddr {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            send.send(start().await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receive.recv().unwrap()
}

async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let content_type = header("content-type").split(';').next().unwrap().to_owned();
    let named = ["authorization", "cookie", "user-agent", "x-default"].map(header).join("|");
    format!("{method} {uri} {content_type} {named} {}", String::from_utf8_lossy(&body))
}
