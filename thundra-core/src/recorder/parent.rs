//! The slots of spans and events in the [layer](super::layer), where a filter may hide spans.
//!
//! Nearly always the parent is the innermost slot of the thread. Other cases take a walk through the registry, at two
//! locked instructions a step.

use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::entered;
use super::layer::RecorderLayer;
use super::slot::{SlotKind, SpanSlot};

impl RecorderLayer {
    /// Returns the slot of the nearest recorded ancestor of a new span. A span without a recorded ancestor belongs
    /// under the [root](Self::scope_root) of the current scope.
    #[inline]
    pub(super) fn parent<S>(&self, attributes: &Attributes<'_>, id: &Id, context: &Context<'_, S>) -> Option<SpanSlot>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let near = match attributes.parent() {
            Some(parent) => self.slot(parent),
            None if attributes.is_contextual() => entered::innermost(),
            None => return self.scope_root(context),
        };
        // Between the span and the ancestor may lie a span hidden by a filter, or a span of an unrecorded scope. An
        // explicit parent may belong to a scope finished long ago.
        near.or_else(|| self.ancestor(id, context)).or_else(|| self.scope_root(context))
    }

    /// Returns the slot of the innermost recorded span of an event.
    #[inline]
    pub(super) fn slot_of_event<S>(&self, event: &Event<'_>, context: &Context<'_, S>) -> Option<SpanSlot>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        match event.parent() {
            Some(id) => self.slot_or_ancestor(id).or_else(|| self.scope_root(context)),
            None if event.is_contextual() => {
                entered::innermost().or_else(|| self.behind_hidden(|| context.current_span().id().cloned()))
            }
            None => self.scope_root(context),
        }
    }

    /// Returns the slot of the nearest recorded ancestor.
    #[cold]
    pub(super) fn ancestor<S>(&self, id: &Id, context: &Context<'_, S>) -> Option<SpanSlot>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        context.span(id)?.scope().skip(1).find_map(|span| self.slot(&span.id()))
    }

    /// Returns the root of the current scope. Spans and events made without a parent belong under the root, since only
    /// a [`Scope`](crate::Scope) begins a trace.
    #[cold]
    pub(super) fn scope_root<S>(&self, context: &Context<'_, S>) -> Option<SpanSlot>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let here = entered::innermost().or_else(|| self.behind_hidden(|| context.current_span().id().cloned()));
        here.map(SpanSlot::root)
    }

    /// Returns the slot above the registry's current span, for a span hidden by a filter.
    #[inline]
    pub(super) fn behind_hidden(&self, current: impl FnOnce() -> Option<Id>) -> Option<SpanSlot> {
        self.slot_or_ancestor(&current()?)
    }

    /// Returns the slot of an explicitly named span, or of the nearest recorded ancestor.
    #[cold]
    pub(crate) fn slot_or_ancestor(&self, id: &Id) -> Option<SpanSlot> {
        self.slot(id).or_else(|| {
            // The context of a filtered layer leaves hidden spans out, so the registry is asked directly.
            let dispatch = self.dispatch.get()?.upgrade()?;
            let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
            span.scope().find_map(|span| self.slot(&span.id()))
        })
    }

    /// Enters the scope of an unrecorded span, on a thread outside of every scope.
    #[cold]
    pub(super) fn enter_unrecorded<S>(&self, id: &Id, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if let Some(slot) = self.ancestor(id, context) {
            // The span of a task is entered at each poll, and the next poll finds the slot in the index. The slot of a
            // recorded span stays out of the index: only that span may close the record.
            if slot.kind() == SlotKind::Unrecorded {
                self.insert(id, slot);
            }
            self.enter(id, slot);
        }
    }
}
