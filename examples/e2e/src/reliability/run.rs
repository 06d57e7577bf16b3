//! The run of a scenario: the traced function beside the bare one, and then the account.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::function::RUNS;
use super::scenario::{Counted, End, Exported, Mode, Scenario};
use super::work::{Handler, Work};
use crate::harness::collector::Collector;
use crate::harness::collector::fault::Fault;
use crate::harness::collector::ledger::Ledger;
use crate::harness::daemon::Daemon;
use crate::harness::lambda::{Event, Invocation, Lambda, Outcome, Record, Settings};
use crate::harness::{Error, target};
use crate::report::Span;

/// The longest time of a flush in the scenarios.
pub const FLUSH_LIMIT: Duration = Duration::from_millis(300);

/// The time for a function to request the next event.
const PATIENCE: Duration = Duration::from_secs(30);

/// The time after which a missing span counts as missing. After a failure, the exporter avoids the collector for
/// seconds.
const SETTLED: Duration = Duration::from_secs(20);

/// The time within which the background thread of a managed instance exports.
const BACKGROUND: Duration = Duration::from_millis(1_500);

/// The time between two checks of the received spans.
const PAUSE: Duration = Duration::from_millis(20);

/// The result of a scenario.
#[derive(Debug)]
pub struct Run {
    /// The side of the bare function.
    pub bare: Side,
    /// The side of the traced function.
    pub traced: Side,
    /// The number of spans that the function made.
    pub made: u64,
    /// The number of spans that the function made under the fault.
    pub made_under_fault: u64,
    /// The spans that reached the collector, or the X-Ray daemon.
    pub arrived: u64,
    /// The spans that reached standard output alone.
    pub spilled: u64,
    /// The spans reported as lost.
    pub lost: u64,
    /// The spans over the limit, as reported.
    pub dropped: u64,
    /// Spans received again.
    pub again: u64,
    /// The spans that reached the collector.
    pub spans: Vec<Span>,
}

/// The result of one function.
#[derive(Debug)]
pub struct Side {
    /// The outcomes of the events under the fault.
    pub invocations: Vec<Invocation>,
    /// The times of the events under the fault.
    pub records: Vec<Record>,
    /// The exit status of the process.
    pub exit: Option<ExitStatus>,
    /// The standard error of the process.
    pub stderr: String,
}

/// A function with all results so far.
struct Function {
    lambda: Lambda,
    exported: Exported,
    invocations: Vec<Invocation>,
    /// The spans of the exported invocations.
    made: u64,
}

/// The receivers of spans.
struct Receivers {
    collector: Collector,
    daemon: Daemon,
}

impl Function {
    async fn start(settings: Settings, exported: Exported) -> Result<Self, Error> {
        Ok(Self { lambda: Lambda::start(settings).await?, exported, invocations: Vec::new(), made: 0 })
    }

    /// Sends an event with a successful outcome, and waits until the function requests another event.
    async fn good(&mut self) -> Result<Invocation, Error> {
        self.calm(Handler::Ok).await
    }

    /// Sends an exported event, whose root span reports the losses.
    async fn telling(&mut self) -> Result<Invocation, Error> {
        self.calm(if self.exported == Exported::Failed { Handler::Error } else { Handler::Ok }).await
    }

    async fn calm(&mut self, handler: Handler) -> Result<Invocation, Error> {
        let work = Work::new(handler, 1);
        let invocation = self.lambda.invoke(Event::new(&work)?).await?;
        self.count(&work);
        self.idle().await?;
        Ok(invocation)
    }

    fn count(&mut self, work: &Work) {
        if self.exported.has(work.handler) {
            self.made += work.made();
        }
    }

    /// Sends as many events at once as the function takes.
    async fn invoke(&mut self, scenario: &Scenario, work: &Work, times: usize) -> Result<(), Error> {
        let event = event(scenario, work)?;
        let invocations = join_all((0..times).map(|_| self.lambda.invoke(event.clone()))).await;
        for invocation in invocations {
            self.invocations.push(invocation?);
            match scenario.foreign_event {
                Some(_) => self.made += 1,
                None => self.count(work),
            }
        }
        Ok(())
    }

    async fn idle(&self) -> Result<(), Error> {
        if self.lambda.idle(PATIENCE).await {
            return Ok(());
        }
        Err(format!("the function does not ask for an event in {PATIENCE:?}:\n{}", self.lambda.stderr()).into())
    }

    async fn end(&self, end: End) -> Option<ExitStatus> {
        match end {
            End::ShutDown | End::ShutDownWaiting => self.lambda.shut_down().await,
            End::TerminatedIdle | End::TerminatedExporting => self.lambda.terminate(PATIENCE).await,
        }
    }
}

