//! The state of a scope: the data shared by all spans, the open spans, and the bytes of the ended spans.

use std::any::Any;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use super::kept_lines::KeptLines;
use super::open_span::OpenSpan;
use super::packed_id::MAX_RECORDS;
use super::receiver::Receiver;
use super::record_buffer::RecordBuffer;
use super::scope_log::ScopeLog;
use super::scope_names::ScopeNames;
use super::slot::ScopeId;
use super::tail::{Moment, More, Tail};
use super::waiting::{Waiting, Woken};
use crate::carrier::{CorrelationIds, Outbound, Propagators, Received, XRayHeader};
use crate::config::{ExceptionSignal, Limits};
use crate::export::LossReason;
use crate::kept_run;
use crate::pipeline::{Losses, backlog};
use crate::points::collection::ScopeFacts;
use crate::points::set::Points;
use crate::{Records, Signal, SpanId, TraceContext, TraceId, Value, semconv};

/// The most span records kept, with their memory, for the next scope in the place.
const KEEP_SPANS: usize = 1024;
/// The bytes reserved for the finished spans of a scope. The last scope in the place gives the number, within the
/// bounds.
const FIRST_ROOM: Range<usize> = 1024..256 * 1024;

/// The bit of [`ScopeFlags::COLD_START`](crate::ScopeFlags::COLD_START), a fact for the tail decision.
pub(crate) const COLD_START: u32 = 1 << 8;

/// The state of a scope, behind the lock of its place in the [slab](super::slab).
#[derive(Debug)]
pub(crate) struct ScopeState {
    /// The number of holds on the place. The owner of the scope has a hold, and each `tracing` span of the scope has
    /// another hold.
    holders: u32,
    pub(crate) trace_id: TraceId,
    /// The sampling decision, as propagated.
    pub(crate) sampled: bool,
    /// `true` if the trace id is known to be random.
    pub(crate) random: bool,
    /// The ratio of new chains with debug logs, as of the start of the scope.
    pub(crate) debug_sample_rate: f64,
    /// `true` if the spans of the scope are recorded. An unsampled scope is recorded for a [tail decision](Tail).
    pub(crate) recorded: bool,
    /// The fate of the recorded spans.
    pub(crate) tail: Tail,
    /// `true` if X-Ray did not sample the invocation of the scope, and nothing kept the scope. Exporters that follow
    /// X-Ray get none of the spans.
    pub(crate) withheld: bool,
    pub(crate) trace_state: Option<Arc<str>>,
    /// The trace state on exported spans.
    pub(crate) exported_trace_state: Option<Arc<str>>,
    pub(crate) correlation: CorrelationIds,
    /// The memory of an id of an earlier scope, for an id.
    pub(crate) kept_id: String,
    pub(crate) baggage: Option<Arc<str>>,
    pub(crate) xray: Option<XRayHeader>,
    pub(crate) formats: Propagators,
    /// `true` if the program is disabled, and no caller began a trace.
    pub(crate) hides_trace: bool,
    /// The values received under our keys. A forwarded value is replaced by the scope's own.
    pub(crate) received: Option<Arc<Received>>,
    pub(crate) limits: Limits,
    /// The received `__context__` object. A forwarded object is replaced by the scope's own.
    pub(crate) received_context: Option<Arc<str>>,
    /// What the log lines of the scope have in common.
    pub(crate) log: ScopeLog,
    /// The points measured in the scope.
    pub(crate) points: Option<Box<Points>>,
    /// The signal for exceptions.
    pub(crate) exceptions: ExceptionSignal,
    /// The outer scope of a nested scope, and the receiver of the nested scope's finished spans.
    pub(crate) outer: Option<ScopeId>,
    /// The receiver of the scope's data.
    pub(crate) receiver: Receiver,
    /// The names to find the scope by; few scopes have any.
    pub(crate) names: Option<Arc<ScopeNames>>,
    /// The bits of [`ScopeFlags`](crate::ScopeFlags).
    pub(crate) flags: u32,
    /// The time by which the work has to end.
    pub(crate) deadline: Option<SystemTime>,
    /// The value attached by the owner to the scope.
    pub(crate) attached: Option<Arc<dyn Any + Send + Sync>>,
    /// `true` once the owner has finished the scope.
    pub(crate) sealed: bool,
    /// The log lines kept until the scope fails.
    pub(crate) kept_lines: KeptLines,
    spans: Vec<OpenSpan>,
    /// The free indices of `spans`, used from the end.
    vacant: Vec<u32>,
    /// The ended spans, as `ScopeSpans.spans` fields of OTLP, until the owner takes them.
    finished: Vec<u8>,
    first_room: usize,
    pub(super) finished_count: u32,
    /// The spans of nested scopes, apart while the fate of the own spans is undecided.
    nested: Records,
    pub(super) log_records: RecordBuffer,
    /// The number of started spans, for the limit.
    pub(crate) started: u32,
    /// The number of spans to start without a question: the limit, or 0 while a span [replays](super::replay).
    unasked: u32,
    /// The replayed work; few scopes have any.
    pub(super) replay: Option<Box<Replay>>,
    /// The number of spans ever within the records of others, which tells the [ids](super::packed_id) apart.
    pub(super) within: u32,
    /// The number of spans over the limit.
    pub(crate) dropped: u32,
    /// The number of messages without the full context.
    pub(crate) incomplete_messages: u64,
    /// Begins the scope; `None` once it has begun.
    wake: Option<Wake>,
    /// What the scope begins with, while it [waits](super::waiting).
    waiting: Waiting,
}

