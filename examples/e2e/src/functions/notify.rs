//! `notify`: mails notes to customers.
//!
//! A failed message is reported as a partial failure. SQS delivers the message again, and the second attempt is in the
//! same trace.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use thundra_aws::{Error, LambdaEvent, batch};

use super::Note;

/// Handles a batch of notes. Without `ReportBatchItemFailures` on the event source mapping, failed notes are lost.
///
/// # Errors
///
/// None: the response reports failed notes.
#[thundra_aws::handler]
pub async fn handle(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    batch::each_record(event.payload, |message: SqsMessage| async move {
        let note: Note = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
        let tries = message.attributes.get("ApproximateReceiveCount").map_or("1", String::as_str);
        mail(&note, tries == "1").await
    })
    .await
}

/// Sends a mail. Some mail servers refuse an unknown sender's first attempt and accept the second.
#[tracing::instrument(skip_all, err, fields(order.id = note.order))]
async fn mail(note: &Note, first_try: bool) -> Result<(), Error> {
    if first_try && note.customer.ends_with("@greylisting.example") {
        return Err("the mail server says: try again later".into());
    }
    tracing::info!(text = note.text, "told the customer");
    Ok(())
}
