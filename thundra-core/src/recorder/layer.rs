//! The front for subscribers with other layers: a `tracing_subscriber` layer.
//!
//! The layer keeps nothing in the extensions of the registry. Lookups in the registry are rare, at two locked
//! instructions each: slots come from the [index](super::span_index), and the current span comes from the [stack of
//! this thread](super::entered).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::dispatcher::WeakDispatch;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::event_filter::widest;
use super::filter::LogLines;
use super::recording::Recorder;
use super::scope_span::SCOPE_TARGET;
use super::slab::SCOPES;
use super::slot::{SlotKind, SpanSlot};
use super::span_index::SpanIndex;
use super::{entered, hidden_spans, missing_spans};
use crate::clock::now;
use crate::config::Config;

/// `true` once a layer was made. Few programs have one.
static EXISTS: AtomicBool = AtomicBool::new(false);

/// Records the spans of scopes beside other layers: see [`crate::layer`]. A filter selects the spans.
#[derive(Debug)]
pub(crate) struct RecorderLayer {
    recorder: Recorder,
    index: SpanIndex,
    /// The owner of the entries in the [stack](entered).
    owner: u32,
    /// The most detailed level of recorded spans.
    widest: LevelFilter,
    /// The most detailed level visible to the layers, if the subscriber below hides spans up to the wanted level.
    level_below: Option<LevelFilter>,
    /// The subscriber around this layer.
    pub(super) dispatch: OnceLock<WeakDispatch>,
}

impl RecorderLayer {
    /// Returns a layer without log lines. Another layer writes the lines.
    pub(crate) fn new(config: &Config) -> Self {
        // Relaxed: see `slot_behind_hidden`.
        EXISTS.store(true, Ordering::Relaxed);
        let no_lines: Option<LogLines> = None;
        RecorderLayer {
            recorder: Recorder::new(config, no_lines),
            index: SpanIndex::new(),
            owner: entered::new_owner(),
            widest: widest(config.spans.targets()),
            level_below: None,
            dispatch: OnceLock::new(),
        }
    }

    /// Returns the slot of an open span.
    #[inline]
    pub(super) fn slot(&self, id: &Id) -> Option<SpanSlot> {
        self.index.get(id.into_u64())
    }

    /// Records the slot of a span.
    pub(super) fn insert(&self, id: &Id, slot: SpanSlot) {
        self.index.insert(id.into_u64(), slot);
    }

    /// Makes a span the current span of this thread.
    #[inline]
    pub(super) fn enter(&self, id: &Id, slot: SpanSlot) {
        entered::push(self.owner, id.into_u64(), slot);
        #[cfg(feature = "otel-spans")]
        super::otel_context::enter(id.into_u64(), slot);
    }
}

/// Returns the slot above a current span hidden from the layer by a filter. A task may have entered only hidden spans.
#[inline]
pub(super) fn slot_behind_hidden() -> Option<SpanSlot> {
    // Relaxed: a thread has the layer from the thread that made it.
    if EXISTS.load(Ordering::Relaxed) { slot_behind_hidden_by_default() } else { None }
}

/// Returns the slot above a span hidden from the layer of the default subscriber.
#[cold]
fn slot_behind_hidden_by_default() -> Option<SpanSlot> {
    tracing::dispatcher::get_default(|dispatch| {
        let recorder = dispatch.downcast_ref::<RecorderLayer>()?;
        recorder.behind_hidden(|| dispatch.current_span().id().cloned())
    })
}

/// Returns the slot of a span of a subscriber; `None` if the layer is not in the subscriber, or does not record the
/// span.
pub(super) fn slot_in(dispatch: &Dispatch, id: &Id) -> Option<SpanSlot> {
    dispatch.downcast_ref::<RecorderLayer>()?.slot(id)
}

/// Returns `true` if the layer is in a subscriber.
pub(super) fn is_in(dispatch: &Dispatch) -> bool {
    dispatch.is::<RecorderLayer>()
}

impl<S> Layer<S> for RecorderLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.recorder.register(metadata);
        if metadata.is_span() && metadata.target() != SCOPE_TARGET {
            missing_spans::span_seen();
        }
        Interest::always()
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        Recorder::expect(metadata);
        true
    }

    fn on_layer(&mut self, below: &mut S) {
        self.level_below = hidden_spans::level_below(below, self.widest);
    }

    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
        if let Some(level) = self.level_below {
            hidden_spans::report(level, self.widest);
        }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(root) = self.recorder.adopt(attributes.metadata()) {
            return self.insert(id, root);
        }
        let parent = self.parent(attributes, id, &context).or_else(|| self.recorder.named_scope(attributes));
        let Some(parent) = parent else { return };
        if parent.kind() == SlotKind::Unrecorded {
            // An unrecorded span is found through the span of the scope, see `on_enter`, except for a span with an
            // explicit parent or without a parent.
            let marked = self.recorder.place_unrecorded(attributes, parent);
            if marked.is_some() || !attributes.is_contextual() {
                self.insert(id, marked.unwrap_or(parent));
            }
            return;
        }
        let placed = self.recorder.open(attributes, parent, |scope, slot, _| {
            scope.hold();
            slot
        });
        if let Some(slot) = placed {
            self.insert(id, slot);
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        if let Some(slot) = self.slot(id) {
            self.recorder.follow(slot, self.slot_or_ancestor(follows));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(slot) = self.slot(id) {
            self.recorder.record(slot, values, || context.metadata(id));
        }
    }

    #[inline]
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.recorder.event(event, self.slot_of_event(event, &context));
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
        entered::pop(self.owner, id.into_u64());
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
            scope.close_at_once(slot.index(), now());
        }
        let late = scope.take_late().map(|spans| (spans, scope.receiver.clone()));
        SCOPES.release(slot.scope, scope);
        if let Some((spans, receiver)) = late {
            receiver.add(spans);
        }
    }
}