/// Begins a scope that waited.
pub(crate) type Wake = fn(&Waiting, &Woken, &mut ScopeState);

/// The replayed work of a scope.
#[derive(Debug, Default)]
pub(super) struct Replay {
    /// The spans marked as replayed work.
    pub(super) marked: BTreeSet<SpanId>,
    /// The marked span of the outer scope in which a nested scope began.
    pub(super) begun_in: Option<SpanId>,
    /// The number of spans that repeat earlier spans.
    pub(super) spans: u64,
    /// The number of events that repeat earlier events.
    pub(super) events: u64,
}

impl ScopeState {
    pub(super) fn vacant() -> Self {
        ScopeState {
            holders: 0,
            trace_id: TraceId::NOBODYS,
            sampled: false,
            random: false,
            debug_sample_rate: 0.0,
            recorded: false,
            tail: Tail::Exported,
            withheld: false,
            trace_state: None,
            exported_trace_state: None,
            correlation: CorrelationIds::default(),
            kept_id: String::new(),
            baggage: None,
            xray: None,
            formats: Propagators::NONE,
            hides_trace: false,
            received: None,
            limits: Limits::default(),
            received_context: None,
            log: ScopeLog::default(),
            points: None,
            exceptions: ExceptionSignal::Spans,
            outer: None,
            receiver: Receiver::default(),
            names: None,
            flags: 0,
            deadline: None,
            attached: None,
            sealed: false,
            kept_lines: KeptLines::default(),
            spans: Vec::new(),
            vacant: Vec::new(),
            finished: Vec::new(),
            first_room: FIRST_ROOM.start,
            finished_count: 0,
            nested: Records::default(),
            log_records: RecordBuffer::default(),
            started: 0,
            unasked: 0,
            replay: None,
            within: 0,
            dropped: 0,
            incomplete_messages: 0,
            wake: None,
            waiting: Waiting::default(),
        }
    }

    /// Lets the scope wait for the first question.
    pub(super) fn wait(&mut self, wake: Wake, keep: impl FnOnce(&mut Waiting)) {
        self.wake = Some(wake);
        keep(&mut self.waiting);
    }

