//! Whatever a program does with spans, both fronts record the same.
//!
//! Random programs run on two threads, one step after the other, with two recorded scopes and one that is not. The
//! programs leave out where a registry differs by design: it does not count a span entered twice on a thread, and below
//! a span from outside of every scope, or of an unrecorded scope, it keeps another parent open.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, Mutex, MutexGuard};

use proptest::prelude::*;
use thundra_core::testing::Recording;
use thundra_core::{Config, Env, Records, Scope, SpanData, SpanExt, SpanId};
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing::level_filters::LevelFilter;
use tracing::span::EnteredSpan;
use tracing::{Instrument, Span, debug_span, info, info_span};
use tracing_subscriber::layer::SubscriberExt;

use super::front::Front;

#[derive(Clone, Copy, Debug)]
enum Step {
    Open,
    OpenAtRoot,
    OpenBelow(usize),
    OpenHidden,
    Enter(usize),
    Exit(usize),
    Clone(usize),
    Current,
    Drop(usize),
    Record(usize),
    Set(usize),
    Follow(usize, usize),
    Event,
    EventIn(usize),
    /// Polls a task twice, which opens a span between the polls.
    Task(usize),
    Finish(usize),
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let one = || 0..12_usize;
    let step = prop_oneof![
        6 => Just(Step::Open),
        1 => Just(Step::OpenAtRoot),
        2 => one().prop_map(Step::OpenBelow),
        1 => Just(Step::OpenHidden),
        6 => one().prop_map(Step::Enter),
        4 => one().prop_map(Step::Exit),
        2 => one().prop_map(Step::Clone),
        1 => Just(Step::Current),
        4 => one().prop_map(Step::Drop),
        1 => one().prop_map(Step::Record),
        1 => one().prop_map(Step::Set),
        2 => (one(), one()).prop_map(|(span, follows)| Step::Follow(span, follows)),
        1 => Just(Step::Event),
        1 => one().prop_map(Step::EventIn),
        2 => one().prop_map(Step::Task),
        1 => (0..3_usize).prop_map(Step::Finish),
    ];
    prop::collection::vec((0..2_usize, step), 0..80)
}

/// The scope that a span belongs to, as far as the choice of steps needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Recorded,
    Unrecorded,
    Nobody,
}

/// A handle of a span. Ids do not tell the spans of an unrecorded scope apart.
#[derive(Clone)]
struct Handle {
    span: Span,
    of: Of,
    /// The number of the span.
    number: u64,
}

struct Program {
    /// The handles. The spans of the scopes come first, and stay.
    spans: Vec<Handle>,
    scopes: Vec<Option<Scope>>,
    /// The number of opened spans, which names the next one.
    opened: u64,
    /// What the scopes had recorded when they were finished.
    finished: Vec<Records>,
}

/// The entered spans of a thread.
type Stack = Vec<(EnteredSpan, Of, u64)>;

impl Program {
    fn push(&mut self, open: impl FnOnce(String) -> Span, of: Of) {
        self.opened += 1;
        let span = open(format!("span {}", self.opened));
        self.spans.push(Handle { span, of, number: 3 + self.opened });
    }

    fn at(&self, at: usize) -> &Handle {
        &self.spans[at % self.spans.len()]
    }

    fn run(&mut self, stack: &mut Stack, step: Step) {
        let here = stack.iter().rev().map(|(_, of, _)| *of).find(|of| *of != Of::Nobody).unwrap_or(Of::Nobody);
        match step {
            Step::Open => self.push(|name| info_span!("open", otel.name = name, late = tracing::field::Empty), here),
            Step::OpenAtRoot => self.push(|name| info_span!(parent: None, "open", otel.name = name), here),
            Step::OpenBelow(parent) => {
                let Handle { span: parent, of, .. } = self.at(parent).clone();
                let of = if of == Of::Nobody { here } else { of };
                self.push(|name| info_span!(parent: &parent, "open", otel.name = name), of);
            }
            Step::OpenHidden => self.push(|name| debug_span!("open", otel.name = name), Of::Nobody),
            Step::Enter(at) => {
                let Handle { span, of, number } = self.at(at).clone();
                let is_entered = stack.iter().any(|(_, _, entered)| *entered == number);
                if !is_entered
                    && (here == Of::Nobody && stack.is_empty() || here == of || here == Of::Nobody && of != Of::Nobody)
                {
                    stack.push((span.entered(), of, number));
                }
            }
            Step::Exit(at) if !stack.is_empty() => drop(stack.remove(at % stack.len())),
            Step::Clone(at) => self.spans.push(self.at(at).clone()),
            Step::Current => {
                let span = Span::current();
                // Of the spans with this id, the innermost is the current one.
                let entered = stack.iter().rev().find(|(entered, ..)| entered.id() == span.id());
                let (of, number) = entered.map_or((Of::Nobody, 0), |(_, of, number)| (*of, *number));
                self.spans.push(Handle { span, of, number });
            }
            Step::Drop(at) if self.spans.len() > 3 => drop(self.spans.remove(3 + at % (self.spans.len() - 3))),
            Step::Record(at) => drop(self.at(at).span.record("late", self.opened)),
            Step::Set(at) => self.at(at).span.set_attribute("set", self.opened as i64),
            Step::Follow(span, follows) => drop(self.at(span).span.follows_from(&self.at(follows).span)),
            Step::Event => info!(opened = self.opened, "said"),
            Step::EventIn(at) => info!(parent: &self.at(at).span, opened = self.opened, "said in"),
            Step::Task(at) if stack.is_empty() => {
                let Handle { span, of, .. } = self.at(at).clone();
                let task = async {
                    tokio::task::yield_now().await;
                    self.push(|name| info_span!("in task", otel.name = name), of);
                    tokio::task::yield_now().await;
                };
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(task.instrument(span));
            }
            Step::Finish(at) => self.finished.extend(self.scopes[at].take().map(Scope::finish)),
            Step::Exit(_) | Step::Drop(_) | Step::Task(_) => {}
        }
    }
}

