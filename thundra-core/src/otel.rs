//! The bridge to the `opentelemetry` crates: the only place where their types are public.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags, TraceState};

#[cfg(feature = "opentelemetry_sdk")]
pub use sdk::SdkExporter;

use crate::TraceContext;

/// The current span as OpenTelemetry's own context: what libraries that take one are given.
///
/// While a scope's future is polled its root span is the current [`Context`] already; this is the
/// innermost span.
pub fn context() -> Context {
    match crate::current() {
        Some(context) => with_span(&context),
        None => Context::current(),
    }
}

/// The current OpenTelemetry context, with this span as its parent of spans to come.
pub(crate) fn with_span(context: &TraceContext) -> Context {
    Context::current().with_remote_span_context(span_context(context))
}

fn span_context(context: &TraceContext) -> SpanContext {
    SpanContext::new(
        opentelemetry::TraceId::from_bytes(context.trace_id.to_bytes()),
        opentelemetry::SpanId::from_bytes(context.span_id.to_bytes()),
        if context.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() },
        true,
        context.trace_state.as_deref().and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default(),
    )
}

#[cfg(feature = "opentelemetry_sdk")]
mod sdk {
    use std::fmt;
    use std::time::Instant;

    use opentelemetry::trace::{Event, Link, SpanKind, Status};
    use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::error::OTelSdkError;
    use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter, SpanLinks};

    use super::span_context;
    use crate::export::{Batch, Export, ExportError, ExportFuture};

    /// Sends spans to any exporter of the OpenTelemetry SDK.
    pub struct SdkExporter<E>(E);

    /// Does not show the exporter, which may hold credentials of its collector.
    impl<E> fmt::Debug for SdkExporter<E> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("SdkExporter").finish_non_exhaustive()
        }
    }

    impl<E: SpanExporter> SdkExporter<E> {
        /// An adapter for this exporter, which is told the program's resource.
        pub fn new(mut exporter: E, config: &crate::Config) -> Self {
            let attributes = config.resource.attributes().iter().map(|(key, v)| KeyValue::new(key.clone(), value(v)));
            exporter.set_resource(&Resource::builder_empty().with_attributes(attributes).build());
            SdkExporter(exporter)
        }
    }

    impl<E: SpanExporter + 'static> Export for SdkExporter<E> {
        fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
            let spans = batch.spans().map(span).collect();
            Box::pin(async move {
                self.0.export(spans).await.map_err(|error| match error {
                    OTelSdkError::AlreadyShutdown => ExportError::Permanent(error.to_string().into()),
                    error => ExportError::Retryable(error.to_string().into()),
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
            .map(|event| Event::new(event.name, event.time, key_values(event.attributes), 0))
            .collect();
        let mut links = SpanLinks::default();
        links.dropped_count = span.dropped_links;
        links.links = span
            .links
            .into_iter()
            .map(|link| Link::new(span_context(&link.context), key_values(link.attributes), 0))
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
            instrumentation_scope: InstrumentationScope::builder("thundra")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
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
}
