//! Nested scopes that begin in [replayed](super::replay) work, as when a function repeats a batch with a scope for each
//! record.
//!
//! The root of a nested scope gets the mark of the span around the scope. If the root still has the mark at the end of
//! the nested scope, the outer scope counts the nested scope. The nested scope is then not recorded again.

use super::replay::was_seen;
use super::scope_state::ScopeState;
use super::slab::SCOPES;
use super::slot::SpanSlot;
use crate::SpanId;

/// Returns the span marked as replayed work around a scope that begins.
#[inline]
pub(crate) fn marked_around(slot: Option<SpanSlot>) -> Option<SpanId> {
    if was_seen() { marked_at(slot?) } else { None }
}

#[cold]
fn marked_at(slot: SpanSlot) -> Option<SpanId> {
    let scope = SCOPES.lock(slot.scope)?;
    scope.span_id(slot.index()).filter(|_| scope.replays(slot.index()))
}

impl ScopeState {
    /// Marks a whole nested scope that began in replayed work.
    #[cold]
    pub(crate) fn repeat_in(&mut self, marked: SpanId) {
        if let Some(root) = self.span_id(0) {
            self.set_replays(root, true);
            self.replay.get_or_insert_default().begun_in = Some(marked);
        }
    }

    /// Drops the spans of a scope of nothing but replayed work, and returns the numbers of repeated spans and events.
    #[inline]
    pub(crate) fn take_repetition(&mut self) -> Option<(u64, u64)> {
        self.replay.as_ref()?.begun_in?;
        self.replays(0).then(|| {
            let recorded = self.take_finished().count() as u64;
            let (spans, events) = self.take_repeated();
            if let Some((root, _)) = self.span(0) {
                root.fill();
            }
            (spans + recorded + 1, events)
        })
    }

    /// Adds the repeated spans and events of a nested scope.
    #[cold]
    pub(crate) fn add_repetition(&mut self, (spans, events): (u64, u64)) {
        let replay = self.replay.get_or_insert_default();
        (replay.spans, replay.events) = (replay.spans + spans, replay.events + events);
    }
}
