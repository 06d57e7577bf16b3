//! thundra.

use thundra_aws::{Error, LambdaEvent};
use thundra_bench_lambda::{Order, Receipt, serve};

#[thundra_aws::handler]
async fn main(event: LambdaEvent<Order>) -> Result<Receipt, Error> {
    Ok(serve(event.payload).await)
}
