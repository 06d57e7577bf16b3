//! The `tracing_subscriber` layer.
//!
//! The layer keeps nothing in the extensions of the registry. Lookups in the registry are rare, at two locked
//! instructions each: slots come from the [index](super::span_index), and the current span comes from the [stack of
//! this thread](super::entered).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::dispatcher::WeakDispatch;
use tracing::field::Visit;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::event_filter::widest;
use super::fields::{self, Fields, FieldsOf, StatusCode};
use super::filter::SoleLayer;
use super::levels::{EventLevels, KeptBytes};
use super::line_filter::LineFilter;
use super::open_span::{OpenSpan, encode_head};
use super::scope_span::{self, SCOPE_TARGET};
use super::slab::SCOPES;
use super::slot::{SlotKind, SpanSlot};
use super::span_index::SpanIndex;
use super::{entered, further_uses, missing_spans, replay};
use crate::clock::now;
use crate::config::{Config, ExceptionSignal, Limits};
use crate::otlp::read::each_attribute;
use crate::pipeline::{Losses, backlog};
use crate::points::fields as metric_fields;
use crate::redact::mask;
use crate::{SpanId, Status};

/// Records the spans of scopes: see [`crate::layer`].
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(super) index: SpanIndex,
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
    /// The most detailed level of recorded spans.
    widest: LevelFilter,
    /// The most detailed level of log lines written in every scope; off beside other layers.
    pub(super) widest_line: LevelFilter,
    /// The most detailed level visible to the layers, if the subscriber below hides spans up to `widest`.
    level_below: Option<LevelFilter>,
    /// The subscriber around this layer.
    pub(super) dispatch: OnceLock<WeakDispatch>,
    /// The work of other layers; `None` beside other layers.
    pub(super) sole: Option<SoleLayer>,
}

impl Recorder {
    /// Returns a recorder for use beside other layers. A filter per layer selects the spans.
    pub(crate) fn new(config: &Config) -> Self {
        Recorder {
            index: SpanIndex::new(),
            events: EventLevels::new(&config.spans),
            log: LineFilter::new(&config.log_levels(), config.log_buffer.as_ref()),
            kept_bytes: KeptBytes::new(config.log_buffer.as_ref()),
            exceptions: config.exceptions,
            limits: config.limits,
            careful: AtomicBool::new(false),
            widest: widest(config.spans.targets()),
            widest_line: LevelFilter::OFF,
            level_below: None,
            dispatch: OnceLock::new(),
            sole: None,
        }
    }

    /// Returns a recorder for use as the sole layer.
    pub(crate) fn sole(config: &Config, sole: SoleLayer) -> Self {
        Recorder { widest_line: sole.log.widest_written(), sole: Some(sole), ..Recorder::new(config) }
    }

    /// Returns the slot of an open span.
    #[inline]
    pub(super) fn slot(&self, id: &Id) -> Option<SpanSlot> {
        self.index.get(id.into_u64())
    }

    /// Makes a span the current span of this thread.
    #[inline]
    pub(super) fn enter(&self, id: &Id, slot: SpanSlot) {
        entered::push(id.into_u64(), slot);
        #[cfg(feature = "otel-spans")]
        super::otel_context::enter(id.into_u64(), slot);
    }

