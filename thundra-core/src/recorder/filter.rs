//! The filter of a front, for spans, span events and log lines.

use std::fmt;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata};
use tracing_subscriber::filter::Targets;

use super::levels::{self, LineLevels, Revised, SpanLevels};
use super::line_filter::{Fate, LineFilter};
use super::slot::SpanSlot;
use crate::points::{fields as metric_fields, switch};

/// The log lines of a subscriber without other layers.
#[derive(Debug)]
pub(crate) struct LogLines {
    /// The filter of log lines.
    pub(crate) filter: LineFilter,
    pub(crate) writer: Box<dyn WriteLine>,
}

impl LogLines {
    /// Returns the most detailed level of lines written in every scope.
    pub(super) fn widest_written(&self) -> LevelFilter {
        self.filter.widest_written()
    }

    /// Writes or keeps the line of an event.
    #[inline]
    pub(super) fn take(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: Option<SpanSlot>) {
        match (self.filter.fate(metadata, slot), slot) {
            (Fate::Written, _) => self.writer.write_line(event, metadata, slot),
            (Fate::Kept, Some(slot)) => self.writer.keep_line(event, metadata, slot),
            _ => {}
        }
    }
}

/// Writes events as log lines.
pub(crate) trait WriteLine: fmt::Debug + Send + Sync {
    /// Writes the line of an event. `metadata` belongs to the event, or to the `log` record behind the event, and
    /// `slot` the innermost span of the event.
    fn write_line(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: Option<SpanSlot>);

    /// Keeps the line of an event in the scope of the span.
    fn keep_line(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: SpanSlot);
}

/// The filter of the spans and events of a front.
#[derive(Debug)]
pub(crate) struct FrontFilter {
    /// The filter of spans and their events. A filtered span does not exist.
    pub(crate) spans: SpanLevels,
    /// The filter of log lines and log records.
    pub(crate) log: LineFilter,
}

impl FrontFilter {
    /// Returns `true` for an enabled span or event.
    pub(super) fn enables(&self, metadata: &Metadata<'_>) -> bool {
        enables(&self.spans, &self.log, metadata)
    }

    /// Returns whether the spans or events of a callsite are enabled: in all scopes, in some, or in none.
    pub(super) fn interest(&self, metadata: &'static Metadata<'static>) -> Interest {
        interest(&self.spans, &self.log, metadata)
    }

    /// Returns the most detailed level enabled for any target.
    pub(super) fn widest(&self) -> LevelFilter {
        widest_with_metrics(self.spans.widest().max(self.log.widest()))
    }
}

/// Returns `true` for an enabled span or event.
fn enables(spans: &SpanLevels, log: &LineFilter, metadata: &Metadata<'_>) -> bool {
    metric_fields::enables(metadata).unwrap_or_else(|| match levels::revised() {
        None => either_enables(&spans.own, log.own.as_ref(), metadata),
        Some(revised) => revised_enables(revised, log, metadata),
    })
}

/// Returns `true` for a span or an event that the levels of a document enable. A single look at the document's levels
/// decides about spans and lines.
#[cold]
fn revised_enables(revised: &Revised, log: &LineFilter, metadata: &Metadata<'_>) -> bool {
    either_enables(&revised.spans, log.own.as_ref().map(|_| &revised.lines), metadata)
}

#[inline]
fn either_enables(spans: &Targets, lines: Option<&LineLevels>, metadata: &Metadata<'_>) -> bool {
    spans.would_enable(metadata.target(), metadata.level())
        || (metadata.is_event() && lines.is_some_and(|lines| lines.takes(metadata)))
}

/// Returns whether the spans or events of a callsite are enabled: in all scopes, in some, or in none.
fn interest(spans: &SpanLevels, log: &LineFilter, metadata: &'static Metadata<'static>) -> Interest {
    match metric_fields::enables(metadata) {
        Some(true) => Interest::always(),
        Some(false) => Interest::never(),
        None if spans.enables(metadata) => Interest::always(),
        None if metadata.is_event() => log.interest(metadata),
        None => Interest::never(),
    }
}

/// Returns the most detailed level of events. The level of an event makes no difference to its measurements.
fn widest_with_metrics(widest: LevelFilter) -> LevelFilter {
    if switch::are_wanted() { LevelFilter::TRACE } else { widest }
}
