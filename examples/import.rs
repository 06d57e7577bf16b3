//! A scheduled job outside Lambda, as cron starts one: a trace for each run, and a scope for each order.
//!
//! ```toml
//! thundra-http = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! tracing = "0.1"
//! ```
//!
//! Start [`axum-server`](axum-server.rs), and import two orders:
//!
//! ```text
//! printf '7\n8\n' | cargo run -p thundra-examples --bin import http://127.0.0.1:8080
//! ```
//!
//! With `TRACEPARENT` in the environment, the run is a part of the trace of its starter.

use thundra_http as reqwest; // a drop-in: calls are traced and carry the correlation ids
use thundra_http::{Scope, correlation, scope};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let _telemetry = thundra_http::init(); // exports in the background, and the rest when it is dropped
    let shop = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let orders = std::io::read_to_string(std::io::stdin())?;
    scope("import", import(&shop, &orders)).await // an error or a panic is recorded, and passes on
}

async fn import(shop: &str, orders: &str) -> Result<(), Error> {
    let (http, mut failed) = (reqwest::Client::new(), 0);
    for id in orders.lines() {
        // A step of its own is exported when it ends, with ids of its own, however long the job runs.
        let step = Scope::builder("import order").attribute("order.id", id.to_owned());
        if let Err(error) = scope(step, import_order(&http, shop, id)).await {
            tracing::error!(error, order = id, "not imported");
            failed += 1;
        }
    }
    if failed > 0 { Err(format!("{failed} orders were not imported").into()) } else { Ok(()) }
}

async fn import_order(http: &reqwest::Client, shop: &str, id: &str) -> Result<(), Error> {
    correlation::set("order", id); // in the call, and in each log line of the order
    let order = http.get(format!("{shop}/orders/{id}")).send().await?.error_for_status()?.text().await?;
    tracing::info!(order, "imported");
    Ok(())
}
