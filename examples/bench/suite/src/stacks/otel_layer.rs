//! tracing-opentelemetry, as its documentation sets it up, and with all turned off that can be.

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

/// With all that it records by default.
pub(crate) fn default(provider: SdkTracerProvider) -> Result<Box<dyn Stack>> {
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    Registry::default().with(layer).with(LevelFilter::INFO).try_init()?;
    Ok(Box::new(OtelLayer(provider)))
}

/// Without what each span pays for and few look at.
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
