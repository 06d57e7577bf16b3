//! A runtime with a layer of the program's own.

use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn, tracing};
use serde_json::{Value, json};
use tower::layer::layer_fn;
use tower::util::MapRequest;

static INVOCATIONS: AtomicU64 = AtomicU64::new(0);

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let counted = layer_fn(|service| {
        MapRequest::new(service, |invocation| {
            INVOCATIONS.fetch_add(1, Ordering::Relaxed);
            invocation
        })
    });
    Runtime::new(service_fn(handle)).layer(counted).run().await
}

async fn handle(_: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(json!({ "invocations": INVOCATIONS.load(Ordering::Relaxed) }))
}
