//! The levels in force: the levels of the configuration that a layer was made with, or of a document read later.
//!
//! A change takes effect at once, in running scopes too. `tracing` asks about each callsite anew, so a span or an event
//! of a disabled level costs as little as before.

use std::cell::Cell;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::Targets;

use super::callsites;
use super::event_filter::{EventFilter, widest};
use super::further_uses;
use super::runtime_events::RUNTIME_TARGET;
use super::scope_span::SCOPE_TARGET;
use crate::Config;
use crate::config::{Levels, LogBuffer};
use crate::latest::{Latest, Seen};

/// The levels of the last document. `None` while the levels of the installed configuration are in force.
static REVISED: Latest<Revised> = Latest::new(&SEEN);

thread_local! { static SEEN: Cell<Seen<Revised>> = const { Cell::new((0, None)) } }

/// The levels of a document, for all layers.
#[derive(Debug)]
pub(super) struct Revised {
    pub(super) spans: Targets,
    events: EventFilter,
    pub(super) lines: LineLevels,
    kept_bytes: usize,
}

/// Replaces the levels of all layers by the levels of a configuration. `None` restores the levels that each layer was
/// made with.
pub(crate) fn revise(config: Option<&Config>) {
    REVISED.set(config.map(|config| Revised {
        spans: with_scopes(config.spans.targets()),
        events: EventFilter::new(config.spans.targets()),
        lines: LineLevels::new(&config.log_levels(), config.log_buffer.as_ref()),
        kept_bytes: kept_bytes(config.log_buffer.as_ref()),
    }));
    // The levels of a layer decide quickly about the events with nothing but a line. The levels of the layer may be
    // outdated now.
    further_uses::expect();
    callsites::rebuild();
}

/// Returns the levels of a document, in place of the levels that a layer was made with.
#[inline]
pub(super) fn revised() -> Option<&'static Revised> {
    REVISED.get()
}

/// The levels of recorded spans.
#[derive(Clone, Debug)]
pub(crate) struct SpanLevels {
    /// The levels that the layer was made with.
    pub(super) own: Targets,
}

impl SpanLevels {
    pub(crate) fn new(levels: &Levels) -> Self {
        SpanLevels { own: with_scopes(levels.targets()) }
    }

    #[inline]
    pub(super) fn enables(&self, metadata: &Metadata<'_>) -> bool {
        self.current().would_enable(metadata.target(), metadata.level())
    }

    pub(super) fn widest(&self) -> LevelFilter {
        widest(self.current())
    }

    #[inline]
    fn current(&self) -> &Targets {
        REVISED.get().map_or(&self.own, |revised| &revised.spans)
    }
}

/// The levels of events recorded on spans.
#[derive(Clone, Debug)]
pub(crate) struct EventLevels {
    own: EventFilter,
}

impl EventLevels {
    pub(super) fn new(spans: &Levels) -> Self {
        EventLevels { own: EventFilter::new(spans.targets()) }
    }

    /// Returns `true` if an event becomes a span event.
    #[inline]
    pub(super) fn records(&self, metadata: &Metadata<'_>) -> bool {
        REVISED.get().map_or(&self.own, |revised| &revised.events).records(metadata)
    }
}

/// The most bytes of kept lines, or of kept log records, in a scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptBytes {
    own: usize,
}

impl KeptBytes {
    pub(crate) fn new(buffer: Option<&LogBuffer>) -> Self {
        KeptBytes { own: kept_bytes(buffer) }
    }

    pub(crate) fn current(self) -> usize {
        REVISED.get().map_or(self.own, |revised| revised.kept_bytes)
    }
}

fn kept_bytes(buffer: Option<&LogBuffer>) -> usize {
    buffer.map_or(0, |buffer| buffer.bytes)
}

/// The levels of log lines.
#[derive(Clone, Debug)]
pub(super) struct LineLevels {
    /// The levels written in every scope, and outside of scopes.
    pub(super) written: EventFilter,
    /// The levels of kept lines; `None` if none are kept.
    pub(super) kept: Option<KeptLevels>,
}

/// The levels of kept lines. Written lines are not kept.
#[derive(Clone, Debug)]
pub(super) enum KeptLevels {
    /// The levels of debug logs.
    Own,
    Of(EventFilter),
}

impl LineLevels {
    pub(super) fn new(written: &Levels, buffer: Option<&LogBuffer>) -> Self {
        let kept = |buffer: &LogBuffer| match &buffer.levels {
            Some(levels) => KeptLevels::Of(EventFilter::new(levels.targets())),
            None => KeptLevels::Own,
        };
        if buffer.is_some() {
            further_uses::expect();
        }
        LineLevels { written: EventFilter::new(written.targets()), kept: buffer.map(kept) }
    }

    /// Returns the levels of the document, if any, in place of the layer's levels.
    #[inline]
    pub(super) fn current(&self) -> &Self {
        REVISED.get().map_or(self, |revised| &revised.lines)
    }
}

/// Adds the spans of scopes, and the errors of the runtime, to a filter. A target enabled already gets no directive,
/// because a directive applies to all targets with the same prefix.
fn with_scopes(spans: &Targets) -> Targets {
    let missing =
        [SCOPE_TARGET, RUNTIME_TARGET].into_iter().filter(|target| !spans.would_enable(target, &Level::ERROR));
    spans.clone().with_targets(missing.map(|target| (target, LevelFilter::ERROR)))
}
