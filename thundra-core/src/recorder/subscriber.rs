//! The front for programs without other layers: a subscriber of our own.
//!
//! Nothing else needs a `Registry` then. The [id](super::packed_id) of a span is the place of the span's record, and
//! the record [counts the handles](super::handle_counts). The [stack of this thread](super::entered) has the current
//! span.

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

use super::callsite_numbers::CallsiteNumber;
use super::entered;
use super::filter::{FrontFilter, LogLines};
use super::handle_counts::Dropped;
use super::missing_spans;
use super::packed_id::{MAX_RECORDS, PackedId, Tag};
use super::recording::Recorder;
use super::scope_span::SCOPE_TARGET;
use super::scope_state::ScopeState;
use super::slab::SCOPES;
use super::slot::{SlotKind, SpanSlot};
use crate::config::Config;

/// Records the spans of scopes, and writes log lines: see [`crate::subscriber`].
#[derive(Debug)]
pub(crate) struct RecorderSubscriber {
    recorder: Recorder,
    filter: FrontFilter,
    /// The owner of the entries in the [stack](entered).
    owner: u32,
}

impl RecorderSubscriber {
    /// Returns a subscriber with the log lines. A filtered span does not exist.
    pub(crate) fn new(config: &Config, filter: FrontFilter, lines: Option<LogLines>) -> Self {
        RecorderSubscriber { recorder: Recorder::new(config, lines), filter, owner: entered::new_owner() }
    }

    /// Returns the slot of an open span, by a handle; `None` for a span outside of every scope.
    #[inline(always)]
    pub(super) fn slot(&self, id: &Id) -> Option<SpanSlot> {
        let id = PackedId::of(id);
        if id.tag() == Tag::Own {
            return Some(SpanSlot::new(SCOPES.held(id.scope_index())?, id.record(), SlotKind::Own));
        }
        Self::other_slot(id)
    }

    /// Returns the slot of an open span without a record of its own.
    #[inline(never)]
    fn other_slot(id: PackedId) -> Option<SpanSlot> {
        let kind = match id.tag() {
            Tag::Own => SlotKind::Own,
            Tag::Ancestor => SlotKind::Ancestor,
            Tag::MarkedOwn | Tag::MarkedIn => SlotKind::Unrecorded,
            Tag::Root => return Some(SpanSlot::root_of(id.scope(), true)),
            Tag::Unrecorded => {
                let scope = SCOPES.latest(id.scope_index(), id.generation(), MAX_RECORDS)?;
                return Some(SpanSlot::root_of(scope, false));
            }
            Tag::Outside => return None,
        };
        Some(SpanSlot::new(SCOPES.held(id.scope_index())?, id.record(), kind))
    }

    /// Returns the slot of a span by any id. The span may have ended, or be the span of another subscriber.
    #[cold]
    fn named(&self, id: &Id) -> Option<SpanSlot> {
        let (slot, id) = (self.slot(id)?, PackedId::of(id));
        if slot.kind() == SlotKind::Unrecorded && slot.index() == 0 {
            return Some(slot);
        }
        let mut scope = SCOPES.lock(slot.scope)?;
        let is_open = match id.tag() {
            Tag::Own | Tag::MarkedOwn => {
                scope.span(slot.index()).is_some_and(|(span, _)| span.handles.count > 0 && id.may_be_of(span.id))
            }
            Tag::Ancestor | Tag::MarkedIn => scope.span_id(slot.index()).is_some(),
            _ => true,
        };
        is_open.then_some(slot)
    }

    /// Returns the slot of the parent of a new span. Below a span outside of every scope, and without a parent, the
    /// parent is the root of the current scope.
    #[inline]
    fn parent(&self, attributes: &Attributes<'_>) -> Option<SpanSlot> {
        match attributes.parent() {
            None if attributes.is_contextual() => entered::innermost(),
            None => entered::innermost().map(SpanSlot::root),
            Some(parent) => self.named(parent).or_else(|| entered::innermost().map(SpanSlot::root)),
        }
    }

    /// Returns the id of a span without a record: below an unrecorded span, or outside of every scope.
    #[cold]
    fn unrecorded(&self, attributes: &Attributes<'_>, parent: Option<SpanSlot>) -> PackedId {
        let metadata = attributes.metadata();
        let Some(parent) = parent else { return PackedId::outside(CallsiteNumber::of(metadata)) };
        let marked = self.recorder.place_unrecorded(attributes, parent);
        if let Some(slot) = marked.or_else(|| Some(parent).filter(|parent| parent.index() != 0))
            && let Some(mut scope) = SCOPES.lock(slot.scope)
        {
            return match scope.span_id(slot.index()).filter(|_| marked.is_some()) {
                Some(id) => {
                    scope.first_handle(slot.index(), parent.index(), metadata);
                    PackedId::own(slot, id)
                }
                None => Self::within(&mut scope, slot, metadata),
            };
        }
        PackedId::of_scope(parent, CallsiteNumber::of(metadata))
    }

