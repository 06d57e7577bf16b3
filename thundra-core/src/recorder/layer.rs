//! The `tracing_subscriber` layer.
//!
//! It keeps nothing in the registry's extensions and nearly never asks it anything, since each such question
//! costs two locked instructions: a span's place comes from [`table`](super::table), the current span from
//! [`stack`](super::stack).

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::dispatcher::WeakDispatch;
use tracing::field::Visit;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Level, Metadata, Span, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use super::open::{OpenSpan, head};
use super::table::Table;
use super::visit::{self, Fields, Of, Outcome};
use super::{Place, PlaceKind, SCOPE_TARGET, SCOPES, ScopeId, silence, stack};
use crate::clock::now;
use crate::config::Limits;
use crate::log::{self, BRIDGE_TARGET};
use crate::pipeline::{Losses, backlog};
use crate::{SpanId, redact};

thread_local! {
    /// The scope whose span is being made on this thread.
    static ADOPTING: Cell<Option<Place>> = const { Cell::new(None) };
}

/// Runs `make`, which makes the span that carries a scope.
pub(crate) fn adopting(root: Place, make: impl FnOnce() -> Span) -> Span {
    let _ = ADOPTING.try_with(|cell| cell.set(Some(root)));
    let span = make();
    let _ = ADOPTING.try_with(|cell| cell.set(None));
    span
}

/// Records the spans of scopes: see [`crate::layer`].
#[derive(Debug)]
pub(crate) struct Recorder {
    table: Table,
    /// Which events become span events.
    events: EventFilter,
    limits: Limits,
    /// `true` once a callsite was seen whose [fields need care](visit::need_care).
    careful: AtomicBool,
    /// The most detailed level of the spans that are recorded.
    widest: LevelFilter,
    /// The most detailed level that the subscriber below lets any layer see, where that hides spans up to `widest`.
    level_below: Option<LevelFilter>,
    /// The subscriber that this layer is part of.
    dispatch: OnceLock<WeakDispatch>,
    /// What else it does where it is the only layer.
    alone: Option<Alone>,
}

/// What other layers would do beside this one: each of them would cost every span its share of `tracing`'s own
/// work, some 70 instructions.
#[derive(Debug)]
pub(crate) struct Alone {
    /// Which spans exist at all.
    pub(crate) spans: Targets,
    /// Which events are written as log lines.
    pub(crate) log: EventFilter,
    /// Writes an event as a line.
    pub(crate) write: log::Write,
}

impl Alone {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let (target, level) = (metadata.target(), metadata.level());
        self.spans.would_enable(target, level) || (metadata.is_event() && self.log.enables(metadata))
    }

    fn widest(&self) -> LevelFilter {
        widest(&self.spans).max(self.log.widest())
    }
}

fn widest(targets: &Targets) -> LevelFilter {
    let levels = targets.iter().map(|(_, level)| level).chain(targets.default_level());
    levels.max().unwrap_or(LevelFilter::OFF)
}

/// Which events are recorded, or written; nearly always a level and nothing else, which is one comparison.
#[derive(Debug)]
pub(crate) enum EventFilter {
    Level(LevelFilter),
    Targets(Targets),
}

impl EventFilter {
    pub(crate) fn new(targets: &Targets) -> Self {
        match targets.iter().next() {
            None => EventFilter::Level(widest(targets)),
            Some(_) => EventFilter::Targets(targets.clone()),
        }
    }

    #[inline]
    fn enables(&self, metadata: &Metadata<'_>) -> bool {
        match self {
            EventFilter::Level(level) => metadata.level() <= level,
            EventFilter::Targets(targets) => targets.would_enable(metadata.target(), metadata.level()),
        }
    }

    /// Returns whether an event is recorded. The runtime's own errors hold values of the payload.
    #[inline]
    fn records(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.target().starts_with("lambda_runtime") && self.enables(metadata)
    }

    fn widest(&self) -> LevelFilter {
        match self {
            EventFilter::Level(level) => *level,
            EventFilter::Targets(targets) => widest(targets),
        }
    }
}

impl Recorder {
    /// A recorder beside other layers, behind a filter of its own.
    pub(crate) fn new(spans: &Targets, limits: Limits) -> Self {
        Recorder {
            table: Table::new(),
            events: EventFilter::new(spans),
            limits,
            careful: AtomicBool::new(false),
            widest: widest(spans),
            level_below: None,
            dispatch: OnceLock::new(),
            alone: None,
        }
    }

