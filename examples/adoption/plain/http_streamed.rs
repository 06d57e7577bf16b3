//! An axum router with streamed responses.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use futures_util::stream;
use lambda_http::{Error, tracing};

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    lambda_http::run_with_streaming_response(Router::new().route("/count/{end}", get(count))).await
}

async fn count(Path(end): Path<u32>) -> Body {
    Body::from_stream(stream::iter((1..=end).map(|n| Ok::<_, Infallible>(format!("{n}\n")))))
}
