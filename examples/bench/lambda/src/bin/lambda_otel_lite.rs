//! lambda-otel-lite in the default mode: a gzipped line on standard output per invocation, before the response.

use lambda_otel_lite::{
    SpanAttributes, SpanAttributesExtractor, TelemetryConfig, create_traced_handler, init_telemetry,
};
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde::{Deserialize, Serialize};
use thundra_bench_lambda::{Order, Receipt, serve};

/// An event from which lambda-otel-lite can read attributes.
#[derive(Deserialize, Serialize)]
#[serde(transparent)]
struct Event(Order);

impl SpanAttributesExtractor for Event {
    fn extract_span_attributes(&self) -> SpanAttributes {
        SpanAttributes::default()
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (_, completion) = init_telemetry(TelemetryConfig::default()).await?;
    let handler = create_traced_handler("orders", completion, handle);
    Runtime::new(service_fn(handler)).run().await
}

async fn handle(event: LambdaEvent<Event>) -> Result<Receipt, Error> {
    Ok(serve(event.payload.0).await)
}
