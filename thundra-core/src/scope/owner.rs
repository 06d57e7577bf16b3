//! The owner of an open scope.

use std::future::Future;
use std::ops::Deref;

use tracing::Span;

use super::in_scope::InScope;
use super::scope_ref::ScopeRef;
use crate::Records;
use crate::clock::now;
use crate::pipeline::{Losses, backlog, tally};
use crate::recorder::bare_scope::ScopeSpan;
use crate::recorder::kept_writer;
use crate::recorder::otel_context::OtelContext;
use crate::recorder::others::Others;
use crate::recorder::receiver::Receiver;
use crate::recorder::slab::SCOPES;
use crate::recorder::slot::{ScopeId, SpanSlot};

/// An open scope. [`finish`](Self::finish) returns the spans.
///
/// Dropping an unfinished scope, as the cancellation of a future does, ends the scope as cancelled, unless an error was
/// set before. The spans are exported with the next flush.
///
/// # Examples
///
/// ```
/// use thundra_core::{Scope, SpanKind};
///
/// let scope = Scope::builder("orders").kind(SpanKind::Server).begin();
/// scope.set_attribute("faas.trigger", "http");
/// let id = scope.enter(|| thundra_core::correlation::id());
/// assert!(id.is_some());
/// let records = scope.finish();
/// assert_eq!(records.spans().next().map(|span| span.name), Some("orders".to_owned()));
/// ```
#[derive(Debug)]
pub struct Scope {
    handle: ScopeRef,
    span: ScopeSpan,
    /// The context for all entries; `None` where each entry makes one.
    otel_context: Option<OtelContext>,
    finished: bool,
}

impl Scope {
    pub(super) fn new(root: SpanSlot, span: Span) -> Self {
        Scope { handle: ScopeRef::new(root), span: ScopeSpan::Made(span), otel_context: None, finished: false }
    }

    /// Returns the scope of a request, with the OpenTelemetry context for all entries.
    pub(super) fn of_request(root: SpanSlot, span: ScopeSpan, otel_context: OtelContext) -> Self {
        Scope { handle: ScopeRef::new(root), span, otel_context: Some(otel_context), finished: false }
    }

    fn otel_context(&self) -> OtelContext {
        self.otel_context.clone().unwrap_or_else(|| OtelContext::of(self.root()))
    }

    /// Returns the `tracing` span of the scope. The span of a
    /// [request](crate::ScopeBuilder::begin_request) may be disabled.
    pub fn span(&self) -> &Span {
        self.span.get()
    }

    /// Runs a closure in the scope.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::Scope;
    ///
    /// # let _default = tracing::subscriber::set_default(thundra_core::subscriber(thundra_core::config()));
    /// let scope = Scope::builder("checkout").begin();
    /// let total = scope.enter(|| tracing::info_span!("add").in_scope(|| 40 + 2));
    /// assert_eq!((total, scope.finish().count()), (42, 2));
    /// ```
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let Some(otel_context) = &self.otel_context else { return self.handle.enter(|| self.span().in_scope(f)) };
        let _current = self.span.enter_scope(self.root());
        let _attached = otel_context.attach();
        self.span().in_scope(f)
    }

    /// Runs a future in the scope.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Scope, correlation};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let scope = Scope::builder("checkout").begin();
    /// let id = scope.run(async { correlation::id() }).await;
    /// assert_eq!(id.as_deref(), scope.correlation().unwrap().get("id"));
    /// # }
    /// ```
    pub fn run<F: Future>(&self, future: F) -> InScope<F> {
        InScope::new(self.root(), self.span.clone(), self.otel_context(), future)
    }

    /// Ends the root span, seals the scope and returns the finished spans. Of an unsampled scope there are none, unless
    /// [`Config::keep`](crate::Config::keep) keeps the scope.
    ///
    /// Open spans are exported with a later flush. The log records of the scope wait for the next one.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::Scope;
    ///
    /// let scope = Scope::builder("checkout").begin();
    /// let handle = *scope;
    /// assert_eq!(scope.finish().count(), 1);
    /// assert!(handle.is_finished());
    /// ```
    pub fn finish(mut self) -> Records {
        self.seal()
    }

    fn seal(&mut self) -> Records {
        self.finished = true;
        let Some(mut state) = SCOPES.lock_as_is(self.root().scope) else { return Records::default() };
        if state.is_waiting() {
            SCOPES.release(self.root().scope, state);
            return Records::default();
        }
        // A nested scope of replayed work is counted on the outer scope, and not recorded again.
        let repetition = state.take_repetition();
        let is_counted = self.recorded() && repetition.is_none() && tally::is_on();
        let made = if is_counted { u64::from(state.started) + u64::from(state.dropped) } else { 0 };
        if self.recorded() && repetition.is_none() {
            state.close_root(now());
        } else if state.incomplete_messages > 0 {
            backlog::count(Losses::incomplete_messages(state.incomplete_messages));
        }
        // A nested scope may be exported where this one is not, so there may be spans in either case.
        let records = state.take_finished();
        let others = state.take_others();
        if made > 0 && (state.outer.is_none() || records.is_empty()) {
            // The outer scope counts the spans that it gets.
            tally::started(state.sampled, made);
        }
        state.sealed = true;
        let (outer, started) = (state.outer, state.started);
        let receiver = state.receiver.clone();
        SCOPES.release(self.root().scope, state);
        if let Some(others) = others {
            hand_over(others, outer, &receiver);
        }
        if let Some(repetition) = repetition
            && let Some(mut outer) = outer.and_then(|outer| SCOPES.lock(outer)).filter(|outer| !outer.sealed)
        {
            outer.add_repetition(repetition);
        }
        match outer {
            Some(outer) if !records.is_empty() => {
                match SCOPES.lock(outer).filter(|outer| !outer.sealed) {
                    Some(mut outer) => outer.add_nested(records, started),
                    None => receiver.add(records),
                }
                Records::default()
            }
            _ => records,
        }
    }
}

/// Hands the log records of a scope to the receiver, and the points to the outer scope, or to the receiver.
#[cold]
fn hand_over(Others { log_records, points }: Others, outer: Option<ScopeId>, receiver: &Receiver) {
    receiver.add(log_records);
    let Some((mut points, facts)) = points else { return };
    match outer.and_then(|outer| SCOPES.lock(outer)).filter(|outer| !outer.sealed) {
        Some(mut outer) => match &mut outer.points {
            Some(of_outer) => of_outer.merge(&mut points),
            vacant => *vacant = Some(points),
        },
        None => receiver.add_points(points, &facts),
    }
}

impl Deref for Scope {
    type Target = ScopeRef;

    fn deref(&self) -> &ScopeRef {
        &self.handle
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if !self.finished {
            kept_writer::come_out(self.root().scope);
            // An error that was recorded before says more than that the work was cancelled.
            if SCOPES.edit(self.root(), |span, _| span.is_unset()) == Some(true) {
                self.set_error("cancelled", "cancelled");
            }
            let receiver = SCOPES.lock_as_is(self.root().scope).map(|state| state.receiver.clone()).unwrap_or_default();
            receiver.add(self.seal());
        }
    }
}
