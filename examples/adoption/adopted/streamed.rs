//! A response in parts.

use std::time::Duration;

use lambda_runtime::streaming::channel;
use lambda_runtime::{Error, LambdaEvent, StreamResponse, service_fn, streaming};
use serde_json::Value;

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    thundra_aws::run(service_fn(count)).await
}

async fn count(event: LambdaEvent<Value>) -> Result<StreamResponse<streaming::Body>, Error> {
    let end = event.payload.get("end").and_then(Value::as_u64).ok_or("an end is needed")?;
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        for n in 1..=end {
            if sender.send_data(format!("{n}\n").into()).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    Ok(StreamResponse::from(body))
}