    /// Returns `true` if the fields of some callsites need care. Nearly all programs have no such callsite.
    #[inline]
    fn is_careful(&self) -> bool {
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

    /// Starts a span below `parent` and returns the new slot.
    #[inline]
    fn open(&self, attributes: &Attributes<'_>, parent: SpanSlot) -> Option<SpanSlot> {
        fields::with_fields(|fields| {
            let (id, name, start) = (SpanId::random(), attributes.metadata().name(), now());
            encode_head(&mut fields.encoded, id, name, start);
            self.encode(fields, FieldsOf::Span, attributes.metadata(), |visitor| attributes.record(visitor));
            let Some(mut scope) = SCOPES.lock(parent.scope) else {
                count_without_scope();
                return None;
            };
            scope.hold();
            let (trace_id, parent_id) = (scope.trace_id, scope.span_id(parent.index()));
            let Some((index, span)) = scope.open(parent.index(), fields.replays.is_some()) else {
                return Some(SpanSlot::new(parent.scope, parent.index(), SlotKind::Ancestor));
            };
            span.begin(&mut fields.encoded, trace_id, id, parent_id, name, start);
            span.count_attributes(fields.count, fields.dropped);
            if fields.has_special {
                apply_special(span, fields);
                if let Some(replays) = fields.replays {
                    scope.set_replays(id, replays);
                }
            }
            Some(SpanSlot::new(parent.scope, index, SlotKind::Own))
        })
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
    let start = fields.encoded.len();
    let settles = fields::need_care(metadata.fields());
    fields.read(of, (if settles { u32::MAX } else { limit }, length), record);
    if settles {
        fields.settle(start, limit);
    }
    if let Some(marks) = replay::marks_of(metadata) {
        marks.read(fields, start);
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

impl<S> Layer<S> for Recorder
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.sole.as_ref().is_none_or(|sole| sole.enables(metadata))
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metric_fields::register(metadata) {
            further_uses::expect();
        }
        mask::register(metadata.fields());
        if fields::need_care(metadata.fields()) || replay::marks_of(metadata).is_some() {
            // Relaxed: see `is_careful`.
            self.careful.store(true, Ordering::Relaxed);
        }
        let sole = self.sole.as_ref();
        let is_recorded = sole.is_none_or(|sole| sole.spans.enables(metadata));
        if metadata.is_span() && metadata.target() != SCOPE_TARGET && is_recorded {
            missing_spans::span_seen();
        }
        sole.map_or_else(Interest::always, |sole| sole.interest(metadata))
    }

    fn on_layer(&mut self, below: &mut S) {
        self.level_below = missing_spans::level_below(below, self.widest);
    }

    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
        if let Some(level) = self.level_below {
            missing_spans::report_hidden_spans(level, self.widest);
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.sole.as_ref().map(SoleLayer::widest)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() == SCOPE_TARGET
            && let Some(root) = scope_span::take_adopted()
        {
            if root.kind() == SlotKind::Root
                && let Some(mut scope) = SCOPES.lock(root.scope)
            {
                scope.hold();
            }
            return self.index.insert(id.into_u64(), root);
        }
        let named = || if self.is_careful() { replay::named_scope(attributes) } else { None };
        let Some(parent) = self.parent(attributes, id, &context).or_else(named) else { return };
        if parent.kind() == SlotKind::Unrecorded {
            // An unrecorded span is found through the span of the scope, see `on_enter`, except for a span with an
            // explicit parent or without a parent.
            let marked = if self.is_careful() { replay::place_unrecorded(attributes, parent) } else { None };
            if marked.is_some() || !attributes.is_contextual() {
                self.index.insert(id.into_u64(), marked.unwrap_or(parent));
            }
        } else if let Some(slot) = self.open(attributes, parent) {
            self.index.insert(id.into_u64(), slot);
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        let Some(slot) = self.slot(id) else { return };
        let of = |slot: SpanSlot| SCOPES.lock(slot.scope)?.context(slot.index());
        let to = self.slot_or_ancestor(follows).and_then(of);
        SCOPES.edit(slot, |span, limits| match to {
            Some(to) => span.link(&to, &[], limits),
            // A span outside of every scope has no identity for a link.
            None => span.drop_link(),
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(slot) = self.slot(id) else { return };
        if !matches!(slot.kind(), SlotKind::Own | SlotKind::Root) && !self.is_careful() {
            return;
        }
        fields::with_fields(|fields| {
            fields.read(FieldsOf::Span, (u32::MAX, self.limits.value_length), |visitor| values.record(visitor));
            if self.is_careful() {
                replay::read_recorded(fields, id, slot, &context);
            }
            SCOPES.edit(slot, |span, limits| {
                if fields.has_special {
                    apply_special(span, fields);
                }
                each_attribute(&fields.encoded, |key, encoded| span.attribute(key, encoded, limits));
            });
        });
    }

    #[inline]
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.on_any_event(event, &context);
    }

    #[inline]
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(slot) = self.slot(id) {
            self.enter(id, slot);
        } else if entered::innermost().is_none() && SCOPES.some_are_unrecorded() {
            self.enter_unrecorded(id, &context);
        }
    }

    #[inline]
    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        entered::pop(id.into_u64());
        #[cfg(feature = "otel-spans")]
        super::otel_context::exit(id.into_u64());
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let Some(slot) = self.index.remove(id.into_u64()) else { return };
        if slot.kind() == SlotKind::Unrecorded {
            return;
        }
        let Some(mut scope) = SCOPES.lock(slot.scope) else { return };
        if slot.kind() == SlotKind::Own {
            scope.close(slot.index(), now());
        }
        let late = scope.take_late().map(|spans| (spans, scope.receiver.clone()));
        SCOPES.release(slot.scope, scope);
        if let Some((spans, receiver)) = late {
            receiver.add(spans);
        }
    }
}
