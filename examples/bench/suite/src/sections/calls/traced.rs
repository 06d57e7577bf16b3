//! The stacks around the calls, each set up as documented, with an exporter that drops spans.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use awssdk_instrumentation::init::default_tracing_otel_layer;
use opentelemetry::trace::TracerProvider;
use opentelemetry_032::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use thundra_core::export::{Batch, Export, ExportFuture};
use thundra_core::{Config, Env, Records, Scope, Telemetry};
use tracing::level_filters::LevelFilter;
use tracing::{Instrument, info_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::Result;

/// The stack that traces the calls of an invocation.
pub(super) enum Stack {
    /// No tracing.
    Plain,
    Thundra,
    /// thundra as a server: each request has a separate trace.
    ThundraServer,
    /// A layer with a span for the invocation, and the flush of the layer.
    Layer(Box<dyn Fn() -> Result<()>>),
}

impl Stack {
    pub(super) fn thundra_server() -> Result<Self> {
        Stack::thundra().map(|_| Stack::ThundraServer)
    }

    pub(super) fn thundra() -> Result<Self> {
        Stack::thundra_that_carries("tracecontext,baggage,xray,correlation")
    }

    /// Sets up thundra with `propagators` in `OTEL_PROPAGATORS`, to compare with peers that send less.
    pub(super) fn thundra_that_carries(propagators: &str) -> Result<Self> {
        let variables = [("OTEL_SERVICE_NAME", "orders"), ("RUST_LOG", "off"), ("OTEL_PROPAGATORS", propagators)];
        let config = Config::from_env(&Env::from_pairs(variables));
        if thundra_core::install(Telemetry::builder().config(config).exporter(Drain)) {
            Ok(Stack::Thundra)
        } else {
            Err("a subscriber is installed already".into())
        }
    }

    /// Sets up awssdk-instrumentation, which decorates the spans of the SDK.
    pub(super) fn awssdk_tracing() -> Result<Self> {
        let provider = SdkTracerProvider::builder().with_batch_exporter(Drain).build();
        let layer = default_tracing_otel_layer(provider.tracer("orders"));
        tracing_subscriber::registry().with(layer).try_init()?;
        Ok(Stack::Layer(Box::new(move || Ok(provider.force_flush()?))))
    }

    /// Sets up tower-http's layer with tracing-opentelemetry.
    pub(super) fn tower_http() -> Result<Self> {
        let provider = SdkTracerProvider::builder().with_simple_exporter(Drain).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("orders"));
        tracing_subscriber::registry().with(layer).with(LevelFilter::INFO).try_init()?;
        Ok(Stack::Layer(Box::new(move || Ok(provider.force_flush()?))))
    }

    /// Sets up reqwest-tracing with the latest supported OpenTelemetry. The simple processor keeps all work on the
    /// measured thread.
    pub(super) fn reqwest_tracing() -> Result<Self> {
        opentelemetry_032::global::set_text_map_propagator(
            opentelemetry_sdk_032::propagation::TraceContextPropagator::new(),
        );
        let provider = opentelemetry_sdk_032::trace::SdkTracerProvider::builder().with_simple_exporter(Drain).build();
        let layer = tracing_opentelemetry_033::layer().with_tracer(provider.tracer("orders"));
        tracing_subscriber::registry().with(layer).with(LevelFilter::INFO).try_init()?;
        Ok(Stack::Layer(Box::new(move || Ok(provider.force_flush()?))))
    }

    /// Runs an invocation with `calls`: a trace and a flush.
    pub(super) async fn invocation(&self, calls: impl Future<Output = Result<()>>) -> Result<()> {
        match self {
            Stack::Plain => calls.await,
            Stack::Thundra => {
                let scope = Scope::builder("invoke").begin();
                let result = scope.run(calls).await;
                thundra_core::flush(scope.finish(), None).await;
                result
            }
            Stack::ThundraServer => {
                let result = calls.await;
                thundra_core::flush(Records::default(), None).await;
                result
            }
            Stack::Layer(flush) => {
                calls.instrument(info_span!("invoke")).await?;
                flush()
            }
        }
    }

    /// Checks that the invocation and each call has a span.
    pub(super) async fn check(&self, spans: u64, calls: impl Future<Output = Result<()>>) -> Result<()> {
        self.invocation(calls).await?;
        let exported = SPANS.swap(0, Ordering::SeqCst) as u64;
        let expected = if let Stack::Plain = self { 0..=0 } else { spans..=u64::MAX };
        if expected.contains(&exported) { Ok(()) } else { Err(format!("{exported} spans, not {expected:?}").into()) }
    }
}

static SPANS: AtomicUsize = AtomicUsize::new(0);

/// The exporter of all stacks.
#[derive(Debug)]
struct Drain;

impl Export for Drain {
    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        SPANS.fetch_add(batch.count() as usize, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(())))
    }
}

impl SpanExporter for Drain {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        SPANS.fetch_add(batch.len(), Ordering::SeqCst);
        Ok(())
    }
}

impl opentelemetry_sdk_032::trace::SpanExporter for Drain {
    async fn export(
        &self,
        batch: Vec<opentelemetry_sdk_032::trace::SpanData>,
    ) -> opentelemetry_sdk_032::error::OTelSdkResult {
        SPANS.fetch_add(batch.len(), Ordering::SeqCst);
        Ok(())
    }
}
