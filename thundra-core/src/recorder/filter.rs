//! The filters of the recorder, for spans, span events and log lines.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

use super::scope_span::SCOPE_TARGET;

/// The work of other layers, done by the recorder as the sole layer. Each layer costs some 70 instructions a span
/// within `tracing`.
#[derive(Debug)]
pub(crate) struct SoleLayer {
    /// The filter of spans. A filtered span does not exist.
    pub(crate) spans: Targets,
    /// The filter of log lines.
    pub(crate) log: EventFilter,
    /// The function to write a log line, with the metadata of the event or of a bridged `log` record.
    pub(crate) write: fn(&Event<'_>, &Metadata<'_>),
}

impl SoleLayer {
    pub(super) fn enables(&self, metadata: &Metadata<'_>) -> bool {
        let (target, level) = (metadata.target(), metadata.level());
        self.spans.would_enable(target, level) || (metadata.is_event() && self.log.enables(metadata))
    }

    /// Returns the most detailed level enabled for any target.
    pub(super) fn widest(&self) -> LevelFilter {
        widest(&self.spans).max(self.log.widest())
    }
}

/// The filter of the recorder beside other layers.
#[derive(Debug)]
pub(crate) struct BesideFilter {
    /// The filter of spans and their events.
    pub(crate) spans: Targets,
    /// The filter of log records; `None` if events become none.
    pub(crate) log: Option<EventFilter>,
}

impl BesideFilter {
    fn enables(&self, metadata: &Metadata<'_>) -> bool {
        self.spans.would_enable(metadata.target(), metadata.level())
            || (metadata.is_event() && self.log.as_ref().is_some_and(|log| log.enables(metadata)))
    }
}

impl<S> Filter<S> for BesideFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.enables(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enables(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(widest(&self.spans).max(self.log.as_ref().map_or(LevelFilter::OFF, EventFilter::widest)))
    }
}

/// Returns the most detailed level enabled for any target.
pub(super) fn widest(targets: &Targets) -> LevelFilter {
    let levels = targets.iter().map(|(_, level)| level).chain(targets.default_level());
    levels.max().unwrap_or(LevelFilter::OFF)
}

/// A filter of events. One level for all targets, the usual case, takes one comparison.
#[derive(Debug)]
pub(crate) enum EventFilter {
    Level(LevelFilter),
    Targets(Targets),
}

impl EventFilter {
    pub(crate) fn new(targets: &Targets) -> Self {
        match targets.iter().next() {
            None => EventFilter::Level(widest(targets)),
            Some(_) => EventFilter::Targets(targets.clone()),
        }
    }

    #[inline]
    pub(super) fn enables(&self, metadata: &Metadata<'_>) -> bool {
        match self {
            EventFilter::Level(level) => metadata.level() <= level,
            EventFilter::Targets(targets) => targets.would_enable(metadata.target(), metadata.level()),
        }
    }

    /// Returns `true` if an event becomes a span event. Events about a scope as a whole are log lines alone.
    #[inline]
    pub(super) fn records(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() != SCOPE_TARGET && self.enables(metadata)
    }

    fn widest(&self) -> LevelFilter {
        match self {
            EventFilter::Level(level) => *level,
            EventFilter::Targets(targets) => widest(targets),
        }
    }
}
