//! The begin of a scope: from the caller's context to an open root span.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use tracing::Span;
use uuid::Uuid;

use super::owner::Scope;
use super::preceding::Preceding;
use crate::carrier::{Inbound, ParentSource, XRayHeader, without_threshold};
use crate::clock::{now, unix_nano};
use crate::config::config;
use crate::id::random_uuid;
use crate::pipeline::{Losses, backlog};
use crate::recorder::bare_scope::{self, ScopeSpan};
use crate::recorder::current;
use crate::recorder::debug_logs;
use crate::recorder::description::Description;
use crate::recorder::nested_replay::marked_around;
use crate::recorder::open_span::OpenSpan;
use crate::recorder::otel_context::OtelContext;
use crate::recorder::receiver::Receiver;
use crate::recorder::scope_log::SharedKeys;
use crate::recorder::scope_names::ScopeNames;
use crate::recorder::scope_span::{SCOPE_TARGET, adopting};
use crate::recorder::scope_state::ScopeState;
use crate::recorder::shown_ids::ShownIds;
use crate::recorder::slab::SCOPES;
use crate::recorder::slot::{ScopeId, SlotKind, SpanSlot};
use crate::recorder::tail::Tail;
use crate::recorder::waiting::DrawnIds;
use crate::telemetry::reaches_xray;
use crate::value::Attributes;
use crate::{Config, Sampler, SpanId, SpanKind, TraceContext, TraceId, Value, diagnostics, semconv};

/// The settings of a new scope: see [`Scope::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ScopeBuilder {
    name: Cow<'static, str>,
    kind: SpanKind,
    inbound: Inbound,
    has_parent: bool,
    links: Vec<(TraceContext, Attributes)>,
    own_attributes: Vec<(&'static str, Value)>,
    attributes: Attributes,
    start_time: Option<SystemTime>,
    default_id: Option<String>,
    received_context: Option<Arc<str>>,
    log_fields: Attributes,
    nested: bool,
    sampled_by_xray: Option<bool>,
    deadline: Option<SystemTime>,
    shared: Option<SharedTrace>,
    // Few scopes have any of the rest, and a builder is moved often.
    preceding: Option<Arc<Preceding>>,
    names: Option<Arc<ScopeNames>>,
}

/// The trace of a longer work, of which each scope is a part.
#[derive(Clone, Copy, Debug)]
struct SharedTrace {
    /// The trace of the scopes without a parent.
    trace_id: TraceId,
    /// The id for the sampling decision of the scopes without a trusted parent.
    draw: TraceId,
}

impl Scope {
    /// Returns a builder for a scope, with the name of the root span.
    ///
    /// # Examples
    ///
    /// A worker continues the trace of a received message:
    ///
    /// ```
    /// use thundra_core::propagation::{Inbound, Propagators, Trust};
    /// use thundra_core::{Scope, SpanKind};
    ///
    /// let sent = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
    /// let scope = Scope::builder("process orders")
    ///     .kind(SpanKind::Consumer)
    ///     .parent(Inbound::extract(sent, Propagators::default(), Trust::Full))
    ///     .attribute("messaging.system", "jms")
    ///     .begin();
    /// let span = scope.finish().spans().next().unwrap();
    /// assert_eq!(span.parent_span_id.unwrap().to_string(), "b7ad6b7169203331");
    /// ```
    pub fn builder(name: impl Into<Cow<'static, str>>) -> ScopeBuilder {
        ScopeBuilder { has_parent: false, ..ScopeBuilder::below(Inbound::default(), name.into(), SpanKind::Internal) }
    }
}

/// Names the root span, and leaves all other settings at the defaults.
impl From<&'static str> for ScopeBuilder {
    fn from(name: &'static str) -> Self {
        Scope::builder(name)
    }
}

/// Names the root span, and leaves all other settings at the defaults.
impl From<String> for ScopeBuilder {
    fn from(name: String) -> Self {
        Scope::builder(name)
    }
}

