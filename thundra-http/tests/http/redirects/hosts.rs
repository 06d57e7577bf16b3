//! A server that redirects callers along the path of the request.
//!
//! The path is an itinerary: `/302-foreign/307-home/end` is redirected with 302 to `foreign.example`, then with 307 to
//! 127.0.0.1, and gets a response there. A step may end with a delay in milliseconds: `/302-foreign-80/end`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;

use crate::support::{Record, Seen, serve};

/// Starts the server, which plays all hosts.
pub(super) async fn hosts() -> (SocketAddr, Record) {
    let record = Record::default();
    let keep = record.clone();
    let port = Arc::new(Mutex::new(0));
    let own = port.clone();
    let app = Router::new().fallback(move |request: Request| {
        let (keep, port) = (keep.clone(), *own.lock().unwrap());
        async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let path = head.uri.path_and_query().unwrap().to_string();
            let host = head.headers["host"].to_str().unwrap().split(':').next().unwrap().to_owned();
            // At the fork, each request names its own itinerary.
            let fork = head.headers.get("x-fork").filter(|_| path == "/fork").cloned();
            let itinerary = fork.as_ref().map_or(head.uri.path(), |fork| fork.to_str().unwrap()).to_owned();
            let wait = head.headers.get("x-wait").map_or(0, |wait| wait.to_str().unwrap().parse().unwrap());
            keep.keep(Seen { method: head.method.to_string(), host, path, headers: head.headers, body });
            respond(&itinerary, port, wait).await
        }
    });
    let address = serve(app).await;
    *port.lock().unwrap() = address.port();
    (address, record)
}

/// Takes the first step of an itinerary. `own_wait` is the delay of a step that ends with `-own`.
async fn respond(path: &str, port: u16, own_wait: u64) -> Response {
    let (step, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    let mut parts = step.split('-');
    let response = Response::builder().header("set-cookie", format!("jar={}; Path=/", path.len()));
    let Ok(status) = parts.next().unwrap().parse::<u16>() else {
        if step == "slow" {
            std::future::pending::<()>().await;
        }
        return response.body(Body::from("the end")).unwrap();
    };
    let location = match parts.next().unwrap() {
        "home" => format!("http://127.0.0.1:{port}/{rest}"),
        "signed" => format!("http://127.0.0.1:{port}/{rest}?X-Amz-Signature=x"),
        "other" => format!("http://other.internal:{port}/{rest}"),
        "foreign" => format!("http://foreign.example:{port}/{rest}"),
        "refused" => format!("http://127.0.0.1:1/{rest}"),
        "ftp" => format!("ftp://foreign.example/{rest}"),
        "again" => "/fork".to_owned(),
        relative => format!("/{relative}/{rest}"),
    };
    if let Some(wait) = parts.next() {
        let wait = if wait == "own" { own_wait } else { wait.parse().unwrap() };
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    response.status(StatusCode::from_u16(status).unwrap()).header("location", location).body(Body::empty()).unwrap()
}
