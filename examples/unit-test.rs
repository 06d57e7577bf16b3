//! Tests of your own that look at the spans and the correlation ids of your code.
//!
//! ```toml
//! [dependencies]
//! thundra-aws = "0.1"
//! tracing = "0.1"
//!
//! [dev-dependencies]
//! thundra-aws = { version = "0.1", features = ["testing"] }
//! tokio = { version = "1", features = ["rt"] }
//! ```
//!
//! Run:
//!
//! ```text
//! cargo test -p thundra-examples --test unit-test
//! ```

use std::future::Future;
use std::io;

use thundra_aws::correlation;
use thundra_aws::testing::{record, tree};

#[tracing::instrument(skip_all, err)]
async fn bill(order: &str, cents: i64) -> Result<(), &'static str> {
    correlation::set("order", order);
    charge(cents).await
}

#[tracing::instrument]
async fn charge(cents: i64) -> Result<(), &'static str> {
    if cents > 0 { Ok(()) } else { Err("nothing to charge") }
}

/// Runs a future in a scope, as an invocation is one, without a subscriber that outlives the test.
fn in_invocation<T>(future: impl Future<Output = T>) -> io::Result<(T, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (result, spans) = record("invocation", || runtime.block_on(future));
    Ok((result, tree(&spans)))
}

#[test]
fn a_bill_is_charged_once() -> io::Result<()> {
    let (result, tree) = in_invocation(bill("o-7", 1250))?;
    assert_eq!(result, Ok(()));
    assert_eq!(tree, "invocation thundra.parent.source=none\n└ bill\n  └ charge cents=1250\n");
    Ok(())
}

#[test]
fn an_order_is_in_every_call_that_follows() -> io::Result<()> {
    let (order, _) = in_invocation(async { bill("o-7", 1250).await.map(|()| correlation::get("order")) })?;
    assert_eq!(order, Ok(Some("o-7".to_owned())));
    Ok(())
}
