//! tracing-opentelemetry with the batch processor and OTLP over HTTP, flushed by the runtime's own layer after each
//! response, as documented.

use lambda_runtime::layers::OpenTelemetryLayer;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::trace::SdkTracerProvider;
use thundra_bench_lambda::{Order, Receipt, serve};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main]
async fn main() -> Result<(), Error> {
    // The endpoint is OTEL_EXPORTER_OTLP_ENDPOINT's.
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build()?;
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("orders"));
    tracing_subscriber::registry().with(layer).with(LevelFilter::INFO).init();

    let flush = move || {
        if let Err(error) = provider.force_flush() {
            eprintln!("{error}");
        }
    };
    Runtime::new(service_fn(handle)).layer(OpenTelemetryLayer::new(flush)).run().await
}

async fn handle(event: LambdaEvent<Order>) -> Result<Receipt, Error> {
    Ok(serve(event.payload).await)
}
