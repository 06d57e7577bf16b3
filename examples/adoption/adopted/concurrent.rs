//! Several invocations at once, on managed instances.

use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};

static STEPS: AtomicU64 = AtomicU64::new(0);

#[thundra_aws::handler(concurrent)]
pub(super) async fn main(event: LambdaEvent<Value>) -> Result<Value, Error> {
    STEPS.fetch_add(1, Ordering::Relaxed);
    tokio::task::yield_now().await;
    Ok(json!({ "step": event.payload.get("step") }))
}
