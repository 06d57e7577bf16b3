//! An axum router with a path, a state and JSON.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use lambda_http::{Error, tracing};
use serde_json::{Value, json};

type Orders = Arc<Mutex<HashMap<String, Value>>>;

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    lambda_http::run(app()).await
}

fn app() -> Router {
    let order = Router::new().route("/{id}", get(read)).route("/", post(create));
    Router::new().nest("/orders", order).with_state(Orders::default())
}

async fn read(State(orders): State<Orders>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    let orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
    orders.get(&id).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn create(State(orders): State<Orders>, Json(order): Json<Value>) -> (StatusCode, Json<Value>) {
    let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
    let id = orders.len().to_string();
    orders.insert(id.clone(), order);
    (StatusCode::CREATED, Json(json!({ "id": id })))
}
