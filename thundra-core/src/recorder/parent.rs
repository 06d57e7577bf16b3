//! The slot that a new span or an event belongs under.
//!
//! Nearly always it is the innermost slot of the thread. What else there is to find takes a walk through the registry, which
//! costs two locked instructions a step.

use tracing::Subscriber;
use tracing::span::{Attributes, Id};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::entered;
use super::layer::Recorder;
use super::slab::SCOPES;
use super::slot::{SlotKind, SpanSlot};

impl Recorder {
    /// Returns the slot above a new span: that of its parent, or of the nearest ancestor that is recorded. A span whose
    /// parent is outside of every scope, or that has none, belongs under the [root](Self::scope_root) of the scope.
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
        // In between there may be a span that a filter hides from this layer, or a span of a scope that is not recorded.
        // A parent that is named may belong to a scope that was finished long ago.
        let may_lie_between = || attributes.parent().is_some() || self.sole.is_none() || SCOPES.some_are_unrecorded();
        near.or_else(|| may_lie_between().then(|| self.ancestor(id, context).or_else(|| self.scope_root(context)))?)
    }

    /// Returns the slot of the nearest ancestor that has one.
    #[cold]
    pub(super) fn ancestor<S>(&self, id: &Id, context: &Context<'_, S>) -> Option<SpanSlot>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        context.span(id)?.scope().skip(1).find_map(|span| self.slot(&span.id()))
    }

    /// Returns the root of the scope that this code runs in. A span or an event made without a parent belongs there, since
    /// only a [`Scope`](crate::Scope) begins a trace.
    #[cold]
    pub(super) fn scope_root<S>(&self, context: &Context<'_, S>) -> Option<SpanSlot>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let here = entered::innermost().or_else(|| self.behind_hidden(|| context.current_span().id().cloned()));
        here.map(SpanSlot::root)
    }

    /// Returns the slot above the current span of the registry, which a filter may hide from this layer.
    #[inline]
    pub(super) fn behind_hidden(&self, current: impl FnOnce() -> Option<Id>) -> Option<SpanSlot> {
        // Where this is the only layer, a span that it does not enable does not exist.
        if self.sole.is_some() { None } else { self.slot_or_ancestor(&current()?) }
    }

    /// Returns the slot of a span that was named, or that of its nearest ancestor that has one.
    #[cold]
    pub(super) fn slot_or_ancestor(&self, id: &Id) -> Option<SpanSlot> {
        self.slot(id).or_else(|| {
            // A layer's own context does not show the spans that a filter hides from it.
            let dispatch = self.dispatch.get()?.upgrade()?;
            let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
            span.scope().find_map(|span| self.slot(&span.id()))
        })
    }

    /// Enters the scope of a span that is not recorded, on a thread that is in no scope yet.
    #[cold]
    pub(super) fn enter_unrecorded<S>(&self, id: &Id, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if let Some(slot) = self.ancestor(id, context) {
            // A task is entered at each poll, so the next poll finds it in the index. Not so the slot of a recorded span,
            // which that span alone may close.
            if slot.kind() == SlotKind::Unrecorded {
                self.index.insert(id.into_u64(), slot);
            }
            self.enter(id, slot);
        }
    }
}
