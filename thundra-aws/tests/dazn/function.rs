//! A function that returns the trace and the outbound ids of the invocation.

use std::collections::BTreeMap;
use std::sync::Mutex;

use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::{Value, json};
use thundra_aws::batch::{self, BatchEvent};
use thundra_aws::{Error, LambdaEvent, service_fn};
use tracing::Span;

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(thundra_aws::run(service_fn(read))).unwrap();
}

/// Returns the trace and ids of each record, or of the invocation without a batch.
async fn read(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let event = event.payload;
    match event.pointer("/Records/0/eventSource").and_then(Value::as_str) {
        Some("aws:sqs") => each(serde_json::from_value::<SqsEvent>(event)?).await,
        Some("aws:kinesis") => each(serde_json::from_value::<KinesisEvent>(event)?).await,
        _ => Ok(json!([surroundings()])),
    }
}

async fn each(event: impl BatchEvent) -> Result<Value, Error> {
    let read = Mutex::new(Vec::new());
    batch::each_record(event, async |_| {
        read.lock().unwrap().push(surroundings());
        Ok::<_, Error>(())
    })
    .await?;
    Ok(json!(read.into_inner()?))
}

fn surroundings() -> Value {
    let outbound = thundra_core::outbound(&Span::current()).unwrap();
    let ids = outbound.pairs().into_iter().filter(|(key, _)| !key.ends_with("traceparent"));
    json!({ "trace": outbound.context.trace_id.to_string(), "ids": ids.collect::<BTreeMap<_, _>>() })
}
