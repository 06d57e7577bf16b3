//! What a process has once: its configuration, its exporters, its subscriber.

use std::sync::OnceLock;
use std::time::Instant;

use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::export::Export;
use crate::pipeline::Pipeline;
use crate::recorder::layer::{Alone, Recorder, SCOPE_TARGET};
use crate::recorder::silence;
use crate::{Config, Env, Trace, diagnostics, late, log};

static CONFIG: OnceLock<Config> = OnceLock::new();
static PIPELINE: OnceLock<Pipeline> = OnceLock::new();

/// The configuration of this process: the one that was [installed](install), else the environment's.
pub fn config() -> &'static Config {
    CONFIG.get_or_init(|| Config::from_env(&Env::process()))
}

/// Installs exporters and, unless a global subscriber is set, the subscriber: a registry, our recorder,
/// and JSON log lines on standard error. Returns whether this call was the first one; another changes nothing.
///
/// A subscriber that is set is kept. If [`layer`] is not part of it, one line on standard error says so:
/// ids travel and scopes are recorded all the same, local spans are not.
pub fn install(config: Config, exporters: Vec<Box<dyn Export>>) -> bool {
    let config = CONFIG.get_or_init(|| config);
    let mut first = false;
    PIPELINE.get_or_init(|| {
        first = true;
        Pipeline::new(config.resource.clone(), exporters, config.otlp.flush_limit())
    });
    if first {
        install_subscriber(config);
    }
    first
}

fn install_subscriber(config: &Config) {
    if dispatcher::set_global_default(Dispatch::new(subscriber(config))).is_ok() {
        return;
    }
    if !dispatcher::get_default(|dispatch| dispatch.is::<Recorder>()) {
        diagnostics::once(
            "subscriber",
            "a global tracing subscriber is set without our layer, so local spans are not recorded: \
             add .with(thundra_core::layer()) to it, or do not set it",
        );
    }
}

/// The subscriber that [`install`] sets: what a thread-local or a test's own default can be as well.
pub fn subscriber(config: &Config) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync + use<> {
    let alone = Alone { spans: with_scopes(&config.spans), log: config.log.clone(), write: log::write };
    Registry::default().with(Recorder::alone(&config.spans, config.limits, alone))
}

/// The layer that records spans, for a subscriber of your own.
///
/// It brings its filter with it (`THUNDRA_SPANS`), and takes nothing from the other layers. A filter that is a layer by
/// itself, such as `.with(EnvFilter::from_default_env())`, is one for all layers, and hides spans from this one too: one
/// line on standard error says so. Give such a filter to the layer that it is meant for, by `with_filter`.
///
/// It goes on a [`Registry`], with or without other layers. `tracing_subscriber::fmt().finish()` takes no layer with a
/// filter of its own.
///
/// # Examples
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let subscriber = tracing_subscriber::registry().with(thundra_core::layer());
/// # let _ = subscriber;
/// ```
pub fn layer<S>() -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let config = config();
    Recorder::new(&config.spans, config.limits).with_filter(with_scopes(&config.spans))
}

/// Exports a trace, together with late spans and with what earlier flushes could not send.
///
/// The exporters are given the deadline, or `OTEL_EXPORTER_OTLP_TIMEOUT` from now if that is earlier. One that
/// may not keep to it is bounded by dropping this future: what was not sent waits for the next flush. Does
/// nothing before [`install`].
pub async fn flush(trace: Trace, deadline: Option<Instant>) {
    if let Some(pipeline) = PIPELINE.get() {
        let (trace, losses) = late::drain(trace);
        pipeline.flush(trace, losses, deadline).await;
    }
}

/// Exports everything that waits, as the last flush of a program: exporters that pause after failures try once more.
pub async fn flush_last(deadline: Instant) {
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.resume();
        let (trace, losses) = late::drain(Trace::default());
        pipeline.flush(trace, losses, Some(deadline)).await;
    }
}

/// Returns how many spans wait for a [`flush`], those that are being exported included, summed over the exporters.
pub fn kept_spans() -> u64 {
    PIPELINE.get().map_or(0, Pipeline::waiting) + late::spans()
}

/// Returns, for each exporter, how many spans are lost if the program ends now: those that wait for a flush, and those
/// that are lost already and that no exported root span has counted.
pub fn unexported_spans() -> Vec<u64> {
    PIPELINE.get().map_or_else(Vec::new, Pipeline::unexported)
}

/// Hands a trace to the next [`flush`], whoever makes it: for programs with an exporter in the background.
///
/// At most 8 MiB wait; what is over is lost, and counted.
pub fn defer(trace: Trace) {
    late::add(trace);
}

/// Waits until about 1 MiB of [deferred](defer) spans waits for a flush. One task at a time can wait.
#[doc(hidden)]
pub async fn enough_deferred() {
    late::enough().await;
}

/// Reports on standard error, once, that the program made spans and opened no scope: they were not recorded. Called when
/// a program ends that had its telemetry installed for it.
#[doc(hidden)]
pub fn report_missing_scope() {
    silence::report_missing_scope();
}

/// No filter takes the spans that carry a scope away. A directive is only added where one is needed, since
/// it would cover all targets that begin like it.
fn with_scopes(spans: &Targets) -> Targets {
    if spans.would_enable(SCOPE_TARGET, &Level::ERROR) {
        return spans.clone();
    }
    spans.clone().with_target(SCOPE_TARGET, LevelFilter::ERROR)
}
