//! `notify`: mails the notes of an SQS batch. After three failures, SQS moves a note to the dead-letter queue.
//!
//! ```text
//! cargo lambda build --release --arm64 -p thundra-examples --bin notify
//! ```

mod telemetry;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use serde::Deserialize;
use telemetry::telemetry;
use thundra_aws::{Error, LambdaEvent, batch};

#[derive(Deserialize)]
struct Note {
    customer: String,
    text: String,
}

#[thundra_aws::handler(telemetry = telemetry)]
async fn main(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    batch::each(event.payload, mail).await // names the notes that failed
}

#[tracing::instrument(skip_all, err)]
async fn mail(note: Note) -> Result<(), Error> {
    if !note.customer.contains('@') {
        return Err("not an address".into());
    }
    tracing::info!(text = note.text, "told the customer");
    Ok(())
}
