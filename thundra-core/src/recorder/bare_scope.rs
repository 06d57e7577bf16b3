//! Scopes without a `tracing` span of their own. In a program without other layers, nobody sees the span of a scope
//! that [waits](super::waiting), and making, entering and closing the span is a large part of the cost.
//!
//! The [stack of the thread](super::entered) has the id that the span would have. `Span::current()` finds the scope by
//! that id, and a task with the current span is in the scope.

use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Span};
use tracing_core::Callsite;

use super::callsite_numbers::CallsiteNumber;
use super::entered::Entered;
use super::packed_id::PackedId;
use super::scope_span::SCOPE_TARGET;
use super::slot::SpanSlot;
use super::subscriber::RecorderSubscriber;

/// The callsite of the spans that are not made. No subscriber hears of it.
struct BareScope;

static CALLSITE: BareScope = BareScope;

static METADATA: Metadata<'static> = tracing_core::metadata! {
    name: "scope",
    target: SCOPE_TARGET,
    level: Level::ERROR,
    fields: &[],
    callsite: &CALLSITE,
    kind: Kind::SPAN,
};

impl Callsite for BareScope {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &METADATA
    }
}

/// The `tracing` span of a scope.
#[derive(Clone, Debug)]
pub(crate) enum ScopeSpan {
    Made(Span),
    /// No span, but the id that the span would have.
    Lacking {
        id: u64,
    },
}

impl ScopeSpan {
    /// Returns the span.
    #[inline]
    pub(crate) fn get(&self) -> &Span {
        static NONE: Span = Span::none();

        match self {
            ScopeSpan::Made(span) => span,
            ScopeSpan::Lacking { .. } => &NONE,
        }
    }

    /// Enters the scope of a root, but not the span.
    #[inline]
    pub(crate) fn enter_scope(&self, root: SpanSlot) -> Entered {
        match self {
            ScopeSpan::Made(_) => Entered::new(root),
            ScopeSpan::Lacking { id } => Entered::bare(root, *id),
        }
    }
}

/// Returns the id for an unrecorded scope without a span; `None` where another subscriber than ours has to see the
/// span.
#[inline]
pub(crate) fn id(root: SpanSlot) -> Option<u64> {
    let is_ours = tracing::dispatcher::get_default(|dispatch| dispatch.is::<RecorderSubscriber>());
    is_ours.then(|| PackedId::of_scope(root, CallsiteNumber::of(&METADATA)).to_id().into_u64())
}