    /// A recorder that is the only layer.
    pub(crate) fn alone(spans: &Targets, limits: Limits, alone: Alone) -> Self {
        Recorder { alone: Some(alone), ..Recorder::new(spans, limits) }
    }

    /// Returns the place that this code runs in: that of the innermost recorded span, or of the scope.
    #[inline]
    pub(crate) fn current() -> Option<Place> {
        stack::current().or_else(Recorder::current_behind_hidden)
    }

    /// Returns the place that a span leads to which a filter hides from this layer: a task may have no other span.
    #[cold]
    fn current_behind_hidden() -> Option<Place> {
        tracing::dispatcher::get_default(|dispatch| {
            let recorder = dispatch.downcast_ref::<Recorder>()?;
            recorder.behind_hidden(|| dispatch.current_span().id().cloned())
        })
    }

    /// As [`current_behind_hidden`](Self::current_behind_hidden), where the layer is known.
    #[inline]
    fn behind_hidden(&self, current: impl FnOnce() -> Option<Id>) -> Option<Place> {
        // Where this is the only layer, a span that it does not want does not exist.
        if self.alone.is_some() { None } else { self.place_of(&current()?) }
    }

    /// Where this span is recorded, if it is.
    pub(crate) fn place(span: &Span) -> Option<Place> {
        span.with_subscriber(|(id, dispatch)| dispatch.downcast_ref::<Recorder>()?.table.get(id.into_u64()))?
    }

