//! Where scopes live: places with a lock each, made in chunks, used again with their memory.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::open::OpenSpan;
use crate::config::Limits;
use crate::pipeline::{Losses, backlog};
use crate::propagation::{CorrelationIds, Outbound, Propagators, Received, XRayHeader};
use crate::{Records, ScopeFlags, SpanId, TraceContext, TraceId};

const CHUNK: usize = 64;
const CHUNKS: usize = 1024;
/// What a place keeps of a big scope's memory.
const KEEP_SPANS: usize = 1024;
/// The room that the finished spans of a scope are given at first: as much as the scope before needed, in bounds.
const FIRST_ROOM: std::ops::Range<usize> = 1024..256 * 1024;

/// The scopes of this process.
pub(crate) static SCOPES: Slab = Slab::new();

/// Names a scope: its place, and which use of the place it is. An old name finds nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScopeId(u64);

impl ScopeId {
    pub(crate) const fn to_u64(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_u64(id: u64) -> Self {
        ScopeId(id)
    }

    const fn new(index: u32, generation: u32) -> Self {
        ScopeId((generation as u64) << 32 | index as u64)
    }

    const fn index(self) -> u32 {
        self.0 as u32
    }

    const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

impl fmt::Debug for ScopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeId({}.{})", self.index(), self.generation())
    }
}

/// A scope: what all its spans share, the spans that are open, and the bytes of those that have ended.
#[derive(Debug)]
pub(crate) struct ScopeState {
    generation: u32,
    /// How many hold this place: the scope's owner, and each `tracing` span in it.
    holders: u32,
    pub(crate) trace_id: TraceId,
    pub(crate) sampled: bool,
    /// `true` if the trace id is known to be random.
    pub(crate) random: bool,
    /// Whether its spans are.
    pub(crate) recorded: bool,
    pub(crate) trace_state: Option<Arc<str>>,
    pub(crate) correlation: CorrelationIds,
    pub(crate) baggage: Option<Arc<str>>,
    pub(crate) xray: Option<XRayHeader>,
    pub(crate) formats: Propagators,
    /// The values under our keys that this scope was given: sent on, they are replaced by its own.
    pub(crate) received: Option<Arc<Received>>,
    pub(crate) limits: Limits,
    /// The `__context__` objects this scope was given: sent on, they are replaced by its own.
    pub(crate) received_context: Option<Arc<str>>,
    /// The fields of its log lines: members of a JSON object, each after a comma.
    pub(crate) log_fields: Option<Arc<[u8]>>,
    /// The scope around this one, which gets its finished spans.
    pub(crate) outer: Option<ScopeId>,
    /// Facts that the crates running the scope leave for each other.
    pub(crate) flags: ScopeFlags,
    /// The owner has finished it.
    pub(crate) sealed: bool,
    spans: Vec<OpenSpan>,
    vacant: Vec<u32>,
    /// Spans that have ended: a run of `ScopeSpans.spans` fields. The owner takes it.
    pub(crate) finished: Vec<u8>,
    first_room: usize,
    pub(crate) finished_count: u32,
    pub(crate) started: u32,
    pub(crate) dropped: u32,
    /// How many messages could not carry our context, or not all of it.
    pub(crate) incomplete_messages: u64,
}

impl ScopeState {
    fn vacant() -> Self {
        ScopeState {
            generation: 0,
            holders: 0,
            trace_id: TraceId::NOBODYS,
            sampled: false,
            random: false,
            recorded: false,
            trace_state: None,
            correlation: CorrelationIds::default(),
            baggage: None,
            xray: None,
            formats: Propagators::NONE,
            received: None,
            limits: Limits::default(),
            received_context: None,
            log_fields: None,
            outer: None,
            flags: ScopeFlags::NONE,
            sealed: false,
            spans: Vec::new(),
            vacant: Vec::new(),
            finished: Vec::new(),
            first_room: FIRST_ROOM.start,
            finished_count: 0,
            started: 0,
            dropped: 0,
            incomplete_messages: 0,
        }
    }

    /// A place for one more span; `None` over the limit, which is counted.
    #[inline]
    pub(crate) fn open(&mut self) -> Option<(u32, &mut OpenSpan)> {
        if self.started >= self.limits.spans {
            self.count_dropped();
            return None;
        }
        self.started += 1;
        let index = match self.vacant.pop() {
            Some(index) => index,
            None => {
                self.spans.push(OpenSpan::vacant());
                u32::try_from(self.spans.len() - 1).ok()?
            }
        };
        self.spans.get_mut(index as usize).map(|span| (index, span))
    }

    #[inline]
    pub(crate) fn span(&mut self, index: u32) -> Option<(&mut OpenSpan, &Limits)> {
        self.spans.get_mut(index as usize).map(|span| (span, &self.limits))
    }

    pub(crate) fn span_id(&self, index: u32) -> Option<SpanId> {
        self.spans.get(index as usize).map(|span| span.id)
    }

    /// Ends a span: it joins the finished ones and leaves its memory.
    #[inline]
    pub(crate) fn close(&mut self, index: u32, end_unix_nano: u64) {
        if let Some(span) = self.spans.get_mut(index as usize) {
            if self.finished.capacity() == 0 {
                self.finished.reserve(self.first_room);
            }
            span.end(&mut self.finished, self.trace_state.as_deref(), self.random, end_unix_nano);
            self.finished_count += 1;
            if index != 0 {
                self.vacant.push(index);
            } else {
                // The root keeps its id, since spans that begin late are its children.
                span.fill();
            }
        }
    }

