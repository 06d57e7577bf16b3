//! `billing`: charges an order from SNS, and puts the ordered items on the stream of parcels.
//!
//! ```text
//! cargo lambda build --release --arm64 -p thundra-examples --bin billing
//! ```

mod telemetry;

use aws_lambda_events::event::sns::SnsEventObj;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use serde::{Deserialize, Serialize};
use serde_json::json;
use telemetry::telemetry;
use thundra_aws::{Error, LambdaEvent};

#[derive(Deserialize, Serialize)] // `SnsEventObj` takes both
struct Order {
    id: String,
    customer: String,
    items: Vec<String>,
    card: String,
}

/// The shared state of all invocations.
struct Billing {
    kinesis: aws_sdk_kinesis::Client,
    stream: String,
}

async fn connect() -> Result<Billing, Error> {
    let config = thundra_aws::load_config().await;
    Ok(Billing { kinesis: thundra_aws::kinesis::client(&config), stream: std::env::var("STREAM_NAME")? })
}

#[thundra_aws::handler(init = connect, telemetry = telemetry)]
async fn main(event: LambdaEvent<SnsEventObj<Order>>, billing: &Billing) -> Result<(), Error> {
    for record in event.payload.records {
        let order = record.sns.message;
        charge(&order)?;
        billing.release(&order).await?;
    }
    Ok(())
}

#[tracing::instrument(skip_all, err, fields(order.id = order.id))]
fn charge(order: &Order) -> Result<(), Error> {
    if order.card == "declined" {
        return Err("the card was declined".into()); // Lambda retries, and then tells the queue of failures
    }
    tracing::info!("paid");
    Ok(())
}

impl Billing {
    #[tracing::instrument(skip_all, fields(order.id = order.id))]
    async fn release(&self, order: &Order) -> Result<(), Error> {
        let mut request = self.kinesis.put_records().stream_name(&self.stream);
        for item in &order.items {
            let parcel = json!({ "order": order.id, "customer": order.customer, "item": item });
            let data = Blob::new(parcel.to_string());
            request = request.records(PutRecordsRequestEntry::builder().partition_key(&order.id).data(data).build()?);
        }
        match request.send().await?.failed_record_count {
            None | Some(0) => Ok(()),
            Some(failed) => Err(format!("{failed} parcels were not accepted").into()),
        }
    }
}
