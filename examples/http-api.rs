//! An axum router as a Lambda function, behind API Gateway, a function URL or a load balancer.
//!
//! ```toml
//! thundra-aws = { version = "0.1", features = ["axum"] }
//! axum = { version = "0.8", default-features = false, features = ["json", "matched-path"] }
//! serde_json = "1"
//! tracing = "0.1"
//! ```
//!
//! Run without AWS:
//!
//! ```text
//! cargo run -p thundra-examples --bin http-api < examples/events/api.json
//! ```

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use thundra_aws::correlation;

#[thundra_aws::handler] // in place of a `main` of tokio, the subscriber and `lambda_http::run(app())`
async fn main() -> Router {
    Router::new().route("/orders", post(order))
}

async fn order(Json(order): Json<Value>) -> (StatusCode, Json<Value>) {
    let Some(id) = order.get("id").and_then(Value::as_str) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "an order needs an id" })));
    };
    correlation::set("order", id); // in every call and every log line from here on
    let total = price(&order).await;
    tracing::info!(total, "order accepted");
    (StatusCode::ACCEPTED, Json(json!({ "order": id, "total": total, "correlation_id": correlation::id() })))
}

#[tracing::instrument(skip_all)]
async fn price(order: &Value) -> usize {
    order.get("items").and_then(Value::as_array).map_or(0, Vec::len) * 10
}
