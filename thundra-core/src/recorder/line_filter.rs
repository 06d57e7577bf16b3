//! The filter of log lines: the levels of `RUST_LOG`, the debug logs of single scopes, and the kept lines.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata};

use super::levels::{KeptLevels, LineLevels};
use super::scope_span::SCOPE_TARGET;
use super::slot::SpanSlot;
use super::{debug_logs, entered};
use crate::config::{LOGS, Levels, LogBuffer};

/// The filter of log lines.
#[derive(Clone, Debug)]
pub(crate) struct LineFilter {
    /// The levels that the layer was made with. `None` in a program without lines.
    pub(super) own: Option<LineLevels>,
}

/// The fate of the line of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Written,
    Kept,
    /// The event has no line.
    None,
}

impl LineFilter {
    /// Returns a filter with the given levels.
    pub(crate) fn new(written: &Levels, buffer: Option<&LogBuffer>) -> Self {
        LineFilter { own: Some(LineLevels::new(written, buffer)) }
    }

    /// Returns the filter of a program without lines.
    pub(crate) const fn off() -> Self {
        LineFilter { own: None }
    }

    /// Returns the levels in force.
    #[inline]
    pub(super) fn current(&self) -> Option<&LineLevels> {
        self.own.as_ref().filter(|_| LOGS).map(LineLevels::current)
    }

    /// Returns the most detailed level of lines written in every scope.
    pub(super) fn widest_written(&self) -> LevelFilter {
        self.current().map_or(LevelFilter::OFF, |levels| levels.written.widest())
    }

    /// Returns the fate of the line of an event with `slot` as the innermost span.
    #[inline]
    pub(crate) fn fate(&self, metadata: &Metadata<'_>, slot: Option<SpanSlot>) -> Fate {
        self.current().map_or(Fate::None, |levels| levels.fate(metadata, slot))
    }

    /// Returns the interest in the events of a callsite. The events have lines in all scopes, in some scopes, or in no
    /// scope.
    pub(super) fn interest(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.current().map_or_else(Interest::never, |levels| levels.interest(metadata))
    }

    /// Returns the most detailed level of lines for any target, in any scope.
    pub(super) fn widest(&self) -> LevelFilter {
        self.current().map_or(LevelFilter::OFF, LineLevels::widest)
    }
}

impl LineLevels {
    #[inline]
    fn fate(&self, metadata: &Metadata<'_>, slot: Option<SpanSlot>) -> Fate {
        match self.written.enables(metadata) {
            true => Fate::Written,
            false if self.is_plain() => Fate::None,
            false => self.fate_of_detail(metadata, slot),
        }
    }

    /// Returns `true` if nothing but the written levels decides.
    #[inline]
    fn is_plain(&self) -> bool {
        !LOGS || (self.kept.is_none() && !debug_logs::were_enabled())
    }

    #[cold]
    fn fate_of_detail(&self, metadata: &Metadata<'_>, slot: Option<SpanSlot>) -> Fate {
        match slot {
            _ if self.is_notice(metadata) => Fate::Written,
            Some(slot) if self.is_debug_log_in(slot, metadata) => Fate::Written,
            // Nothing fails outside of scopes.
            Some(_) if self.keeps(metadata) => Fate::Kept,
            _ => Fate::None,
        }
    }

    /// Returns `true` if an event has a line in the current scope.
    #[inline]
    pub(super) fn takes(&self, metadata: &Metadata<'_>) -> bool {
        self.written.enables(metadata) || (!self.is_plain() && self.takes_detail(metadata))
    }

    #[cold]
    fn takes_detail(&self, metadata: &Metadata<'_>) -> bool {
        self.keeps(metadata)
            || self.is_notice(metadata)
            || entered::innermost().is_some_and(|slot| self.is_debug_log_in(slot, metadata))
    }

    fn interest(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.written.enables(metadata) || self.keeps(metadata) || self.is_notice(metadata) {
            Interest::always()
        } else if self.is_debug_log(metadata) {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    /// Returns `true` for a line to keep, unless the line is written.
    fn keeps(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && self.kept.as_ref().is_some_and(|kept| match kept {
                KeptLevels::Own => debug_logs::include(metadata),
                KeptLevels::Of(levels) => levels.enables(metadata),
            })
    }

    /// Returns `true` for a line about kept lines. Nothing is lost silently, whatever the levels.
    fn is_notice(&self, metadata: &Metadata<'_>) -> bool {
        self.kept.is_some() && metadata.target() == SCOPE_TARGET && *metadata.level() <= Level::WARN
    }

    /// Returns `true` for a debug log of a scope. Most scopes have no debug logs, so the scope is checked first.
    fn is_debug_log_in(&self, slot: SpanSlot, metadata: &Metadata<'_>) -> bool {
        debug_logs::were_enabled()
            && *metadata.level() <= debug_logs::WIDEST
            && debug_logs::are_enabled_in(slot)
            && self.is_debug_log(metadata)
    }

    /// Returns `true` if a scope with debug logs writes the event. A target turned off stays off.
    fn is_debug_log(&self, metadata: &Metadata<'_>) -> bool {
        debug_logs::were_enabled()
            && metadata.is_event()
            && !self.written.is_off(metadata.target())
            && debug_logs::include(metadata)
    }

    fn widest(&self) -> LevelFilter {
        let written = self.written.widest();
        let debug = written != LevelFilter::OFF && debug_logs::were_enabled();
        let kept = match &self.kept {
            Some(KeptLevels::Own) => debug_logs::WIDEST,
            Some(KeptLevels::Of(levels)) => levels.widest().max(LevelFilter::WARN),
            None => LevelFilter::OFF,
        };
        written.max(kept).max(if debug { debug_logs::WIDEST } else { LevelFilter::OFF })
    }
}
