//! Replayed work: a program runs again from the start, and repeats earlier work.
//!
//! A library marks the repetition with a boolean field of the library's spans. Spans and events below a span with the
//! field `true` are counted on the root span, and not recorded again. The library records the field anew when the
//! repetition ends. Spans with the field are recorded in any case.
//!
//! Programs without the library pay nothing: marks are read on the path of spans [in need of
//! care](super::fields::need_care), events look for a mark among their [further uses](super::further_uses), and a scope
//! with a replaying span behaves like a scope at the limit of spans: a check precedes each span.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Metadata;
use tracing::field::{Field, Visit};
use tracing::span::Attributes;

use super::fields::{self, Fields, FieldsOf};
use super::further_uses;
use super::scope_state::ScopeState;
use super::slab::SCOPES;
use super::slot::{ScopeId, SlotKind, SpanSlot};
use crate::SpanId;
use crate::otlp::read::each_attribute;
use crate::otlp::rename;
use crate::otlp::write::{self, tag};

/// The marks of replayed work by a library: see [`mark_replays`].
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct ReplayMarks {
    /// The name of the library, the first part of the targets of the library's spans.
    pub library: &'static str,
    /// The boolean field, `true` during a repetition.
    pub field: &'static str,
    /// The text field with the [key](crate::ScopeBuilder::key) of the scope, for spans of tasks outside of every scope.
    pub scope_field: &'static str,
    /// Names of fields of the library, and the names to record in place of the library's names.
    pub names: &'static [(&'static str, &'static str)],
}

/// `true` in a build that knows replayed work. Without the feature, the compiler drops the code behind the marks.
const REPLAYS: bool = cfg!(feature = "replays");

static MARKS: OnceLock<ReplayMarks> = OnceLock::new();

/// `true` once a span was marked as replayed work.
static WAS_SEEN: AtomicBool = AtomicBool::new(false);

/// Sets the marks of replayed work, which is then not recorded again. Called before the first span of the library. A
/// later call has no effect.
#[doc(hidden)]
pub fn mark_replays(marks: ReplayMarks) {
    let _ = MARKS.set(marks);
}

