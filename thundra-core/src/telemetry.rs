//! What a process has once: its configuration, its exporters, its subscriber, and the bridge from the `log` crate.

use std::sync::OnceLock;
use std::time::Instant;

use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_log::{AsLog, LogTracer};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::config::{self, Section};
use crate::export::Export;
use crate::pipeline::{Losses, Pipeline, backlog};
use crate::recorder::carrier::SCOPE_TARGET;
use crate::recorder::filter::{EventFilter, SoleLayer};
use crate::recorder::layer::Recorder;
use crate::recorder::missing_spans;
use crate::{Config, Env, Records, diagnostics, log};

static CONFIG: OnceLock<Config> = OnceLock::new();
static PIPELINE: OnceLock<Pipeline> = OnceLock::new();

/// The configuration of this process: the one that was [installed](install), else the environment's.
pub fn config() -> &'static Config {
    CONFIG.get_or_init(|| Config::from_env(&Env::process()))
}

/// Returns the settings of a crate that depends on this one: those of the [installed](install) configuration, else
/// those of the environment. Called once by each such crate, which keeps them.
#[doc(hidden)]
pub fn settings<S: Section>() -> S {
    let config = config();
    config.section().cloned().unwrap_or_else(|| {
        let (settings, problems) = config::read_section(config.env());
        config::report(&problems);
        settings
    })
}

/// Installs exporters and, unless a global subscriber is set, the subscriber: a registry, our recorder,
/// and JSON log lines on standard error. Returns whether this call was the first one; another changes nothing.
///
/// A subscriber that is set is kept. If [`layer`] is not part of it, one line on standard error says so:
/// ids travel and scopes are recorded all the same, local spans are not.
///
/// Records of the `log` crate become `tracing` events, unless the program has set a logger of its own: that one is
/// kept. A logger that the program sets later is refused by the `log` crate.
pub fn install(config: Config, exporters: Vec<Box<dyn Export>>) -> bool {
    install_with(|| (config, exporters))
}

/// Installs as [`install`] does. The first call alone makes its configuration and its exporters, so that another
/// reports nothing about exporters that nobody uses.
#[doc(hidden)]
pub fn install_with(make: impl FnOnce() -> (Config, Vec<Box<dyn Export>>)) -> bool {
    let mut installed = None;
    PIPELINE.get_or_init(|| {
        let (mut config, exporters) = make();
        config::report(&config.complete());
        CONFIG.get_or_init(|| config.clone());
        let config = installed.insert(config);
        Pipeline::new(config.resource.clone(), exporters, config.otlp.traces.flush_limit())
    });
    let Some(config) = installed else { return false };
    install_subscriber(&config);
    bridge_log();
    true
}

/// Makes `tracing` events of the records of the `log` crate, down to the most detailed level that the subscriber
/// takes. A logger that is set is kept.
fn bridge_log() {
    let bridge = LogTracer::builder().with_max_level(LevelFilter::current().as_log());
    // The error says that a logger is set.
    let _ = bridge.init();
}

fn install_subscriber(config: &Config) {
    if dispatcher::set_global_default(Dispatch::new(subscriber(config))).is_ok() {
        return;
    }
    if !config.disabled && !dispatcher::get_default(|dispatch| dispatch.is::<Recorder>()) {
        diagnostics::once(
            "subscriber",
            "a global tracing subscriber is set without our layer, so local spans are not recorded: set \
             tracing_subscriber::registry().with(fmt::layer()).with(thundra_core::layer()), or set none",
        );
    }
}

/// The subscriber that [`install`] sets: what a thread-local or a test's own default can be as well.
pub fn subscriber(config: &Config) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync + use<> {
    let (spans, log) = (config.spans.targets(), config.log.clone().unwrap_or_default());
    let sole = SoleLayer { spans: with_scopes(spans), log: EventFilter::new(log.targets()), write: log::write };
    Registry::default().with(Recorder::sole(spans, config.limits, sole))
}

