//! The runtime alone: the floor, without a subscriber for `tracing`.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use thundra_bench_lambda::{Order, Receipt, serve};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Order>) -> Result<Receipt, Error> {
    Ok(serve(event.payload).await)
}
