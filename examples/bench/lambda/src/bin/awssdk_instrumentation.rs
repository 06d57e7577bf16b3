//! awssdk-instrumentation with the crate's macro: spans go to the X-Ray daemon in datagrams.

use lambda_runtime::{Error, LambdaEvent};
use thundra_bench_lambda::{Order, Receipt, serve};

awssdk_instrumentation::make_lambda_runtime!(handle);

async fn handle(event: LambdaEvent<Order>) -> Result<Receipt, Error> {
    Ok(serve(event.payload).await)
}
