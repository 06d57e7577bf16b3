//! A program outside Lambda reads an SQS queue, each message in its sender's trace.
//!
//! ```toml
//! thundra-aws = { version = "0.1", features = ["sqs"] }
//! aws-sdk-sqs = "1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread", "signal"] }
//! tracing = "0.1"
//! ```
//!
//! Run the worker with credentials for AWS, and press Ctrl-C:
//!
//! ```text
//! QUEUE_URL=https://sqs.us-east-1.amazonaws.com/123456789012/notes cargo run -p thundra-examples --bin worker
//! ```

use aws_sdk_sqs::types::Message;
use thundra_aws::{Error, sqs};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init(); // exports in the background, and the rest when it is dropped
    let client = sqs::client(&thundra_aws::load_config().await);
    let queue = std::env::var("QUEUE_URL")?;
    tokio::select! {
        result = work(&client, &queue) => result,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

async fn work(client: &aws_sdk_sqs::Client, queue: &str) -> Result<(), Error> {
    loop {
        let received = client.receive_message().queue_url(queue).wait_time_seconds(20).send().await?;
        for message in received.messages.unwrap_or_default() {
            let receipt = message.receipt_handle.clone();
            match sqs::process(message, mail).await {
                Ok(()) => drop(client.delete_message().queue_url(queue).set_receipt_handle(receipt).send().await?),
                Err(error) => tracing::error!(%error, "SQS delivers the message again"),
            }
        }
    }
}

#[tracing::instrument(skip_all)]
async fn mail(message: Message) -> Result<(), Error> {
    let text = message.body.ok_or("a message without a body")?;
    tracing::info!(text, "mailed"); // with the message's trace and correlation ids
    Ok(())
}
