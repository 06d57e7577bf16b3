//! Scopes: work done on someone's behalf (an invocation, a request, a record of a batch).
//!
//! A scope has a root span, the correlation ids of its chain of calls, and the spans recorded in it. It is
//! carried by its `tracing` span and by the future that [`Scope::run`] returns; either alone is enough to
//! find it, so a task spawned with `.in_current_span()` belongs to it as well.

mod flags;

use std::borrow::Cow;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

pub use flags::ScopeFlags;
use pin_project_lite::pin_project;
use tracing::Span;
use uuid::Uuid;

use crate::clock::{now, unix_nano};
use crate::config::Limits;
use crate::pipeline::{Losses, backlog};
use crate::propagation::{CorrelationIds, Inbound, Outbound, without_threshold};
use crate::recorder::layer::{self, Recorder};
use crate::recorder::stack::Current;
use crate::recorder::{Place, SCOPES, ScopeId};
use crate::telemetry::config;
use crate::{
    Config, Records, SpanId, SpanKind, Status, TraceContext, TraceId, Value, diagnostics, log, redact, semconv,
};

/// A scope that is open; finishing it gives its spans.
///
/// Dropped unfinished (its future was cancelled), it ends as cancelled unless an error was set before, and its
/// spans go out with the next flush.
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
/// let trace = scope.finish();
/// assert_eq!(trace.spans().next().map(|span| span.name), Some("orders".to_owned()));
/// ```
#[derive(Debug)]
pub struct Scope {
    handle: ScopeRef,
    span: Span,
    finished: bool,
}

/// Names a scope, open or not; on one that is gone everything does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeRef {
    root: Place,
}

/// What a scope begins with.
#[derive(Clone, Debug)]
#[must_use]
pub struct ScopeBuilder {
    name: Cow<'static, str>,
    kind: SpanKind,
    inbound: Inbound,
    links: Vec<(TraceContext, Vec<(String, Value)>)>,
    attributes: Vec<(Cow<'static, str>, Value)>,
    start_time: Option<SystemTime>,
    default_id: Option<String>,
    received_context: Option<Arc<str>>,
    log_fields: Vec<u8>,
    nested: bool,
}

impl ScopeBuilder {
    /// The kind of the root span. Defaults to `Internal`.
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// What the caller sent. Defaults to nothing: a new trace, a new chain of calls.
    pub fn parent(mut self, inbound: Inbound) -> Self {
        self.inbound = inbound;
        self
    }

    /// Links the root span to one that is no ancestor.
    pub fn link(mut self, to: TraceContext, attributes: Vec<(String, Value)>) -> Self {
        self.links.push((to, attributes));
        self
    }

    /// Sets an attribute of the root span.
    pub fn attribute(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// Sets attributes of the root span.
    #[doc(hidden)]
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        self.attributes.extend(attributes.into_iter().map(|(key, value)| (key.into(), value)));
        self
    }

    /// When the work began. Defaults to now.
    pub fn start_time(mut self, time: SystemTime) -> Self {
        self.start_time = Some(time);
        self
    }

    /// The `x-correlation-id` of a chain of calls that begins here. Defaults to a random UUID.
    pub fn default_correlation_id(mut self, id: impl Into<String>) -> Self {
        self.default_id = Some(id.into());
        self
    }

    /// The text of the `__context__` object that was received: where it is sent on, this scope's own
    /// takes its place.
    pub fn received_context(mut self, json: impl Into<Arc<str>>) -> Self {
        self.received_context = Some(json.into());
        self
    }

    /// Adds a field to each log line that is written in the scope, and in the scopes [nested](Self::nested) in it.
    #[doc(hidden)]
    pub fn log_field(mut self, key: &str, value: &str) -> Self {
        log::member(&mut self.log_fields, key, value);
        self
    }

    /// Makes this a scope within the current one, which gets its spans when it is finished.
    pub fn nested(mut self) -> Self {
        self.nested = true;
        self
    }

    /// Begins the scope, with the configuration of this process.
    pub fn begin(self) -> Scope {
        self.begin_with(config())
    }