    /// Returns `true` for a scope that waits.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.wake.is_some()
    }

    /// Returns what the scope begins with, while it waits.
    #[cfg(feature = "otel")]
    #[inline]
    pub(super) fn waiting(&self) -> Option<Woken> {
        self.waiting.woken()
    }

    /// Begins a scope that waited.
    #[cold]
    pub(super) fn wake(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        if let Some((wake, woken)) = self.wake.take().zip(waiting.woken()) {
            wake(&waiting, &woken, self);
        }
        waiting.clear();
        self.waiting = waiting;
    }

    /// Ends the waiting of a scope that nothing asked. The rest of the state is as it was reset.
    #[inline]
    pub(super) fn stop_waiting(&mut self) {
        self.wake = None;
        self.waiting.clear();
    }

    /// Takes a hold on the place.
    pub(crate) fn hold(&mut self) {
        self.holders += 1;
    }

    /// Gives up a hold on the place. Returns `true` for the last hold.
    #[inline]
    pub(super) fn give_up(&mut self) -> bool {
        self.holders = self.holders.saturating_sub(1);
        self.holders == 0
    }

    /// Sets the limit of spans.
    pub(crate) fn limit_spans(&mut self, spans: u32) {
        self.limits.spans = spans;
        self.ask();
    }

    /// Asks about each span while a span replays, else about the spans over the limit.
    pub(super) fn ask(&mut self) {
        self.unasked = if self.is_replaying() { 0 } else { self.limits.spans };
    }

    /// Returns a record for one more span, below the span `parent`. Over the limit, and for a span without a
    /// [mark](super::replay) that repeats an earlier span, counts the span and returns `None`.
    #[inline]
    pub(crate) fn open(&mut self, parent: u32, is_marked: bool) -> Option<(u32, &mut OpenSpan)> {
        if self.started >= self.unasked && !self.may_open(parent, is_marked) {
            return None;
        }
        self.started += 1;
        let index = match self.vacant.pop() {
            Some(index) => index,
            None => self.add_record()?,
        };
        self.spans.get_mut(index as usize).map(|span| (index, span))
    }

    /// Returns the index of a further record. Over the number of records that an id can name, counts the span and
    /// returns `None`.
    fn add_record(&mut self) -> Option<u32> {
        let index = u32::try_from(self.spans.len()).ok().filter(|index| *index < MAX_RECORDS);
        match index {
            Some(_) => self.spans.push(OpenSpan::vacant()),
            None => {
                self.started -= 1;
                self.count_dropped();
            }
        }
        index
    }

    /// Returns `true` if a span is recorded, and counts the others.
    #[cold]
    fn may_open(&mut self, parent: u32, is_marked: bool) -> bool {
        if !is_marked && self.count_repeated_span(parent) {
            return false;
        }
        let is_within_limit = self.started < self.limits.spans;
        if !is_within_limit {
            self.count_dropped();
        }
        is_within_limit
    }

    /// Returns the record of a span, and the limits for changes.
    #[inline]
    pub(crate) fn span(&mut self, index: u32) -> Option<(&mut OpenSpan, &Limits)> {
        self.spans.get_mut(index as usize).map(|span| (span, &self.limits))
    }

    pub(crate) fn span_id(&self, index: u32) -> Option<SpanId> {
        self.spans.get(index as usize).map(|span| span.id)
    }

    /// Ends a span: appends the span's bytes to the finished spans, unless the spans are dropped, and frees the record.
    pub(crate) fn close(&mut self, index: u32, end_unix_nano: u64) {
        self.close_at_once(index, end_unix_nano);
    }

    /// Ends a span as [`close`](Self::close) does, inlined: for the end of each span.
    #[inline(always)]
    pub(super) fn close_at_once(&mut self, index: u32, end_unix_nano: u64) {
        if let Some(span) = self.spans.get_mut(index as usize) {
            if span.is_filled() {
                return self.close_filled(index);
            }
            if self.tail.takes(span) {
                if self.finished.capacity() == 0 {
                    self.finished = kept_run::with_room(self.first_room);
                }
                let flags = TraceContext::flags_of(self.sampled, self.random);
                span.end(&mut self.finished, self.exported_trace_state.as_deref(), flags, end_unix_nano);
                self.finished_count += 1;
            } else {
                span.shrink();
                self.tail.count(Losses::records(Signal::Traces, 1, LossReason::KeepLimit));
            }
            if index != 0 {
                self.vacant.push(index);
            } else {
                // The root span keeps the record and the id, for late children.
                span.fill();
            }
        }
    }

    /// Ends the root span, and decides the fate of the spans.
    #[inline]
    pub(crate) fn close_root(&mut self, end_unix_nano: u64) {
        if self.tail != Tail::Exported {
            self.decide(end_unix_nano, Moment::End);
        }
        if u64::from(self.dropped) + self.incomplete_messages > 0 || self.has_repeated() {
            self.hand_over_counts();
        }
        self.identify_root();
        self.close(0, end_unix_nano);
    }

    /// Records the correlation ids on the root span, as of the end of the scope.
    #[inline]
    fn identify_root(&mut self) {
        if let Some(root) = self.spans.first_mut().filter(|root| self.tail.is_exported() && !root.is_filled()) {
            root.identify(self.correlation.shown());
        }
    }

    /// Hands the counts of the scope to the root span. If the root span was exported before, or is not exported, the
    /// next root span of the process carries the counts.
    #[cold]
    fn hand_over_counts(&mut self) {
        let (dropped, incomplete) = (u64::from(self.dropped), self.incomplete_messages);
        let (counts, is_exported) = (self.take_counts(), self.tail.is_exported());
        match self.span(0) {
            Some((root, limits)) if is_exported && !root.is_filled() => {
                let limits = limits.without_attribute_limit();
                counts.iter().for_each(|(key, count)| root.set_attribute(key, count, &limits));
            }
            _ => {
                backlog::count(Losses::incomplete_messages(incomplete));
                match is_exported {
                    true => backlog::count(Losses::dropped_spans(dropped)),
                    false => self.tail.count(Losses::dropped_spans(dropped)),
                }
            }
        }
    }

    /// Ends a span exported while open.
    #[cold]
    fn close_filled(&mut self, index: u32) {
        // The root span keeps the record: the count of the root span is read at the end of the scope.
        if let Some(span) = self.spans.get(index as usize).filter(|_| index != 0) {
            count_after_end(span);
            self.vacant.push(index);
        }
    }

    /// Appends the ending of a span with a record elsewhere.
    pub(super) fn append(&mut self, ending: &mut OpenSpan, end_unix_nano: u64) {
        let flags = TraceContext::flags_of(self.sampled, self.random);
        ending.end(&mut self.finished, self.exported_trace_state.as_deref(), flags, end_unix_nano);
        self.finished_count += 1;
    }

    /// Takes the counts for the attributes of the root span.
    pub(super) fn take_counts(&mut self) -> Vec<(&'static str, Value)> {
        let (repeated_spans, repeated_events) = self.take_repeated();
        let counts = [
            (semconv::THUNDRA_DROPPED_SPANS, u64::from(std::mem::take(&mut self.dropped))),
            (semconv::THUNDRA_INJECTION_INCOMPLETE_MESSAGES, std::mem::take(&mut self.incomplete_messages)),
            (semconv::DURABLE_REPLAYED_SPANS, repeated_spans),
            (semconv::DURABLE_REPLAYED_EVENTS, repeated_events),
        ];
        counts.into_iter().filter(|(_, count)| *count > 0).map(|(key, count)| (key, count.into())).collect()
    }

    /// Returns the indices of the open, recorded spans not yet exported.
    pub(super) fn open_spans(&self) -> Vec<u32> {
        let mut open: Vec<bool> = self.spans.iter().map(|span| !span.is_filled()).collect();
        let unrecorded_root = (!self.recorded).then_some(0);
        for index in self.vacant.iter().copied().chain(unrecorded_root) {
            if let Some(open) = open.get_mut(index as usize) {
                *open = false;
            }
        }
        (0..).zip(open).filter_map(|(index, open)| open.then_some(index)).collect()
    }

    /// Decides the fate of the spans of an unsampled scope, once.
    #[cold]
    pub(super) fn decide(&mut self, now_unix_nano: u64, moment: Moment) {
        let (Tail::Undecided(facts) | Tail::Withheld(facts)) = self.tail else { return };
        let Some(root) = self.spans.first_mut() else { return };
        let more =
            More { moment, is_cold: self.flags & COLD_START != 0, is_debugged: self.correlation.debug_log_enabled() };
        let decided = facts.decide(root, &self.limits, now_unix_nano, more);
        if decided == Tail::Exported {
            // X-Ray gets the kept spans as well.
            self.withheld = false;
            self.nested = std::mem::take(&mut self.nested).for_all();
        }
        self.tail = self.tail.decided(decided);
        if matches!(self.tail, Tail::Dropped | Tail::Refused) {
            self.tail.count(Losses::records(Signal::Traces, self.finished_count.into(), LossReason::KeepLimit));
            self.note_room();
            self.finished.clear();
            self.finished_count = 0;
        }
    }

    /// Takes note of the size of the finished spans, for the next scope in the place.
    #[inline]
    fn note_room(&mut self) {
        self.first_room = self.finished.len().clamp(FIRST_ROOM.start, FIRST_ROOM.end);
    }

    /// Takes the ended spans, also those of nested scopes.
    pub(crate) fn take_finished(&mut self) -> Records {
        if self.tail.is_exported() {
            self.note_room();
        }
        let own = self.take_records();
        if self.nested.is_empty() {
            return own;
        }
        // The root of the scope stays the last span. All records are spans, so `append` returns no records.
        let mut all = self.take_nested();
        let _ = all.append(own);
        all
    }

    /// Takes the spans of nested scopes, while the fate of the own spans is undecided.
    pub(super) fn take_nested(&mut self) -> Records {
        std::mem::take(&mut self.nested)
    }

    /// Adds the spans of a nested scope. The spans of a nested scope have a separate fate.
    pub(crate) fn add_nested(&mut self, records: Records, started: u32) {
        if self.tail == Tail::Exported && !self.withheld {
            self.finished.extend_from_slice(records.bytes());
            self.finished_count += records.count();
            kept_run::keep(records.into_bytes());
        } else {
            let _ = self.nested.append(records);
        }
        self.started = self.started.saturating_add(started);
    }

    /// Takes the spans ended since the owner finished the scope.
    #[inline]
    pub(crate) fn take_late(&mut self) -> Option<Records> {
        (self.sealed && !self.finished.is_empty()).then(|| self.take_records())
    }

    #[inline]
    fn take_records(&mut self) -> Records {
        let records = Records::of_spans(std::mem::take(&mut self.finished), std::mem::take(&mut self.finished_count));
        if self.withheld { records.withheld() } else { records }
    }

    /// Counts a span over the limit. After the end of the root span, the next root span of the process carries the
    /// count.
    #[cold]
    fn count_dropped(&mut self) {
        if self.tail == Tail::Dropped {
            return;
        }
        if self.sealed {
            backlog::count(Losses::dropped_spans(1));
        } else {
            self.dropped += 1;
        }
    }

    /// Takes the points, with the facts for the writer of the points.
    #[inline]
    pub(crate) fn take_points(&mut self) -> Option<(Box<Points>, ScopeFacts)> {
        let points = self.points.take()?;
        Some((points, self.facts()))
    }

    /// Returns the facts for the writer of points.
    pub(super) fn facts(&self) -> ScopeFacts {
        ScopeFacts { log_fields: self.log.with_ids(&self.correlation), context: self.context(0) }
    }

    /// Returns how many more spans the limit allows.
    pub(crate) fn spans_left(&self) -> u32 {
        self.limits.spans.saturating_sub(self.started)
    }

    /// Returns the context of a span.
    pub(crate) fn context(&self, index: u32) -> Option<TraceContext> {
        let mut context = TraceContext::new(self.trace_id, self.span_id(index)?, self.sampled);
        context.random = self.random;
        context.trace_state.clone_from(&self.trace_state);
        Some(context)
    }

    /// Returns the context for a call of a span.
    pub(crate) fn outbound(&self, index: u32) -> Option<Outbound> {
        Some(Outbound {
            context: self.context(index)?,
            correlation: self.correlation.clone(),
            baggage: self.baggage.clone(),
            xray: self.xray.clone(),
            formats: self.formats,
            received: self.received.clone(),
        })
    }

    /// Makes the place ready for another scope.
    pub(super) fn reset(&mut self) {
        if self.tail != Tail::Dropped {
            self.spans.first().into_iter().for_each(count_after_end);
        }
        (self.trace_state, self.baggage, self.xray, self.received_context) = (None, None, None, None);
        self.exported_trace_state = None;
        self.log.reset();
        (self.tail, self.nested) = (Tail::Exported, Records::default());
        self.kept_id = self.correlation.clear();
        self.received = None;
        (self.outer, self.names, self.deadline, self.attached) = (None, None, None, None);
        self.receiver = Receiver::default();
        (self.sealed, self.flags, self.replay) = (false, 0, None);
        self.kept_lines.reset();
        (self.finished_count, self.started, self.dropped, self.incomplete_messages) = (0, 0, 0, 0);
        self.finished = Vec::new();
        self.spans.truncate(KEEP_SPANS);
        self.vacant.clear();
        self.vacant.shrink_to(KEEP_SPANS);
        // Low indices are taken first, so the records with kept memory are in use.
        self.vacant.extend((0..self.spans.len() as u32).rev());
    }
}

/// Counts the changes of a span after the end.
#[inline]
fn count_after_end(span: &OpenSpan) {
    let after_end = span.dropped();
    if after_end > 0 {
        backlog::count(Losses::after_end(after_end));
    }
}
