//! The subscriber of a process: ours alone, or the layers of the program with ours on a `Registry`.

use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_log::{AsLog, LogTracer};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use super::Layers;
use super::process::config;
use crate::config::Levels;
use crate::log::{LogFormat, LogLayer};
use crate::recorder::carrier::SCOPE_TARGET;
use crate::recorder::filter::{EventFilter, SoleLayer};
use crate::recorder::layer::Recorder;
use crate::{Config, diagnostics, log};

/// Sets the global subscriber, unless one is set.
pub(super) fn set_global(config: &Config, layers: Layers, log_format: LogFormat) {
    let are_given = !layers.0.is_empty();
    let subscriber = if are_given {
        Dispatch::new(beside(layers, config, log_format))
    } else {
        Dispatch::new(sole(config, log_format))
    };
    if dispatcher::set_global_default(subscriber).is_ok() {
        return;
    }
    if are_given {
        diagnostics::once(
            "subscriber.layers",
            "a global tracing subscriber is set already, so the layers of the telemetry are not part of it: add them \
             to that subscriber, or set none",
        );
    }
    if !config.disabled && !dispatcher::get_default(|dispatch| dispatch.is::<Recorder>()) {
        diagnostics::once(
            "subscriber",
            "a global tracing subscriber is set without our layer, so local spans are not recorded: set \
             tracing_subscriber::registry().with(fmt::layer()).with(thundra_core::layer()), or set none",
        );
    }
}

/// Makes `tracing` events of the records of the `log` crate, down to the most detailed level that the subscriber
/// takes. A logger that is set is kept.
pub(super) fn bridge_log() {
    let bridge = LogTracer::builder().with_max_level(LevelFilter::current().as_log());
    // The error says that a logger is set.
    let _ = bridge.init();
}

/// Returns the subscriber that [`install`](crate::install) sets where no layer is given: the default of a thread or of a
/// test can be one as well.
pub fn subscriber(config: &Config) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync + use<> {
    sole(config, LogFormat::default())
}

/// Returns the subscriber whose only layer is the recorder.
fn sole(config: &Config, log_format: LogFormat) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync + use<> {
    let (log, write) = match log_format.writer() {
        Some(write) => (EventFilter::new(lines(config).targets()), write),
        None => (EventFilter::Level(LevelFilter::OFF), log::discard as log::Write),
    };
    let sole = SoleLayer { spans: with_scopes(config.spans.targets()), log, write };
    Registry::default().with(Recorder::sole(config.spans.targets(), config.limits, sole))
}

/// Returns the subscriber with the layers of a program, and with ours above them, each behind a filter of its own.
fn beside(layers: Layers, config: &Config, log_format: LogFormat) -> impl Subscriber + Send + Sync + use<> {
    let log = LogLayer::new(log_format).map(|layer| layer.with_filter(lines(config).targets().clone()));
    Registry::default().with(layers.0).with(recorder(config)).with(log)
}

/// Returns the layer that records spans, for a subscriber of your own.
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
    recorder(config())
}

fn recorder<S>(config: &Config) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let spans = config.spans.targets();
    Recorder::new(spans, config.limits).with_filter(with_scopes(spans))
}

/// Returns the levels of the log lines.
fn lines(config: &Config) -> Levels {
    config.log.clone().unwrap_or_default()
}

/// Adds the spans that carry a scope to a filter, which takes none of them away then. The directive is only added where
/// one is needed, since it would cover all targets that begin like it.
fn with_scopes(spans: &Targets) -> Targets {
    if spans.would_enable(SCOPE_TARGET, &Level::ERROR) {
        return spans.clone();
    }
    spans.clone().with_target(SCOPE_TARGET, LevelFilter::ERROR)
}
