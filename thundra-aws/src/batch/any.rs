//! A batch of any source, for `#[handler(batch)]` without the name of an event. The source is read from the event.

use std::fmt::Display;
use std::future::Future;

use aws_lambda_events::event::activemq::ActiveMqEvent;
use aws_lambda_events::event::kafka::KafkaEvent;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::rabbitmq::RabbitMqEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::streams::KinesisEventResponse;
use lambda_runtime::Error;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::builder::Each;
use super::kafka::KafkaBatchResponse;
use super::payload::Payload;
use crate::trigger;

/// A batch of a source that takes any result of a record.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum AnyBatch {
    Sqs(SqsEvent),
    Kinesis(KinesisEvent),
    #[cfg(feature = "dynamodb")]
    DynamoDb(aws_lambda_events::event::dynamodb::Event),
    Kafka(KafkaEvent),
    ActiveMq(ActiveMqEvent),
    RabbitMq(RabbitMqEvent),
}

/// The response to a batch.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum AnyResponse {
    Sqs(SqsBatchResponse),
    Kinesis(KinesisEventResponse),
    #[cfg(feature = "dynamodb")]
    DynamoDb(aws_lambda_events::streams::DynamoDbEventResponse),
    Kafka(KafkaBatchResponse),
    Mq(()),
}

impl<'de> Deserialize<'de> for AnyBatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Box::<RawValue>::deserialize(deserializer)?;
        let json = event.get();
        if json.starts_with('[') {
            return Err(D::Error::custom(
                "the event is a list, as a pipe of EventBridge sends it, and no batch of an event source mapping: take \
                 the records in a `main` of your own, and hand them to `thundra_aws::batch::each` in an event",
            ));
        }
        match trigger::source_name(json.as_bytes()) {
            "sqs" => read(json).map(AnyBatch::Sqs),
            "kinesis" => read(json).map(AnyBatch::Kinesis),
            #[cfg(feature = "dynamodb")]
            "dynamodb" => read(json).map(AnyBatch::DynamoDb),
            "kafka" => read(json).map(AnyBatch::Kafka),
            "mq" => match read::<Queues, D::Error>(json)?.of_rabbitmq {
                Some(_) => read(json).map(AnyBatch::RabbitMq),
                None => read(json).map(AnyBatch::ActiveMq),
            },
            // Every response to a batch with `Records` has the same form.
            _ if read::<Empty, D::Error>(json).is_ok() => Ok(AnyBatch::Sqs(SqsEvent::default())),
            source => Err(D::Error::custom(format_args!(
                "the event is of the source `{source}`, which is no batch that `#[handler(batch)]` tells by itself: name \
                 the event, as in `#[handler(batch = KinesisFirehoseEvent)]`"
            ))),
        }
    }
}

/// A batch without records, which names no source.
#[derive(Deserialize)]
struct Empty {
    #[serde(rename = "Records")]
    _records: [IgnoredAny; 0],
}

/// The member found in events of RabbitMQ alone.
#[derive(Deserialize)]
struct Queues {
    #[serde(rename = "rmqMessagesByQueue")]
    of_rabbitmq: Option<IgnoredAny>,
}

fn read<T: DeserializeOwned, E: serde::de::Error>(json: &str) -> Result<T, E> {
    serde_json::from_str(json).map_err(E::custom)
}

/// Works on each record of a batch of any source.
pub(crate) async fn each_of_any<P, T, R, Err, F, Fut>(event: AnyBatch, work: F) -> Result<AnyResponse, Error>
where
    P: Payload<SqsEvent, Item = T>
        + Payload<KinesisEvent, Item = T>
        + Payload<KafkaEvent, Item = T>
        + Payload<ActiveMqEvent, Item = T>
        + Payload<RabbitMqEvent, Item = T>
        + DynamoDbPayload<T>,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
    Err: Display + 'static,
{
    Ok(match event {
        AnyBatch::Sqs(event) => AnyResponse::Sqs(Each::<_, _, P>::new(event, work).await?),
        AnyBatch::Kinesis(event) => AnyResponse::Kinesis(Each::<_, _, P>::new(event, work).await?),
        #[cfg(feature = "dynamodb")]
        AnyBatch::DynamoDb(event) => AnyResponse::DynamoDb(Each::<_, _, P>::new(event, work).await?),
        AnyBatch::Kafka(event) => AnyResponse::Kafka(Each::<_, _, P>::new(event, work).await?),
        AnyBatch::ActiveMq(event) => AnyResponse::Mq(Each::<_, _, P>::new(event, work).await?),
        AnyBatch::RabbitMq(event) => AnyResponse::Mq(Each::<_, _, P>::new(event, work).await?),
    })
}

/// A payload of DynamoDB, where the feature is on.
#[cfg(feature = "dynamodb")]
pub(crate) trait DynamoDbPayload<T>: Payload<aws_lambda_events::event::dynamodb::Event, Item = T> {}

#[cfg(feature = "dynamodb")]
impl<T, P: Payload<aws_lambda_events::event::dynamodb::Event, Item = T>> DynamoDbPayload<T> for P {}

#[cfg(not(feature = "dynamodb"))]
pub(crate) trait DynamoDbPayload<T> {}

#[cfg(not(feature = "dynamodb"))]
impl<T, P> DynamoDbPayload<T> for P {}
