//! Several invocations at once, on managed instances.

use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde_json::{Value, json};

static STEPS: AtomicU64 = AtomicU64::new(0);

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    lambda_runtime::run_concurrent(service_fn(step)).await
}

async fn step(event: LambdaEvent<Value>) -> Result<Value, Error> {
    STEPS.fetch_add(1, Ordering::Relaxed);
    tokio::task::yield_now().await;
    Ok(json!({ "step": event.payload.get("step") }))
}