    /// Returns the place above a new span: its parent, where that is recorded; else the nearest ancestor that is;
    /// else, for a span that has a parent outside of every scope or none at all, the [root](scope_root) of the scope.
    #[inline]
    fn parent<S>(&self, attributes: &Attributes<'_>, id: &Id, context: &Context<'_, S>) -> Option<Place>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let near = match attributes.parent() {
            Some(parent) => self.table.get(parent.into_u64()),
            None if attributes.is_contextual() => stack::current(),
            None => return self.scope_root(context),
        };
        // In between may lie a span that a filter hides from this layer, or one of a scope that is not recorded: a
        // parent that is named may be of one that was finished long ago.
        let may_lie_between = || attributes.parent().is_some() || self.alone.is_none() || SCOPES.some_are_unrecorded();
        near.or_else(|| may_lie_between().then(|| self.ancestor(id, context).or_else(|| self.scope_root(context)))?)
    }

    #[cold]
    fn ancestor<S>(&self, id: &Id, context: &Context<'_, S>) -> Option<Place>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        context.span(id)?.scope().skip(1).find_map(|span| self.table.get(span.id().into_u64()))
    }

    /// Returns the root of the scope that this code runs in: a span or an event made without a parent belongs there, since
    /// only [`Scope`](crate::Scope) begins traces.
    #[cold]
    fn scope_root<S>(&self, context: &Context<'_, S>) -> Option<Place>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let here = stack::current().or_else(|| self.behind_hidden(|| context.current_span().id().cloned()));
        here.map(|place| root(place.scope, place.kind() != PlaceKind::Unrecorded))
    }

    /// Returns the place of a span that was named, or of its nearest ancestor that has one. Spans that a filter hides
    /// from this layer are walked over.
    #[cold]
    fn place_of(&self, id: &Id) -> Option<Place> {
        self.table.get(id.into_u64()).or_else(|| {
            let dispatch = self.dispatch.get()?.upgrade()?;
            let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
            span.scope().find_map(|span| self.table.get(span.id().into_u64()))
        })
    }

    /// Returns `true` where the fields of this callsite [need care](visit::need_care). Nearly always there is none in
    /// the whole program.
    #[inline]
    fn is_careful(&self, metadata: &Metadata<'_>) -> bool {
        self.careful.load(Ordering::Relaxed) && visit::need_care(metadata.fields())
    }

    /// On a thread that is in no scope yet, a span of one that is not recorded brings its scope along.
    #[cold]
    fn bring_along<S>(&self, id: &Id, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if let Some(place) = self.ancestor(id, context) {
            // A task is entered at each poll: the next one finds it at once. The place of a recorded span is that
            // span's alone to close.
            if place.kind() == PlaceKind::Unrecorded {
                self.table.insert(id.into_u64(), place);
            }
            stack::push(id.into_u64(), place);
            #[cfg(feature = "otel-spans")]
            crate::otel::spans::enter(id.into_u64(), place);
        }
    }

    /// Encodes the fields of a new span or of an event.
    #[inline]
    fn read(&self, fields: &mut Fields, of: Of, metadata: &Metadata<'_>, record: impl FnOnce(&mut dyn Visit)) {
        let start = fields.encoded.len();
        let careful = self.is_careful(metadata);
        let max = if careful { u32::MAX } else { self.limits.attributes };
        fields.read(of, (max, self.limits.value_length), record);
        if careful {
            fields.settle(start, self.limits.attributes);
        }
    }

    /// Records a span below `parent` and says where.
    #[inline]
    fn open(&self, attributes: &Attributes<'_>, parent: Place) -> Option<Place> {
        visit::with_fields(|fields| {
            let (id, name, start) = (SpanId::random(), attributes.metadata().name(), now());
            head(&mut fields.encoded, id, name, start);
            self.read(fields, Of::Span, attributes.metadata(), |visitor| attributes.record(visitor));
            let Some(mut scope) = SCOPES.lock(parent.scope) else {
                count_homeless();
                return None;
            };
            scope.hold();
            let (trace_id, parent_id) = (scope.trace_id, scope.span_id(parent.span()));
            let Some((index, span)) = scope.open() else {
                return Some(Place::new(parent.scope, parent.span(), PlaceKind::Ancestor));
            };
            span.begin(&mut fields.encoded, trace_id, id, parent_id, name, start);
            span.count_attributes(fields.count, fields.dropped);
            apply(span, fields);
            Some(Place::new(parent.scope, index, PlaceKind::Own))
        })
    }

    /// Writes and records an event.
    #[inline(always)]
    fn event<S>(&self, event: &Event<'_>, metadata: &Metadata<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if let Some(alone) = &self.alone
            && alone.log.enables(metadata)
        {
            (alone.write)(event, metadata);
        }
        let place = match event.parent() {
            Some(id) => self.place_of(id).or_else(|| self.scope_root(context)),
            None if event.is_contextual() => {
                stack::current().or_else(|| self.behind_hidden(|| context.current_span().id().cloned()))
            }
            None => self.scope_root(context),
        };
        let Some(place) = place else { return };
        if place.kind() == PlaceKind::Unrecorded || !self.events.records(metadata) {
            return;
        }
        let time = now();
        let failed = *metadata.level() == Level::ERROR;
        visit::with_fields(|fields| {
            self.read(fields, Of::Event, event.metadata(), |visitor| event.record(visitor));
            // It often has an error's text in it.
            if *metadata.level() <= Level::WARN || !fields.description.is_empty() {
                redact::in_place(&mut fields.name);
            }
            visit::event_head(fields, metadata.name());
            let Some(mut scope) = SCOPES.lock(place.scope) else { return };
            if let Some((span, limits)) = scope.span(place.span()) {
                span.event(time, &fields.head, &fields.encoded, limits);
                // What was said of the outcome before is more exact than a log line.
                if failed && span.is_unset() {
                    span.set_error(if fields.description.is_empty() { &fields.name } else { &fields.description });
                }
            }
        });
    }

    /// Writes and records an event that was made of a record of the `log` crate, by the metadata of that record.
    #[cold]
    fn bridged_event<S>(&self, event: &Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        match event.normalized_metadata() {
            Some(metadata) => self.event(event, &metadata, context),
            None => self.event(event, event.metadata(), context),
        }
    }
}

/// Counts a span whose scope found no place, or is gone.
#[cold]
fn count_homeless() {
    backlog::count(Losses { dropped_spans: 1, ..Losses::NONE });
}

/// Applies the fields with a meaning of their own.
#[inline]
fn apply(span: &mut OpenSpan, fields: &Fields) {
    if !fields.name.is_empty() {
        span.rename(&fields.name);
    }
    if let Some(kind) = fields.kind {
        span.kind = kind;
    }
    match fields.status {
        Some(Outcome::Ok) => span.set_status(&crate::Status::Ok),
        Some(Outcome::Error) => span.set_error(&fields.description),
        // The description may be recorded after the code.
        None if !fields.description.is_empty() => span.describe(&fields.description),
        None => {}
    }
}

