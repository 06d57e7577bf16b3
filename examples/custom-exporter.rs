//! An exporter of your own: here one that appends a line to a file for each span.
//!
//! ```toml
//! thundra-aws = "0.1"
//! serde_json = "1"
//! tracing = "0.1"
//! ```
//!
//! Run without AWS:
//!
//! ```text
//! echo '{"order": 7}' | SPANS=spans.txt cargo run -p thundra-examples --bin custom-exporter
//! ```

use std::fs::File;
use std::io::Write as _;
use std::time::Instant;

use serde_json::Value;
use thundra_aws::export::{Batch, Export, ExportError, ExportFuture};
use thundra_aws::{Error, LambdaEvent, Telemetry};

#[derive(Debug)]
struct Lines {
    path: String,
}

impl Export for Lines {
    fn export<'a>(&'a self, batch: &'a Batch, _deadline: Instant) -> ExportFuture<'a> {
        Box::pin(async { self.append(batch).map_err(ExportError::retryable) }) // kept for the next flush
    }
}

impl Lines {
    fn append(&self, batch: &Batch) -> std::io::Result<()> {
        let lines: String = batch.spans().map(|span| format!("{} {}\n", span.context.trace_id, span.name)).collect();
        File::options().create(true).append(true).open(&self.path)?.write_all(lines.as_bytes())
    }
}

fn telemetry() -> Telemetry {
    let path = std::env::var("SPANS").unwrap_or_else(|_| "spans.txt".to_owned());
    Telemetry::builder().exporter(Lines { path }).build()
}

#[thundra_aws::handler(telemetry = telemetry)]
async fn main(event: LambdaEvent<Value>) -> Result<Value, Error> {
    check(&event.payload).await;
    Ok(event.payload)
}

#[tracing::instrument(skip_all)]
async fn check(_order: &Value) {}
