//! `billing`: charges an order, and releases the parcels for shipping.

use aws_lambda_events::event::sns::SnsEventObj;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use thundra_aws::{Error, LambdaEvent};

use super::{Order, Parcel, setting};

/// The shared state of all invocations.
#[derive(Debug)]
pub struct Billing {
    kinesis: aws_sdk_kinesis::Client,
    stream: String,
}

/// Handles an order from SNS.
///
/// # Errors
///
/// If the card is declined or Kinesis fails. The invocation then fails, and its trace shows the error.
#[thundra_aws::handler]
pub async fn handle(event: LambdaEvent<SnsEventObj<Order>>, shop: &Billing) -> Result<(), Error> {
    for record in event.payload.records {
        let order = record.sns.message;
        charge(&order).await?;
        shop.release(&order).await?;
    }
    Ok(())
}

#[tracing::instrument(skip_all, err, fields(order.id = order.id, order.total_cents = order.total_cents))]
async fn charge(order: &Order) -> Result<(), Error> {
    if order.card == "declined" {
        return Err("the card was declined".into());
    }
    tracing::info!("paid");
    Ok(())
}

impl Billing {
    /// Creates the client once, before the first invocation.
    ///
    /// # Errors
    ///
    /// If `STREAM_NAME` is not set.
    pub async fn connect() -> Result<Self, Error> {
        let config = thundra_aws::load_config().await;
        Ok(Self { kinesis: thundra_aws::kinesis::client(&config), stream: setting("STREAM_NAME")? })
    }

    /// Puts a record for each parcel.
    #[tracing::instrument(skip_all, fields(order.id = order.id))]
    async fn release(&self, order: &Order) -> Result<(), Error> {
        let mut request = self.kinesis.put_records().stream_name(&self.stream);
        for item in &order.items {
            let parcel = Parcel { order: order.id.clone(), customer: order.customer.clone(), item: item.clone() };
            let data = Blob::new(serde_json::to_vec(&parcel)?);
            request = request.records(PutRecordsRequestEntry::builder().partition_key(&order.id).data(data).build()?);
        }
        let answer = request.send().await?;
        match answer.failed_record_count {
            None | Some(0) => Ok(()),
            Some(failed) => Err(format!("{failed} parcels were not accepted").into()),
        }
    }
}
