//! A filter of events, by target and level.

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::Targets;

use super::scope_span::SCOPE_TARGET;

/// Returns the most detailed level enabled for any target.
pub(super) fn widest(targets: &Targets) -> LevelFilter {
    let levels = targets.iter().map(|(_, level)| level).chain(targets.default_level());
    levels.max().unwrap_or(LevelFilter::OFF)
}

/// A filter of events. One level for all targets, the usual case, takes one comparison.
#[derive(Clone, Debug)]
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

    /// Returns `true` for a target without any enabled event.
    pub(super) fn is_off(&self, target: &str) -> bool {
        match self {
            EventFilter::Level(level) => *level == LevelFilter::OFF,
            EventFilter::Targets(targets) => !targets.would_enable(target, &Level::ERROR),
        }
    }

    pub(super) fn widest(&self) -> LevelFilter {
        match self {
            EventFilter::Level(level) => *level,
            EventFilter::Targets(targets) => widest(targets),
        }
    }
}
