//! The filter of log lines: the levels of `RUST_LOG`, and the debug logs of single scopes.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

use super::debug_logs;
use super::filter::EventFilter;

/// The filter of log lines.
#[derive(Debug)]
pub(crate) struct LineFilter {
    /// The levels written in every scope, and outside of scopes.
    written: EventFilter,
}

impl LineFilter {
    /// Returns a filter with these levels.
    pub(crate) fn new(written: &Targets) -> Self {
        LineFilter { written: EventFilter::new(written) }
    }

    /// Returns the filter of a program without lines.
    pub(crate) const fn off() -> Self {
        LineFilter { written: EventFilter::Level(LevelFilter::OFF) }
    }

    /// Returns `true` if an event becomes a line in the current scope.
    #[inline]
    pub(crate) fn writes(&self, metadata: &Metadata<'_>) -> bool {
        self.written.enables(metadata) || (debug_logs::were_enabled() && self.writes_here(metadata))
    }

    #[cold]
    fn writes_here(&self, metadata: &Metadata<'_>) -> bool {
        self.may_write_more(metadata) && debug_logs::are_enabled_here()
    }

    /// Returns `true` if a scope with debug logs writes the event. A target that is off stays off.
    fn may_write_more(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && !self.written.is_off(metadata.target()) && debug_logs::include(metadata)
    }

    /// Returns whether the events of a callsite become lines: in all scopes, in some, or in none.
    pub(super) fn interest(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.written.enables(metadata) {
            Interest::always()
        } else if debug_logs::were_enabled() && self.may_write_more(metadata) {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    /// Returns the most detailed level of lines for any target, in any scope.
    pub(super) fn widest(&self) -> LevelFilter {
        match self.written.widest() {
            LevelFilter::OFF => LevelFilter::OFF,
            written if debug_logs::were_enabled() => written.max(debug_logs::WIDEST),
            written => written,
        }
    }
}

/// The filter of a layer that writes lines.
impl<S: Subscriber> Filter<S> for LineFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.writes(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.interest(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.widest())
    }
}