    /// Begins the scope.
    pub fn begin_with(mut self, config: &Config) -> Scope {
        let received = self.inbound.received.take().map(Arc::from);
        let ScopeBuilder { name, inbound, .. } = &self;
        let new_chain = self.default_id.is_none() && !inbound.correlation.has_id();
        let (trace_id, uuid) = match &inbound.parent {
            None if new_chain => TraceId::random_with_uuid(),
            None => (TraceId::random(), Uuid::nil()),
            Some(parent) => (parent.trace_id, if new_chain { Uuid::new_v4() } else { Uuid::nil() }),
        };
        let sampled = match &inbound.parent {
            // Disabled, we are no part of the trace: the caller's decision passes through.
            parent if config.disabled => parent.as_ref().is_some_and(|parent| parent.sampled),
            // A stranger who chooses his trace id shall not choose to be recorded.
            Some(_) if inbound.untrusted => config.sampler.sample(None, TraceId::random()),
            parent => config.sampler.sample(parent.as_ref(), trace_id),
        };
        let recorded = sampled && !config.disabled;
        let outer = if self.nested { Recorder::current().map(|place| place.scope) } else { None };
        // The calls made inside are still the invocation's: its header counts the turns of a loop.
        let surroundings = outer
            .and_then(|outer| SCOPES.lock(outer))
            .map(|outer| (outer.xray.clone(), outer.log_fields.clone(), outer.spans_left()));
        let (outer_xray, outer_log_fields, spans_left) = surroundings.unwrap_or((None, None, config.limits.spans));
        let claimed = SCOPES.claim(|state| {
            state.trace_id = trace_id;
            state.sampled = sampled;
            state.recorded = recorded;
            state.random = inbound.parent.as_ref().is_none_or(|parent| parent.random);
            let trace_state = inbound.parent.as_ref().and_then(|parent| parent.trace_state.as_ref());
            state.trace_state = trace_state.and_then(|list| {
                let drawn_anew = inbound.untrusted || !config.sampler.is_parent_based();
                if drawn_anew && !config.disabled { without_threshold(list) } else { Some(list.clone()) }
            });
            state.correlation = inbound.correlation.clone();
            state.correlation.complete(|| self.default_id.clone().unwrap_or_else(|| text_of(uuid)));
            state.baggage = inbound.baggage.clone();
            state.xray = outer_xray.or_else(|| inbound.xray.clone());
            state.formats = config.propagators;
            if config.disabled && inbound.parent.is_none() {
                // A trace that nobody records is not begun: it would say "not sampled" to those who do.
                (state.formats.tracecontext, state.formats.xray) = (false, false);
            }
            state.limits = config.limits;
            state.received_context = self.received_context.clone();
            state.received = received;
            state.log_fields = outer_log_fields;
            if !self.log_fields.is_empty() {
                state.log_fields = Some(self.log_fields.as_slice().into());
            }
            state.outer = outer;
            // The root is recorded whatever the limit, so that what was dropped has somewhere to be said.
            state.limits.spans = spans_left.max(1);
            let Some((_, root)) = state.open() else { return };
            let parent = inbound.parent.as_ref().map(|parent| parent.span_id);
            let id = if config.disabled { parent.unwrap_or_else(SpanId::random) } else { SpanId::random() };
            root.start(trace_id, id, parent, "", self.start_time.map_or_else(now, unix_nano));
            root.rename(name);
            root.kind = self.kind;
            root.parent_is_remote = parent.is_some() && inbound.source != crate::ParentSource::Local;
            if recorded {
                // The sign of a root span, which counts are written to: no limit takes it away.
                let unlimited = Limits { attributes: u32::MAX, ..config.limits };
                root.set_attribute(semconv::THUNDRA_PARENT_SOURCE, &inbound.source.as_str().into(), &unlimited);
                if let Some(xray) = inbound.xray.as_ref().filter(|_| inbound.source != crate::ParentSource::XRay) {
                    root.set_attribute(semconv::THUNDRA_XRAY_ROOT, &xray.root().into(), &config.limits);
                }
                if inbound.dropped > 0 {
                    root.set_attribute(semconv::THUNDRA_PROPAGATION_DROPPED, &inbound.dropped.into(), &config.limits);
                }
                self.attributes.iter().for_each(|(key, value)| root.set_attribute(key, value, &config.limits));
                self.links.iter().for_each(|(to, attributes)| root.link(to, attributes, &config.limits));
            }
        });
        let id = claimed.unwrap_or_else(|| {
            diagnostics::once("scopes", "65,536 scopes are open: further ones are not recorded and carry no ids");
            backlog::count(Losses { dropped_spans: recorded.into(), ..Losses::NONE });
            ScopeId::from_u64(u64::MAX)
        });
        let root = layer::root(id, recorded);
        let span = layer::adopting(root, || tracing::error_span!(target: "thundra", "scope", otel.name = %name));
        Scope { handle: ScopeRef { root }, span, finished: false }
    }
}

/// Returns the text of a UUID, without the detour that `Display` takes.
fn text_of(uuid: Uuid) -> String {
    uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned()
}

impl Scope {
    /// A scope whose root span has this name.
    pub fn builder(name: impl Into<Cow<'static, str>>) -> ScopeBuilder {
        ScopeBuilder {
            name: name.into(),
            kind: SpanKind::Internal,
            inbound: Inbound::default(),
            links: Vec::new(),
            attributes: Vec::new(),
            start_time: None,
            default_id: None,
            received_context: None,
            log_fields: Vec::new(),
            nested: false,
        }
    }

