//! The export of a scope before its end: finished spans, and provisional endings of open spans.
//!
//! The record of an exported span stays in place, [filled](OpenSpan::fill). No other mark is needed: the end of the
//! span finds a record without a head, and appends nothing.

use super::open_span::OpenSpan;
use super::scope_state::ScopeState;
use super::slab::SCOPES;
use super::slot::ScopeId;
use super::tail::Moment;
use crate::carrier::CorrelationIds;
use crate::clock::now;
use crate::config::Limits;
use crate::pipeline::backlog;
use crate::points::collection;
use crate::{Records, Value, semconv};

/// The provisional ending of open spans.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Unfinished<'a> {
    /// The value of `error.type`.
    pub error_type: &'static str,
    /// The description of the status.
    pub description: &'a str,
    /// Attributes of the root span.
    pub root: &'a [(&'static str, Value)],
}

impl Unfinished<'_> {
    /// Takes the finished spans of an open scope, and ends the open spans provisionally; the same in nested scopes. The
    /// log records of the scopes wait for the next flush. Takes nothing after the owner has finished the scope.
    pub(crate) fn take(&self, id: ScopeId) -> Records {
        let mut records = Records::default();
        // After the end of the outermost scope, nothing is exported. A nested scope finished before its turn hands the
        // spans to the outer scope, for export at the end of the outer scope.
        let Some(mut outermost) = SCOPES.lock(id).filter(|state| !state.sealed) else { return records };
        append(&mut records, self.end_spans(&mut outermost, self.root));
        outermost.release_kept_records();
        let mut log_records = outermost.take_log_records();
        // The facts of the outermost scope also serve the points of nested scopes: each scope has separate ids.
        let facts = outermost.facts();
        let mut points = outermost.points.take();
        drop(outermost);
        for nested in SCOPES.nested_in(id) {
            if let Some(mut state) = SCOPES.lock(nested) {
                append(&mut records, self.end_spans(&mut state, &[]));
                state.release_kept_records();
                append(&mut log_records, state.take_log_records());
                match (&mut points, state.points.take()) {
                    (Some(points), Some(mut nested)) => points.merge(&mut nested),
                    (None, nested) => points = nested,
                    (_, None) => {}
                }
            }
        }
        backlog::add(log_records);
        if let Some(points) = points {
            collection::hand_over(points, &facts);
        }
        records
    }

    /// Takes the finished spans of a scope, and ends the open ones. An unsampled scope is decided on now, because the
    /// process may end before the scope.
    fn end_spans(&self, state: &mut ScopeState, root_attributes: &[(&'static str, Value)]) -> Records {
        let end = now();
        state.decide(end, Moment::Deadline);
        if !state.tail.is_exported() {
            return state.take_nested();
        }
        for index in state.open_spans() {
            let of_root = if index == 0 { state.take_counts() } else { Vec::new() };
            let given: &[_] = if index == 0 { root_attributes } else { &[] };
            let ids = if index == 0 { state.correlation.clone() } else { CorrelationIds::default() };
            let Some((span, limits)) = state.span(index) else { continue };
            let unlimited = limits.without_attribute_limit();
            let mut ending = span.clone();
            span.fill();
            self.mark(&mut ending, end, &unlimited);
            of_root.iter().chain(given).for_each(|(key, value)| ending.set_attribute(key, value, &unlimited));
            ending.identify(ids.shown());
            state.append(&mut ending, end);
        }
        state.take_finished()
    }

    /// Marks a span as unfinished.
    fn mark(&self, span: &mut OpenSpan, end: u64, limits: &Limits) {
        let elapsed_ms = end.saturating_sub(span.start_unix_nano) / 1_000_000;
        span.set_attribute(semconv::ERROR_TYPE, &self.error_type.into(), limits);
        span.set_attribute(semconv::THUNDRA_UNFINISHED_ELAPSED_MS, &elapsed_ms.into(), limits);
        span.set_error(self.description);
    }
}

/// Adds records of the same signal. Adding the same signal never fails.
fn append(records: &mut Records, others: Records) {
    let _ = records.append(others);
}
