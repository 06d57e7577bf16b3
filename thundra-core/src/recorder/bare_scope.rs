//! Scopes without a `tracing` span of their own. In a program without other layers, nobody sees the span of a request's
//! scope, and making, entering and closing the span is a large part of the cost.
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
    // A program may rename the scope by its current span.
    fields: &["otel.name"],
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
    /// Returns what stands for a span that [nobody would see](nobody_sees).
    #[inline]
    pub(crate) fn lacking(root: SpanSlot) -> Self {
        let id = PackedId::of_scope(root, CallsiteNumber::of(&METADATA)).to_id().into_u64();
        ScopeSpan::Lacking { id }
    }

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

/// Returns `true` if nobody would see the span of a scope: the subscriber is ours.
#[inline]
pub(crate) fn nobody_sees() -> bool {
    tracing::dispatcher::get_default(|dispatch| dispatch.is::<RecorderSubscriber>())
}
