//! The wait for a whole trace.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::{Duration, Instant};

use thundra_core::SpanData;
use thundra_core::testing::Recorded;

use super::incomplete::{IncompleteTrace, Missing};
use super::received::Received;

/// The default of the longest wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// The default of the time without an arrival. Programs export about once a second.
const QUIET: Duration = Duration::from_secs(2);

/// The longest time to wait.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

type Condition<'a> = Box<dyn Fn(&Recorded) -> bool + Send + 'a>;

/// A wait for the whole trace of an id: see [`Collector::trace_of`](super::Collector::trace_of). Await the value, or
/// [`wait`](Self::wait) in a test without a runtime.
#[must_use = "a wait does nothing unless awaited"]
pub struct TraceOf<'a> {
    received: &'a Received,
    id: String,
    expected: BTreeMap<String, usize>,
    condition: Option<Condition<'a>>,
    sent_by: BTreeSet<String>,
    patience: Duration,
    quiet: Duration,
}

impl<'a> TraceOf<'a> {
    pub(super) fn new(received: &'a Received, id: String) -> Self {
        let (expected, condition, sent_by) = (BTreeMap::new(), None, BTreeSet::new());
        TraceOf { received, id, expected, condition, sent_by, patience: PATIENCE, quiet: QUIET }
    }

    /// Expects spans with the given names. A name that stands twice is expected twice.
    pub fn with_spans(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        names.into_iter().for_each(|name| *self.expected.entry(name.into()).or_default() += 1);
        self
    }

    /// Expects that a condition on the spans and the log records of the trace holds.
    pub fn until(mut self, condition: impl Fn(&Recorded) -> bool + Send + 'a) -> Self {
        self.condition = Some(Box::new(condition));
        self
    }

    /// Names the parent in a `traceparent` sent by the test, 16 hexadecimal digits. No program exports the parent span.
    pub fn sent_by(mut self, span_id: impl Into<String>) -> Self {
        self.sent_by.insert(span_id.into());
        self
    }

    /// Sets the longest wait, at most a year. Defaults to 30 s.
    pub fn within(mut self, patience: Duration) -> Self {
        self.patience = patience.min(LONGEST);
        self
    }

    /// Sets the time without an arrival after which a trace is whole, if no span and no condition is expected. Defaults
    /// to 2 s, since programs export about once a second.
    pub fn quiet(mut self, time: Duration) -> Self {
        self.quiet = time.min(LONGEST);
        self
    }

    /// Blocks the thread until the trace is whole, in a test without a runtime.
    ///
    /// # Errors
    ///
    /// As awaiting the value.
    ///
    /// # Panics
    ///
    /// In an async function, where the value is awaited.
    pub fn wait(self) -> Result<Recorded, IncompleteTrace> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.whole()),
            Err(error) => Err(self.incomplete(Missing::of_runtime(&error), &Recorded::default())),
        }
    }

    async fn whole(self) -> Result<Recorded, IncompleteTrace> {
        let (mut requests, until) = (self.received.subscribe(), Instant::now() + self.patience);
        let is_expected = !self.expected.is_empty() || self.condition.is_some();
        let mut arrived = (0, Instant::now());
        loop {
            requests.mark_unchanged();
            let recorded = self.received.traces_of(&self.id);
            let size = recorded.spans.len() + recorded.logs.len();
            if size != arrived.0 {
                arrived = (size, Instant::now());
            }
            let missing = self.missing(&recorded);
            let whole_at = match missing.is_nothing() {
                true if is_expected || arrived.1.elapsed() >= self.quiet => return Ok(recorded),
                true => arrived.1 + self.quiet,
                false => until,
            };
            if Instant::now() >= until {
                return Err(self.incomplete(missing, &recorded));
            }
            // The server lives as long as the borrowed collector.
            let _ = tokio::time::timeout_at(whole_at.min(until).into(), requests.changed()).await;
        }
    }

    /// Returns the missing parts of a trace.
    fn missing(&self, recorded: &Recorded) -> Missing {
        let known: HashSet<_> =
            recorded.spans.iter().map(|span| (span.context.trace_id, span.context.span_id)).collect();
        let lacks_parent = |span: &&SpanData| {
            let parent = span.parent_span_id.filter(|parent| !known.contains(&(span.context.trace_id, *parent)));
            parent.is_some_and(|parent| !self.sent_by.contains(&parent.to_string()))
        };
        let orphans = recorded.spans.iter().filter(lacks_parent).cloned().collect();
        let count = |name: &str| recorded.spans.iter().filter(|span| span.name == name).count();
        let lacking = |(name, expected): (&String, &usize)| {
            let lacking = expected.saturating_sub(count(name));
            (lacking > 0).then(|| (name.clone(), lacking))
        };
        Missing {
            nothing_arrived: recorded.spans.is_empty(),
            orphans,
            spans: self.expected.iter().filter_map(lacking).collect(),
            condition: self.condition.as_ref().is_some_and(|condition| !condition(recorded)),
            runtime: None,
        }
    }

    fn incomplete(&self, missing: Missing, recorded: &Recorded) -> IncompleteTrace {
        IncompleteTrace::new(&self.id, self.patience, &missing, recorded, self.received)
    }
}

impl<'a> IntoFuture for TraceOf<'a> {
    type Output = Result<Recorded, IncompleteTrace>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.whole())
    }
}

impl fmt::Debug for TraceOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TraceOf { id, expected, patience, .. } = self;
        f.debug_struct("TraceOf")
            .field("id", id)
            .field("expected", expected)
            .field("patience", patience)
            .finish_non_exhaustive()
    }
}
