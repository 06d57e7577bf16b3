//! A Lambda function that works on the records of a Kinesis stream, each in its producer's trace.
//!
//! The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`. Without it, records that failed
//! are lost.
//!
//! ```toml
//! thundra-aws = "0.1"
//! aws_lambda_events = { version = "1.2", default-features = false, features = ["kinesis"] }
//! serde = { version = "1", features = ["derive"] }
//! tracing = "0.1"
//! ```
//!
//! Run without AWS:
//!
//! ```text
//! cargo run -p thundra-examples --bin kinesis-batch < examples/events/kinesis.json
//! ```

use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::streams::KinesisEventResponse;
use serde::Deserialize;
use thundra_aws::{Error, LambdaEvent, batch};

/// The JSON data of a record.
#[derive(Debug, Deserialize)]
struct Parcel {
    order: String,
    item: String,
}

/// The state that all invocations share.
struct Warehouse {
    shelves: Vec<&'static str>,
}

async fn connect() -> Result<Warehouse, Error> {
    Ok(Warehouse { shelves: vec!["bread", "cheese"] })
}

#[thundra_aws::handler(init = connect)] // `connect` runs once, before the first invocation
async fn main(event: LambdaEvent<KinesisEvent>, warehouse: &Warehouse) -> Result<KinesisEventResponse, Error> {
    batch::each(event.payload, |parcel: Parcel| warehouse.ship(parcel)).await
}

impl Warehouse {
    #[tracing::instrument(skip_all, fields(order.id = parcel.order))]
    async fn ship(&self, parcel: Parcel) -> Result<(), Error> {
        if !self.shelves.contains(&parcel.item.as_str()) {
            return Err(format!("{} is sold out", parcel.item).into());
        }
        tracing::info!("packed");
        Ok(())
    }
}
