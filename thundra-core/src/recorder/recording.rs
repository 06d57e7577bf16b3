//! The recorder: starts, changes and ends the records of spans.
//!
//! Two fronts call the recorder: the [layer](super::layer) and the [subscriber of our own](super::subscriber). A front
//! leads from the id of a span to its slot, and knows nothing of records.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Metadata;
use tracing::field::Visit;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Record};

use super::fields::{self, Fields, FieldsOf, StatusCode};
use super::filter::LogLines;
use super::levels::{EventLevels, KeptBytes};
use super::line_filter::LineFilter;
use super::open_span::{OpenSpan, encode_head};
use super::scope_span::{self, SCOPE_TARGET};
use super::scope_state::ScopeState;
use super::slab::SCOPES;
use super::slot::{SlotKind, SpanSlot};
use super::{further_uses, replay};
use crate::clock::now;
use crate::config::{Config, ExceptionSignal, Limits};
use crate::otlp::read::each_attribute;
use crate::pipeline::{Losses, backlog};
use crate::points::fields as metric_fields;
use crate::redact::mask;
use crate::{SpanId, Status};

/// Records the spans and events of scopes.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// The levels of span events.
    pub(super) events: EventLevels,
    /// The filter of log records.
    pub(super) log: LineFilter,
    /// The most bytes of kept log records in a scope.
    pub(super) kept_bytes: KeptBytes,
    /// The signal for exceptions.
    pub(super) exceptions: ExceptionSignal,
    limits: Limits,
    /// `true` after the registration of a callsite with [fields in need of care](fields::need_care), or with the field
    /// that [marks](replay) replayed work.
    careful: AtomicBool,
    /// The log lines; `None` if another layer writes them, or nobody.
    pub(super) lines: Option<LogLines>,
    /// The most detailed level of log lines written in every scope.
    pub(super) widest_line: LevelFilter,
}

impl Recorder {
    /// Returns a recorder, with the writer of the log lines.
    pub(super) fn new(config: &Config, lines: Option<LogLines>) -> Self {
        Recorder {
            events: EventLevels::new(&config.spans),
            log: LineFilter::new(&config.log_levels(), config.log_buffer.as_ref()),
            kept_bytes: KeptBytes::new(config.log_buffer.as_ref()),
            exceptions: config.exceptions,
            limits: config.limits,
            careful: AtomicBool::new(false),
            widest_line: lines.as_ref().map_or(LevelFilter::OFF, LogLines::widest_written),
            lines,
        }
    }

    /// Takes note of the fields of a callsite.
    pub(super) fn register(&self, metadata: &'static Metadata<'static>) {
        Self::expect(metadata);
        if fields::need_care(metadata.fields()) || replay::marks_of(metadata).is_some() {
            // Relaxed: see `is_careful`.
            self.careful.store(true, Ordering::Relaxed);
        }
    }

    /// Takes note of masked fields and of measurements. A front does so too whenever `tracing` asks if a callsite is
    /// enabled: a thread that meets a callsite during the registration by another thread does not wait, and only asks.
    pub(super) fn expect(metadata: &Metadata<'_>) {
        if metric_fields::register(metadata) {
            further_uses::expect();
        }
        mask::register(metadata.fields());
    }

    /// Returns `true` if the fields of some callsites need care. Nearly all programs have no such callsite.
    #[inline]
    pub(super) fn is_careful(&self) -> bool {
        // Relaxed: the flag publishes nothing. A thread that misses the store of another thread, which registered the
        // same callsite just now, writes the repeated key of one span twice, or records replayed work.
        self.careful.load(Ordering::Relaxed)
    }

    /// Encodes the fields of a new span or of an event.
    #[inline]
    pub(super) fn encode(
        &self,
        fields: &mut Fields,
        of: FieldsOf,
        metadata: &Metadata<'_>,
        record: impl FnOnce(&mut dyn Visit),
    ) {
        let (limit, length) = match of {
            FieldsOf::Span => (self.limits.attributes, self.limits.value_length),
            FieldsOf::Event => (self.limits.event_attributes, self.limits.value_length),
            FieldsOf::LogRecord | FieldsOf::BridgedLogRecord => {
                (self.limits.log_attributes, self.limits.log_value_length)
            }
        };
        if self.is_careful() {
            encode_with_care(fields, of, metadata, (limit, length), record);
        } else {
            fields.read(of, (limit, length), record);
        }
    }

    /// Takes the root slot of the scope that makes its scope span, and a hold on the scope.
    #[inline]
    pub(super) fn adopt(&self, metadata: &Metadata<'_>) -> Option<SpanSlot> {
        if metadata.target() == SCOPE_TARGET { scope_span::take_adopted() } else { None }
    }

    /// Returns the root of the scope named by a span that marks replayed work, for a span outside of every scope.
    #[inline]
    pub(super) fn named_scope(&self, attributes: &Attributes<'_>) -> Option<SpanSlot> {
        if self.is_careful() { replay::named_scope(attributes) } else { None }
    }

