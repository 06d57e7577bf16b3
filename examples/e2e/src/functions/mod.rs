//! The functions of the shop, each as a user would write it: one attribute, genuine SDK clients, no manual span code.
//!
//! All of them are in one executable, which serves the function that `_HANDLER` names. Handlers that take their state as
//! an argument, as these do, can be called from a test without AWS. And where there is no Lambda, the same executable works
//! on one event. `hello`, an executable of its own, and `notify` need nothing else:
//!
//! ```text
//! cargo run -p thundra-examples --bin hello < examples/events/sns.json
//! _HANDLER=notify cargo run -p thundra-examples --bin pipeline < examples/events/sqs.json
//! ```
//!
//! The others call AWS. They need credentials, a region, and the name of what they call; `orders` also a pricing service.
//! What `pipeline --keep` leaves running will do, at the address that it prints:
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

/// What a customer orders, and what `orders` publishes once it has a price.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Order {
    /// What everybody calls it.
    pub id: String,
    /// Who ordered.
    pub customer: String,
    /// What was ordered. Each item is a parcel of its own.
    pub items: Vec<String>,
    /// What to charge.
    pub card: String,
    /// What to charge it with; zero until `orders` knows.
    #[serde(default)]
    pub total_cents: u32,
}

/// What `billing` puts on the stream for each item that is paid.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Parcel {
    /// The order it belongs to.
    pub order: String,
    /// Who gets it.
    pub customer: String,
    /// What is in it.
    pub item: String,
}

/// What `shipping` sends to the queue for each parcel that has left.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Note {
    /// The order it is about.
    pub order: String,
    /// Whom to tell.
    pub customer: String,
    /// What to tell.
    pub text: String,
}

/// Serves the function called `name` until the process is ended.
///
/// # Errors
///
/// If there is no such function, its environment is incomplete, or the Lambda runtime cannot be reached.
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

/// An environment variable that a function cannot do without.
fn setting(name: &str) -> Result<String, Error> {
    env::var(name).map_err(|_| format!("the environment variable {name} is not set").into())
}
