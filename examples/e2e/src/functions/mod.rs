//! The functions of the shop, as users write functions: one attribute, genuine SDK clients, no manual span code.
//!
//! One executable serves the function that `_HANDLER` names. These handlers take their state as an argument, so a test
//! can call them without AWS. Outside Lambda, the same executable runs on one event. `hello`, an executable of its own,
//! and `notify` need nothing else:
//!
//! ```text
//! cargo run -p thundra-examples --bin hello < examples/events/sns.json
//! _HANDLER=notify cargo run -p thundra-examples --bin pipeline < examples/events/sqs.json
//! ```
//!
//! The other functions call AWS. They need credentials, a region, and the name of a resource; `orders` also needs a
//! pricing service. The resources of `pipeline --keep` will do, at the address that it prints:
//!
//! ```text
//! cargo run -p thundra-examples --bin pipeline -- --keep
//! export AWS_ENDPOINT_URL=http://127.0.0.1:PORT AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
//! export STREAM_NAME=parcels QUEUE_URL=$AWS_ENDPOINT_URL/000000000000/notes
//! export TOPIC_ARN=arn:aws:sns:us-east-1:000000000000:orders PRICING_URL=http://127.0.0.1:8080
//!
//! cargo run -p thundra-examples --bin pipeline pricing 127.0.0.1:8080 # in a terminal of its own, for orders
//! _HANDLER=orders cargo run -p thundra-examples --bin pipeline < examples/events/api.json
//! _HANDLER=billing cargo run -p thundra-examples --bin pipeline < examples/events/sns.json
//! _HANDLER=shipping cargo run -p thundra-examples --bin pipeline < examples/events/kinesis.json
//! ```

pub mod billing;
pub mod notify;
pub mod orders;
pub mod shipping;

use std::env;

use serde::{Deserialize, Serialize};
use thundra_aws::{Error, service_fn};

/// An order of a customer. `orders` publishes the order with a price.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Order {
    /// The id of the order.
    pub id: String,
    /// The customer's address.
    pub customer: String,
    /// The ordered items. Each item becomes a parcel.
    pub items: Vec<String>,
    /// The card to charge.
    pub card: String,
    /// The total to charge; zero until `orders` has set it.
    #[serde(default)]
    pub total_cents: u32,
}

/// A paid item. `billing` puts the item on the stream.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Parcel {
    /// The id of the order.
    pub order: String,
    /// The customer's address.
    pub customer: String,
    /// The item.
    pub item: String,
}

/// A note about a shipped parcel. `shipping` sends the note to the queue.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Note {
    /// The id of the order.
    pub order: String,
    /// The customer's address.
    pub customer: String,
    /// The text of the note.
    pub text: String,
}

/// Serves the function called `name` until the end of the process.
///
/// # Errors
///
/// If `name` is unknown, the environment of the function is incomplete, or the Lambda runtime cannot be reached.
pub async fn serve(name: &str) -> Result<(), Error> {
    match name {
        "orders" => {
            let shop = orders::Orders::connect().await?;
            thundra_aws::run(service_fn(|event| orders::handle(event, &shop))).await
        }
        "billing" => {
            let shop = billing::Billing::connect().await?;
            thundra_aws::run(service_fn(|event| billing::handle(event, &shop))).await
        }
        "shipping" => {
            let shop = shipping::Shipping::connect().await?;
            thundra_aws::run(service_fn(|event| shipping::handle(event, &shop))).await
        }
        "notify" => thundra_aws::run(service_fn(notify::handle)).await,
        _ => Err(format!("there is no function {name:?}: expected orders, billing, shipping or notify").into()),
    }
}

/// Returns a required environment variable.
fn setting(name: &str) -> Result<String, Error> {
    env::var(name).map_err(|_| format!("the environment variable {name} is not set").into())
}
