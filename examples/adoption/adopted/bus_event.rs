//! An event of EventBridge with a typed detail.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Shipped {
    order: String,
    parcels: u32,
}

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    thundra_aws::run(service_fn(async |event: LambdaEvent<EventBridgeEvent<Shipped>>| {
        let Shipped { order, parcels } = event.payload.detail;
        tracing::info!(order, "shipped");
        Ok::<_, Error>(format!("{order}: {parcels} parcels"))
    }))
    .await
}
