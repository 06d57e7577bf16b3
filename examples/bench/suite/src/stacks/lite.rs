//! lambda-otel-lite: the crate's processor below tracing-opentelemetry's default layer, in the versions of
//! lambda-otel-lite's dependencies.

use lambda_otel_lite::LambdaSpanProcessor;
use opentelemetry_032::trace::TracerProvider;
use opentelemetry_proto_032::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto_032::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto_032::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk_032::Resource;
use opentelemetry_sdk_032::error::OTelSdkResult;
use opentelemetry_sdk_032::trace::{SdkTracerProvider, SpanData, SpanExporter};
use otlp_stdout_span_exporter::OtlpStdoutSpanExporter;
use prost::Message;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Export, Stack, sink};
use crate::Result;

struct Lite(SdkTracerProvider);

impl Stack for Lite {
    fn flush(&self) {
        self.0.force_flush().expect("the exporter takes everything");
    }
}

/// Sets up the default: a line compressed with gzip, level 6.
pub(super) fn lite(export: Export) -> Result<Box<dyn Stack>> {
    match export {
        Export::Line => install(OtlpStdoutSpanExporter::builder().resource(resource()).build()),
        Export::Drop => install(Sink { encode: false, resource: (&resource()).into() }),
        Export::Encode => install(Sink { encode: true, resource: (&resource()).into() }),
    }
}

/// Sets up compression with level 1, as thundra compresses.
pub(super) fn level_1(_: Export) -> Result<Box<dyn Stack>> {
    install(OtlpStdoutSpanExporter::builder().resource(resource()).compression_level(1).build())
}

fn install<E: SpanExporter + 'static>(exporter: E) -> Result<Box<dyn Stack>> {
    let processor = LambdaSpanProcessor::builder().exporter(exporter).build();
    let provider = SdkTracerProvider::builder().with_resource(resource()).with_span_processor(processor).build();
    let layer = tracing_opentelemetry_033::layer().with_tracer(provider.tracer("bench"));
    Registry::default().with(layer).with(LevelFilter::INFO).try_init()?;
    Ok(Box::new(Lite(provider)))
}

fn resource() -> Resource {
    Resource::builder().with_service_name("orders").build()
}

#[derive(Debug)]
struct Sink {
    encode: bool,
    resource: ResourceAttributesWithSchema,
}

impl SpanExporter for Sink {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        sink::spans(batch.len());
        if self.encode {
            let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
            sink::bytes(ExportTraceServiceRequest { resource_spans }.encode_to_vec());
        }
        Ok(())
    }
}
