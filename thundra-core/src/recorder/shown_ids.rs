//! The ids of a scope as fields of the scope span, for layers of a program such as `tracing_subscriber::fmt`.
//!
//! Our own layers find the ids through the scope, and read no fields of scope spans. The fields are therefore neither
//! attributes nor parts of our log lines, and are made only where another layer may show them.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Span;

use super::scope_span::SCOPE_TARGET;
use crate::TraceId;
use crate::carrier::{CORRELATION_ID, CorrelationIds};

/// `true` once a subscriber of the program, or a subscriber with layers of the program, may show the fields of spans.
static ARE_SHOWN: AtomicBool = AtomicBool::new(false);

/// Shows the ids of all scopes that begin later.
pub(crate) fn show() {
    // Relaxed: the flag publishes nothing. A scope that begins meanwhile lacks the fields.
    ARE_SHOWN.store(true, Ordering::Relaxed);
}

/// Returns `true` if a layer may show the ids.
#[inline]
pub(crate) fn are_shown() -> bool {
    // Relaxed: see `show`.
    ARE_SHOWN.load(Ordering::Relaxed)
}

/// The ids of a scope, as begun.
#[derive(Debug)]
pub(crate) struct ShownIds {
    trace_id: Option<TraceId>,
    correlation_id: Option<String>,
    /// The other correlation ids: `order=o-9 user=u-1`.
    correlation: Option<String>,
}

impl ShownIds {
    /// Returns the ids if a layer may show the ids. `trace_id` is `None` without a trace.
    #[inline]
    pub(crate) fn of(trace_id: Option<TraceId>, ids: &CorrelationIds) -> Option<Box<Self>> {
        are_shown().then(|| Self::shown(trace_id, ids))
    }

    #[cold]
    fn shown(trace_id: Option<TraceId>, ids: &CorrelationIds) -> Box<Self> {
        let others = ids.shown().filter(|(key, _)| *key != CORRELATION_ID);
        let others =
            others.map(|(key, value)| format!("{}={value}", key.strip_prefix("x-correlation-").unwrap_or(key)));
        let others: Vec<_> = others.collect();
        let correlation = (!others.is_empty()).then(|| others.join(" "));
        Box::new(ShownIds { trace_id, correlation_id: ids.get(CORRELATION_ID).map(str::to_owned), correlation })
    }

    /// Makes a scope span with the ids as fields.
    #[cold]
    pub(crate) fn scope_span(&self, name: &str) -> Span {
        tracing::error_span!(
            target: SCOPE_TARGET,
            "scope",
            otel.name = %name,
            trace_id = self.trace_id.map(tracing::field::display),
            correlation_id = self.correlation_id.as_ref().map(tracing::field::display),
            correlation = self.correlation,
        )
    }
}
