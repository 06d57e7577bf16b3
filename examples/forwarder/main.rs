//! Asynchronous export for production: functions write their telemetry to standard output, and this function forwards
//! the telemetry from CloudWatch Logs to an OTLP collector.
//!
//! No function waits for a collector. Each function writes a line (`OTEL_TRACES_EXPORTER=stdout`, the default in
//! Lambda), and a subscription of the function's log group invokes the forwarder:
//!
//! ```text
//! aws logs put-subscription-filter --log-group-name /aws/lambda/orders --filter-name telemetry \
//!     --filter-pattern '?"__otel_otlp_stdout" ?"REPORT RequestId" ?"platform.report"' --destination-arn FORWARDER_ARN
//! ```
//!
//! `FORWARD` selects the signals to forward, so one place can receive everything: a list of `traces` (the default),
//! `logs` and `metrics`. The filter pattern above fits `traces`, and an empty pattern fits all three.
//!
//! - `traces`: lines with OTLP, of any signal, and Lambda's REPORT.
//! - `logs`: all other lines, as log records. Level, message, time, trace and request id of a JSON line go to the
//!   fields of the record. A line of text becomes the body.
//! - `metrics`: documents of the embedded metric format (`OTEL_METRICS_EXPORTER=emf`), as metrics: a sum if the unit is
//!   `Count`, otherwise a histogram. Without `metrics`, documents are log lines. Unreadable documents are log lines as
//!   well.
//!
//! The forwarder reads the lines of `thundra` and of the public `otlp-stdout-span-exporter`, joins records of the same
//! resource, and sends OTLP to the endpoint in `OTEL_EXPORTER_OTLP_ENDPOINT`. The variables `OTEL_EXPORTER_OTLP_*` for
//! protocol, headers, compression and timeout apply as well. The forwarder reads no secrets and no certificates, and
//! signs nothing.
//!
//! - The figures of Lambda's REPORT line become attributes of the invocation's root span if one delivery holds both.
//!   Otherwise the figures become a log record with `faas.invocation_id`.
//! - An invocation fails if the collector did not take everything. Lambda then repeats the delivery twice and hands the
//!   event to the on-failure destination, so a delivery arrives at least once. Spans keep their ids, and collectors
//!   join repeated spans.
//! - A warning names the log event of an unreadable line. The line stays in the log group.
//! - The forwarder sends its own spans straight to the collector, and never forwards its own log group.
//!
//! ```toml
//! thundra-aws = "0.1"
//! thundra-core = "0.1"
//! thundra-http = "0.1"
//! thundra-lines = { git = "https://github.com/thundra-io/thundra-rust" } # examples/lines
//! aws_lambda_events = { version = "1.2", default-features = false, features = ["cloudwatch_logs"] }
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
mod outbox;
mod request;
mod signals;
mod source;

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
