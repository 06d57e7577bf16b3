//! Long runs: memory that stays flat beside the bare function, and an account that balances at the end.
//!
//! The bare function grows as well: `lambda_runtime::run` sets an environment variable for each invocation, and the C
//! library keeps each value of a variable.

use std::path::Path;
use std::time::{Duration, Instant};

use super::function::RUNS;
use super::run::FLUSH_LIMIT;
use super::scenario::Mode;
use super::work::{Handler, Work};
use crate::harness::Error;
use crate::harness::collector::Collector;
use crate::harness::collector::fault::Fault;
use crate::harness::collector::ledger::Arrived;
use crate::harness::lambda::{Event, Lambda, Outcome, Settings};

/// A long run.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// The name of the long run and of the test.
    pub name: &'static str,
    /// The reason for the long run.
    pub why: &'static str,
    /// The end of the handler.
    pub handler: Handler,
    /// The fault of the collector, until the end.
    pub fault: Fault,
    /// The number of invocations of the short form, and of the long form.
    pub invocations: (usize, usize),
    /// The allowed growth of memory in bytes per invocation, beyond the bare function.
    pub growth: u64,
}

/// The long runs.
#[rustfmt::skip]
pub const SOAKS: &[Soak] = &[
    Soak { name: "soak dead collector", why: "what waits is bounded", handler: Handler::Ok, fault: Fault::Refusing, invocations: (2_000, 100_000), growth: 0 },
    Soak { name: "soak flapping collector", why: "what waits is bounded, and leaves", handler: Handler::Ok, fault: Fault::Flapping(50), invocations: (2_000, 100_000), growth: 0 },
    Soak { name: "soak tasks without end", why: "an open span is kept, and little beside it", handler: Handler::Never, fault: Fault::None, invocations: (500, 10_000), growth: 3_300 },
];

/// The allowed memory of 4 MiB of unsent records: the buffers grow by doubling, and the backlog has a buffer too.
const QUEUE: u64 = 10 << 20;

/// The allowed growth in the second half of a run: a buffer more or less.
const SLACK: u64 = 2 << 20;

/// The invocations before the first sample.
const WARM_UP: usize = 20;

/// The number of samples of memory.
const SAMPLES: usize = 10;

/// The time for the account to balance after the fault.
const SETTLED: Duration = Duration::from_secs(120);

/// The result of a long run.
#[derive(Debug)]
pub struct Soaked {
    /// The invocations.
    pub invocations: usize,
    /// The resident memory in bytes: before the first invocation, and after each part of the run.
    pub memory: Vec<u64>,
    /// The growth of the bare function in bytes.
    pub bare_growth: u64,
    /// The number of spans that the function made.
    pub made: u64,
    /// The received and lost spans.
    pub arrived: Arrived,
    /// The time of the run under the fault.
    pub took: Duration,
    /// Events without a response.
    pub failed: usize,
}

impl Soak {
    /// Runs `invocations` invocations under the fault, and then successful invocations until each span is explained.
    ///
    /// # Errors
    ///
    /// If the function cannot be started, or hangs.
    pub async fn run(&self, program: &Path, mode: Mode, invocations: usize) -> Result<Soaked, Error> {
        let collector = Collector::start().await?;
        let settings = |runs: String| {
            let mut settings = Settings::new(program)
                .variable(RUNS, runs)
                .variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
                .variable("OTEL_EXPORTER_OTLP_TIMEOUT", FLUSH_LIMIT.as_millis().to_string());
            settings.platform = mode.platform();
            settings
        };
        let (good, work) = (Work::new(Handler::Ok, 3), Work::new(self.handler, 3));
        let (good_event, event) = (Event::new(&good)?, Event::new(&work)?);

        let bare = Lambda::start(settings(format!("bare {}", mode.runs()))).await?;
        repeat(&bare, &good_event, WARM_UP).await?;
        let before = resident(&bare)?;
        repeat(&bare, &event, invocations).await?;
        let bare_growth = resident(&bare)?.saturating_sub(before);
        drop(bare);

        let lambda = Lambda::start(settings(mode.runs().to_owned())).await?;
        repeat(&lambda, &good_event, WARM_UP).await?;
        let (mut made, mut failed) = (good.made() * WARM_UP as u64, 0);
        collector.set(self.fault).await?;
        let started = Instant::now();
        let mut memory = vec![resident(&lambda)?];
        for _ in 0..SAMPLES {
            failed += repeat(&lambda, &event, invocations / SAMPLES).await?;
            made += work.made() * (invocations / SAMPLES) as u64;
            collector.forget_spans();
            memory.push(resident(&lambda)?);
        }
        let took = started.elapsed();
        collector.set(Fault::None).await?;
        let until = Instant::now() + SETTLED;
        while explained(collector.arrived()) != made && Instant::now() < until {
            lambda.invoke(good_event.clone()).await?;
            made += good.made();
            lambda.idle(SETTLED).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Soaked { invocations, memory, bare_growth, made, arrived: collector.arrived(), took, failed })
    }
}

/// Sends an event `times` times, and returns the number of events without a response.
async fn repeat(lambda: &Lambda, event: &Event, times: usize) -> Result<usize, Error> {
    let mut failed = 0;
    for _ in 0..times {
        let invocation = lambda.invoke(event.clone()).await?;
        failed += usize::from(!matches!(invocation.outcome, Outcome::Response(_)));
    }
    Ok(failed)
}

fn resident(lambda: &Lambda) -> Result<u64, Error> {
    Ok(lambda.memory().ok_or("the process has ended")?)
}

fn explained(arrived: Arrived) -> u64 {
    arrived.spans + arrived.lost + arrived.dropped
}

impl Soaked {
    /// Returns the problems, a line each.
    #[must_use]
    pub fn problems(&self, soak: &Soak) -> Vec<String> {
        let mut problems = Vec::new();
        if self.failed > 0 {
            problems.push(format!("{} events failed", self.failed));
        }
        if explained(self.arrived) != self.made {
            problems.push(format!("the account does not balance: {} made, {:?}", self.made, self.arrived));
        }
        let first = self.memory.first().copied().unwrap_or_default();
        let last = self.memory.last().copied().unwrap_or_default();
        let allowed = QUEUE + soak.growth * self.invocations as u64 + self.bare_growth;
        if last > first + allowed {
            problems.push(format!("memory grew by more than {allowed} bytes: {:?}", self.memory));
        }
        // Once the buffers are full, memory no longer grows.
        let half = self.memory.get(self.memory.len() / 2).copied().unwrap_or_default();
        let allowed = SLACK + (soak.growth * self.invocations as u64 + self.bare_growth) / 2;
        if self.invocations >= soak.invocations.1 && last > half + allowed {
            problems.push(format!("memory grew by more than {allowed} bytes in the second half: {:?}", self.memory));
        }
        problems
    }
}
