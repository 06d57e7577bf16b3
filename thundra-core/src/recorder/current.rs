//! The current span, and the context for calls.

use tracing::span::Id;
use tracing::{Dispatch, Span};

use super::slab::SCOPES;
use super::slot::SpanSlot;
use super::subscriber::RecorderSubscriber;
use super::{entered, layer, otel_context};
use crate::carrier::Outbound;
use crate::config::config;
use crate::{Config, TraceContext};

/// Returns the slot of the innermost recorded span of the running code, or of the scope's root.
#[inline]
pub(crate) fn slot() -> Option<SpanSlot> {
    entered::innermost().or_else(layer::slot_behind_hidden)
}

/// Returns the slot of a span; `None` if the span is not recorded.
pub(crate) fn slot_of(span: &Span) -> Option<SpanSlot> {
    span.with_subscriber(|(id, dispatch)| slot_in(dispatch, id))?
}

#[inline]
fn slot_in(dispatch: &Dispatch, id: &Id) -> Option<SpanSlot> {
    match dispatch.downcast_ref::<RecorderSubscriber>() {
        Some(subscriber) => subscriber.slot(id),
        None => layer::slot_in(dispatch, id),
    }
}

/// Returns `true` if the subscriber of a span has layers beside the recorder.
pub(crate) fn is_shared(span: &Span) -> bool {
    span.with_subscriber(|(_, dispatch)| !dispatch.is::<RecorderSubscriber>()).unwrap_or_default()
}

/// Returns `true` if a subscriber records spans.
pub(crate) fn records(dispatch: &Dispatch) -> bool {
    dispatch.is::<RecorderSubscriber>() || layer::is_in(dispatch)
}

/// Returns the context of the innermost recorded span, or of the scope's root span; `None` outside of any scope.
///
/// # Examples
///
/// ```
/// use thundra_core::Scope;
///
/// let scope = Scope::builder("work").begin();
/// assert_eq!(scope.enter(thundra_core::current), scope.context());
/// assert_eq!(thundra_core::current(), None);
/// ```
pub fn current() -> Option<TraceContext> {
    let slot = slot()?;
    SCOPES.lock(slot.scope)?.context(slot.index())
}

/// Returns the context for a call made by `span`; `None` outside of any scope.
///
/// The context of an unrecorded span is the [current](current()) context.
///
/// With the feature `otel`, the current [`opentelemetry::Context`] provides the baggage if the running code is in the
/// scope of the span.
///
/// # Examples
///
/// ```
/// use thundra_core::{Scope, outbound};
/// use tracing::Span;
///
/// let scope = Scope::builder("work").begin();
/// let outbound = scope.enter(|| outbound(&Span::current())).unwrap();
/// assert!(outbound.pairs().iter().any(|(key, _)| *key == "traceparent"));
/// ```
#[cfg_attr(not(feature = "otel"), allow(rustdoc::broken_intra_doc_links))]
pub fn outbound(span: &Span) -> Option<Outbound> {
    let slot = slot_of(span).or_else(slot)?;
    let mut outbound = SCOPES.lock(slot.scope)?.outbound(slot.index())?;
    otel_context::set_baggage(slot.scope, &mut outbound);
    Some(outbound)
}

/// Returns the configuration for scopes nested in the current scope: the configuration of the process, or of a test.
#[doc(hidden)]
pub fn config_of_scopes() -> &'static Config {
    #[cfg(feature = "testing")]
    if let Some(config) = slot().and_then(|slot| SCOPES.lock(slot.scope)?.receiver.config()) {
        return config;
    }
    config()
}
