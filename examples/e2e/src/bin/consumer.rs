//! A function for tests. It takes any event and responds with the ids of its one record, or of the invocation if the
//! event has no record.

use std::io;
use std::process;
use std::sync::{Mutex, PoisonError};
use std::thread;

use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::{Value, from_value};
use thundra_aws::{Error, LambdaEvent, batch, service_fn};
use thundra_examples::seen::Seen;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // The test holds the other end of standard input, which closes when the test ends.
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    thundra_aws::run(service_fn(consume)).await
}

async fn consume(event: LambdaEvent<Value>) -> Result<Seen, Error> {
    let seen = Mutex::new(None);
    let work = async |_: Value| {
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Seen::here());
        Ok::<_, Error>(())
    };
    match event.payload.pointer("/Records/0/eventSource").and_then(Value::as_str) {
        Some("aws:sqs") => drop(batch::each(from_value::<SqsEvent>(event.payload)?, work).await?),
        Some("aws:kinesis") => drop(batch::each(from_value::<KinesisEvent>(event.payload)?, work).await?),
        _ => return Ok(Seen::here()),
    }
    let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.ok_or_else(|| "the record could not be read".into())
}
