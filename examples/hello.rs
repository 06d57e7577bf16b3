//! A Lambda function that is subscribed to an SNS topic.
//!
//! ```toml
//! thundra-aws = "0.1"
//! aws_lambda_events = { version = "1.2", default-features = false, features = ["sns"] }
//! serde = { version = "1", features = ["derive"] }
//! serde_json = "1"
//! tracing = "0.1"
//! ```
//!
//! Run without AWS:
//!
//! ```text
//! cargo run -p thundra-examples --bin hello < examples/events/sns.json
//! ```

use aws_lambda_events::event::sns::SnsEvent;
use serde::Deserialize;
use thundra_aws::{Error, LambdaEvent};

#[derive(Deserialize)]
struct Order {
    customer: String,
}

#[thundra_aws::handler]
async fn main(event: LambdaEvent<SnsEvent>) -> Result<Vec<String>, Error> {
    let mut greetings = Vec::new();
    for record in event.payload.records {
        let order: Order = serde_json::from_str(&record.sns.message)?;
        greetings.push(greet(&order.customer).await);
    }
    Ok(greetings)
}

#[tracing::instrument(skip_all)]
async fn greet(customer: &str) -> String {
    let name = look_up(customer).await;
    tracing::info!("greeted");
    tracing::info!(monotonic_counter.greetings = 1);
    format!("Hello {name}, thank you for your order!")
}

#[tracing::instrument(skip_all)]
async fn look_up(customer: &str) -> &str {
    customer.split('@').next().unwrap_or(customer)
}