impl ScopeBuilder {
    /// Returns a builder with a [parent](Self::parent) and a [kind](Self::kind), without a move for each.
    #[doc(hidden)]
    #[inline]
    pub fn below(inbound: Inbound, name: Cow<'static, str>, kind: SpanKind) -> Self {
        ScopeBuilder {
            name,
            kind,
            inbound,
            has_parent: true,
            links: Vec::new(),
            own_attributes: Vec::new(),
            attributes: Vec::new(),
            start_time: None,
            default_id: None,
            received_context: None,
            log_fields: Vec::new(),
            nested: false,
            sampled_by_xray: None,
            deadline: None,
            shared: None,
            preceding: None,
            names: None,
        }
    }

    /// Sets the kind of the root span. Defaults to `Internal`.
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the caller's context. Defaults to none, for a new trace and a new chain of calls.
    pub fn parent(mut self, inbound: Inbound) -> Self {
        (self.inbound, self.has_parent) = (inbound, true);
        self
    }

    /// Returns `true` if a [parent](Self::parent) was set, even an empty one.
    #[doc(hidden)]
    pub fn has_parent(&self) -> bool {
        self.has_parent
    }

    /// Links the root span to another span.
    ///
    /// # Examples
    ///
    /// A scope for two messages has a link to each sender:
    ///
    /// ```
    /// use thundra_core::{NO_ATTRIBUTES, Scope, SpanId, TraceContext, TraceId};
    ///
    /// let sender = || TraceContext::new(TraceId::random(), SpanId::random(), true);
    /// let scope = Scope::builder("process orders")
    ///     .link(&sender(), [("messaging.message.id", "m-1")])
    ///     .link(&sender(), NO_ATTRIBUTES)
    ///     .begin();
    /// assert_eq!(scope.finish().spans().next().unwrap().links.len(), 2);
    /// ```
    pub fn link(
        mut self,
        to: &TraceContext,
        attributes: impl IntoIterator<Item = (impl Into<Cow<'static, str>>, impl Into<Value>)>,
    ) -> Self {
        let attributes = attributes.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        self.links.push((to.clone(), attributes));
        self
    }

    /// Sets an attribute of the root span.
    pub fn attribute(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// Sets attributes of ours on the root span, with keys from [`semconv`](crate::semconv). A builder is moved for
    /// each call.
    #[doc(hidden)]
    pub fn own_attributes(mut self, attributes: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        append(&mut self.own_attributes, attributes);
        self
    }

    /// Sets the time when the work began. Defaults to now.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use thundra_core::Scope;
    ///
    /// let received = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    /// let records = Scope::builder("process orders").start_time(received).begin().finish();
    /// assert_eq!(records.spans().next().unwrap().start_time, received);
    /// ```
    pub fn start_time(mut self, time: SystemTime) -> Self {
        self.start_time = Some(time);
        self
    }

    /// Sets the `x-correlation-id` of a new chain of calls. Defaults to a random UUID. An id received from the
    /// [parent](Self::parent) takes precedence.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::Scope;
    ///
    /// let scope = Scope::builder("import").default_correlation_id("import-2026-11-26").begin();
    /// assert_eq!(scope.correlation().unwrap().get("id"), Some("import-2026-11-26"));
    /// ```
    pub fn default_correlation_id(mut self, id: impl Into<String>) -> Self {
        self.default_id = Some(id.into());
        self
    }

    /// Sets the text of the received `__context__` object. In forwarded payloads, the scope's own context replaces the
    /// object.
    #[doc(hidden)]
    pub fn received_context(mut self, json: impl Into<Arc<str>>) -> Self {
        self.received_context = Some(json.into());
        self
    }

    /// Adds a field to each log line written in the scope, and in [nested](Self::nested) scopes.
    #[doc(hidden)]
    pub fn log_field(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.log_fields.push((key.into(), value.into()));
        self
    }

    /// Adds fields as [`log_field`](Self::log_field) does. A builder is moved for each call.
    #[doc(hidden)]
    pub fn log_fields<K: Into<Cow<'static, str>>>(mut self, fields: impl IntoIterator<Item = (K, Value)>) -> Self {
        append(&mut self.log_fields, fields.into_iter().map(|(key, value)| (key.into(), value)));
        self
    }

    /// Nests the scope in the current scope. Finishing the nested scope adds its spans to the outer scope.
    #[doc(hidden)]
    pub fn nested(mut self) -> Self {
        self.nested = true;
        self
    }

    /// Sets X-Ray's decision for the scope, in place of the decision in the X-Ray header of the [parent](Self::parent).
    /// Nested scopes keep the decision of the outer scope.
    #[doc(hidden)]
    pub fn sampled_by_xray(mut self, decision: Option<bool>) -> Self {
        self.sampled_by_xray = decision;
        self
    }

    /// Sets the key to find the scope by, from tasks outside of every scope. See [`ReplayMarks`](crate::ReplayMarks).
    #[doc(hidden)]
    pub fn key(mut self, key: impl Into<Arc<str>>) -> Self {
        Arc::make_mut(self.names.get_or_insert_default()).key = Some(key.into());
        self
    }

    /// Sets the time by which the work has to end.
    #[doc(hidden)]
    pub fn deadline(mut self, deadline: SystemTime) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Makes the scope a part of a longer work. Without a parent, the scope is in this trace. Without a trusted parent,
    /// the sampler decides by `draw`, so all scopes of the work have the same decision.
    #[doc(hidden)]
    pub fn shared_trace(mut self, trace_id: TraceId, draw: TraceId) -> Self {
        self.shared = Some(SharedTrace { trace_id, draw });
        self
    }

    /// Puts a finished span between the [parent](Self::parent) and the root span.
    #[doc(hidden)]
    pub fn preceded_by(mut self, span: Preceding) -> Self {
        self.preceding = Some(Arc::new(span));
        self
    }

    /// Names what triggered the work, for [`ScopeRef::has_origin`](crate::ScopeRef::has_origin).
    #[doc(hidden)]
    pub fn origins(mut self, names: Vec<String>) -> Self {
        Arc::make_mut(self.names.get_or_insert_default()).origins = names;
        self
    }

    /// Begins the scope with the configuration of this process.
    pub fn begin(self) -> Scope {
        self.begin_with(config())
    }

    /// Begins the scope with a configuration.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Config, Env, Scope};
    ///
    /// let config = Config::from_env(&Env::from_pairs([("OTEL_SDK_DISABLED", "true")]));
    /// let scope = Scope::builder("checkout").begin_with(&config);
    /// assert!(scope.correlation().is_some_and(|ids| ids.get("id").is_some()), "ids still travel");
    /// assert!(scope.finish().is_empty());
    /// ```
    pub fn begin_with(mut self, config: &Config) -> Scope {
        let (root, ids) = self.claim(config, |state, _| hold_for_span(state));
        Scope::new(root, self.span(root, ids))
    }

    /// Begins the scope of a request, polled by others in many steps. Each step has the OpenTelemetry context that is
    /// current now, with the scope's span. The caller needs no [`Scope::span`], so there is none where nobody sees it.
    /// `describe` describes the root span of a recorded scope, with different keys.
    #[doc(hidden)]
    pub fn begin_request(mut self, config: &Config, describe: &dyn Fn(&mut Description<'_>)) -> Scope {
        let nobody_sees = bare_scope::nobody_sees();
        let mut otel_context = OtelContext::default();
        let (root, ids) = self.claim(config, |state, root| {
            if !nobody_sees {
                hold_for_span(state);
            }
            otel_context = OtelContext::within(state, root);
            if let Some((root, limits)) = state.span(0).filter(|_| root.kind() == SlotKind::Root) {
                describe(&mut Description::of_new(root, limits));
            }
        });
        let span = if nobody_sees { ScopeSpan::lacking(root) } else { ScopeSpan::Made(self.span(root, ids)) };
        Scope::of_request(root, span, otel_context)
    }

    /// Claims a place for the scope, fills the state, and runs `then` on the state and the root. Returns the root, and
    /// the ids to show.
    #[inline(always)]
    fn claim(
        &mut self,
        config: &Config,
        then: impl FnOnce(&mut ScopeState, SpanSlot),
    ) -> (SpanSlot, Option<Box<ShownIds>>) {
        let mut decided = self.decide(config, None);
        let mut shown = Shown::default();
        let claimed = SCOPES.claim(|state, id| {
            shown = self.fill(state, config, &mut decided);
            then(state, SpanSlot::root_of(id, decided.recorded));
        });
        let Decided { sampled, recorded, .. } = decided;
        let id = claimed.unwrap_or_else(|| {
            diagnostics::once("scopes", TOO_MANY);
            backlog::count(Losses::dropped_spans((sampled && recorded).into()));
            ScopeId::from_u64(u64::MAX)
        });
        if shown.debug_logs {
            debug_logs::enable();
        }
        (SpanSlot::root_of(id, recorded), shown.ids)
    }

    /// Makes the `tracing` span of the scope.
    // For a request there is a second, rare caller, which must not turn the inlined code into a call.
    #[inline(always)]
    fn span(&self, root: SpanSlot, ids: Option<Box<ShownIds>>) -> Span {
        let name = &self.name;
        adopting(root, || match ids {
            None => tracing::error_span!(target: SCOPE_TARGET, "scope", otel.name = %name),
            Some(ids) => ids.scope_span(name),
        })
    }

    /// Decides what the scope is, before the scope has a place. `drawn` are the ids without a parent.
    #[inline]
    pub(super) fn decide(&self, config: &Config, drawn: Option<DrawnIds>) -> Decided {
        let inbound = &self.inbound;
        let new_chain = self.default_id.is_none() && !inbound.correlation.has_id();
        let given = inbound.parent.as_ref().map(|parent| parent.trace_id);
        let given = given.or_else(|| Some(drawn.as_ref()?.trace_id)).or_else(|| Some(self.shared?.trace_id));
        let (trace_id, uuid) = match given {
            None if new_chain => TraceId::random_with_uuid(),
            None => (TraceId::random(), Uuid::nil()),
            Some(trace_id) => (trace_id, if new_chain { random_uuid() } else { Uuid::nil() }),
        };
        let shared_draw = self.shared.map(|shared| shared.draw);
        let sampled = match &inbound.parent {
            // A disabled program takes no part in the trace, so the caller's decision is passed on.
            parent if config.disabled => parent.as_ref().is_some_and(|parent| parent.sampled),
            // An untrusted caller chooses the trace id, and must not be able to choose one that is sampled.
            Some(_) if inbound.untrusted => config.sampler.sample(None, shared_draw.unwrap_or_else(TraceId::random)),
            None => config.sampler.sample(None, shared_draw.unwrap_or(trace_id)),
            parent => config.sampler.sample(parent.as_ref(), trace_id),
        };
        let around = if self.nested { current::slot() } else { None };
        let (outer, replayed) = (around.map(|slot| slot.scope), marked_around(around));
        // Calls from a nested scope are still calls of the invocation, whose X-Ray header counts the turns of a loop.
        let surroundings = outer.and_then(|outer| SCOPES.lock(outer)).map(|outer| {
            (outer.xray.clone(), outer.withheld, outer.log.for_nested(), outer.spans_left(), outer.receiver.clone())
        });
        let own_decision = || self.sampled_by_xray.or_else(|| inbound.xray.as_ref()?.sampled);
        let (outer_xray, withheld, outer_log, spans_left, receiver) = surroundings.unwrap_or_else(|| {
            (None, own_decision() == Some(false), SharedKeys::default(), config.limits.spans, Receiver::default())
        });
        let tail = match config.keep {
            _ if config.disabled => Tail::Exported,
            Some(keep) if !sampled => Tail::undecided(keep),
            Some(keep) if withheld && reaches_xray() => Tail::withheld(keep),
            _ => Tail::Exported,
        };
        let recorded = !config.disabled && (sampled || tail != Tail::Exported);
        let root_id = drawn.map(|drawn| drawn.root_id);
        Decided {
            trace_id,
            root_id,
            uuid,
            sampled,
            recorded,
            tail,
            outer,
            replayed,
            outer_xray,
            withheld,
            outer_log,
            spans_left,
            receiver,
        }
    }

    /// Fills the state of the scope.
    #[inline]
    pub(super) fn fill(&mut self, state: &mut ScopeState, config: &Config, decided: &mut Decided) -> Shown {
        let log_fields = std::mem::take(&mut self.log_fields);
        state.correlation.begin(&mut self.inbound.correlation);
        let received = self.inbound.received.take();
        let inbound = &self.inbound;
        let shared_draw = self.shared.map(|shared| shared.draw);
        state.trace_id = decided.trace_id;
        state.sampled = decided.sampled;
        state.recorded = decided.recorded;
        state.tail = decided.tail;
        state.withheld = decided.withheld;
        state.random = inbound.parent.as_ref().map_or(self.shared.is_none(), |parent| parent.random);
        let trace_state = inbound.parent.as_ref().and_then(|parent| parent.trace_state.as_ref());
        state.trace_state = trace_state.and_then(|list| {
            let redrawn = inbound.untrusted || !config.sampler.is_parent_based();
            if redrawn && !config.disabled { without_threshold(list) } else { Some(list.clone()) }
        });
        // The threshold of the head sampler says nothing of a scope that is kept against its decision.
        state.exported_trace_state = match &state.trace_state {
            Some(list) if !state.sampled => without_threshold(list),
            list => list.clone(),
        };
        state.debug_sample_rate = config.debug_sample_rate;
        if config.debug_sample_rate > 0.0 && !config.disabled {
            let rate = config.debug_sample_rate;
            let by_work = |id| Sampler::ratio(rate).sample(None, id);
            state.correlation.draw_debug(|| shared_draw.map_or_else(|| draw(rate), by_work));
        }
        let memory = std::mem::take(&mut state.kept_id);
        state.correlation.complete(|| match &self.default_id {
            Some(id) => id.clone(),
            None => text_of(decided.uuid, memory),
        });
        // Nobody records the trace of a disabled program. A context of it would tell others not to sample theirs.
        state.hides_trace = config.disabled && inbound.parent.is_none();
        let shown_trace = (!state.hides_trace).then_some(state.trace_id);
        let ids = ShownIds::of(shown_trace, &state.correlation);
        let shown = Shown { debug_logs: state.correlation.debug_log_enabled(), ids };
        state.baggage = inbound.baggage.clone();
        state.xray = decided.outer_xray.take().or_else(|| inbound.xray.clone());
        state.formats = config.propagators;
        if state.hides_trace {
            (state.formats.tracecontext, state.formats.xray) = (false, false);
        }
        state.limits = config.limits;
        state.received_context = self.received_context.clone();
        state.received = received;
        state.exceptions = config.exceptions;
        state.log.begin(std::mem::take(&mut decided.outer_log), log_fields);
        state.names = self.names.clone();
        state.deadline = self.deadline;
        state.outer = decided.outer;
        state.receiver = std::mem::take(&mut decided.receiver);
        // The root span is recorded even at the limit, because the count of dropped spans is recorded on it.
        state.limit_spans(decided.spans_left.max(1));
        self.start_root(state, config, decided.root_id);
        if let Some(marked) = decided.replayed {
            state.repeat_in(marked);
        }
        shown
    }

    /// Starts the root span.
    #[inline]
    fn start_root(&self, state: &mut ScopeState, config: &Config, drawn: Option<SpanId>) {
        let inbound = &self.inbound;
        let (trace_id, recorded) = (state.trace_id, state.recorded);
        if state.open(0, false).is_none() {
            return;
        }
        let mut parent = inbound.parent.as_ref().map(|parent| parent.span_id);
        let mut parent_is_remote = parent.is_some() && inbound.source != ParentSource::Local;
        let id = if config.disabled { parent } else { drawn }.unwrap_or_else(SpanId::random);
        let start = self.start_time.map_or_else(now, unix_nano);
        if let Some(preceding) = self.preceding.as_ref().filter(|_| recorded)
            && let Some(before) = preceding.record(state, parent, parent_is_remote, start)
        {
            (parent, parent_is_remote) = (Some(before), false);
        }
        let Some((root, _)) = state.span(0) else { return };
        root.start(trace_id, id, parent, &self.name, start);
        root.kind = self.kind;
        root.parent_is_remote = parent_is_remote;
        if recorded {
            self.describe_root(root, config);
        }
    }

    /// Sets the first attributes and links of the root span.
    #[inline]
    fn describe_root(&self, root: &mut OpenSpan, config: &Config) {
        let (inbound, limits) = (&self.inbound, &config.limits);
        // Readers know a root span by this attribute, and add counts to it.
        root.set_first_attribute(semconv::THUNDRA_PARENT_SOURCE, inbound.source.as_str(), limits);
        if let Some(xray) = inbound.xray.as_ref().filter(|_| inbound.source != ParentSource::XRay) {
            root.set_attribute(semconv::THUNDRA_XRAY_ROOT, &xray.root().into(), limits);
        }
        if let Some(version) = config.version {
            root.set_attribute(semconv::THUNDRA_CONFIG_VERSION, &version.into(), limits);
        }
        if inbound.dropped > 0 {
            root.set_attribute(semconv::THUNDRA_PROPAGATION_DROPPED, &inbound.dropped.into(), limits);
        }
        root.set_own_attributes(&self.own_attributes, limits);
        root.set_attributes(&self.attributes, limits);
        self.links.iter().for_each(|(to, attributes)| root.link(to, attributes, limits));
    }
}

/// Adds entries to a list. An empty list takes the memory of the entries, if they come as a list.
fn append<T>(list: &mut Vec<T>, entries: impl IntoIterator<Item = T>) {
    if list.is_empty() {
        *list = entries.into_iter().collect();
    } else {
        list.extend(entries);
    }
}

/// Takes the hold of a recorded scope's span: see [`adopting`].
fn hold_for_span(state: &mut ScopeState) {
    if state.recorded {
        state.hold();
    }
}

/// What a scope is, as decided before the scope has a place.
#[derive(Debug)]
pub(super) struct Decided {
    trace_id: TraceId,
    /// The id of the root span; `None` for a new one.
    root_id: Option<SpanId>,
    /// The id of a new chain of calls.
    uuid: Uuid,
    sampled: bool,
    recorded: bool,
    tail: Tail,
    outer: Option<ScopeId>,
    /// The marked span of the outer scope.
    replayed: Option<SpanId>,
    outer_xray: Option<XRayHeader>,
    withheld: bool,
    outer_log: SharedKeys,
    spans_left: u32,
    receiver: Receiver,
}

/// What a scope shows to the subscriber.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// `true` for a scope with debug logs.
    debug_logs: bool,
    ids: Option<Box<ShownIds>>,
}

/// The message of a scope without a place.
pub(super) const TOO_MANY: &str = "65,536 scopes are open: further ones are not recorded and carry no ids";

/// Returns `true` with this probability.
fn draw(ratio: f64) -> bool {
    // As many bits as a float has.
    let random = u64::from_be_bytes(SpanId::random().to_bytes()) >> 11;
    (random as f64) < ratio * (1_u64 << 53) as f64
}

/// Returns the text of a UUID, in the memory of an empty text. `Display` would take a detour through the formatter.
fn text_of(uuid: Uuid, mut memory: String) -> String {
    memory.push_str(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    memory
}
