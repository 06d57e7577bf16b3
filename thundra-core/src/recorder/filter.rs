//! The filters of the recorder: which spans exist, which events are recorded, and which are written as log lines.

use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata};
use tracing_subscriber::filter::Targets;

/// The work of other layers, where the recorder is the only one. Each layer would cost every span its share of `tracing`'s
/// own work, some 70 instructions.
#[derive(Debug)]
pub(crate) struct SoleLayer {
    /// The spans that exist at all.
    pub(crate) spans: Targets,
    /// The events that are written as log lines.
    pub(crate) log: EventFilter,
    /// Writes an event. The metadata is the event's own, or that of the `log` record that the event was made of.
    pub(crate) write: fn(&Event<'_>, &Metadata<'_>),
}

impl SoleLayer {
    pub(super) fn enables(&self, metadata: &Metadata<'_>) -> bool {
        let (target, level) = (metadata.target(), metadata.level());
        self.spans.would_enable(target, level) || (metadata.is_event() && self.log.enables(metadata))
    }

    /// Returns the most detailed level that is enabled for any target.
    pub(super) fn widest(&self) -> LevelFilter {
        widest(&self.spans).max(self.log.widest())
    }
}

/// Returns the most detailed level that is enabled for any target.
pub(super) fn widest(targets: &Targets) -> LevelFilter {
    let levels = targets.iter().map(|(_, level)| level).chain(targets.default_level());
    levels.max().unwrap_or(LevelFilter::OFF)
}

/// A filter of events. It is nearly always one level for all targets, which takes one comparison.
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

    /// Returns `true` if an event is recorded as a span event. The runtime's own errors are not: they hold values of the
    /// payload.
    #[inline]
    pub(super) fn records(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.target().starts_with("lambda_runtime") && self.enables(metadata)
    }

    fn widest(&self) -> LevelFilter {
        match self {
            EventFilter::Level(level) => *level,
            EventFilter::Targets(targets) => widest(targets),
        }
    }
}
