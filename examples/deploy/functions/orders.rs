//! `orders`: takes an order over HTTP and publishes the order.
//!
//! ```text
//! cargo lambda build --release --arm64 -p thundra-examples --bin orders
//! ```

mod telemetry;

use aws_lambda_events::event::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry::telemetry;
use thundra_aws::{Error, LambdaEvent, correlation};

#[derive(Deserialize)]
struct Order {
    id: String,
}

/// The shared state of all invocations.
struct Shop {
    sns: aws_sdk_sns::Client,
    topic: String,
}

async fn connect() -> Result<Shop, Error> {
    let config = thundra_aws::load_config().await;
    Ok(Shop { sns: thundra_aws::sns::client(&config), topic: std::env::var("TOPIC_ARN")? })
}

#[thundra_aws::handler(init = connect, telemetry = telemetry)]
async fn main(event: LambdaEvent<ApiGatewayV2httpRequest>, shop: &Shop) -> Result<ApiGatewayV2httpResponse, Error> {
    let body = event.payload.body.unwrap_or_default();
    let order: Order = match serde_json::from_str(&body) {
        Ok(order) => order,
        Err(error) => return answer(400, &json!({ "error": error.to_string() })),
    };
    correlation::set("order", &order.id); // in every call and every log line from here on
    shop.sns.publish().topic_arn(&shop.topic).message(body).send().await?;
    tracing::info!(monotonic_counter.orders = 1, "order accepted");
    answer(202, &json!({ "order": order.id, "correlation_id": correlation::id() }))
}

fn answer(status: i64, body: &Value) -> Result<ApiGatewayV2httpResponse, Error> {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    response.body = Some(body.to_string().into());
    response.headers.insert("content-type", "application/json".parse()?);
    Ok(response)
}
