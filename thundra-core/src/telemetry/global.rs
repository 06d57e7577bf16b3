//! The global subscriber of a process: of our own, or the recorder and the layers of the program on a `Registry`.

use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::LevelFilter;
use tracing_log::{AsLog, LogTracer};

use super::Layers;
#[cfg(feature = "registry")]
use super::layered::beside;
use super::subscriber::own;
use crate::config::LOGS;
use crate::recorder::callsites;
use crate::recorder::current::records;
use crate::recorder::shown_ids;
use crate::{Config, LogFormat, diagnostics};

/// Sets the global subscriber, unless the program has set another.
pub(super) fn set_global(config: &Config, layers: Layers) {
    let are_given = !layers.0.is_empty();
    if dispatcher::set_global_default(dispatch(config, layers)).is_ok() {
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
             tracing_subscriber::registry().with(fmt::layer()).with(thundra_core::layer()) (feature `registry`), or \
             set none",
        );
    }
}

/// Returns the subscriber of our own, or the subscriber with layers.
#[cfg(feature = "registry")]
fn dispatch(config: &Config, layers: Layers) -> Dispatch {
    // Only a layer reads the fields of spans for log lines.
    if layers.0.is_empty() && !has_span_fields(config) {
        return Dispatch::new(own(config));
    }
    Dispatch::new(beside(layers, config))
}

/// Returns the subscriber of our own: no program has layers.
#[cfg(not(feature = "registry"))]
fn dispatch(config: &Config, _: Layers) -> Dispatch {
    if has_span_fields(config) {
        diagnostics::once(
            "log.spans",
            "log lines have no fields of spans, in spite of THUNDRA_LOG_FORMAT: they take the feature `registry` of \
             thundra-aws, thundra-http or thundra-core",
        );
    }
    Dispatch::new(own(config))
}

fn has_span_fields(config: &Config) -> bool {
    config.log_format.is_some_and(LogFormat::has_span_fields)
}

/// Turns records of the `log` crate into `tracing` events, down to the most detailed level of the subscriber. An
/// earlier logger of the program stays, as does every logger in a build without log lines.
pub(super) fn bridge_log() {
    if !LOGS {
        return;
    }
    let bridge = LogTracer::builder().with_max_level(LevelFilter::current().as_log());
    // The only possible error is an earlier logger.
    if bridge.init().is_ok() {
        callsites::bridged();
    }
}
