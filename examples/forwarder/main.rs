//! The asynchronous way of production: functions write their telemetry to standard output, and this function forwards
//! it from CloudWatch Logs to an OTLP collector.
//!
//! No function waits for a collector then. Each function writes a line (`OTEL_TRACES_EXPORTER=stdout`, the default in
//! Lambda), and a subscription of its log group invokes this function:
//!
//! ```text
//! aws logs put-subscription-filter --log-group-name /aws/lambda/orders --filter-name telemetry \
//!     --filter-pattern '?"__otel_otlp_stdout" ?"REPORT RequestId" ?"platform.report"' --destination-arn FORWARDER_ARN
//! ```
//!
//! The forwarder reads the lines of `thundra` and of the public `otlp-stdout-span-exporter`, joins what has the same
//! resource, and sends OTLP to the endpoint of `OTEL_EXPORTER_OTLP_ENDPOINT`. Of the other `OTEL_EXPORTER_OTLP_*` it
//! reads protocol, headers, compression and timeout. It reads no secrets and no certificates, and signs nothing.
//!
//! - The figures of Lambda's REPORT line become attributes of the invocation's root span where both are in one
//!   delivery, else a log record with `faas.invocation_id`.
//! - An invocation fails if the collector did not take everything. Lambda then repeats the delivery twice and hands it
//!   to the on-failure destination, so a delivery arrives at least once. Spans keep their ids, and collectors join
//!   repeated ones.
//! - A line that cannot be read is named in a log line. It stays in its log group.
//! - The forwarder sends its own spans straight to the collector, and never forwards its own log group.
//!
//! ```toml
//! thundra-aws = "0.1"
//! thundra-core = "0.1"
//! thundra-http = "0.1"
//! aws_lambda_events = { version = "1.2", default-features = false, features = ["cloudwatch_logs"] }
//! base64 = "0.22"
//! flate2 = "1"
//! httpdate = "1"
//! opentelemetry-proto = { version = "0.33", default-features = false, features = [
//!     "gen-tonic-messages", "trace", "logs", "metrics", "with-serde",
//! ] }
//! prost = "0.14"
//! serde = { version = "1", features = ["derive"] }
//! serde_json = "1"
//! tokio = { version = "1", features = ["macros", "time"] }
//! tracing = "0.1"
//! ```
//!
//! Run without AWS:
//!
//! ```text
//! OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 \
//!     cargo run -p thundra-examples --bin forwarder < examples/events/cloudwatch-logs.json
//! ```

mod collector;
mod delivery;
mod line;
mod outbox;
mod report;
mod request;

use aws_lambda_events::event::cloudwatch_logs::LogsEvent;
use thundra_aws::{Error, LambdaEvent};

use collector::Collector;
use delivery::{Delivery, Forwarded};

async fn connect() -> Result<Collector, Error> {
    Collector::from_env()
}

#[thundra_aws::handler(init = connect)]
async fn main(event: LambdaEvent<LogsEvent>, collector: &Collector) -> Result<Forwarded, Error> {
    let deadline = event.context.deadline();
    match Delivery::read(event.payload.aws_logs.data) {
        Some(delivery) => delivery.forward(collector, deadline).await,
        None => Ok(Forwarded::default()),
    }
}
