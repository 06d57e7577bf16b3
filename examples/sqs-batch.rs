//! A Lambda function that works on the messages of an SQS queue, each in its sender's trace.
//!
//! The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`. Without it, SQS deletes messages
//! that failed.
//!
//! ```toml
//! thundra-aws = "0.1"
//! aws_lambda_events = { version = "1.2", default-features = false, features = ["sqs"] }
//! serde = { version = "1", features = ["derive"] }
//! tracing = "0.1"
//! ```
//!
//! Run without AWS:
//!
//! ```text
//! cargo run -p thundra-examples --bin sqs-batch < examples/events/sqs.json
//! ```

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use serde::Deserialize;
use thundra_aws::{Error, LambdaEvent, batch};

/// The JSON body of a message.
#[derive(Deserialize)]
struct Note {
    customer: String,
    text: String,
}

#[thundra_aws::handler]
async fn main(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    batch::each(event.payload, mail).await // the response names the messages that failed
}

#[tracing::instrument(skip_all)]
async fn mail(note: Note) -> Result<(), Error> {
    if !note.customer.contains('@') {
        return Err("not an address".into());
    }
    tracing::info!(text = note.text, "mailed"); // with the message's trace and correlation ids
    Ok(())
}
