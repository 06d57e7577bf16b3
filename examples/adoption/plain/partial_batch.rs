//! The messages of a queue, of which some fail.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde::Deserialize;

#[derive(Deserialize)]
struct Parcel {
    weight: u32,
}

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    let mut response = SqsBatchResponse::default();
    for message in event.payload.records {
        let parcel = serde_json::from_str(&message.body.unwrap_or_default());
        if parcel.map_err(Error::from).and_then(ship).is_err() {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id.unwrap_or_default();
            response.batch_item_failures.push(failure);
        }
    }
    Ok(response)
}

#[tracing::instrument(skip_all, err)]
fn ship(parcel: Parcel) -> Result<(), Error> {
    if parcel.weight > 30 { Err("too heavy".into()) } else { Ok(()) }
}
