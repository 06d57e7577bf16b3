//! A message to a queue for each invocation.

use std::env;

use aws_config::BehaviorVersion;
use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde_json::{Value, json};

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let (sqs, queue) = (aws_sdk_sqs::Client::new(&config), env::var("QUEUE_URL")?);
    lambda_runtime::run(service_fn(|event| enqueue(&sqs, &queue, event))).await
}

async fn enqueue(sqs: &aws_sdk_sqs::Client, queue: &str, event: LambdaEvent<Value>) -> Result<Value, Error> {
    sqs.send_message().queue_url(queue).message_body(event.payload.to_string()).send().await?;
    Ok(json!({ "queued": true }))
}
