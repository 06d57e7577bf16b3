//! `shipping`: packs the parcels of a batch, and sends a note for each.
//!
//! The parcels of a batch belong to different orders. `batch::each` gives each parcel its own trace, correlation ids
//! and log fields.

use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::streams::KinesisEventResponse;
use thundra_aws::{Error, LambdaEvent, batch};

use super::{Note, Parcel, setting};

/// The shared state of all invocations.
#[derive(Debug)]
pub struct Shipping {
    sqs: aws_sdk_sqs::Client,
    queue_url: String,
}

/// Handles a batch of parcels. The event source mapping needs `ReportBatchItemFailures`, because the response names the
/// failed records.
///
/// # Errors
///
/// None: the response reports failed parcels.
#[thundra_aws::handler]
pub async fn handle(event: LambdaEvent<KinesisEvent>, shop: &Shipping) -> Result<KinesisEventResponse, Error> {
    batch::each(event.payload, |parcel: Parcel| shop.ship(parcel)).await
}

impl Shipping {
    /// Creates the client once, before the first invocation.
    ///
    /// # Errors
    ///
    /// If `QUEUE_URL` is not set.
    pub async fn connect() -> Result<Self, Error> {
        let config = thundra_aws::load_config().await;
        Ok(Self { sqs: thundra_aws::sqs::client(&config), queue_url: setting("QUEUE_URL")? })
    }

    #[tracing::instrument(skip_all, fields(order.id = parcel.order, parcel.item = parcel.item))]
    async fn ship(&self, parcel: Parcel) -> Result<(), Error> {
        tracing::info!("packed");
        let text = format!("Your {} is on its way.", parcel.item);
        let note = serde_json::to_string(&Note { order: parcel.order, customer: parcel.customer, text })?;
        self.sqs.send_message().queue_url(&self.queue_url).message_body(note).send().await?;
        Ok(())
    }
}
