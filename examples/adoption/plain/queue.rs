//! The messages of a queue, one after another.

use aws_lambda_events::event::sqs::SqsEventObj;
use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Note {
    text: String,
}

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    lambda_runtime::run(service_fn(read)).await
}

async fn read(event: LambdaEvent<SqsEventObj<Note>>) -> Result<usize, Error> {
    let mut characters = 0;
    for record in event.payload.records {
        characters += note(&record.body);
    }
    Ok(characters)
}

#[tracing::instrument(skip_all)]
fn note(note: &Note) -> usize {
    note.text.chars().count()
}
