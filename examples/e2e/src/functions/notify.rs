//! `notify`: tells customers that something is on its way.
//!
//! A message that fails is reported as a partial failure; SQS delivers it again, and the second try is in the same trace.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use thundra_aws::{Error, LambdaEvent, batch};

use super::Note;

/// Handles a batch of notes. The event source mapping needs `ReportBatchItemFailures`, or a note that fails is lost.
///
/// # Errors
///
/// None of its own: a note that fails is reported in the answer.
#[thundra_aws::handler]
pub async fn handle(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    batch::each_record(event.payload, |message: SqsMessage| async move {
        let note: Note = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
        let tries = message.attributes.get("ApproximateReceiveCount").map_or("1", String::as_str);
        mail(&note, tries == "1").await
    })
    .await
}

/// Sends a mail. Some mail servers turn away whoever they see for the first time, and take the mail at the second try.
#[tracing::instrument(skip_all, err, fields(order.id = note.order))]
async fn mail(note: &Note, first_try: bool) -> Result<(), Error> {
    if first_try && note.customer.ends_with("@greylisting.example") {
        return Err("the mail server says: try again later".into());
    }
    tracing::info!(text = note.text, "told the customer");
    Ok(())
}
