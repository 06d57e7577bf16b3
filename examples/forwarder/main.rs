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
//! `FORWARD` says what of a log is forwarded, so that everything can reach one place: a list of `traces` (the default),
//! `logs` and `metrics`. The filter pattern above fits `traces`, and an empty one all three.
//!
//! - `traces`: lines with OTLP, of any signal, and Lambda's REPORT.
//! - `logs`: all other lines, as log records. JSON has its level, message, time, trace and request id in the fields of
//!   the record; a line of text is the body.
//! - `metrics`: documents of the embedded metric format (`OTEL_METRICS_EXPORTER=emf`), as metrics: a sum where the unit
//!   is `Count`, else a histogram. Without `metrics` they are lines, as is a document that cannot be read.
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
//! chrono = { version = "0.4", default-features = false, features = ["std"] }
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
mod emf;
mod line;
mod log_line;
mod outbox;
mod report;
mod request;
mod signals;
mod value;

use aws_lambda_events::event::cloudwatch_logs::LogsEvent;
use thundra_aws::{Error, LambdaEvent};

use collector::Collector;
use delivery::{Delivery, Forwarded};
use signals::Signals;

struct Forwarder {
    collector: Collector,
    signals: Signals,
}

async fn connect() -> Result<Forwarder, Error> {
    Ok(Forwarder { collector: Collector::from_env()?, signals: Signals::from_env()? })
}

#[thundra_aws::handler(init = connect)]
async fn main(event: LambdaEvent<LogsEvent>, forwarder: &Forwarder) -> Result<Forwarded, Error> {
    let deadline = event.context.deadline();
    match Delivery::read(event.payload.aws_logs.data, forwarder.signals) {
        Some(delivery) => delivery.forward(&forwarder.collector, deadline).await,
        None => Ok(Forwarded::default()),
    }
}
