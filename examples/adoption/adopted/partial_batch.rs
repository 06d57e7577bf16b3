//! The messages of a queue, of which some fail.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Parcel {
    weight: u32,
}

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    thundra_aws::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    thundra_aws::batch::each(event.payload, async |parcel: Parcel| ship(parcel)).await
}

#[tracing::instrument(skip_all, err)]
fn ship(parcel: Parcel) -> Result<(), Error> {
    if parcel.weight > 30 { Err("too heavy".into()) } else { Ok(()) }
}