/// The layer that records spans, for a subscriber of your own.
///
/// It brings its filter with it (`THUNDRA_SPANS`), and takes nothing from the other layers. A filter that is a layer by
/// itself, such as `.with(EnvFilter::from_default_env())`, is one for all layers, and hides spans from this one too. Give
/// such a filter to the layer that it is meant for, by `with_filter`. One line on standard error reports hidden spans
/// where the filter was added before this layer; one that is added after it cannot be seen from here.
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
    let spans = config.spans.targets();
    Recorder::new(spans, config.limits).with_filter(with_scopes(spans))
}

/// Exports a trace, together with late spans and with what earlier flushes could not send.
///
/// The exporters are given the deadline, or `OTEL_EXPORTER_OTLP_TIMEOUT` from now if that is earlier. One that
/// may not keep to it is bounded by dropping this future: what was not sent waits for the next flush. Does
/// nothing before [`install`], and reports once that nothing exports the spans.
pub async fn flush(trace: Records, deadline: Option<Instant>) {
    match PIPELINE.get() {
        Some(pipeline) => {
            let (trace, losses) = backlog::drain(trace);
            pipeline.flush(trace, losses, deadline).await;
        }
        None => report_no_exporters(&trace),
    }
}

/// Reports that the program has recorded spans and installed no exporters.
#[cold]
fn report_no_exporters(trace: &Records) {
    if !trace.is_empty() {
        diagnostics::once(
            "exporters",
            "spans are recorded, and nothing exports them: begin the program with \
             `let _telemetry = thundra_http::init();`, or thundra_aws::init()",
        );
    }
}

/// Exports everything that waits, as the last flush of a program: exporters that pause after failures try once more.
pub async fn flush_last(deadline: Instant) {
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.resume();
        let (trace, losses) = backlog::drain(Records::default());
        pipeline.flush(trace, losses, Some(deadline)).await;
        backlog::end(true);
    }
}

/// Notes that the program flushes by itself, whatever its [last flush](flush_last) was.
#[doc(hidden)]
pub fn flushes_itself() {
    backlog::end(false);
}

/// Returns how many spans wait for a [`flush`], those that are being exported included, summed over the exporters.
pub fn pending_spans() -> u64 {
    PIPELINE.get().map_or(0, Pipeline::waiting) + backlog::spans()
}

/// Returns, for each exporter, how many spans are lost if the program ends now: those that wait for a flush, and those
/// that are lost already and that no exported root span has counted.
pub fn unexported_spans() -> Vec<u64> {
    let Losses { spans, dropped_spans, .. } = backlog::unsent();
    let unexported = PIPELINE.get().map_or_else(Vec::new, Pipeline::unexported);
    unexported.into_iter().map(|lost| lost + spans + dropped_spans).collect()
}

/// Hands a trace to the next [`flush`], whoever makes it: for programs with an exporter in the background.
///
/// At most 8 MiB wait, or one trace that is longer; what is over is lost, and counted. Before [`install`], and after the
/// [last flush](flush_last), it reports once that nothing exports the spans.
pub fn export_later(trace: Records) {
    if PIPELINE.get().is_none() {
        report_no_exporters(&trace);
    }
    backlog::add(trace);
}

/// Waits until about 1 MiB of [deferred](export_later) spans waits for a flush. One task at a time can wait.
#[doc(hidden)]
pub async fn enough_deferred() {
    backlog::enough().await;
}

/// Reports on standard error, once, that the program made spans and opened no scope: they were not recorded. Called when
/// a program ends that had its telemetry installed for it.
#[doc(hidden)]
pub fn report_missing_scope() {
    missing_spans::report_missing_scope();
}

/// No filter takes the spans that carry a scope away. A directive is only added where one is needed, since
/// it would cover all targets that begin like it.
fn with_scopes(spans: &Targets) -> Targets {
    if spans.would_enable(SCOPE_TARGET, &Level::ERROR) {
        return spans.clone();
    }
    spans.clone().with_target(SCOPE_TARGET, LevelFilter::ERROR)
}
