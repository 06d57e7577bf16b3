//! `orders`: takes an order over HTTP, requests the price, and publishes the order.

use aws_lambda_events::event::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, correlation};
use thundra_http as reqwest; // a drop-in: the calls below are traced and carry the correlation ids

use super::{Order, setting};

/// The shared state of all invocations.
#[derive(Debug)]
pub struct Orders {
    http: reqwest::Client,
    pricing_url: String,
    sns: aws_sdk_sns::Client,
    topic_arn: String,
}

/// The response of the pricing service.
#[derive(Debug, Deserialize)]
struct Price {
    cents: u32,
}

/// Handles `POST /orders`.
///
/// # Errors
///
/// If the pricing service or SNS fails. API Gateway then sends an error response.
#[thundra_aws::handler]
pub async fn handle(
    event: LambdaEvent<ApiGatewayV2httpRequest>,
    shop: &Orders,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let body = event.payload.body.unwrap_or_default();
    let mut order: Order = match serde_json::from_str(&body) {
        Ok(order) => order,
        Err(error) => return answer(400, &json!({ "error": error.to_string() })),
    };
    correlation::set("order", &order.id); // from here on it travels with every call, and is in every log line

    order.total_cents = shop.quote(&order).await?;
    shop.announce(&order).await?;
    tracing::info!(total_cents = order.total_cents, "order accepted");
    answer(202, &json!({ "order": order.id, "total_cents": order.total_cents, "correlation_id": correlation::id() }))
}

impl Orders {
    /// Creates the clients once, before the first invocation.
    ///
    /// # Errors
    ///
    /// If `PRICING_URL` or `TOPIC_ARN` is not set.
    pub async fn connect() -> Result<Self, Error> {
        let config = thundra_aws::load_config().await;
        Ok(Self {
            http: reqwest::Client::new(),
            pricing_url: setting("PRICING_URL")?,
            sns: thundra_aws::sns::client(&config),
            topic_arn: setting("TOPIC_ARN")?,
        })
    }

    /// Adds up the prices of the items.
    #[tracing::instrument(skip_all, fields(order.id = order.id))]
    async fn quote(&self, order: &Order) -> Result<u32, Error> {
        let mut total = 0;
        for item in &order.items {
            total += self.price(item, &order.id).await?.cents;
        }
        Ok(total)
    }

    /// Requests a price, and repeats the request once if the service is not ready.
    async fn price(&self, item: &str, order: &str) -> Result<Price, Error> {
        let url = format!("{}/prices/{item}?order={order}", self.pricing_url);
        let mut response = self.http.get(&url).send().await?;
        if response.status().as_u16() == 503 {
            tracing::warn!(item, "the price is not known yet, asking again");
            response = self.http.get(&url).send().await?;
        }
        Ok(response.error_for_status()?.json().await?)
    }

    #[tracing::instrument(skip_all, fields(order.id = order.id))]
    async fn announce(&self, order: &Order) -> Result<(), Error> {
        let message = serde_json::to_string(order)?;
        self.sns.publish().topic_arn(&self.topic_arn).message(message).send().await?;
        Ok(())
    }
}

fn answer(status: i64, body: &Value) -> Result<ApiGatewayV2httpResponse, Error> {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    response.body = Some(body.to_string().into());
    response.headers.insert("content-type", "application/json".parse()?);
    Ok(response)
}