    /// Takes everything that has ended.
    pub(crate) fn take_finished(&mut self) -> Records {
        self.first_room = self.finished.len().clamp(FIRST_ROOM.start, FIRST_ROOM.end);
        Records::of_spans(std::mem::take(&mut self.finished), std::mem::take(&mut self.finished_count))
    }

    /// Takes everything that has ended since the owner finished the scope.
    #[inline]
    pub(crate) fn take_late(&mut self) -> Option<Records> {
        (self.sealed && !self.finished.is_empty())
            .then(|| Records::of_spans(std::mem::take(&mut self.finished), std::mem::take(&mut self.finished_count)))
    }

    /// Counts a span over the limit. A root span that has ended carries no more counts: another one does.
    #[cold]
    fn count_dropped(&mut self) {
        if self.sealed {
            backlog::count(Losses { dropped_spans: 1, ..Losses::NONE });
        } else {
            self.dropped += 1;
        }
    }

    /// How many more spans it takes.
    pub(crate) fn spans_left(&self) -> u32 {
        self.limits.spans.saturating_sub(self.started)
    }

    pub(crate) fn hold(&mut self) {
        self.holders += 1;
    }

    /// The context of one of its spans.
    pub(crate) fn context(&self, index: u32) -> Option<TraceContext> {
        let mut context = TraceContext::new(self.trace_id, self.span_id(index)?, self.sampled);
        context.random = self.random;
        context.trace_state.clone_from(&self.trace_state);
        Some(context)
    }

    /// What goes out with a call made by one of its spans.
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

    fn reset(&mut self) {
        let after_end = self.spans.first().map_or(0, OpenSpan::dropped);
        if after_end > 0 {
            backlog::count(Losses { after_end, ..Losses::NONE });
        }
        self.generation = self.generation.wrapping_add(1);
        (self.trace_state, self.baggage, self.xray, self.received_context) = (None, None, None, None);
        self.log_fields = None;
        (self.correlation, self.received) = (CorrelationIds::default(), None);
        (self.outer, self.sealed, self.flags) = (None, false, ScopeFlags::NONE);
        (self.finished_count, self.started, self.dropped, self.incomplete_messages) = (0, 0, 0, 0);
        self.finished = Vec::new();
        self.spans.truncate(KEEP_SPANS);
        self.vacant.clear();
        self.vacant.shrink_to(KEEP_SPANS);
        // Low indices are taken first, so that what is kept is what was used.
        self.vacant.extend((0..self.spans.len() as u32).rev());
    }
}

/// All scopes.
pub(crate) struct Slab {
    chunks: [OnceLock<Box<[Mutex<ScopeState>]>>; CHUNKS],
    vacant: Mutex<Vec<u32>>,
    next: AtomicU32,
    unrecorded: AtomicU32,
}

impl Slab {
    const fn new() -> Self {
        Slab {
            chunks: [const { OnceLock::new() }; CHUNKS],
            vacant: Mutex::new(Vec::new()),
            next: AtomicU32::new(0),
            unrecorded: AtomicU32::new(0),
        }
    }

    /// A place for one more scope, held by its owner; `None` when 65,536 are open.
    pub(crate) fn claim(&self, fill: impl FnOnce(&mut ScopeState)) -> Option<ScopeId> {
        let reused = self.vacant.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let index = match reused {
            Some(index) => index,
            None => self
                .next
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                    ((n as usize) < CHUNK * CHUNKS).then_some(n + 1)
                })
                .ok()?,
        };
        let chunk = self.chunks.get(index as usize / CHUNK)?;
        let places = chunk.get_or_init(|| (0..CHUNK).map(|_| Mutex::new(ScopeState::vacant())).collect());
        let mut state = places.get(index as usize % CHUNK)?.lock().unwrap_or_else(PoisonError::into_inner);
        state.holders = 1;
        fill(&mut state);
        if !state.recorded {
            self.unrecorded.fetch_add(1, Ordering::Relaxed);
        }
        Some(ScopeId::new(index, state.generation))
    }

    /// Returns `true` once there was a scope.
    pub(crate) fn were_claimed(&self) -> bool {
        self.next.load(Ordering::Relaxed) > 0
    }

    /// Whether a scope is open whose spans are not recorded: they are in no table.
    #[inline]
    pub(crate) fn some_are_unrecorded(&self) -> bool {
        self.unrecorded.load(Ordering::Relaxed) > 0
    }

    /// The scope of this name, locked; `None` when it is gone.
    #[inline]
    pub(crate) fn lock(&self, id: ScopeId) -> Option<MutexGuard<'_, ScopeState>> {
        let index = id.index() as usize;
        let place = self.chunks.get(index / CHUNK)?.get()?.get(index % CHUNK)?;
        let state = place.lock().unwrap_or_else(PoisonError::into_inner);
        (state.generation == id.generation()).then_some(state)
    }

    /// One holder less; with the last one the place becomes vacant.
    #[inline]
    pub(crate) fn release(&self, id: ScopeId, mut state: MutexGuard<'_, ScopeState>) {
        state.holders = state.holders.saturating_sub(1);
        if state.holders == 0 {
            if !state.recorded {
                self.unrecorded.fetch_sub(1, Ordering::Relaxed);
            }
            state.reset();
            drop(state);
            self.vacant.lock().unwrap_or_else(PoisonError::into_inner).push(id.index());
        }
    }
}