    /// Returns the id of a span in the record of `slot`, as one more handle.
    fn within(scope: &mut ScopeState, slot: SpanSlot, metadata: &'static Metadata<'static>) -> PackedId {
        let (record, number) = scope.add_span_within(slot.index());
        PackedId::within(SpanSlot::new(slot.scope, record, slot.kind()), CallsiteNumber::of(metadata), number)
    }

    /// Returns the metadata of an open span.
    fn metadata(id: PackedId) -> Option<&'static Metadata<'static>> {
        match id.tag() {
            Tag::Own | Tag::MarkedOwn => {
                let mut scope = SCOPES.lock_held(id.scope_index())?;
                scope.span(id.record())?.0.handles.metadata
            }
            _ => id.callsite().metadata(),
        }
    }
}

/// Takes note of the fields of an enabled callsite. Out of line, because most callsites that `tracing` asks about are
/// off in the current scope.
#[cold]
#[inline(never)]
fn expected(metadata: &Metadata<'_>) -> bool {
    Recorder::expect(metadata);
    true
}

impl Subscriber for RecorderSubscriber {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.recorder.register(metadata);
        if metadata.is_span() && metadata.target() != SCOPE_TARGET && self.filter.spans.enables(metadata) {
            missing_spans::span_seen();
        }
        self.filter.interest(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter.enables(metadata) && expected(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter.widest())
    }

    #[inline]
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let metadata = attributes.metadata();
        if let Some(root) = self.recorder.adopt(metadata) {
            return PackedId::of_scope(root, CallsiteNumber::of(metadata)).to_id();
        }
        let parent = self.parent(attributes).or_else(|| self.recorder.named_scope(attributes));
        let id = match parent {
            Some(parent) if parent.kind() != SlotKind::Unrecorded => {
                self.recorder.open(attributes, parent, |scope, slot, id| match id {
                    Some(id) => {
                        scope.first_handle(slot.index(), parent.index(), metadata);
                        PackedId::own(slot, id)
                    }
                    None => Self::within(scope, slot, metadata),
                })
            }
            _ => Some(self.unrecorded(attributes, parent)),
        };
        id.unwrap_or_else(|| PackedId::outside(CallsiteNumber::of(metadata))).to_id()
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        if let Some(slot) = self.slot(id) {
            self.recorder.record(slot, values, || Self::metadata(PackedId::of(id)));
        }
    }

    fn record_follows_from(&self, id: &Id, follows: &Id) {
        if let Some(slot) = self.slot(id) {
            self.recorder.follow(slot, self.named(follows));
        }
    }

    #[inline]
    fn event(&self, event: &Event<'_>) {
        let slot = match event.parent() {
            None if event.is_contextual() => entered::innermost(),
            None => entered::innermost().map(SpanSlot::root),
            Some(parent) => self.named(parent).or_else(|| entered::innermost().map(SpanSlot::root)),
        };
        self.recorder.event(event, slot);
    }

    #[inline]
    fn enter(&self, id: &Id) {
        match self.slot(id) {
            Some(slot) => {
                entered::push(self.owner, id.into_u64(), slot);
                #[cfg(feature = "otel-spans")]
                super::otel_context::enter(id.into_u64(), slot);
            }
            None => entered::push_unplaced(self.owner, id.into_u64()),
        }
    }

    #[inline]
    fn exit(&self, id: &Id) {
        entered::pop(self.owner, id.into_u64());
        #[cfg(feature = "otel-spans")]
        super::otel_context::exit(id.into_u64());
    }

    fn clone_span(&self, id: &Id) -> Id {
        let packed = PackedId::of(id);
        match packed.tag() {
            Tag::Root => {
                if let Some(mut scope) = SCOPES.lock(packed.scope()) {
                    scope.hold();
                }
            }
            Tag::Unrecorded | Tag::Outside => {}
            _ => {
                if let Some(mut scope) = SCOPES.lock_held(packed.scope_index()) {
                    scope.add_handle(packed.record());
                }
            }
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let id = PackedId::of(&id);
        let (scope, record) = match id.tag() {
            Tag::Root => (SCOPES.lock(id.scope()), 0),
            // A span without a record has nothing to close, and no count.
            Tag::Unrecorded | Tag::Outside => return false,
            _ => (SCOPES.lock_held(id.scope_index()), id.record()),
        };
        let Some(mut state) = scope else { return false };
        let dropped = state.drop_handle(record);
        let late = state.take_late().map(|spans| (spans, state.receiver.clone()));
        if dropped == Dropped::Scope {
            SCOPES.vacate(id.scope_index(), state);
        } else {
            drop(state);
        }
        if let Some((spans, receiver)) = late {
            receiver.add(spans);
        }
        dropped != Dropped::Handle
    }

    fn current_span(&self) -> Current {
        let current = entered::current(self.owner).map(Id::from_u64);
        let metadata = current.as_ref().and_then(|id| Self::metadata(PackedId::of(id)));
        match current.zip(metadata) {
            Some((id, metadata)) => Current::new(id, metadata),
            None => Current::none(),
        }
    }
}
