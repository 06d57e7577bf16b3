//! The subscriber of a process: of our own, or the recorder and the layers of the program on a `Registry`.

use tracing::Subscriber;
use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::LevelFilter;
use tracing_log::{AsLog, LogTracer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use super::Layers;
use crate::config::process::config_of_layer;
use crate::log::{self, Lines};
use crate::pipeline::exports;
#[cfg(feature = "testing")]
use crate::pipeline::record_for_tests;
#[cfg(feature = "testing")]
use crate::points::collection;
use crate::recorder::callsites;
use crate::recorder::current::records;
use crate::recorder::filter::{FrontFilter, LogLines};
#[cfg(feature = "testing")]
use crate::recorder::further_uses;
use crate::recorder::layer::RecorderLayer;
use crate::recorder::levels::SpanLevels;
use crate::recorder::line_filter::LineFilter;
use crate::recorder::shown_ids;
use crate::recorder::subscriber::RecorderSubscriber;
use crate::redact::mask;
use crate::{Config, LogFormat, Signal, diagnostics};

/// Sets the global subscriber, unless the program has set another.
pub(super) fn set_global(config: &Config, layers: Layers) {
    let are_given = !layers.0.is_empty();
    // Only a layer reads the fields of spans for log lines.
    let subscriber = if are_given || config.log_format.is_some_and(LogFormat::has_span_fields) {
        Dispatch::new(beside(layers, config))
    } else {
        Dispatch::new(own(config))
    };
    if dispatcher::set_global_default(subscriber).is_ok() {
        return;
    }
    shown_ids::show();
    if are_given {
        diagnostics::once(
            "subscriber.layers",
            "a global tracing subscriber is set already, so the layers of the telemetry are not part of it: add them \
             to that subscriber, or set none",
        );
    }
    if !config.disabled && !dispatcher::get_default(records) {
        diagnostics::once(
            "subscriber",
            "a global tracing subscriber is set without our layer, so local spans are not recorded: set \
             tracing_subscriber::registry().with(fmt::layer()).with(thundra_core::layer()), or set none",
        );
    }
}

/// Turns records of the `log` crate into `tracing` events, down to the most detailed level of the subscriber. An
/// earlier logger of the program stays.
pub(super) fn bridge_log() {
    let bridge = LogTracer::builder().with_max_level(LevelFilter::current().as_log());
    // The only possible error is an earlier logger.
    if bridge.init().is_ok() {
        callsites::bridged();
    }
}

/// Returns the subscriber of [`install`](crate::install) for telemetry without layers. Threads and tests can use the
/// subscriber as a default. For more layers use [`TelemetryBuilder::layer`](crate::TelemetryBuilder::layer), because
/// this subscriber has no `Registry` for layers, and its filter would hide spans from added layers.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env, Scope};
///
/// let config = Config::from_env(&Env::from_pairs([("THUNDRA_SPANS", "debug")]));
/// let records = tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
///     let scope = Scope::builder("checkout").begin_with(&config);
///     scope.enter(|| tracing::debug_span!("add").in_scope(|| {}));
///     scope.finish()
/// });
/// assert_eq!(records.spans().map(|span| span.name).collect::<Vec<_>>(), ["add", "checkout"]);
/// ```
pub fn subscriber(config: &Config) -> impl Subscriber + Send + Sync + use<> {
    own(config)
}

/// Returns a subscriber of our own, which no layer shares.
fn own(config: &Config) -> RecorderSubscriber {
    mask::add(&config.mask_keys);
    let lines = Lines::new(config).map(|lines| LogLines { filter: log::line_filter(config), writer: Box::new(lines) });
    let log = match lines {
        Some(_) => log::line_filter(config),
        None => record_filter(config),
    };
    RecorderSubscriber::new(config, FrontFilter { spans: SpanLevels::new(&config.spans), log }, lines)
}

/// Returns a subscriber that records for a test: spans, log records and measurements. Log lines are not written.
#[cfg(feature = "testing")]
pub(crate) fn recording(config: &Config) -> impl Subscriber + Send + Sync + use<> {
    mask::add(&config.mask_keys);
    record_for_tests([Signal::Logs].into_iter().collect());
    further_uses::expect();
    collection::aggregate();
    let filter = FrontFilter { spans: SpanLevels::new(&config.spans), log: log::line_filter(config) };
    RecorderSubscriber::new(config, filter, None)
}

/// Returns a subscriber with the layers of a program. The recorder and the log lines are above. The filters of both
/// hide nothing from the layers of the program.
fn beside(layers: Layers, config: &Config) -> impl Subscriber + Send + Sync + use<> {
    // A list without layers would disable everything.
    let layers = (!layers.0.is_empty()).then_some(layers.0);
    if layers.is_some() {
        shown_ids::show();
    }
    Registry::default().with(layers).with(recorder(config)).with(log::layer_with(config))
}

/// Returns the layer for recording spans, for a subscriber of your own.
///
/// The layer includes a filter: `THUNDRA_SPANS`, and for log records `RUST_LOG`. The filter hides nothing from other
/// layers. A filter added as a layer, such as `.with(EnvFilter::from_default_env())`, filters the whole subscriber and
/// hides spans from the recording layer too. Use [`with_filter`](Layer::with_filter) to filter a single layer instead.
/// A line on standard error reports spans hidden by a filter added before the recording layer. A filter added after the
/// recording layer is not noticed.
///
/// Other layers of the subscriber, such as `tracing_subscriber::fmt`, see the span of a scope. The fields of the span
/// are `trace_id`, `correlation_id`, and `correlation` with the other correlation ids, all as of the begin of the
/// scope. Thus each line written in a scope has the ids. The fields are no attributes of the exported span.
///
/// The levels and limits come from the installed configuration, or before the installation from the environment. Use
/// [`layer_with`] for a configuration made in code.
///
/// The layer goes on a [`Registry`], with or without other layers. `tracing_subscriber::fmt().finish()` accepts no
/// layer with a filter.
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
    layer_with(config_of_layer())
}

/// Returns the layer of [`layer`], with the levels and limits of a configuration made in code.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env};
/// use tracing_subscriber::prelude::*;
///
/// let mut config = Config::from_env(&Env::process());
/// config.spans = "debug".parse()?;
/// tracing_subscriber::registry().with(thundra_core::layer_with(&config)).init();
/// thundra_core::install(config);
/// # Ok::<(), thundra_core::InvalidLevels>(())
/// ```
pub fn layer_with<S>(config: &Config) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    shown_ids::show();
    recorder(config)
}

fn recorder<S>(config: &Config) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    mask::add(&config.mask_keys);
    let (spans, log) = (SpanLevels::new(&config.spans), record_filter(config));
    RecorderLayer::new(config).with_filter(FrontFilter { spans, log })
}

/// Returns the filter of the log records: off unless an installed exporter, or an exporter named by the configuration,
/// takes log records.
fn record_filter(config: &Config) -> LineFilter {
    match config.otlp_logs() || exports(Signal::Logs) {
        true => log::line_filter(config),
        false => LineFilter::off(),
    }
}
