//! The OpenTelemetry context of a span, and the baggage in the context.

use std::sync::Arc;

use opentelemetry::baggage::{Baggage, BaggageExt, BaggageMetadata};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags, TraceState};
use opentelemetry::{Context, Key, StringValue};

use super::super::entered;
use super::super::scope_state::ScopeState;
use super::super::slab::SCOPES;
use super::super::slot::{ScopeId, SpanSlot};
use super::super::waiting::DrawnIds;
use crate::carrier::{Inbound, Propagators, Trust};
use crate::percent::percent_decode;
use crate::{TraceContext, diagnostics};

/// Marks a context with the baggage of a scope. The program may have changed the baggage since.
struct BaggageOf(ScopeId);

/// Returns the current context with the span of a slot, and with the baggage received by the scope. `None` where that
/// is the current context.
pub(crate) fn context_at(slot: SpanSlot) -> Option<Context> {
    let scope = SCOPES.lock_as_is(slot.scope)?;
    if let Some(woken) = scope.waiting() {
        let ids = woken.ids?;
        drop(scope);
        return Some(context_of_drawn(ids));
    }
    let shown = Shown::of(&scope, slot.index())?;
    drop(scope);
    shown.context(slot.scope)
}

/// Returns the context as [`context_at`] does, in a scope that nobody else knows yet.
pub(super) fn context_in(scope: &ScopeState, slot: SpanSlot) -> Option<Context> {
    Shown::of(scope, slot.index())?.context(slot.scope)
}

/// What the context of a span shows of the scope.
struct Shown {
    span: Option<TraceContext>,
    received: Option<Arc<str>>,
    is_nested: bool,
}

impl Shown {
    #[inline]
    fn of(scope: &ScopeState, index: u32) -> Option<Self> {
        let span = if scope.hides_trace { None } else { Some(scope.context(index)?) };
        Some(Shown { span, received: scope.baggage.clone(), is_nested: scope.outer.is_some() })
    }

    #[inline(always)]
    fn context(self, scope: ScopeId) -> Option<Context> {
        let Shown { span, received, is_nested } = self;
        let context = match span {
            Some(span) => Context::current().with_remote_span_context(span_context(&span)),
            None if received.is_none() => return None,
            None => Context::current(),
        };
        Some(match context.get::<BaggageOf>() {
            Some(BaggageOf(other)) if *other == scope => context,
            // A nested scope has separate baggage, or no baggage.
            None if received.is_none() && (!is_nested || context.baggage().is_empty()) => context,
            _ => context.with_baggage(decoded(received.as_deref().unwrap_or_default())).with_value(BaggageOf(scope)),
        })
    }
}

/// Returns the current context, with the root span of a scope that waits.
pub(super) fn context_of_drawn(ids: DrawnIds) -> Context {
    let span = TraceContext::new(ids.trace_id, ids.root_id, false);
    Context::current().with_remote_span_context(span_context(&span))
}

/// Returns the baggage for a call made in a scope.
///
/// The current context provides the baggage, if made by the scope or by the program. Otherwise the call carries the
/// received baggage.
pub(super) fn baggage_to_send(scope: ScopeId, received: Option<Arc<str>>) -> Option<Arc<str>> {
    if entered::innermost().is_none_or(|slot| slot.scope != scope) {
        return received;
    }
    Context::map_current(|context| match context.get::<BaggageOf>() {
        Some(BaggageOf(other)) if *other != scope => received,
        None if context.baggage().is_empty() => received,
        _ => changed(context.baggage(), received),
    })
}

/// Returns the received text, byte for byte, if the program did not change the baggage. Otherwise encodes the baggage.
#[cold]
fn changed(baggage: &Baggage, received: Option<Arc<str>>) -> Option<Arc<str>> {
    let same = |received: &Arc<str>| {
        let received = decoded(received);
        received.len() == baggage.len()
            && received.iter().all(|(key, value)| baggage.get_with_metadata(key) == Some(value))
    };
    received.filter(same).or_else(|| encoded(baggage))
}

/// Decodes W3C baggage. Extraction has validated the text.
fn decoded(baggage: &str) -> Baggage {
    let member = |member: &str| {
        let (pair, properties) = member.split_once(';').unwrap_or((member, ""));
        let (key, value) = pair.split_once('=')?;
        let value = value.trim();
        let value = percent_decode(value).unwrap_or_else(|| value.to_owned());
        let metadata = BaggageMetadata::from(properties.trim());
        Some((Key::from(key.trim().to_owned()), (StringValue::from(value), metadata)))
    };
    baggage.split(',').filter_map(member).collect()
}

/// Encodes W3C baggage, within the limits of our own receivers.
fn encoded(baggage: &Baggage) -> Option<Arc<str>> {
    let text = baggage.to_string();
    let mut members: Vec<&str> = text.split(',').collect();
    members.sort_unstable();
    let formats = Propagators { baggage: true, ..Propagators::NONE };
    let kept = Inbound::extract([("baggage", members.join(",").as_str())], formats, Trust::Full).baggage;
    if kept.as_deref().map_or(0, |kept| kept.split(',').count()) < baggage.len() {
        diagnostics::once(
            "baggage",
            "baggage is not sent as it was set: it takes 64 members and 8192 bytes, percent-encoding included, \
             with tokens for keys and properties",
        );
    }
    kept
}

/// Converts a trace context into OpenTelemetry's.
pub(crate) fn span_context(context: &TraceContext) -> SpanContext {
    SpanContext::new(
        opentelemetry::TraceId::from_bytes(context.trace_id.to_bytes()),
        opentelemetry::SpanId::from_bytes(context.span_id.to_bytes()),
        TraceFlags::new(context.flags()),
        true,
        context.trace_state.as_deref().and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default(),
    )
}
