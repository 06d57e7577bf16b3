//! The subscriber of a process without layers: of our own.

use tracing::Subscriber;

use crate::log::{self, Lines};
use crate::pipeline::exports;
#[cfg(feature = "testing")]
use crate::pipeline::record_for_tests;
#[cfg(feature = "testing")]
use crate::points::collection;
use crate::recorder::filter::{FrontFilter, LogLines};
#[cfg(feature = "testing")]
use crate::recorder::further_uses;
use crate::recorder::levels::SpanLevels;
use crate::recorder::line_filter::LineFilter;
use crate::recorder::subscriber::RecorderSubscriber;
use crate::redact::mask;
use crate::{Config, Signal};

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
pub(super) fn own(config: &Config) -> RecorderSubscriber {
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

/// Returns the filter of the log records: off unless an installed exporter, or an exporter named by the configuration,
/// takes log records.
pub(super) fn record_filter(config: &Config) -> LineFilter {
    match config.otlp_logs() || exports(Signal::Logs) {
        true => log::line_filter(config),
        false => LineFilter::off(),
    }
}
