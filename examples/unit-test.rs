//! Tests of your own, with the response, the spans, the log records and the metrics of an invocation.
//!
//! ```toml
//! [dependencies]
//! thundra-aws = "0.1"
//! tracing = "0.1"
//!
//! [dev-dependencies]
//! thundra-aws = { version = "0.1", features = ["testing"] }
//! tokio = { version = "1", features = ["macros", "rt"] }
//! ```
//!
//! Run:
//!
//! ```text
//! cargo test -p thundra-examples --test unit-test
//! ```

use thundra_aws::testing::{self, InvocationErrorKind, MetricValue};
use thundra_aws::{Error, LambdaEvent, correlation, handler};

#[handler]
async fn bill(event: LambdaEvent<i64>) -> Result<String, Error> {
    correlation::set("order", "o-7");
    charge(event.payload).await
}

#[tracing::instrument(err)]
async fn charge(cents: i64) -> Result<String, Error> {
    if cents <= 0 {
        return Err("nothing to charge".into());
    }
    tracing::info!(monotonic_counter.charges = 1, "charged");
    Ok(format!("charged {cents}"))
}

#[tokio::test]
async fn a_bill_is_charged_once() -> Result<(), Error> {
    let invocation = testing::invoke("1250", bill).await;
    assert_eq!(invocation.response::<String>()?, "charged 1250");
    let tree =
        ["function [server] faas.trigger=other", "└ charge cents=1250", "    · charged monotonic_counter.charges=1\n"];
    assert_eq!(invocation.snapshot(), tree.join("\n"));
    assert_eq!(invocation.metric("charges").map(|metric| metric.value), Some(MetricValue::Sum(1.0)));
    let order = Some(&"o-7".into());
    assert!(invocation.logs().iter().all(|log| log.attribute("x-correlation-order") == order));
    Ok(())
}

#[tokio::test]
async fn a_bill_of_nothing_is_an_error() {
    let invocation = testing::invoke("0", bill).await;
    let error = invocation.error().map(|error| (error.kind(), error.message()));
    assert_eq!(error, Some((InvocationErrorKind::Handler, "nothing to charge")));
    assert!(invocation.span("charge").is_some_and(|span| span.status.is_error()));
}
