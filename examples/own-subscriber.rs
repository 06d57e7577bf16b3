//! A layer of your own beside the recorder: here one that writes events as text in place of the JSON lines.
//!
//! ```toml
//! thundra-aws = "0.1"
//! serde_json = "1"
//! tracing = "0.1"
//! tracing-subscriber = { version = "0.3", default-features = false, features = ["fmt"] }
//! ```
//!
//! Run without AWS:
//!
//! ```text
//! echo '{"order": 7}' | cargo run -p thundra-examples --bin own-subscriber
//! ```

use std::io;

use serde_json::Value;
use thundra_aws::{Error, LambdaEvent, LogFormat, Telemetry};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::LevelFilter;

fn telemetry() -> Telemetry {
    let text = tracing_subscriber::fmt::layer().without_time().with_ansi(false).with_writer(io::stderr);
    Telemetry::builder()
        .layer(text.with_filter(LevelFilter::INFO)) // a filter of its own: it hides no span from the recorder
        .log_format(LogFormat::NONE) // no JSON lines beside the text
        .build()
}

#[thundra_aws::handler(telemetry = telemetry)]
async fn main(event: LambdaEvent<Value>) -> Result<Value, Error> {
    check(&event.payload).await;
    Ok(event.payload)
}

#[tracing::instrument(skip_all)]
async fn check(order: &Value) {
    tracing::info!(%order, "checked");
}
