//! The layer that records, and the subscriber that a program's layers share: a `Registry`.

use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use super::Layers;
use super::subscriber::record_filter;
use crate::Config;
use crate::config::process::config_of_layer;
use crate::log;
use crate::recorder::filter::FrontFilter;
use crate::recorder::layer::RecorderLayer;
use crate::recorder::levels::SpanLevels;
use crate::recorder::shown_ids;
use crate::redact::mask;

/// Returns a subscriber with the layers of a program. The recorder and the log lines are above. The filters of both
/// hide nothing from the layers of the program.
pub(super) fn beside(layers: Layers, config: &Config) -> impl Subscriber + Send + Sync + use<> {
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
