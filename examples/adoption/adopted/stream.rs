//! The records of a stream, and a message about each to a topic.

use std::env;

use aws_lambda_events::event::kinesis::KinesisEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    let config = thundra_aws::load_config().await;
    let (sns, topic) = (thundra_aws::sns::client(&config), env::var("TOPIC_ARN")?);
    thundra_aws::run(service_fn(|event| announce(&sns, &topic, event))).await
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
