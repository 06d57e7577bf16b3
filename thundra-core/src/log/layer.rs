//! The layer for log lines, in subscribers with layers of the program.

use std::sync::OnceLock;

use tracing::dispatcher::WeakDispatch;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

use super::lines::{Lines, Place, line_filter};
use super::span_fields::SpanFields;
use crate::Config;
use crate::config::process;
use crate::points::fields as metric_fields;
use crate::recorder::entered;
use crate::recorder::events::BRIDGE_TARGET;
use crate::recorder::layer::RecorderLayer;
use crate::recorder::line_filter::{Fate, LineFilter};
use crate::recorder::replay;
use crate::recorder::scope_span::SCOPE_TARGET;
use crate::recorder::slot::SpanSlot;
use crate::redact::mask::{self, Masked};

/// Returns the layer for log lines on standard error, for a subscriber of your own.
///
/// The configuration sets the form and the levels of the lines: `THUNDRA_LOG_FORMAT`, `RUST_LOG`, and in Lambda
/// `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL`. Until telemetry is [installed](crate::install), the variables of
/// dependent crates have no effect. The levels hide nothing from other layers.
///
/// The ids of a scope are in the lines with [`layer`](crate::layer) in the same subscriber, and without it.
///
/// # Examples
///
/// ```
/// use tracing_subscriber::prelude::*;
///
/// tracing_subscriber::registry()
///     .with(thundra_core::layer())
///     .with(thundra_core::log::layer())
///     .init();
/// thundra_core::install(thundra_core::Telemetry::builder());
/// ```
pub fn layer<S>() -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    LogLayer::of(Source::Process).with_filter(LineLevels::of(Source::Process))
}

/// Returns the layer of [`layer()`], with the form and the levels of a configuration made in code.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env, LogFormat};
/// use tracing_subscriber::prelude::*;
///
/// let mut config = Config::from_env(&Env::process());
/// config.log_format = Some(LogFormat::TEXT);
/// let subscriber = tracing_subscriber::registry().with(thundra_core::log::layer_with(&config));
/// # let _ = subscriber;
/// ```
pub fn layer_with<S>(config: &Config) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    LogLayer::of(Source::Given(config)).with_filter(LineLevels::of(Source::Given(config)))
}

/// The configuration of a layer.
#[derive(Clone, Copy)]
enum Source<'a> {
    Given(&'a Config),
    /// The installed configuration, or before the installation the configuration of the environment.
    Process,
}

/// A value made of the configuration.
#[derive(Debug)]
struct Made<T> {
    make: fn(&Config) -> T,
    /// The value for the given or the installed configuration.
    last: OnceLock<T>,
    provisional: OnceLock<T>,
}

impl<T> Made<T> {
    fn of(source: Source<'_>, make: fn(&Config) -> T) -> Self {
        let last = match source {
            Source::Given(config) => OnceLock::from(make(config)),
            Source::Process => OnceLock::new(),
        };
        Made { make, last, provisional: OnceLock::new() }
    }

    #[inline]
    fn get(&self) -> &T {
        match self.last.get() {
            Some(last) => last,
            None => self.get_from_process(),
        }
    }

    #[cold]
    fn get_from_process(&self) -> &T {
        match process::installed() {
            Some(config) => self.last.get_or_init(|| (self.make)(config)),
            None => self.provisional.get_or_init(|| (self.make)(process::provisional())),
        }
    }
}

/// The layer that writes log lines.
#[derive(Debug)]
struct LogLayer {
    lines: Made<Option<Lines>>,
    filter: Made<LineFilter>,
    /// The subscriber around the layer.
    dispatch: OnceLock<WeakDispatch>,
}

impl LogLayer {
    fn of(source: Source<'_>) -> Self {
        let (lines, filter) = (Made::of(source, Lines::new), Made::of(source, line_filter));
        LogLayer { lines, filter, dispatch: OnceLock::new() }
    }

    fn has_span_fields(&self) -> bool {
        self.lines.get().as_ref().is_some_and(Lines::has_span_fields)
    }

    /// Returns the slot of the explicit parent of an event, or of an ancestor.
    #[cold]
    fn slot_of(&self, id: &Id) -> Option<SpanSlot> {
        self.dispatch.get()?.upgrade()?.downcast_ref::<RecorderLayer>()?.slot_or_ancestor(id)
    }
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        mask::register(metadata.fields());
        Interest::always()
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        mask::register(metadata.fields());
        true
    }

    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if self.has_span_fields()
            && attributes.metadata().target() != SCOPE_TARGET
            && let Some(span) = context.span(id)
        {
            let mut fields = SpanFields::default();
            attributes.record(&mut Masked(&mut fields));
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if self.has_span_fields()
            && let Some(span) = context.span(id)
        {
            // The program's values are formatted while the span is unlocked.
            let mut changes = SpanFields::default();
            values.record(&mut Masked(&mut changes));
            if let Some(fields) = span.extensions_mut().get_mut::<SpanFields>() {
                fields.update(changes);
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if metric_fields::only_measures(event.metadata()) {
            return;
        }
        let Some(lines) = self.lines.get() else { return };
        let record = (event.metadata().target() == BRIDGE_TARGET).then(|| event.normalized_metadata()).flatten();
        let metadata = record.as_ref().unwrap_or(event.metadata());
        let slot = match event.parent() {
            Some(parent) => self.slot_of(parent).or_else(entered::innermost),
            None if event.is_contextual() => entered::innermost(),
            None => entered::innermost().map(SpanSlot::root),
        };
        if replay::is_replayed(metadata, slot) {
            return;
        }
        let mut spans = Vec::new();
        if lines.has_span_fields() {
            let around = context.event_scope(event).into_iter().flatten();
            spans.extend(around.filter_map(|span| Some(span.extensions().get::<SpanFields>()?.0.clone())));
        }
        let spans: Vec<_> = spans.iter().collect();
        let place = Place { slot, spans: &spans };
        match (self.filter.get().fate(metadata, slot), slot) {
            (Fate::Written, _) => lines.write(event, metadata, place),
            (Fate::Kept, Some(slot)) => lines.keep(event, metadata, (slot, place)),
            _ => {}
        }
    }
}

/// The levels of the lines.
struct LineLevels {
    levels: Made<LineFilter>,
}

impl LineLevels {
    fn of(source: Source<'_>) -> Self {
        LineLevels { levels: Made::of(source, line_filter) }
    }
}

/// A later configuration rebuilds the cache of interests.
impl<S: Subscriber> Filter<S> for LineLevels {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        self.levels.get().enabled(metadata, context)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        Filter::<S>::callsite_enabled(self.levels.get(), metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Filter::<S>::max_level_hint(self.levels.get())
    }
}
