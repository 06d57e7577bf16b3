//! The program under test, in a separate process. A scenario gives the orders, one a line.
//!
//! The kind `lambda` works as `thundra_aws::run`: a scope for each invocation, flushed after the end. The kind
//! `background` works as a service: [`thundra_http::init`], and scopes handed to the exporter.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use thundra_core::propagation::Inbound;
use thundra_core::{
    Config, Env, Records, Scope, SpanId, TraceContext, TraceId, config, export_later, flush, pending_spans,
};
use thundra_http::export::{Dependent, Platform, install, take_none};
use thundra_http::{Layer, TelemetryGuard, init};
use tokio::runtime::Runtime;
use tokio::sync::oneshot::Sender;
use tokio::task::JoinHandle;
use tower::ServiceExt;
use tower_layer::Layer as _;
use tracing::{Instrument, info_span};

/// The variable with the address of the scenario. A process of this binary with the variable is the program.
pub(crate) const CONTROL: &str = "THUNDRAFAULTS_CONTROL";
/// The variable with the kind of program: `lambda` or `background`.
pub(crate) const KIND: &str = "THUNDRAFAULTS_KIND";

/// The variable with the number of threads of the runtime.
pub(crate) const THREADS: &str = "THUNDRAFAULTS_THREADS";

static MADE: AtomicU64 = AtomicU64::new(0);
static INCOMPLETE: AtomicU64 = AtomicU64::new(0);

/// 1 MiB of poorly compressible text.
static NOISE: LazyLock<String> = LazyLock::new(|| (0..1 << 15).map(|_| TraceId::random().to_string()).collect());

/// Follows orders until `exit`, or until the scenario ends.
pub(crate) fn run(control: &str) -> ExitCode {
    let stream = TcpStream::connect(control).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut program = Program::start(&std::env::var(KIND).unwrap());
    let mut reply = stream.try_clone().unwrap();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let order = Order::read(&line);
        if order.name == "exit" {
            break;
        }
        let started = Instant::now();
        let flushes = program.obey(&order);
        let elapsed = started.elapsed().as_micros();
        let flushes: Vec<_> = flushes.iter().map(|flush| flush.as_micros().to_string()).collect();
        let (made, incomplete) = (MADE.load(Ordering::Relaxed), INCOMPLETE.load(Ordering::Relaxed));
        let sent = writeln!(reply, "{made} {incomplete} {} {elapsed} {}", pending_spans(), flushes.join(","));
        if sent.is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

/// A word and numbers, for example `invoke times=2 spans=6`.
struct Order<'a> {
    name: &'a str,
    numbers: HashMap<&'a str, u64>,
}

impl<'a> Order<'a> {
    fn read(line: &'a str) -> Self {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        let numbers =
            words.map(|word| word.split_once('=').map(|(key, number)| (key, number.parse().unwrap())).unwrap());
        Order { name, numbers: numbers.collect() }
    }

    fn number(&self, key: &str, default: u64) -> u64 {
        self.numbers.get(key).copied().unwrap_or(default)
    }

    fn times(&self) -> u64 {
        self.number("times", 1)
    }

    fn work(&self) -> Work {
        Work { spans: self.number("spans", 1), fill: self.number("fill", 0) as usize }
    }

    fn millis(&self, key: &str, default: u64) -> Duration {
        Duration::from_millis(self.number(key, default))
    }
}

/// The work of an invocation or a request.
#[derive(Clone, Copy)]
struct Work {
    spans: u64,
    /// Bytes of a poorly compressible attribute of each span.
    fill: usize,
}

impl Work {
    fn children(self) {
        for _ in 1..self.spans {
            drop(info_span!("child", number = number(), fill = self.text()).entered());
        }
    }

    fn text(self) -> String {
        let mut text = String::with_capacity(self.fill);
        while text.len() < self.fill {
            let [first, second, ..] = SpanId::random().to_bytes();
            let piece = &NOISE[usize::from(first) << 11 | usize::from(second) << 3..];
            text.push_str(&piece[..piece.len().min(self.fill - text.len())]);
        }
        text
    }

    fn children_uncounted(self) {
        (1..self.spans).for_each(|_| drop(info_span!("child").entered()));
    }

    /// Begins a scope within the current scope.
    fn nested(self) -> Scope {
        let scope = Scope::builder("record").attribute("number", number() as i64).nested().begin();
        scope.enter(|| self.children());
        scope
    }