/// Returns the marks for the spans of a callsite; `None` for a callsite without the field.
pub(super) fn marks_of(metadata: &Metadata<'_>) -> Option<&'static ReplayMarks> {
    let marks = MARKS.get().filter(|_| REPLAYS)?;
    (metadata.is_span() && marks.are_of(metadata) && metadata.fields().field(marks.field).is_some()).then_some(marks)
}

/// Returns the root of the scope named by a marked span. The library may have spawned the task of the span outside of
/// every scope.
#[cold]
pub(super) fn named_scope(attributes: &Attributes<'_>) -> Option<SpanSlot> {
    let mut key = ScopeKey { field: marks_of(attributes.metadata())?.scope_field, text: String::new() };
    attributes.record(&mut key);
    SCOPES.find(&key.text)
}

/// Reads the field with the key of a scope.
struct ScopeKey {
    field: &'static str,
    text: String,
}

impl Visit for ScopeKey {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.field {
            value.clone_into(&mut self.text);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Returns `true` once a span was marked as replayed work.
#[inline]
pub(super) fn was_seen() -> bool {
    // Relaxed: the flag publishes nothing. The marking thread entered the span, or handed the span over.
    REPLAYS && WAS_SEEN.load(Ordering::Relaxed)
}

impl ReplayMarks {
    fn are_of(&self, metadata: &Metadata<'_>) -> bool {
        let rest = metadata.target().strip_prefix(self.library);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }

    /// Reads the mark among the attributes, and renames the attributes.
    #[cold]
    pub(super) fn read(&self, fields: &mut Fields) {
        let encoded = |value| {
            let mut mark = Vec::new();
            write::bool_attribute(&mut mark, tag::SPAN_ATTRIBUTE, self.field, value);
            mark
        };
        let (replayed, live) = (encoded(true), encoded(false));
        let mut replays = None;
        each_attribute(fields.encoded.get(fields.head_len..).unwrap_or_default(), |_, encoded| match encoded {
            encoded if encoded == replayed => replays = Some(true),
            encoded if encoded == live => replays = Some(false),
            _ => {}
        });
        replays.into_iter().for_each(|replays| fields.set_replays(replays));
        let name = |key: &str| self.names.iter().find(|(name, _)| *name == key).map(|(_, renamed)| (*renamed).into());
        rename::keys(&mut fields.encoded, fields.head_len, tag::SPAN_ATTRIBUTE, name);
    }
}

impl ScopeState {
    /// Takes note of the mark of a span.
    #[cold]
    pub(super) fn set_replays(&mut self, span: SpanId, replays: bool) {
        if !REPLAYS {
            return;
        }
        if replays {
            // Relaxed: see `was_seen`.
            WAS_SEEN.store(true, Ordering::Relaxed);
            further_uses::expect();
            self.replay.get_or_insert_default().marked.insert(span);
        } else if let Some(replay) = &mut self.replay {
            replay.marked.remove(&span);
        }
        self.ask();
    }

    /// Returns `true` while some span is marked as replayed work.
    #[inline]
    pub(super) fn is_replaying(&self) -> bool {
        REPLAYS && self.replay.as_ref().is_some_and(|replay| !replay.marked.is_empty())
    }

    /// Returns `true` if a span is marked as replayed work.
    pub(super) fn replays(&self, index: u32) -> bool {
        REPLAYS && self.replay.as_ref().zip(self.span_id(index)).is_some_and(|(replay, id)| replay.marked.contains(&id))
    }

    /// Counts a span below `parent` if the span repeats an earlier span. Returns `false` for a span of new work.
    pub(super) fn count_repeated_span(&mut self, parent: u32) -> bool {
        let replays = self.replays(parent);
        if replays && let Some(replay) = &mut self.replay {
            replay.spans += 1;
        }
        replays
    }

    /// Returns `true` if spans or events were repeated.
    #[inline]
    pub(super) fn has_repeated(&self) -> bool {
        REPLAYS && self.replay.as_ref().is_some_and(|replay| replay.spans + replay.events > 0)
    }

    /// Takes the numbers of repeated spans and events.
    pub(super) fn take_repeated(&mut self) -> (u64, u64) {
        let Some(replay) = &mut self.replay else { return (0, 0) };
        (std::mem::take(&mut replay.spans), std::mem::take(&mut replay.events))
    }
}

/// Reads the mark in newly recorded fields of a span, and takes note of the mark.
#[cold]
pub(super) fn read_recorded(fields: &mut Fields, slot: SpanSlot, metadata: Option<&'static Metadata<'static>>) {
    let Some(marks) = metadata.and_then(|metadata| marks_of(metadata)) else { return };
    marks.read(fields);
    // The record of an ancestor or of a root is not the record of the marked span.
    if let Some(replays) = fields.replays.filter(|_| slot.kind() != SlotKind::Ancestor && slot.index() > 0)
        && let Some(mut scope) = SCOPES.lock(slot.scope)
        && let Some(id) = scope.span_id(slot.index())
    {
        scope.set_replays(id, replays);
        drop(scope);
        if !replays {
            end_repetition(slot.scope, id);
        }
    }
}

/// Ends the repetition of the scopes that began in a marked span. Further work in the scopes is new.
fn end_repetition(outer: ScopeId, marked: SpanId) {
    for nested in SCOPES.nested_in(outer) {
        if let Some(mut scope) = SCOPES.lock(nested)
            && scope.replay.as_ref().is_some_and(|replay| replay.begun_in == Some(marked))
            && let Some(root) = scope.span_id(0)
        {
            scope.set_replays(root, false);
            drop(scope);
            end_repetition(nested, root);
        }
    }
}

/// Finds a place in an unrecorded scope for a marked span, because events in the span write log lines.
#[cold]
pub(super) fn place_unrecorded(attributes: &Attributes<'_>, parent: SpanSlot) -> Option<SpanSlot> {
    let marks = marks_of(attributes.metadata())?;
    let replays = fields::with_fields(|fields| {
        fields.read(FieldsOf::Span, (u32::MAX, None), |visitor| attributes.record(visitor));
        marks.read(fields);
        fields.replays
    })?;
    let mut scope = SCOPES.lock(parent.scope)?;
    let (index, span) = scope.open(parent.index(), true)?;
    let id = SpanId::random();
    // Only the id is used.
    span.id = id;
    span.fill();
    scope.set_replays(id, replays);
    Some(SpanSlot::new(parent.scope, index, SlotKind::Unrecorded))
}

/// Returns `true` for an event of replayed work. The library's own events are exempt, because the events themselves
/// name their subject.
#[inline]
pub(crate) fn is_replayed(metadata: &Metadata<'_>, slot: Option<SpanSlot>) -> bool {
    was_seen() && slot.is_some_and(|slot| repeats(metadata, slot))
}

#[cold]
fn repeats(metadata: &Metadata<'_>, slot: SpanSlot) -> bool {
    let is_of_library = MARKS.get().is_some_and(|marks| marks.are_of(metadata));
    !is_of_library && is_marked(slot)
}

/// Returns `true` for work below a span marked as replayed work.
#[cfg(feature = "metrics")]
#[inline]
pub(crate) fn is_in_replay(slot: Option<SpanSlot>) -> bool {
    was_seen() && slot.is_some_and(is_marked)
}

#[cold]
fn is_marked(slot: SpanSlot) -> bool {
    SCOPES.lock(slot.scope).is_some_and(|scope| scope.replays(slot.index()))
}

/// Counts an event of replayed work.
#[cold]
pub(super) fn count_event(slot: Option<SpanSlot>) {
    if let Some(mut scope) = slot.and_then(|slot| SCOPES.lock(slot.scope)) {
        scope.replay.get_or_insert_default().events += 1;
    }
}
