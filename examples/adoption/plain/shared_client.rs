//! A client shared by all invocations.

use std::env;

use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Question {
    item: String,
}

#[derive(Deserialize, Serialize)]
struct Price {
    cents: u32,
}

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let (client, prices) = (reqwest::Client::new(), env::var("PRICES_URL")?);
    let (client, prices) = (&client, &prices);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Question>| async move {
        look_up(client, prices, &event.payload.item).await
    }))
    .await
}

async fn look_up(client: &reqwest::Client, prices: &str, item: &str) -> Result<Price, Error> {
    let response = client.get(format!("{prices}/prices/{item}")).send().await?;
    Ok(response.error_for_status()?.json().await?)
}
