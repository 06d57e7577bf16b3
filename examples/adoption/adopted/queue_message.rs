//! A message to a queue for each invocation.

use std::env;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    let config = thundra_aws::load_config().await;
    let (sqs, queue) = (thundra_aws::sqs::client(&config), env::var("QUEUE_URL")?);
    thundra_aws::run(service_fn(|event| enqueue(&sqs, &queue, event))).await
}

async fn enqueue(sqs: &aws_sdk_sqs::Client, queue: &str, event: LambdaEvent<Value>) -> Result<Value, Error> {
    sqs.send_message().queue_url(queue).message_body(event.payload.to_string()).send().await?;
    Ok(json!({ "queued": true }))
}
