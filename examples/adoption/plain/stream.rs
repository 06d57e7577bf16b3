//! The records of a stream, and a message about each to a topic.

use std::env;

use aws_config::BehaviorVersion;
use aws_lambda_events::event::kinesis::KinesisEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let (sns, topic) = (aws_sdk_sns::Client::new(&config), env::var("TOPIC_ARN")?);
    lambda_runtime::run(service_fn(|event| announce(&sns, &topic, event))).await
}

async fn announce(sns: &aws_sdk_sns::Client, topic: &str, event: LambdaEvent<KinesisEvent>) -> Result<usize, Error> {
    let mut announced = 0;
    for record in event.payload.records {
        let text = String::from_utf8(record.kinesis.data.0)?;
        sns.publish().topic_arn(topic).message(text).send().await?;
        announced += 1;
    }
    Ok(announced)
}
