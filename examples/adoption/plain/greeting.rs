//! A greeting for a direct invoke.

use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    name: String,
}

#[derive(Serialize)]
struct Greeting {
    text: String,
}

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    lambda_runtime::run(service_fn(greet)).await
}

async fn greet(event: LambdaEvent<Request>) -> Result<Greeting, Error> {
    Ok(Greeting { text: compose(&event.payload.name) })
}

#[tracing::instrument(skip_all)]
fn compose(name: &str) -> String {
    format!("Good morning, {name}!")
}
