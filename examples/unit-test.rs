//! Tests of your own: a handler is invoked with an event, and the test looks at the response, the spans, the log records,
//! the metrics and the correlation ids.
//!
//! ```toml
//! [dependencies]
//! thundra-aws = "0.1"
//! aws_lambda_events = { version = "1.2", default-features = false, features = ["sqs"] }
//! serde = { version = "1", features = ["derive"] }
//! tracing = "0.1"
//!
//! [dev-dependencies]
//! thundra-aws = { version = "0.1", features = ["testing"] }
//! serde_json = "1"
//! tokio = { version = "1", features = ["macros", "rt"] }
//! ```
//!
//! Run:
//!
//! ```text
//! cargo test -p thundra-examples --test unit-test
//! ```

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use serde::Deserialize;
use serde_json::{Value, json};
use thundra_aws::testing::{self, InvocationErrorKind, MetricValue};
use thundra_aws::{Error, LambdaEvent, batch, correlation, handler};

#[derive(Deserialize)]
struct Order {
    id: String,
    cents: i64,
}

#[handler]
async fn bill(event: LambdaEvent<Order>) -> Result<String, Error> {
    let Order { id, cents } = event.payload;
    correlation::set("order", &id);
    charge(cents).await?;
    Ok(format!("charged {cents}"))
}

#[tracing::instrument(err)]
async fn charge(cents: i64) -> Result<(), Error> {
    if cents <= 0 {
        return Err("nothing to charge".into());
    }
    tracing::info!(monotonic_counter.charges = 1, "charged");
    Ok(())
}

#[handler]
async fn bill_all(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    batch::each(event.payload, async |order: Order| charge(order.cents).await).await
}

#[tokio::test]
async fn a_bill_is_charged_once() -> Result<(), Error> {
    let invocation = testing::invoke(json!({ "id": "o-7", "cents": 1250 }), bill).await;
    assert_eq!(invocation.response::<String>()?, "charged 1250");
    assert_eq!(
        invocation.snapshot(),
        "function [server] faas.trigger=other\n\
         └ charge cents=1250\n    \
             · charged monotonic_counter.charges=1\n"
    );
    assert_eq!(invocation.metric("charges").map(|metric| metric.value), Some(MetricValue::Sum(1.0)));
    Ok(())
}

#[tokio::test]
async fn an_order_is_in_every_log_line() {
    let invocation = testing::invoke(json!({ "id": "o-7", "cents": 1250 }), bill).await;
    let order = Some(&"o-7".into());
    assert!(!invocation.logs().is_empty());
    assert!(invocation.logs().iter().all(|log| log.attribute("x-correlation-order") == order));
}

#[tokio::test]
async fn an_order_without_a_price_is_an_error() {
    let invocation = testing::invoke(json!({ "id": "o-7", "cents": 0 }), bill).await;
    let error = invocation.error().map(|error| (error.kind(), error.message()));
    assert_eq!(error, Some((InvocationErrorKind::Handler, "nothing to charge")));
    assert!(invocation.span("charge").is_some_and(|span| span.status.is_error()));
}

#[tokio::test]
async fn a_failed_message_is_reported_and_the_others_are_charged() -> Result<(), Error> {
    let message = |id: &str, cents: i64| {
        json!({ "messageId": id, "body": json!({ "id": id, "cents": cents }).to_string(), "attributes": {},
                "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders" })
    };
    let event = json!({ "Records": [message("m-1", 1250), message("m-2", 0)] });
    let invocation = testing::invoke(event, bill_all).await;
    let response: Value = invocation.response()?;
    assert_eq!(response, json!({ "batchItemFailures": [{ "itemIdentifier": "m-2" }] }));
    assert_eq!(invocation.spans().iter().filter(|span| span.name == "charge").count(), 2);
    Ok(())
}