    /// The `tracing` span that carries the scope.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Runs a closure in the scope.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let _current = Current::enter(self.root);
        let _attached = attach(&ambient(self));
        self.span.in_scope(f)
    }

    /// Runs a future in the scope.
    pub fn run<F: Future>(&self, future: F) -> InScope<F> {
        InScope { ambient: ambient(self), future: Some(future), root: self.root, span: self.span.clone() }
    }

    /// Ends the root span and seals the scope. Spans that are still open go out with a later flush.
    ///
    /// A [nested](ScopeBuilder::nested) scope hands its spans to the scope around it; what it returns is empty.
    pub fn finish(mut self) -> Records {
        self.seal()
    }

    fn seal(&mut self) -> Records {
        self.finished = true;
        let Some(mut state) = SCOPES.lock(self.root.scope) else { return Records::default() };
        let (dropped, incomplete) = (u64::from(state.dropped), state.incomplete_messages);
        if self.recorded() {
            if let Some((root, limits)) = state.span(0).filter(|_| dropped + incomplete > 0) {
                // No limit of attributes takes a count away.
                let limits = Limits { attributes: u32::MAX, ..*limits };
                for (key, count) in [
                    (semconv::THUNDRA_DROPPED_SPANS, dropped),
                    (semconv::THUNDRA_INJECTION_INCOMPLETE_MESSAGES, incomplete),
                ] {
                    if count > 0 {
                        root.set_attribute(key, &count.into(), &limits);
                    }
                }
            }
            state.close(0, now());
        } else if incomplete > 0 {
            backlog::count(Losses { incomplete_messages: incomplete, ..Losses::NONE });
        }
        // The records of a batch may be sampled where the invocation is not.
        let trace = state.take_finished();
        state.sealed = true;
        let (outer, started) = (state.outer, state.started);
        SCOPES.release(self.root.scope, state);
        match outer {
            Some(outer) if !trace.is_empty() => {
                match SCOPES.lock(outer).filter(|outer| !outer.sealed) {
                    Some(mut outer) => {
                        outer.finished.extend_from_slice(trace.bytes());
                        outer.finished_count += trace.count();
                        outer.started = outer.started.saturating_add(started);
                    }
                    None => backlog::add(trace),
                }
                Records::default()
            }
            _ => trace,
        }
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
            let unset = layer::with_span(self.root, |span, _| span.is_unset());
            // Whoever saw it fail knows more than that it went away.
            if unset == Some(true) {
                self.set_error("cancelled", "cancelled");
            }
            backlog::add(self.seal());
        }
    }
}

impl ScopeRef {
    /// The scope this code runs in.
    pub fn current() -> Option<Self> {
        let place = Recorder::current()?;
        let recorded = place.kind() != crate::recorder::PlaceKind::Unrecorded;
        Some(ScopeRef { root: layer::root(place.scope, recorded) })
    }

    /// Whether its owner has finished it.
    pub fn is_finished(&self) -> bool {
        SCOPES.lock(self.root.scope).is_none_or(|state| state.sealed)
    }

    /// Whether its spans are recorded.
    pub fn recorded(&self) -> bool {
        self.root.kind() == crate::recorder::PlaceKind::Root
    }

    /// The context of its root span.
    pub fn context(&self) -> Option<TraceContext> {
        SCOPES.lock(self.root.scope)?.context(0)
    }

    /// Sets an attribute of its root span; an earlier value of the same key gives way.
    pub fn set_attribute(&self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        layer::with_span(self.root, |span, limits| span.set_attribute(key, &value, limits));
    }

    /// Removes an attribute of its root span.
    #[doc(hidden)]
    pub fn remove_attribute(&self, key: &str) {
        layer::with_span(self.root, |span, _| span.remove_attribute(key));
    }

    /// Sets the outcome of its root span. Credentials and query values in a description are redacted.
    pub fn set_status(&self, status: Status) {
        let status = status.redacted();
        layer::with_span(self.root, |span, _| span.set_status(&status));
    }

    /// Marks its root span as failed: `error.type`, and the message as the status. Credentials and query values in them
    /// are redacted.
    pub fn set_error(&self, error_type: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        self.set_attribute(semconv::ERROR_TYPE, redact::text(error_type));
        self.set_status(Status::error(message));
    }

