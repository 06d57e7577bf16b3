//! The scenarios of failure at full size, with figures.
//!
//! ```text
//! cargo run --release -p thundra-examples --bin reliability
//! ```
//!
//! The executable is also the function of the scenarios.

use std::process::ExitCode;

use thundra_examples::harness::Error;
use thundra_examples::reliability::function::{self, RUNS};

#[tokio::main]
async fn main() -> Result<ExitCode, Error> {
    if let Ok(runs) = std::env::var(RUNS) {
        function::serve(&runs).await?;
    }
    Ok(ExitCode::SUCCESS)
}
