//! `shipping`: packs the parcels of a Kinesis batch, each in a separate trace, and sends a note for each.
//!
//! ```text
//! cargo lambda build --release --arm64 -p thundra-examples --bin shipping
//! ```

mod telemetry;

use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::streams::KinesisEventResponse;
use serde::Deserialize;
use serde_json::json;
use telemetry::telemetry;
use thundra_aws::{Error, LambdaEvent, batch};

#[derive(Deserialize)]
struct Parcel {
    order: String,
    customer: String,
    item: String,
}

/// The shared state of all invocations.
struct Shipping {
    sqs: aws_sdk_sqs::Client,
    queue: String,
}

async fn connect() -> Result<Shipping, Error> {
    let config = thundra_aws::load_config().await;
    Ok(Shipping { sqs: thundra_aws::sqs::client(&config), queue: std::env::var("QUEUE_URL")? })
}

#[thundra_aws::handler(init = connect, telemetry = telemetry)]
async fn main(event: LambdaEvent<KinesisEvent>, shipping: &Shipping) -> Result<KinesisEventResponse, Error> {
    batch::each(event.payload, |parcel: Parcel| shipping.ship(parcel)).await // names the parcels that failed
}

impl Shipping {
    #[tracing::instrument(skip_all, fields(order.id = parcel.order))]
    async fn ship(&self, parcel: Parcel) -> Result<(), Error> {
        let text = format!("Your {} is on its way.", parcel.item);
        let note = json!({ "order": parcel.order, "customer": parcel.customer, "text": text });
        self.sqs.send_message().queue_url(&self.queue).message_body(note.to_string()).send().await?;
        tracing::info!("packed");
        Ok(())
    }
}