/// Runs steps until there are no more.
fn work(program: &Mutex<Program>, steps: &Receiver<Step>, done: &Sender<()>) {
    let mut stack = Stack::new();
    for step in steps {
        lock(program).run(&mut stack, step);
        done.send(()).unwrap();
    }
    let _alone = lock(program);
    while let Some((span, ..)) = stack.pop() {
        drop(span);
    }
}

fn lock(program: &Mutex<Program>) -> MutexGuard<'_, Program> {
    program.lock().unwrap()
}

fn config(pairs: &[(&str, &str)]) -> Config {
    Config::from_env(&Env::from_pairs(pairs.iter().copied()))
}

/// Returns the subscriber of a front. A hidden span does not exist below either: a registry without a filter has it, as
/// soon as any subscriber of the process takes it, such as that of another test.
fn dispatch(front: Front, config: &Config) -> Dispatch {
    static TAKES_ALL: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));
    LazyLock::force(&TAKES_ALL);
    match front {
        Front::Subscriber => front.dispatch(config),
        Front::Layer => {
            let registry = tracing_subscriber::registry().with(thundra_core::layer_with(config));
            Dispatch::new(registry.with(LevelFilter::INFO))
        }
    }
}

/// Runs a program, and returns the lines about the spans, those of each finish apart and the late ones last.
fn recorded(front: Front, limit: u32, steps: &[(usize, Step)]) -> Vec<Vec<String>> {
    let (on, off) =
        (config(&[("THUNDRA_MAX_SPANS", &limit.to_string())]), config(&[("OTEL_TRACES_SAMPLER", "always_off")]));
    let dispatch = dispatch(front, &on);
    let recording = Recording::through(dispatch.clone());
    with_default(&dispatch, || {
        let scopes = [("a", &on), ("b", &on), ("not recorded", &off)]
            .map(|(name, config)| Scope::builder(name).default_correlation_id("c-1").begin_with(config));
        scopes.iter().for_each(|scope| recording.watch(**scope));
        let of = [Of::Recorded, Of::Recorded, Of::Unrecorded];
        let handle = |(number, (scope, of)): (u64, (&Scope, Of))| Handle { span: scope.span().clone(), of, number };
        let spans = (1..).zip(scopes.iter().zip(of)).map(handle).collect();
        let program = Program { spans, scopes: scopes.map(Some).into(), opened: 0, finished: Vec::new() };
        let program = Mutex::new(program);
        std::thread::scope(|threads| {
            let (done, acknowledged) = channel();
            let queues = [(); 2].map(|()| {
                let ((queue, queued), done, program, dispatch) = (channel(), done.clone(), &program, &dispatch);
                threads.spawn(move || with_default(dispatch, || work(program, &queued, &done)));
                queue
            });
            for (thread, step) in steps {
                queues[*thread].send(*step).unwrap();
                acknowledged.recv().unwrap();
            }
        });
        let Program { mut spans, scopes, mut finished, .. } = program.into_inner().unwrap();
        // The spans of the scopes last: they are the parents of nobody's.
        spans.drain(3..).for_each(drop);
        finished.extend(scopes.into_iter().flatten().map(Scope::finish));
        drop(spans);
        let late = recording.end(&Records::default()).spans;
        let mut runs: Vec<Vec<SpanData>> = finished.iter().map(|records| records.spans().collect()).collect();
        runs.push(late);
        let names: BTreeMap<SpanId, String> =
            runs.iter().flatten().map(|span| (span.context.span_id, span.name.clone())).collect();
        runs.iter().map(|run| lines(run, &names)).collect()
    })
}

fn lines(spans: &[SpanData], names: &BTreeMap<SpanId, String>) -> Vec<String> {
    let name = |id: SpanId| names.get(&id).map_or("?", String::as_str);
    let line = |span: &SpanData| {
        let events: Vec<_> = span.events.iter().map(|event| (&event.name, &event.attributes)).collect();
        let links: Vec<_> = span.links.iter().map(|link| name(link.context.span_id)).collect();
        let (parent, attributes) = (span.parent_span_id.map(name), &span.attributes);
        format!("{} in {parent:?}: {attributes:?} {events:?} {links:?} {}", span.name, span.dropped_links)
    };
    let mut lines: Vec<_> = spans.iter().map(line).collect();
    lines.sort_unstable();
    lines
}

proptest! {
    // `PROPTEST_CASES` sets another number of programs.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_fronts_record_the_same(limit in prop_oneof![1..8_u32, Just(1_000)], steps in steps()) {
        prop_assert_eq!(
            recorded(Front::Subscriber, limit, &steps),
            recorded(Front::Layer, limit, &steps),
            "the program, as code: limit {}, steps {:?}",
            limit,
            steps
        );
    }
}
