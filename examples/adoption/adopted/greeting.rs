//! A greeting for a direct invoke.

use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    name: String,
}

#[derive(Serialize)]
struct Greeting {
    text: String,
}

#[thundra_aws::handler]
pub(super) async fn main(event: LambdaEvent<Request>) -> Result<Greeting, Error> {
    Ok(Greeting { text: compose(&event.payload.name) })
}

#[tracing::instrument(skip_all)]
fn compose(name: &str) -> String {
    format!("Good morning, {name}!")
}