    /// Renames its root span.
    pub fn rename(&self, name: &str) {
        layer::with_span(self.root, |span, _| span.rename(name));
    }

    /// Links its root span to one that is no ancestor.
    pub fn add_link(&self, to: &TraceContext, attributes: &[(String, Value)]) {
        layer::with_span(self.root, |span, limits| span.link(to, attributes, limits));
    }

    /// A copy of its correlation ids; `None` when the scope is gone.
    pub fn correlation(&self) -> Option<CorrelationIds> {
        Some(SCOPES.lock(self.root.scope)?.correlation.clone())
    }

    /// The text of the `__context__` object it received.
    pub fn received_context(&self) -> Option<Arc<str>> {
        SCOPES.lock(self.root.scope)?.received_context.clone()
    }

    /// Counts messages that left the scope without our context, or without a part of it, though they were to have
    /// it. A root span says how many: its own, or where it is not recorded the next one.
    #[doc(hidden)]
    pub fn count_incomplete_messages(&self, messages: u64) {
        match SCOPES.lock(self.root.scope).filter(|state| !state.sealed) {
            Some(mut state) => state.incomplete_messages += messages,
            None => backlog::count(Losses { incomplete_messages: messages, ..Losses::NONE }),
        }
    }

    /// Adds flags, for the crates that run the scope.
    #[doc(hidden)]
    pub fn set_flags(&self, flags: ScopeFlags) {
        if let Some(mut state) = SCOPES.lock(self.root.scope) {
            state.flags = state.flags | flags;
        }
    }

    /// Returns the flags that were added so far.
    #[doc(hidden)]
    pub fn flags(&self) -> ScopeFlags {
        SCOPES.lock(self.root.scope).map_or(ScopeFlags::NONE, |state| state.flags)
    }

    pub(crate) fn with_correlation<R>(&self, f: impl FnOnce(&mut CorrelationIds) -> R) -> Option<R> {
        Some(f(&mut SCOPES.lock(self.root.scope)?.correlation))
    }
}

/// The context of the innermost recorded span, or of the scope this code runs in; `None` outside of any.
pub fn current() -> Option<TraceContext> {
    let place = Recorder::current()?;
    SCOPES.lock(place.scope)?.context(place.span())
}

/// What goes out with a call that `span` makes: its own context where it is recorded, else that of its
/// surroundings. `None` outside of any scope, where there is nothing to say.
///
/// With the feature `otel` the baggage is that of the current [`opentelemetry::Context`], where this code runs in the
/// scope of the span.
pub fn outbound(span: &Span) -> Option<Outbound> {
    let place = Recorder::place(span).or_else(Recorder::current)?;
    let outbound = SCOPES.lock(place.scope)?.outbound(place.span())?;
    #[cfg(feature = "otel")]
    let outbound = Outbound { baggage: crate::otel::baggage_to_send(place.scope, outbound.baggage), ..outbound };
    Some(outbound)
}

/// The OpenTelemetry context of a scope, attached anew at each poll.
#[cfg(feature = "otel")]
type Ambient = Option<opentelemetry::Context>;
#[cfg(not(feature = "otel"))]
type Ambient = ();

#[cfg(feature = "otel")]
fn ambient(scope: &ScopeRef) -> Ambient {
    crate::otel::at(scope.root)
}
#[cfg(not(feature = "otel"))]
fn ambient(_: &ScopeRef) -> Ambient {}

#[cfg(feature = "otel")]
fn attach(ambient: &Ambient) -> Option<opentelemetry::ContextGuard> {
    ambient.clone().map(opentelemetry::Context::attach)
}
#[cfg(not(feature = "otel"))]
fn attach(_: &Ambient) -> Option<()> {
    None
}

pin_project! {
    /// A future that runs in a scope: see [`Scope::run`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InScope<F> {
        ambient: Ambient,
        #[pin]
        future: Option<F>,
        root: Place,
        span: Span,
    }

    impl<F> PinnedDrop for InScope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _current = Current::enter(*this.root);
            let _entered = this.span.enter();
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _current = Current::enter(*this.root);
        let _attached = attach(this.ambient);
        let _entered = this.span.enter();
        let Some(future) = this.future.as_mut().as_pin_mut() else { return Poll::Pending };
        let output = std::task::ready!(future.poll(cx));
        // What it holds ends inside the scope, before anyone can finish it.
        this.future.set(None);
        Poll::Ready(output)
    }
}

impl<F> std::fmt::Debug for InScope<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InScope").field("span", &self.span).finish_non_exhaustive()
    }
}
