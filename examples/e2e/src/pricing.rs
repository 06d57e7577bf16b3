//! `pricing`: a traditional HTTP service that returns prices.
//!
//! The service does not run in Lambda. One call at the start and one layer make every request a scope that continues
//! the caller's trace.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::harness::Error;

/// The orders with an earlier request for a rare item.
type Asked = Arc<Mutex<HashSet<String>>>;

/// The query of a price request.
#[derive(Debug, Deserialize)]
struct For {
    order: String,
}

/// Serves prices on `address` (`127.0.0.1:8080`) until standard input ends.
///
/// # Errors
///
/// If the port cannot be opened.
pub async fn serve(address: &str) -> Result<(), Error> {
    let _telemetry = thundra_http::init(); // exports in the background, and what is left when dropped
    let listener = TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    axum::serve(listener, app()).with_graceful_shutdown(end_of_input()).await?;
    Ok(())
}

fn app() -> Router {
    Router::new().route("/prices/{item}", get(price)).layer(thundra_http::Layer::server()).with_state(Asked::default())
}

/// Handles `GET /prices/{item}?order=…`.
async fn price(
    State(asked): State<Asked>,
    Path(item): Path<String>,
    Query(query): Query<For>,
) -> (StatusCode, Json<Value>) {
    if item == "truffles" && first_time(&asked, query.order) {
        tracing::warn!(item, "asking the market");
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": "the price is not known yet, try again" })));
    }
    (StatusCode::OK, Json(json!({ "item": item, "cents": look_up(&item) })))
}

fn first_time(asked: &Asked, order: String) -> bool {
    asked.lock().unwrap_or_else(PoisonError::into_inner).insert(order)
}

#[tracing::instrument]
fn look_up(item: &str) -> u32 {
    match item {
        "truffles" => 9_900,
        "cheese" => 1_250,
        _ => 400,
    }
}

async fn end_of_input() {
    let _ = tokio::io::stdin().read(&mut [0]).await;
}
