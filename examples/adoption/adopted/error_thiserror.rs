//! Errors by `thiserror`, with a source.

use std::num::ParseIntError;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Sum {
    numbers: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
enum SumError {
    #[error("{text:?} is no number")]
    NoNumber { text: String, source: ParseIntError },
    #[error("the sum is too large")]
    TooLarge,
}

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    thundra_aws::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Sum>) -> Result<i32, Error> {
    let mut sum = 0;
    for text in event.payload.numbers {
        sum = add(sum, text)?;
    }
    Ok(sum)
}

fn add(sum: i32, text: String) -> Result<i32, SumError> {
    let number: i32 = text.parse().map_err(|source| SumError::NoNumber { text, source })?;
    sum.checked_add(number).ok_or(SumError::TooLarge)
}
