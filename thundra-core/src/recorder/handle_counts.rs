//! The handles of spans, counted in their records, for the [subscriber of our own](super::subscriber).
//!
//! A span ends with the last handle, as `tracing` demands, and an open span is one more handle of the parent. A span
//! over the limit is a handle of the nearest recorded ancestor. Handles of the root are holds on the scope, because the
//! end of the scope ends the root.
//!
//! A registry counts the handles of spans made through the [layer](super::layer). The count in the record is zero then.

use tracing::Metadata;

use super::handles::Handles;
use super::scope_state::ScopeState;
use crate::clock::now;

/// The effect of the end of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    /// The span has other handles.
    Handle,
    /// The span has ended.
    Span,
    /// The span has ended, and with it the last hold on the scope.
    Scope,
}

impl ScopeState {
    /// Counts the first handle of a new span.
    #[inline]
    pub(super) fn first_handle(&mut self, index: u32, parent: u32, metadata: &'static Metadata<'static>) {
        let parent = self.add_handle(parent);
        if let Some((span, _)) = self.span(index) {
            span.handles = Handles { count: 1, parent, metadata: Some(metadata) };
        }
    }

    /// Counts one more handle of a span. Returns the record that counts the handle.
    #[inline]
    pub(super) fn add_handle(&mut self, index: u32) -> u32 {
        match self.span(index) {
            Some((span, _)) if index != 0 && span.handles.count > 0 => {
                span.handles.count += 1;
                index
            }
            _ => {
                self.hold();
                0
            }
        }
    }

    /// Counts a span within the record of another, as a handle. Returns the record that counts the handle, and the
    /// number of the span.
    pub(super) fn add_span_within(&mut self, index: u32) -> (u32, u32) {
        self.within = self.within.wrapping_add(1);
        (self.add_handle(index), self.within)
    }

    /// Gives up a handle that `index` counts. The last handle ends the span, and is a handle less of the parent.
    #[inline]
    pub(super) fn drop_handle(&mut self, index: u32) -> Dropped {
        let (mut next, mut dropped) = (index, Dropped::Handle);
        while next != 0 {
            let Some((span, _)) = self.span(next) else { return dropped };
            match span.handles.count {
                1 => span.handles.count = 0,
                count => {
                    span.handles.count = count.saturating_sub(1);
                    return dropped;
                }
            }
            let parent = span.handles.parent;
            self.close_at_once(next, now());
            (next, dropped) = (parent, Dropped::Span);
        }
        if self.give_up() { Dropped::Scope } else { dropped }
    }
}
