//! A function for which each megabyte counts: `thundra-aws` without default features.
//!
//! ```sh
//! cargo build --release -p thundra-lean
//! ```
//!
//! In Cargo.toml:
//!
//! ```toml
//! thundra-aws = { version = "0.1", default-features = false } # with features = ["logs"], events are log lines too
//! ```
//!
//! Its spans go to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`.

use serde::{Deserialize, Serialize};
use thundra_aws::{Error, LambdaEvent};
use tracing::{debug, info, instrument};

#[derive(Deserialize)]
struct Order {
    item: String,
    count: u32,
}

#[derive(Debug, Serialize)]
struct Receipt {
    cents: u32,
}

#[thundra_aws::handler]
async fn main(event: LambdaEvent<Order>) -> Result<Receipt, Error> {
    let Order { item, count } = event.payload;
    let cents = price(&item)?.checked_mul(count).ok_or("the order is too large")?;
    info!(cents, "order received");
    assert_ne!(cents, 0, "an order of no {item}");
    Ok(Receipt { cents })
}

#[instrument(err)]
fn price(item: &str) -> Result<u32, Error> {
    // Neither is recorded unless `RUST_LOG` asks for the target.
    let _lookup = tracing::debug_span!(target: "prices", "look_up").entered();
    debug!(target: "prices", "one price in the list");
    if item == "cheese" { Ok(250) } else { Err(format!("no price for {item}").into()) }
}