    /// Begins a nested scope. The scope is finished before the task begins spans.
    fn outlived(self) -> (Sender<()>, JoinHandle<()>) {
        let scope = Work { spans: 2, ..self }.nested();
        let (begin, may_begin) = tokio::sync::oneshot::channel();
        let task = async move {
            may_begin.await.unwrap();
            self.children();
        };
        let task = scope.enter(|| tokio::spawn(task.in_current_span()));
        drop(scope.finish());
        (begin, task)
    }

    fn scope(self) -> Scope {
        let scope = Scope::builder("root").attribute("number", number() as i64).attribute("fill", self.text()).begin();
        scope.enter(|| self.children());
        scope
    }
}

/// Counts a span. The console prints the number.
fn number() -> u64 {
    MADE.fetch_add(1, Ordering::Relaxed)
}

struct Program {
    runtime: Runtime,
    telemetry: Option<TelemetryGuard>,
}

impl Program {
    fn start(kind: &str) -> Self {
        let threads = std::env::var(THREADS).map_or(2, |threads| threads.parse().unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap();
        let telemetry = match kind {
            "background" => Some(init()),
            _ => {
                let config = Config::from_env(&Env::process());
                let this = Dependent { package: "thundra-http", authorizers: &[], take_running: take_none };
                assert!(install(this, Platform::Lambda, config.into()));
                None
            }
        };
        Program { runtime, telemetry }
    }

    /// Returns how long each flush took.
    fn obey(&mut self, order: &Order<'_>) -> Vec<Duration> {
        let (work, deadline, pause) = (order.work(), order.millis("deadline", 30_000), order.millis("pause", 0));
        match order.name {
            "invoke" => {
                let invoke = async || {
                    let flush = export(work.scope().finish(), deadline).await;
                    tokio::time::sleep(pause).await;
                    flush
                };
                self.runtime.block_on(async {
                    let mut flushes = Vec::new();
                    for _ in 0..order.times() {
                        flushes.push(invoke().await);
                    }
                    flushes
                })
            }
            "invoke_for" => self.runtime.block_on(invoke_for(order.millis("millis", 1000), work, deadline, pause)),
            "concurrent" => {
                let millis = order.millis("millis", 0);
                let workers: Vec<_> = (0..order.number("workers", 64))
                    .map(|_| self.runtime.spawn(invoke_for(millis, work, deadline, pause)))
                    .collect();
                self.runtime.block_on(async {
                    let mut flushes = Vec::new();
                    for worker in workers {
                        flushes.extend(worker.await.unwrap());
                    }
                    flushes
                })
            }
            // A flush, and the longest work of the thread between two ticks of a task beside the flush.
            "tick" => {
                let ticks = self.runtime.spawn(async move {
                    let (mut last, mut longest) = (on_processor(), Duration::ZERO);
                    let flush = tokio::spawn(export(work.scope().finish(), deadline));
                    while !flush.is_finished() {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        let now = on_processor();
                        longest = longest.max(now.saturating_sub(last));
                        last = now;
                    }
                    vec![flush.await.unwrap(), longest]
                });
                self.runtime.block_on(ticks).unwrap()
            }
            // The invocation is given up during the flush.
            "cancel" => {
                let patience = order.millis("patience", 20);
                self.runtime.block_on(async {
                    for _ in 0..order.times() {
                        let trace = work.scope().finish();
                        let _ = tokio::time::timeout(patience, flush(trace, Some(Instant::now() + deadline))).await;
                    }
                });
                Vec::new()
            }
            // A task goes on after the invocation, and begins spans.
            "late" => vec![self.runtime.block_on(late(order.number("spans", 1), deadline))],
            "late_nested" => vec![self.runtime.block_on(late_nested(work, deadline))],
            "incomplete" => {
                let trace = {
                    let scope = work.scope();
                    let messages = order.number("messages", 1);
                    scope.count_incomplete_messages(messages);
                    INCOMPLETE.fetch_add(messages, Ordering::Relaxed);
                    scope.finish()
                };
                vec![self.runtime.block_on(export(trace, deadline))]
            }
            "unrecorded" => {
                let parent = TraceContext::new(TraceId::random(), SpanId::random(), false);
                let mut inbound = Inbound::default();
                inbound.parent = Some(parent);
                let scope = Scope::builder("unrecorded").parent(inbound).begin();
                scope.enter(|| work.children_uncounted());
                let messages = order.number("messages", 1);
                scope.count_incomplete_messages(messages);
                INCOMPLETE.fetch_add(messages, Ordering::Relaxed);
                vec![self.runtime.block_on(export(scope.finish(), deadline))]
            }
            // An invocation with the records of a batch. The last record ends after the invocation.
            "nested" => {
                let scope = work.scope();
                let last = scope.enter(|| {
                    (0..order.times()).for_each(|_| drop(work.nested().finish()));
                    work.nested()
                });
                let flush = self.runtime.block_on(export(scope.finish(), deadline));
                drop(last.finish());
                vec![flush]
            }
            "unfinished" => {
                (0..order.times()).for_each(|_| drop(work.scope()));
                vec![]
            }
            "requests" => {
                std::thread::scope(|threads| {
                    for _ in 0..order.number("threads", 1) {
                        threads.spawn(|| self.runtime.block_on(serve(order.times(), None, work, pause)));
                    }
                });
                Vec::new()
            }
            "requests_for" => {
                let until = Instant::now() + order.millis("millis", 1000);
                std::thread::scope(|threads| {
                    for _ in 0..order.number("threads", 1) {
                        threads.spawn(|| self.runtime.block_on(serve(u64::MAX, Some(until), work, pause)));
                    }
                });
                Vec::new()
            }
            // Requests that all end at once.
            "burst" => {
                let scopes: Vec<_> = (0..order.times()).map(|_| work.scope()).collect();
                scopes.into_iter().for_each(|scope| export_later(scope.finish()));
                Vec::new()
            }
            "defer" => {
                for _ in 0..order.times() {
                    export_later(work.scope().finish());
                    std::thread::sleep(pause);
                }
                Vec::new()
            }
            "println" => {
                println!("a line of the user's");
                Vec::new()
            }
            "drop" => {
                drop(self.telemetry.take());
                Vec::new()
            }
            // Spans end while the guard is dropped.
            "drop_beside" => {
                let telemetry = self.telemetry.take();
                std::thread::scope(|threads| {
                    threads.spawn(|| {
                        std::thread::sleep(pause);
                        export_later(work.scope().finish());
                    });
                    drop(telemetry);
                });
                Vec::new()
            }
            "look" => Vec::new(),
            other => panic!("no such order: {other}"),
        }
    }
}

/// Flushes as thundra-aws does, and returns the duration.
async fn export(trace: Records, patience: Duration) -> Duration {
    let started = Instant::now();
    let deadline = started + patience.min(config().otlp.traces.timeout);
    let _ = tokio::time::timeout_at(deadline.into(), flush(trace, Some(deadline))).await;
    started.elapsed()
}

/// Returns the time of this thread on a processor, as Linux tells it. A busy machine delays a tick by any time.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse().ok()).map(Duration::from_nanos).unwrap_or_default()
}