    /// Returns the place of a span that marks replayed work in an unrecorded scope.
    #[inline]
    pub(super) fn place_unrecorded(&self, attributes: &Attributes<'_>, parent: SpanSlot) -> Option<SpanSlot> {
        if self.is_careful() { replay::place_unrecorded(attributes, parent) } else { None }
    }

    /// Starts a span below `parent`, and hands the new slot to `place`, under the lock of the scope. The slot is the
    /// span's own, with its id, or over the limit the parent's.
    #[inline]
    pub(super) fn open<R>(
        &self,
        attributes: &Attributes<'_>,
        parent: SpanSlot,
        place: impl FnOnce(&mut ScopeState, SpanSlot, Option<SpanId>) -> R,
    ) -> Option<R> {
        fields::with_fields(|fields| {
            let (id, name, start) = (SpanId::random(), attributes.metadata().name(), now());
            encode_head(&mut fields.encoded, id, name, start);
            fields.head_len = fields.encoded.len();
            self.encode(fields, FieldsOf::Span, attributes.metadata(), |visitor| attributes.record(visitor));
            let Some(mut scope) = SCOPES.lock_at_once(parent.scope) else {
                count_without_scope();
                return None;
            };
            let (trace_id, parent_id) = (scope.trace_id, scope.span_id(parent.index()));
            let Some((index, span)) = scope.open(parent.index(), fields.replays.is_some()) else {
                let ancestor = SpanSlot::new(parent.scope, parent.index(), SlotKind::Ancestor);
                return Some(place(&mut scope, ancestor, None));
            };
            span.start_from(&mut fields.encoded, fields.head_len, trace_id, id, parent_id, start);
            span.count_attributes(fields.count, fields.dropped);
            if fields.has_special {
                apply_special(span, fields);
                if let Some(replays) = fields.replays {
                    scope.set_replays(id, replays);
                }
            }
            Some(place(&mut scope, SpanSlot::new(parent.scope, index, SlotKind::Own), Some(id)))
        })
    }

    /// Records further fields of a span. `metadata` returns the metadata of the span.
    #[inline]
    pub(super) fn record(
        &self,
        slot: SpanSlot,
        values: &Record<'_>,
        metadata: impl FnOnce() -> Option<&'static Metadata<'static>>,
    ) {
        if !matches!(slot.kind(), SlotKind::Own | SlotKind::Root) && !self.is_careful() {
            return;
        }
        fields::with_fields(|fields| {
            fields.read(FieldsOf::Span, (u32::MAX, self.limits.value_length), |visitor| values.record(visitor));
            if self.is_careful() {
                replay::read_recorded(fields, slot, metadata());
            }
            SCOPES.edit(slot, |span, limits| {
                if fields.has_special {
                    apply_special(span, fields);
                }
                each_attribute(&fields.encoded, |key, encoded| span.attribute(key, encoded, limits));
            });
        });
    }

    /// Links a span to a span that it follows from.
    pub(super) fn follow(&self, slot: SpanSlot, follows: Option<SpanSlot>) {
        let of = |slot: SpanSlot| SCOPES.lock(slot.scope)?.context(slot.index());
        let to = follows.and_then(of);
        SCOPES.edit(slot, |span, limits| match to {
            Some(to) => span.link(&to, &[], limits),
            // A span outside of every scope has no identity for a link.
            None => span.drop_link(),
        });
    }
}

/// Counts a span without a scope. The scope is gone, or never got a place.
#[cold]
fn count_without_scope() {
    backlog::count(Losses::dropped_spans(1));
}

/// Encodes the fields of a callsite that may [need care](fields::need_care), or [mark](replay) replayed work.
#[cold]
fn encode_with_care(
    fields: &mut Fields,
    of: FieldsOf,
    metadata: &Metadata<'_>,
    (limit, length): (u32, Option<usize>),
    record: impl FnOnce(&mut dyn Visit),
) {
    let settles = fields::need_care(metadata.fields());
    fields.read(of, (if settles { u32::MAX } else { limit }, length), record);
    if settles {
        fields.settle(limit);
    }
    if let Some(marks) = replay::marks_of(metadata) {
        marks.read(fields);
    }
}

/// Applies the `otel.*` fields to a span.
fn apply_special(span: &mut OpenSpan, fields: &Fields) {
    if !fields.name.is_empty() {
        span.rename(&fields.name);
    }
    if let Some(kind) = fields.kind {
        span.kind = kind;
    }
    match fields.status {
        Some(StatusCode::Ok) => span.set_status(&Status::Ok),
        Some(StatusCode::Error) => span.set_error(&fields.description),
        // The program may record the description after the code.
        None if !fields.description.is_empty() => span.describe(&fields.description),
        None => {}
    }
}
