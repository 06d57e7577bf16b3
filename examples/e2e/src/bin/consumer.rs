//! A function for tests. The function takes any event, and works on each record of a queue or a stream.
//!
//! Each piece of work is a span `work` with the name of the order and the ids of the scope (`seen`). The response has
//! the ids of the last piece, and the members for the event source.

use std::env;
use std::io;
use std::process;
use std::sync::{Mutex, PoisonError};
use std::thread;

use aws_lambda_events::event::dynamodb;
use aws_lambda_events::event::firehose::KinesisFirehoseEvent;
use aws_lambda_events::event::kafka::KafkaEvent;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use serde::Serialize;
use serde_json::{Value, from_str, from_value, to_string, to_value};
use thundra_aws::{Error, LambdaEvent, batch, service_fn};
use thundra_examples::seen::Seen;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if env::var_os("ENDS_WITH_STDIN").is_some() {
        // The test holds the other end of standard input, which closes when the test ends.
        thread::spawn(|| {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            process::exit(0);
        });
    }
    let worker = Worker::default();
    thundra_aws::run(service_fn(async |event| worker.consume(event).await)).await
}

#[derive(Default)]
struct Worker {
    /// The ids of the last piece of work.
    last: Mutex<Option<Seen>>,
}

/// The response to any event source.
#[derive(Serialize)]
struct Response {
    #[serde(flatten)]
    seen: Seen,
    #[serde(flatten)]
    to_source: Value,
}

impl Worker {
    async fn consume(&self, event: LambdaEvent<Value>) -> Result<Response, Error> {
        let event = event.payload;
        let work = async |data: Value| self.work(&data, 1);
        let to_source = match source(&event) {
            "aws:sqs" => {
                let work = async |message: SqsMessage| self.work_on_message(&message);
                to_value(batch::each_record(from_value::<SqsEvent>(event)?, work).await?)?
            }
            "aws:kinesis" => to_value(batch::each(from_value::<KinesisEvent>(event)?, work).await?)?,
            "aws:dynamodb" => to_value(batch::each(from_value::<dynamodb::Event>(event)?, work).await?)?,
            "aws:kafka" | "SelfManagedKafka" => to_value(batch::each(from_value::<KafkaEvent>(event)?, work).await?)?,
            "firehose" => {
                let work = async |data: Value| self.work(&data, 1).map(|()| format!("{data}\n"));
                to_value(batch::each(from_value::<KinesisFirehoseEvent>(event)?, work).await?)?
            }
            _ => {
                self.work(&event, 1)?;
                Value::Null
            }
        };
        let seen = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Response { seen: seen.ok_or("no record was worked on")?, to_source })
    }

    fn work_on_message(&self, message: &SqsMessage) -> Result<(), Error> {
        let body: Value = from_str(message.body.as_deref().unwrap_or_default())?;
        let deliveries = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        self.work(&body, deliveries.unwrap_or(1))
    }

    /// Fails as many deliveries of an order as the member `fails` of the order states.
    fn work(&self, about: &Value, delivery: u64) -> Result<(), Error> {
        let seen = Seen::here();
        let order = order(about).unwrap_or_default();
        let _span = tracing::info_span!("work", order, delivery, seen = to_string(&seen)?).entered();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        match about.get("fails").and_then(Value::as_u64) {
            Some(fails) if delivery <= fails => Err(format!("delivery {delivery} of {order} fails").into()),
            _ => Ok(()),
        }
    }
}

/// Returns the name of the event source, or an empty text for an event without records.
fn source(event: &Value) -> &str {
    let is_firehose = event.get("deliveryStreamArn").is_some();
    let source = event.pointer("/Records/0/eventSource").or_else(|| event.get("eventSource"));
    source.and_then(Value::as_str).unwrap_or(if is_firehose { "firehose" } else { "" })
}

/// Finds the name of an order at any depth: in a member `order`, or in the `key` of an object.
fn order(value: &Value) -> Option<String> {
    match value {
        Value::Object(members) => match members.get("order").or_else(|| members.get("key")) {
            Some(Value::String(name)) => Some(name.clone()),
            // A string in DynamoDB's format.
            Some(Value::Object(typed)) if typed.contains_key("S") => typed.get("S")?.as_str().map(str::to_owned),
            _ => members.values().find_map(order),
        },
        Value::Array(elements) => elements.iter().find_map(order),
        Value::String(text) => order(&from_str(text).ok().filter(|value: &Value| !value.is_string())?),
        _ => None,
    }
}
