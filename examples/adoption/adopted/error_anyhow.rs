//! Errors by `anyhow`, with context.

use anyhow::{Context, ensure};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    thundra_aws::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(price(&event.payload)?)
}

fn price(order: &Value) -> anyhow::Result<Value> {
    let items = order.get("items").and_then(Value::as_u64).context("an order needs a number of items")?;
    ensure!(items > 0, "an order needs an item");
    Ok(json!({ "cents": items * 250 }))
}