impl<S> Layer<S> for Recorder
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.alone.as_ref().is_none_or(|alone| alone.wants(metadata))
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if visit::need_care(metadata.fields()) {
            self.careful.store(true, Ordering::Relaxed);
        }
        let alone = self.alone.as_ref();
        let is_recorded = alone.is_none_or(|alone| alone.spans.would_enable(metadata.target(), metadata.level()));
        if metadata.is_span() && metadata.target() != SCOPE_TARGET && is_recorded {
            silence::span_seen();
        }
        if alone.is_none_or(|alone| alone.wants(metadata)) { Interest::always() } else { Interest::never() }
    }

    fn on_layer(&mut self, below: &mut S) {
        self.level_below = silence::level_below(below, self.widest);
    }

    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
        if let Some(level) = self.level_below {
            silence::report_hidden_spans(level, self.widest);
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.alone.as_ref().map(Alone::widest)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() == SCOPE_TARGET
            && let Some(root) = ADOPTING.try_with(Cell::take).ok().flatten()
        {
            if root.kind() == PlaceKind::Root
                && let Some(mut scope) = SCOPES.lock(root.scope)
            {
                scope.hold();
            }
            return self.table.insert(id.into_u64(), root);
        }
        let Some(parent) = self.parent(attributes, id, &context) else { return };
        if parent.kind() == PlaceKind::Unrecorded {
            // A span that is not recorded is found through the one that carries its scope, see `on_enter`, unless it
            // was made below another one or none.
            if !attributes.is_contextual() {
                self.table.insert(id.into_u64(), parent);
            }
        } else if let Some(place) = self.open(attributes, parent) {
            self.table.insert(id.into_u64(), place);
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        let Some(place) = self.table.get(id.into_u64()) else { return };
        let of = |place: Place| SCOPES.lock(place.scope)?.context(place.span());
        let to = self.place_of(follows).and_then(of);
        with_span(place, |span, limits| match to {
            Some(to) => span.link(&to, &[], limits),
            // A span outside of every scope has no identity that a link could name.
            None => span.drop_link(),
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let Some(place) = self.table.get(id.into_u64()) else { return };
        if !matches!(place.kind(), PlaceKind::Own | PlaceKind::Root) {
            return;
        }
        visit::with_fields(|fields| {
            fields.read(Of::Span, (u32::MAX, self.limits.value_length), |visitor| values.record(visitor));
            let Some(mut scope) = SCOPES.lock(place.scope) else { return };
            if let Some((span, limits)) = scope.span(place.span()) {
                apply(span, fields);
                crate::otlp::read::each_attribute(&fields.encoded, |key, encoded| span.attribute(key, encoded, limits));
            }
        });
    }

    #[inline]
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() == BRIDGE_TARGET {
            return self.bridged_event(event, &context);
        }
        self.event(event, metadata, &context);
    }

    #[inline]
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(place) = self.table.get(id.into_u64()) {
            stack::push(id.into_u64(), place);
            #[cfg(feature = "otel-spans")]
            crate::otel::spans::enter(id.into_u64(), place);
        } else if stack::current().is_none() && SCOPES.some_are_unrecorded() {
            self.bring_along(id, &context);
        }
    }

    #[inline]
    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        stack::pop(id.into_u64());
        #[cfg(feature = "otel-spans")]
        crate::otel::spans::exit(id.into_u64());
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let Some(place) = self.table.remove(id.into_u64()) else { return };
        if place.kind() == PlaceKind::Unrecorded {
            return;
        }
        let Some(mut scope) = SCOPES.lock(place.scope) else { return };
        if place.kind() == PlaceKind::Own {
            scope.close(place.span(), now());
        }
        let late = scope.take_late();
        SCOPES.release(place.scope, scope);
        if let Some(spans) = late {
            backlog::add(spans);
        }
    }
}

/// Runs `f` on the record of the span at a place, if it still has one of its own.
pub(crate) fn with_span<R>(place: Place, f: impl FnOnce(&mut OpenSpan, &Limits) -> R) -> Option<R> {
    if !matches!(place.kind(), PlaceKind::Own | PlaceKind::Root) {
        return None;
    }
    let mut scope = SCOPES.lock(place.scope)?;
    scope.span(place.span()).map(|(span, limits)| f(span, limits))
}

/// The root of a scope, as a place.
pub(crate) const fn root(scope: ScopeId, recorded: bool) -> Place {
    Place::new(scope, 0, if recorded { PlaceKind::Root } else { PlaceKind::Unrecorded })
}
