//! Feature `opentelemetry_sdk`: exporters of the OpenTelemetry SDK.

use std::fmt;
use std::time::Instant;

use opentelemetry::trace::{Event, Link, SpanKind, Status};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter, SpanLinks};

use crate::export::{Batch, Export, ExportError, ExportFuture};
use crate::recorder::otel_context::span_context;

/// Sends spans to an exporter of the OpenTelemetry SDK.
///
/// # Examples
///
/// ```no_run
/// use thundra_core::otel::SdkExporter;
/// # fn exporter() -> impl opentelemetry_sdk::trace::SpanExporter + 'static { opentelemetry_sdk::trace::InMemorySpanExporter::default() }
///
/// thundra_core::install(thundra_core::Telemetry::builder().exporter(SdkExporter::new(exporter())));
/// ```
pub struct SdkExporter<E>(E);

/// Leaves the exporter out: a collector's credentials may be part of the exporter.
impl<E> fmt::Debug for SdkExporter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdkExporter").finish_non_exhaustive()
    }
}

impl<E: SpanExporter> SdkExporter<E> {
    /// Returns an adapter for this exporter. [`install`](crate::install) sets the exporter's resource.
    pub fn new(exporter: E) -> Self {
        SdkExporter(exporter)
    }
}

impl<E: SpanExporter + 'static> Export for SdkExporter<E> {
    fn set_resource(&mut self, resource: &crate::Resource) {
        let attributes = resource.attributes().iter().map(|(key, v)| KeyValue::new(key.clone(), value(v)));
        self.0.set_resource(&Resource::builder_empty().with_attributes(attributes).build());
    }

    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        let spans = batch.spans().map(span).collect();
        Box::pin(async move {
            self.0.export(spans).await.map_err(|error| match error {
                OTelSdkError::AlreadyShutdown => ExportError::permanent(error),
                error => ExportError::retryable(error),
            })
        })
    }
}

fn span(span: crate::SpanData) -> SpanData {
    let mut events = SpanEvents::default();
    events.dropped_count = span.dropped_events;
    events.events = span
        .events
        .into_iter()
        .map(|event| Event::new(event.name, event.time, key_values(event.attributes), event.dropped_attributes))
        .collect();
    let mut links = SpanLinks::default();
    links.dropped_count = span.dropped_links;
    links.links = span
        .links
        .into_iter()
        .map(|link| Link::new(span_context(&link.context), key_values(link.attributes), link.dropped_attributes))
        .collect();
    let own = span_context(&span.context);
    SpanData {
        span_context: opentelemetry::trace::SpanContext::new(
            own.trace_id(),
            own.span_id(),
            own.trace_flags(),
            false,
            own.trace_state().clone(),
        ),
        parent_span_id: span
            .parent_span_id
            .map_or(opentelemetry::SpanId::INVALID, |id| opentelemetry::SpanId::from_bytes(id.to_bytes())),
        parent_span_is_remote: span.parent_is_remote,
        span_kind: match span.kind {
            crate::SpanKind::Internal => SpanKind::Internal,
            crate::SpanKind::Server => SpanKind::Server,
            crate::SpanKind::Client => SpanKind::Client,
            crate::SpanKind::Producer => SpanKind::Producer,
            crate::SpanKind::Consumer => SpanKind::Consumer,
        },
        name: span.name.into(),
        start_time: span.start_time,
        end_time: span.end_time,
        attributes: key_values(span.attributes),
        dropped_attributes_count: span.dropped_attributes,
        events,
        links,
        status: match span.status {
            crate::Status::Unset => Status::Unset,
            crate::Status::Ok => Status::Ok,
            crate::Status::Error { description } => Status::error(description),
        },
        instrumentation_scope: InstrumentationScope::builder("thundra").with_version(env!("CARGO_PKG_VERSION")).build(),
    }
}

fn key_values(attributes: Vec<(String, crate::Value)>) -> Vec<KeyValue> {
    attributes.into_iter().map(|(key, v)| KeyValue::new(key, value(&v))).collect()
}

fn value(value: &crate::Value) -> Value {
    match value {
        crate::Value::Str(text) => Value::String(text.to_string().into()),
        crate::Value::I64(number) => Value::I64(*number),
        crate::Value::F64(number) => Value::F64(*number),
        crate::Value::Bool(truth) => Value::Bool(*truth),
        crate::Value::Array(items) => {
            Value::Array(Array::String(items.iter().cloned().map(StringValue::from).collect()))
        }
    }
}
