//! tracing-opentelemetry, as documented, and with all optional attributes off.

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Stack;
use crate::Result;

struct OtelLayer(SdkTracerProvider);

impl Stack for OtelLayer {
    fn flush(&self) {
        self.0.force_flush().expect("the exporter takes everything");
    }
}

/// Sets up the layer with the defaults.
pub(crate) fn default(provider: SdkTracerProvider) -> Result<Box<dyn Stack>> {
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    Registry::default().with(layer).with(LevelFilter::INFO).try_init()?;
    Ok(Box::new(OtelLayer(provider)))
}

/// Sets up the layer without location, threads, inactivity and target.
pub(crate) fn lean(provider: SdkTracerProvider) -> Result<Box<dyn Stack>> {
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("bench"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false);
    Registry::default().with(layer).with(LevelFilter::INFO).try_init()?;
    Ok(Box::new(OtelLayer(provider)))
}
