//! The table of scenarios and figures, in Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use super::run::{FLUSH_LIMIT, Run, Side};
use super::scenario::{Mode, Scenario};
use super::soak::{Soak, Soaked};

/// Returns the text before the tables.
fn introduction() -> String {
    format!(
        "\
# Reliability

Written by `cargo run --release -p thundra-examples --bin reliability -- --write`, which fails where a scenario does. Here
it was {}.

Each scenario runs a function beside the same function on the bare runtime, in the same run, in front of a Runtime API
and a collector on loopback (`examples/e2e/src/harness`). Between invocations the process is stopped, and at a deadline
it is killed, except on managed instances (`run_concurrent`, two at a time). For each scenario holds:

- The caller gets what it gets from the bare function, and the process ends as the bare one does.
- From the response to the request for the next event it is no longer than a flush may take: here {} ms
  (`OTEL_EXPORTER_OTLP_TIMEOUT`).
- Each span is explained once: *made = arrived + spilled + counted*. The function makes good invocations after the fault
  until that holds, so *made* has those as well.
- Nothing of ours panics.

The caller's wait is the median, in milliseconds; it is reported, and not a bound. *To next* is the longest time from a
response to the request for the next event, in milliseconds.
",
        if cfg!(debug_assertions) { "a debug build" } else { "a release build" },
        FLUSH_LIMIT.as_millis()
    )
}

/// A report, to which rows can be added.
#[derive(Debug)]
pub struct Report {
    scenarios: String,
    soaks: String,
    reasons: String,
}

impl Default for Report {
    fn default() -> Self {
        let scenarios = "| scenario | function | invocations | caller waits, bare | traced | to next, bare | traced | made | arrived | spilled | counted |\n\
                         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
        let soaks = "| run | function | invocations | took, s | memory at start, MiB | after each tenth, MiB | growth of bare, MiB | made | arrived | counted |\n\
                     |---|---|--:|--:|--:|---|--:|--:|--:|--:|\n";
        Self {
            scenarios: scenarios.to_owned(),
            soaks: soaks.to_owned(),
            reasons: "| scenario | what it shows |\n|---|---|\n".to_owned(),
        }
    }
}

impl Report {
    /// Adds the row of a scenario.
    pub fn add(&mut self, scenario: &Scenario, mode: Mode, run: &Run) {
        let _ = writeln!(
            self.scenarios,
            "| {} | `{}` | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            scenario.name,
            mode.name(),
            run.traced.invocations.len(),
            milliseconds(run.bare.median_wait()),
            milliseconds(run.traced.median_wait()),
            milliseconds(run.bare.longest_to_next()),
            milliseconds(run.traced.longest_to_next()),
            run.made,
            run.arrived,
            run.spilled,
            run.lost + run.dropped,
        );
        if mode == Mode::Run {
            let _ = writeln!(self.reasons, "| {} | {} |", scenario.name, scenario.why);
        }
    }

    /// Adds the row of a long run.
    pub fn add_soak(&mut self, soak: &Soak, mode: Mode, soaked: &Soaked) {
        let mib = |bytes: &u64| format!("{:.1}", *bytes as f64 / f64::from(1 << 20));
        let (start, later) = soaked.memory.split_first().unwrap_or((&0, &[]));
        let _ = writeln!(
            self.soaks,
            "| {} | `{}` | {} | {:.0} | {} | {} | {} | {} | {} | {} |",
            soak.name,
            mode.name(),
            soaked.invocations,
            soaked.took.as_secs_f64(),
            mib(start),
            later.iter().map(mib).collect::<Vec<_>>().join(" "),
            mib(&soaked.bare_growth),
            soaked.made,
            soaked.arrived.spans,
            soaked.arrived.lost + soaked.arrived.dropped,
        );
        if mode == Mode::Run {
            let _ = writeln!(self.reasons, "| {} | {} |", soak.name, soak.why);
        }
    }

    /// Returns the whole report.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let introduction = introduction();
        let Self { scenarios, soaks, reasons } = self;
        format!("{introduction}\n## Scenarios\n\n{scenarios}\n## Long runs\n\n{soaks}\n## Why these\n\n{reasons}")
    }
}

impl Side {
    /// Returns the median of the callers' waits.
    #[must_use]
    pub fn median_wait(&self) -> Option<Duration> {
        let mut waits: Vec<_> = self.invocations.iter().map(|invocation| invocation.waited).collect();
        waits.sort_unstable();
        waits.get(waits.len() / 2).copied()
    }

    /// Returns the longest time from a response to the request for the next event.
    #[must_use]
    pub fn longest_to_next(&self) -> Option<Duration> {
        self.records.iter().filter_map(crate::harness::lambda::Record::to_next).max()
    }
}

fn milliseconds(duration: Option<Duration>) -> String {
    duration.map_or_else(|| "–".to_owned(), |duration| format!("{:.2}", duration.as_secs_f64() * 1e3))
}
