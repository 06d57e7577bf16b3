//! Scopes that begin only where something asks them.

use std::fmt::Display;

use super::builder::TOO_MANY;
use super::owner::Scope;
use crate::carrier::{CORRELATION_TRACEPARENT, Extraction, Trust};
use crate::recorder::bare_scope::{self, ScopeSpan};
use crate::recorder::otel_context::OtelContext;
use crate::recorder::scope_span::{SCOPE_TARGET, adopting};
use crate::recorder::scope_state::ScopeState;
use crate::recorder::shown_ids;
use crate::recorder::slab::SCOPES;
use crate::recorder::slot::{ScopeId, SpanSlot};
use crate::recorder::waiting::{DrawnIds, Waiting, Woken};
use crate::{Config, SpanId, SpanKind, TraceId, diagnostics};

/// The most pairs that a scope keeps unread.
const MOST_UNREAD: usize = 8;

impl Scope {
    /// Begins the scope of a request that nobody records, and leaves the carrier unread until something asks the scope.
    /// `pairs` are those that [may carry](crate::propagation::may_carry) a context.
    ///
    /// Returns `None` if the scope is recorded, or if something asks each scope: a layer that shows ids, a draw for
    /// debug logs, or a received trace, which is OpenTelemetry's current context. Many pairs are read at once as well.
    #[doc(hidden)]
    pub fn unasked<'a>(
        config: &'static Config,
        name: impl Display,
        trust: Trust,
        mut pairs: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Option<Self> {
        if !may_wait(config) {
            return None;
        }
        let (mut carried, mut count) = ([("", &[][..]); MOST_UNREAD], 0);
        // Not with `for`: the filter of the pairs would be a call for each.
        pairs.try_for_each(|pair| {
            *carried.get_mut(count).filter(|_| may_stay_unread(pair.0, trust))? = pair;
            count += 1;
            Some(())
        })?;
        let carried = carried.get(..count)?;
        // Nobody sees the ids of a disabled program without a trace, and a call to the system is saved.
        let has_trace = !config.disabled && cfg!(feature = "otel");
        let ids = has_trace.then(|| DrawnIds { trace_id: TraceId::random(), root_id: SpanId::random() });
        let woken = Woken { config, trust, ids };
        let id = SCOPES.claim_waiting(wake, |waiting| waiting.keep(woken, carried)).unwrap_or_else(|| {
            diagnostics::once("scopes", TOO_MANY);
            ScopeId::from_u64(u64::MAX)
        });
        let root = SpanSlot::root_of(id, false);
        let span = if bare_scope::nobody_sees() {
            ScopeSpan::lacking(root)
        } else {
            let span = || tracing::error_span!(target: SCOPE_TARGET, "scope", otel.name = %name);
            ScopeSpan::Made(adopting(root, span))
        };
        Some(Scope::of_request(root, span, OtelContext::of_drawn(ids)))
    }
}

/// Returns `true` if no scope is recorded, unless a caller is trusted with the decision.
fn may_wait(config: &Config) -> bool {
    let is_unrecorded = config.sampler.is_never() && config.keep.is_none() && config.debug_sample_rate == 0.0;
    (config.disabled || is_unrecorded) && !shown_ids::are_shown()
}

/// Returns `false` for a key of a trace or of baggage, and for a debug switch with effect.
fn may_stay_unread(key: &str, trust: Trust) -> bool {
    let key = key.as_bytes();
    match key.first().map(u8::to_ascii_lowercase) {
        // `User-Agent`, `call-chain-length`.
        Some(b'u' | b'c') => true,
        // `debug-log-enabled`.
        Some(b'd') => trust == Trust::Edge,
        // `x-correlation-…`, but not `x-amzn-trace-id`.
        Some(b'x') => {
            matches!(key.get(2), Some(b'c' | b'C')) && !key.eq_ignore_ascii_case(CORRELATION_TRACEPARENT.as_bytes())
        }
        _ => false,
    }
}

/// Reads the carrier, and begins the scope.
fn wake(waiting: &Waiting, woken: &Woken, state: &mut ScopeState) {
    let mut extraction = Extraction::new(woken.config.propagators, woken.trust);
    extraction.take_all(|| waiting.pairs());
    let mut scope = Scope::builder("").kind(SpanKind::Server).parent(extraction.finish());
    let mut decided = scope.decide(woken.config, woken.ids);
    scope.fill(state, woken.config, &mut decided);
}