impl Scenario {
    /// Runs the scenario with `invocations` invocations. `program` serves [`function`](super::function).
    ///
    /// # Errors
    ///
    /// If a function cannot be started, or hangs.
    pub async fn run(&self, program: &Path, mode: Mode, invocations: usize) -> Result<Run, Error> {
        let authority = target::path(&format!("reliability-{}-{}.pem", self.name.replace(' ', "-"), mode.name()))?;
        let collector = match self.fault {
            Fault::BadCertificate => Collector::start_tls(&authority).await?,
            _ => Collector::start().await?,
        };
        let receivers = Receivers { collector, daemon: Daemon::start().await? };
        let collector = &receivers.collector;
        let settings = |runs: String| self.settings(program, mode, &runs, &receivers, &authority);
        let mut bare = Function::start(settings(format!("bare {}", mode.runs())), self.exported).await?;
        let mut traced = Function::start(settings(mode.runs().to_owned()), self.exported).await?;
        self.start_both(&mut bare, &mut traced).await?;

        if mode.platform().exports_in_background() {
            balanced(&traced, &receivers, BACKGROUND).await;
        }
        collector.set(self.fault).await?;
        let work = Work { padding: "x".repeat(self.padding), ..Work::new(self.handler, self.spans) };
        let (made_before, began) = (traced.made, (bare.lambda.records().len(), traced.lambda.records().len()));
        let at_once = mode.platform().concurrency();
        for round in 0..invocations.div_ceil(at_once) {
            for function in [&mut bare, &mut traced] {
                function.invoke(self, &work, at_once).await?;
                let last = round + 1 == invocations.div_ceil(at_once);
                if !(last && self.end == End::TerminatedExporting) {
                    function.idle().await?;
                }
            }
            if self.environment.connections_die {
                collector.set(Fault::Refusing).await?;
                collector.set(Fault::None).await?;
            }
        }
        let made_under_fault = traced.made - made_before;
        if self.fault != Fault::None && mode.platform().exports_in_background() {
            // The background thread must export under the fault, before the collector recovers.
            tokio::time::sleep(BACKGROUND).await;
        }
        if self.end != End::TerminatedExporting {
            collector.set(Fault::None).await?;
        }
        if !matches!(self.end, End::TerminatedExporting | End::ShutDownWaiting) {
            let patience = if self.expect.counted == Counted::Unknown { Duration::ZERO } else { SETTLED };
            settle(&mut traced, &receivers, patience).await?;
            bare.good().await?; // the bare function may have been killed, like the traced one
        }
        let exits = (bare.end(self.end).await, traced.end(self.end).await);
        let (ledger, arrived) = received(&traced, &receivers);
        let total = ledger.arrived();
        let (made, from) = (traced.made, began);
        Ok(Run {
            bare: bare.side(from.0, exits.0),
            traced: traced.side(from.1, exits.1),
            made,
            made_under_fault,
            arrived,
            spilled: total.spans - arrived,
            lost: total.lost,
            dropped: total.dropped,
            again: total.again,
            spans: collector.spans(),
        })
    }

    fn settings(&self, program: &Path, mode: Mode, runs: &str, receivers: &Receivers, authority: &Path) -> Settings {
        let mut settings = Settings::new(program)
            .variable(RUNS, runs)
            .variable("OTEL_EXPORTER_OTLP_ENDPOINT", receivers.collector.endpoint())
            .variable("AWS_XRAY_DAEMON_ADDRESS", receivers.daemon.address())
            .variable("OTEL_EXPORTER_OTLP_TIMEOUT", FLUSH_LIMIT.as_millis().to_string());
        if self.fault == Fault::BadCertificate {
            settings = settings.variable("OTEL_EXPORTER_OTLP_CERTIFICATE", authority);
        }
        let variables = self.environment.variables.iter();
        settings
            .variables
            .extend(variables.map(|(name, value)| (OsString::from(name), OsString::from_vec(value.to_vec()))));
        settings.platform = mode.platform();
        settings.xray_samples = self.environment.xray_samples;
        settings.stdout = self.environment.stdout;
        settings
    }

    /// Invokes both functions before the fault, so that the fault does not affect the cold start.
    async fn start_both(&self, bare: &mut Function, traced: &mut Function) -> Result<(), Error> {
        for _ in 0..2 {
            let (bare, traced) = (bare.good().await?, traced.good().await?);
            if bare.outcome != traced.outcome || !matches!(bare.outcome, Outcome::Response(_)) {
                return Err(format!("before the fault: {:?}, bare {:?}", traced.outcome, bare.outcome).into());
            }
        }
        Ok(())
    }
}

impl Function {
    fn side(self, from: usize, exit: Option<ExitStatus>) -> Side {
        let records = self.lambda.records().into_iter().skip(from).take(self.invocations.len()).collect();
        Side { records, exit, stderr: self.lambda.stderr(), invocations: self.invocations }
    }
}

fn event(scenario: &Scenario, work: &Work) -> Result<Event, Error> {
    let environment = &scenario.environment;
    let event = match scenario.foreign_event {
        Some(text) => Event::raw(text),
        None => Event::new(work)?,
    };
    let mut event = event.deadline_behind(environment.deadline_behind);
    if let Some(timeout) = environment.timeout {
        event = event.timeout(timeout);
    }
    for header in environment.without {
        event = event.without(header);
    }
    Ok(event)
}

/// Sends exported invocations until each span is explained, and one more.
///
/// On managed instances a background thread exports about once a second, so the spans of each invocation get a second
/// before the next invocation.
async fn settle(traced: &mut Function, receivers: &Receivers, patience: Duration) -> Result<(), Error> {
    let (mut settled, started) = (0, Instant::now());
    loop {
        traced.telling().await?;
        let balances = balanced(traced, receivers, BACKGROUND.min(patience)).await;
        settled = if balances { settled + 1 } else { 0 };
        if settled == 2 || started.elapsed() >= patience {
            return Ok(());
        }
    }
}

/// Waits until each span is explained. Returns `false` if the patience runs out first.
async fn balanced(traced: &Function, receivers: &Receivers, patience: Duration) -> bool {
    let started = Instant::now();
    loop {
        let total = received(traced, receivers).0.arrived();
        let balances = total.spans + total.lost + total.dropped == traced.made;
        if balances || started.elapsed() >= patience {
            return balances;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Returns the account of everything from the function, and the number of spans at the collector or the daemon.
fn received(traced: &Function, receivers: &Receivers) -> (Ledger, u64) {
    let mut ledger = receivers.collector.ledger();
    receivers.daemon.datagrams().iter().for_each(|datagram| ledger.add_datagram(datagram));
    let arrived = ledger.arrived().spans;
    ledger.add_lines(&traced.lambda.stdout());
    (ledger, arrived)
}
