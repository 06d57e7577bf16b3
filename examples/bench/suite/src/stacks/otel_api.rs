//! The OpenTelemetry API and SDK, with the same work written against the API.

use std::hint::black_box;

use opentelemetry::trace::{FutureExt, TraceContextExt, Tracer, TracerProvider, get_active_span, mark_span_as_active};
use opentelemetry::{Context, KeyValue};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanExporter};
use prost::Message;

use super::twin::{DEPTH, EVENT_EVERY, Order, Pending};
use super::{Export, Stack, Work, sink};
use crate::Result;

struct OtelApi {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// Sets up the simple processor, which exports each span when the span ends.
pub(super) fn simple(export: Export) -> SdkTracerProvider {
    SdkTracerProvider::builder().with_resource(resource()).with_simple_exporter(Sink::new(export)).build()
}

/// Sets up the batch processor, which exports from a background thread.
pub(super) fn batch(export: Export) -> SdkTracerProvider {
    SdkTracerProvider::builder().with_resource(resource()).with_batch_exporter(Sink::new(export)).build()
}

/// Sets up the API without `tracing`.
pub(super) fn api(provider: SdkTracerProvider) -> Result<Box<dyn Stack>> {
    let tracer = provider.tracer("bench");
    Ok(Box::new(OtelApi { provider, tracer }))
}

fn resource() -> Resource {
    Resource::builder().with_service_name("orders").build()
}

impl OtelApi {
    fn root(&self) -> Context {
        let root = self.tracer.span_builder("invoke").start_with_context(&self.tracer, &Context::new());
        Context::current_with_span(root)
    }

    fn span(&self, name: &'static str, i: u64) -> Span {
        let attributes = [
            KeyValue::new("retry.attempt", black_box(i) as i64),
            KeyValue::new("db.system", black_box("dynamodb")),
            KeyValue::new("order.id", Order(i).to_string()),
        ];
        self.tracer.span_builder(name).with_attributes(attributes).start(&self.tracer)
    }

    #[inline(never)]
    fn chain(&self, i: u64, n: u64, depth: u64) -> u64 {
        let _active = mark_span_as_active(self.span("dynamodb.query", i));
        event(i);
        let next = i + 1;
        if depth > 1 && next < n { self.chain(next, n, depth - 1) } else { next }
    }
}

fn event(i: u64) {
    if i.is_multiple_of(EVENT_EVERY) {
        get_active_span(|span| span.add_event("cache miss", vec![KeyValue::new("item", i as i64)]));
    }
}

impl Stack for OtelApi {
    fn workload_a(&self, n: u64) {
        let _active = self.root().attach();
        let mut next = 0;
        while next < n {
            next = self.chain(next, n, DEPTH);
        }
    }

    fn varied(&self, _: u64) {
        unimplemented!("varied spans are written against `tracing`");
    }

    fn spawned(&self, n: u64) -> Work<'_> {
        let all = async move {
            for i in 0..n {
                let context = Context::current_with_span(self.span("call", i));
                let task = async move {
                    event(i);
                    Pending(2).await;
                };
                tokio::spawn(task.with_context(context)).await.expect("the task does not panic");
            }
        };
        Box::pin(all.with_context(self.root()))
    }

    fn in_turn(&self, n: u64) -> Work<'_> {
        let all = async move {
            for i in 0..n {
                let context = Context::current_with_span(self.span("call", i));
                let call = async move {
                    event(i);
                    Pending(1).await;
                };
                call.with_context(context).await;
            }
        };
        Box::pin(all.with_context(self.root()))
    }

    fn flush(&self) {
        self.provider.force_flush().expect("the exporter takes everything");
    }
}

/// The exporter of OpenTelemetry's and fastrace's spans.
#[derive(Debug)]
pub struct Sink {
    encode: bool,
    resource: ResourceAttributesWithSchema,
}

impl Sink {
    /// Returns an exporter that encodes spans or drops them.
    pub fn new(export: Export) -> Self {
        Sink { encode: export == Export::Encode, resource: (&resource()).into() }
    }

    /// Counts exported spans.
    pub fn spans(&self, count: usize) {
        sink::spans(count);
    }
}

impl SpanExporter for Sink {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.spans(batch.len());
        if self.encode {
            sink::bytes(encode(batch, &self.resource));
        }
        Ok(())
    }
}

/// Encodes a request as opentelemetry-otlp does.
pub(crate) fn encode(spans: Vec<SpanData>, resource: &ResourceAttributesWithSchema) -> Vec<u8> {
    ExportTraceServiceRequest { resource_spans: group_spans_by_resource_and_scope(spans, resource) }.encode_to_vec()
}
