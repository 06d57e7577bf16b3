//! The bridge to the `opentelemetry` crates: the only place where their types are public.

use std::sync::Arc;

use opentelemetry::baggage::{Baggage, BaggageExt, BaggageMetadata};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags, TraceState};
use opentelemetry::{Context, Key, StringValue};

#[cfg(feature = "opentelemetry_sdk")]
pub use sdk::SdkExporter;

use crate::propagation::{Inbound, Propagators, Trust};
use crate::recorder::layer::Recorder;
use crate::recorder::{Place, SCOPES, ScopeId, stack};
use crate::resource::percent_decode;
use crate::{TraceContext, diagnostics};

/// The current span as OpenTelemetry's own context: what libraries that take one are given.
///
/// While a scope's future is polled its root span is the current [`Context`] already; this is the
/// innermost span. With the feature `otel-spans` the innermost span is the current one.
pub fn context() -> Context {
    Recorder::current().and_then(at).unwrap_or_else(Context::current)
}

/// Marks a context whose baggage began as that of this scope. The program may have changed it since.
struct BaggageOf(ScopeId);

/// Returns the current context with the span at this place, and with the baggage that its scope received.
pub(crate) fn at(place: Place) -> Option<Context> {
    let scope = SCOPES.lock(place.scope)?;
    let (span, received, nested) = (scope.context(place.span())?, scope.baggage.clone(), scope.outer.is_some());
    drop(scope);
    let context = Context::current().with_remote_span_context(span_context(&span));
    Some(match context.get::<BaggageOf>() {
        Some(BaggageOf(scope)) if *scope == place.scope => context,
        // A scope within another one has its own baggage, or none.
        None if received.is_none() && (!nested || context.baggage().is_empty()) => context,
        _ => context.with_baggage(decoded(received.as_deref().unwrap_or_default())).with_value(BaggageOf(place.scope)),
    })
}

/// Returns the baggage for a call made in this scope: the current context's, where that is the scope's own or one that
/// the program made; else what the scope received.
pub(crate) fn baggage_to_send(scope: ScopeId, received: Option<Arc<str>>) -> Option<Arc<str>> {
    if stack::current().is_none_or(|place| place.scope != scope) {
        return received;
    }
    Context::map_current(|context| match context.get::<BaggageOf>() {
        Some(BaggageOf(other)) if *other != scope => received,
        None if context.baggage().is_empty() => received,
        _ => changed(context.baggage(), received),
    })
}

/// Returns what was received, byte for byte, where the baggage still says the same.
#[cold]
fn changed(baggage: &Baggage, received: Option<Arc<str>>) -> Option<Arc<str>> {
    let same = |received: &Arc<str>| {
        let received = decoded(received);
        received.len() == baggage.len()
            && received.iter().all(|(key, value)| baggage.get_with_metadata(key) == Some(value))
    };
    received.filter(same).or_else(|| encoded(baggage))
}

/// Reads the members of W3C baggage that was checked when it was received.
fn decoded(baggage: &str) -> Baggage {
    let member = |member: &str| {
        let (pair, properties) = member.split_once(';').unwrap_or((member, ""));
        let (key, value) = pair.split_once('=')?;
        let value = value.trim();
        let value = percent_decode(value).unwrap_or_else(|| value.to_owned());
        let metadata = BaggageMetadata::from(properties.trim());
        Some((Key::from(key.trim().to_owned()), (StringValue::from(value), metadata)))
    };
    baggage.split(',').filter_map(member).collect()
}

/// Writes W3C baggage, as far as a receiver would take it.
fn encoded(baggage: &Baggage) -> Option<Arc<str>> {
    let text = baggage.to_string();
    let mut members: Vec<&str> = text.split(',').collect();
    members.sort_unstable();
    let formats = Propagators { baggage: true, ..Propagators::NONE };
    let kept = Inbound::extract([("baggage", members.join(",").as_str())], formats, Trust::Full).baggage;
    if kept.as_deref().map_or(0, |kept| kept.split(',').count()) < baggage.len() {
        diagnostics::once(
            "baggage",
            "baggage is not sent as it was set: it takes 64 members and 8192 bytes, percent-encoding included, \
             with tokens for keys and properties",
        );
    }
    kept
}

fn span_context(context: &TraceContext) -> SpanContext {
    SpanContext::new(
        opentelemetry::TraceId::from_bytes(context.trace_id.to_bytes()),
        opentelemetry::SpanId::from_bytes(context.span_id.to_bytes()),
        TraceFlags::new(context.flags()),
        true,
        context.trace_state.as_deref().and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default(),
    )
}

/// OpenTelemetry's current span follows the `tracing` span that is entered.
#[cfg(feature = "otel-spans")]
pub(crate) mod spans {
    use std::cell::RefCell;
    use std::mem::ManuallyDrop;

    use opentelemetry::{Context, ContextGuard};

    use crate::recorder::Place;

    /// A context that is current as long as its span is entered.
    struct Entered {
        /// The `tracing` id of the span.
        id: u64,
        // Guards reach for a thread-local of their own, which is gone when a thread ends inside of a span.
        guard: ManuallyDrop<ContextGuard>,
    }

    thread_local! {
        static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
    }

    pub(crate) fn enter(id: u64, place: Place) {
        let Some(guard) = super::at(place).map(Context::attach).map(ManuallyDrop::new) else { return };
        let _ = ENTERED.try_with(|entered| {
            if let Ok(mut entered) = entered.try_borrow_mut() {
                entered.push(Entered { id, guard });
            }
        });
    }

    pub(crate) fn exit(id: u64) {
        let entered = ENTERED.try_with(|entered| {
            let mut entered = entered.try_borrow_mut().ok()?;
            let at = entered.iter().rposition(|entered| entered.id == id)?;
            Some(entered.remove(at).guard)
        });
        // What a context holds may itself enter spans when it is dropped.
        entered.ok().flatten().map(ManuallyDrop::into_inner);
    }
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