async fn invoke_for(millis: Duration, work: Work, deadline: Duration, pause: Duration) -> Vec<Duration> {
    let (until, mut flushes) = (Instant::now() + millis, Vec::new());
    loop {
        flushes.push(export(work.scope().finish(), deadline).await);
        tokio::time::sleep(pause).await;
        if Instant::now() >= until {
            return flushes;
        }
    }
}

async fn late(spans: u64, deadline: Duration) -> Duration {
    let scope = Scope::builder("root").attribute("number", number() as i64).begin();
    let (begin, may_begin) = tokio::sync::oneshot::channel::<()>();
    let task = async move {
        may_begin.await.unwrap();
        let task = info_span!("task", number = number());
        task.in_scope(|| Work { spans, fill: 0 }.children());
    };
    let task = scope.enter(|| tokio::spawn(task.in_current_span()));
    let flush = export(scope.finish(), deadline).await;
    begin.send(()).unwrap();
    task.await.unwrap();
    flush
}

/// Runs two records whose tasks go on: one within the invocation, and one after the invocation.
async fn late_nested(work: Work, deadline: Duration) -> Duration {
    let scope = Scope::builder("root").attribute("number", number() as i64).begin();
    let (begin, within) = scope.enter(|| work.outlived());
    begin.send(()).unwrap();
    within.await.unwrap();
    let (begin, after) = scope.enter(|| work.outlived());
    let flush = export(scope.finish(), deadline).await;
    begin.send(()).unwrap();
    after.await.unwrap();
    flush
}

/// Sends requests to a tower service in this process, one after another.
async fn serve(times: u64, until: Option<Instant>, work: Work, pause: Duration) {
    let respond = move |_: Request<Empty<Bytes>>| async move {
        work.children();
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    };
    let service = Layer::server().layer(tower::service_fn(respond));
    for _ in 0..times {
        if until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        number();
        let response = service.clone().oneshot(Request::new(Empty::new())).await.unwrap();
        drop(response.into_body().collect().await.unwrap());
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}
