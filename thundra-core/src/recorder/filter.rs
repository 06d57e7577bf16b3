//! The filters of the recorder, for spans, span events and log lines.

use std::fmt;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

use super::levels::{self, LineLevels, Revised, SpanLevels};
use super::line_filter::LineFilter;
use super::slot::SpanSlot;
use crate::points::{fields as metric_fields, switch};

/// The work of other layers, done by the recorder as the sole layer. Each layer costs some 70 instructions a span
/// within `tracing`.
#[derive(Debug)]
pub(crate) struct SoleLayer {
    /// The filter of spans. A filtered span does not exist.
    pub(crate) spans: SpanLevels,
    /// The filter of log lines.
    pub(crate) log: LineFilter,
    /// The log lines; `None` if nothing is written.
    pub(crate) lines: Option<Box<dyn WriteLine>>,
}

/// Writes events as log lines.
pub(crate) trait WriteLine: fmt::Debug + Send + Sync {
    /// Writes the line of an event. `metadata` belongs to the event, or to the `log` record behind the event, and
    /// `slot` the innermost span of the event.
    fn write_line(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: Option<SpanSlot>);

    /// Keeps the line of an event in the scope of the span.
    fn keep_line(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: SpanSlot);
}

impl SoleLayer {
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

/// The filter of the recorder beside other layers.
#[derive(Debug)]
pub(crate) struct BesideFilter {
    /// The filter of spans and their events.
    pub(crate) spans: SpanLevels,
    /// The filter of log records.
    pub(crate) log: LineFilter,
}

impl<S> Filter<S> for BesideFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        enables(&self.spans, &self.log, metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        metric_fields::register(metadata);
        interest(&self.spans, &self.log, metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(widest_with_metrics(self.spans.widest().max(self.log.widest())))
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
