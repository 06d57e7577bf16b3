//! The scope span: the `tracing` span that carries a scope.
//!
//! A scope exists before the scope span. `tracing` has no way to pass a slot along with a new span, so the slot waits
//! in a thread-local until the layer sees the new span.

use std::cell::Cell;

use tracing::Span;

use super::slab::SCOPES;
use super::slot::{SlotKind, SpanSlot};

/// The target of scope spans. The level is ERROR, so no filter by level hides a scope span.
pub(crate) const SCOPE_TARGET: &str = "thundra";

thread_local! {
    /// The root slot for the next scope span on this thread.
    static ADOPTING: Cell<Option<SpanSlot>> = const { Cell::new(None) };
}

/// Runs `make` to make the scope span of the scope of `root`. A recorded scope has a hold for the span already: whoever
/// claimed the place had the lock.
// Each scope with a span takes this path.
#[inline(always)]
pub(crate) fn adopting(root: SpanSlot, make: impl FnOnce() -> Span) -> Span {
    // A layer may begin a scope as it sees the span.
    let outer = ADOPTING.replace(Some(root));
    let span = make();
    if ADOPTING.replace(outer).is_some() {
        give_up_hold(root);
    }
    span
}

/// Gives up the hold for a scope span that no recorder has seen.
#[cold]
fn give_up_hold(root: SpanSlot) {
    if root.kind() == SlotKind::Root
        && let Some(scope) = SCOPES.lock(root.scope)
    {
        SCOPES.release(root.scope, scope);
    }
}

/// Takes the root slot for a new scope span, and with it the hold on a recorded scope.
#[inline]
pub(super) fn take_adopted() -> Option<SpanSlot> {
    ADOPTING.take()
}

#[cfg(test)]
mod tests {
    use tracing::Dispatch;
    use tracing::dispatcher::with_default;
    use tracing::subscriber::NoSubscriber;

    use crate::{Config, Env, Scope};

    #[test]
    fn a_scope_is_open_as_long_as_a_recorder_has_its_span() {
        let config = Config::from_env(&Env::from_pairs::<&str, &str>([]));
        let recorders = [Dispatch::new(NoSubscriber::new()), Dispatch::new(crate::subscriber(&config))];
        for (recorder, stays) in recorders.into_iter().zip([false, true]) {
            let scope = with_default(&recorder, || Scope::builder("work").begin_with(&config));
            let (handle, span) = (*scope, scope.span().clone());
            assert_eq!(scope.finish().count(), 1);
            assert_eq!(handle.correlation().is_some(), stays);
            drop(span);
            assert_eq!(handle.correlation(), None);
        }
    }
}
