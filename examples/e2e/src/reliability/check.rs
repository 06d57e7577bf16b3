//! Checks of every scenario.
//!
//! - The caller gets the same outcome as from the bare function, and the process ends like the bare process.
//! - The time from the response to the request for the next event is at most the limit of a flush.
//! - Each span is explained once: *made = arrived + spilled + counted*.
//! - No code of thundra panics.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use super::run::{FLUSH_LIMIT, Run};
use super::scenario::{Counted, End, Mode, Scenario};
use crate::harness::collector::fault::Fault;
use crate::harness::lambda::Outcome;
use crate::report::{Kind, Span};

/// The delay that a busy machine may add. A flush without an end would still take longer.
const SLACK: Duration = Duration::from_secs(2);

/// The file that panics on purpose, and lambda_runtime's panic about missing headers.
const PANICS: [&str; 2] = ["e2e/src/reliability/function.rs", "/lambda_runtime-"];

impl Run {
    /// Returns the problems, a line each.
    #[must_use]
    pub fn problems(&self, scenario: &Scenario, mode: Mode) -> Vec<String> {
        let mut problems = Vec::new();
        self.check_callers(&mut problems);
        self.check_exit(scenario, &mut problems);
        self.check_times(&mut problems);
        self.check_account(scenario, mode, &mut problems);
        self.check_roots(scenario, &mut problems);
        self.check_output(scenario, &mut problems);
        if !problems.is_empty() {
            problems.push(format!("{} under {}; standard error:\n{}", scenario.name, mode.name(), self.traced.stderr));
        }
        problems
    }

    fn check_callers(&self, problems: &mut Vec<String>) {
        for (number, (bare, traced)) in self.bare.invocations.iter().zip(&self.traced.invocations).enumerate() {
            if bare.outcome != traced.outcome {
                problems.push(format!("event {number}: {:?}, bare {:?}", traced.outcome, bare.outcome));
            }
        }
    }

    fn check_exit(&self, scenario: &Scenario, problems: &mut Vec<String>) {
        let expected = match scenario.expect.signal {
            Some(signal) => Some(ExitStatus::from_raw(signal)),
            None => self.bare.exit,
        };
        if self.traced.exit != expected {
            problems.push(format!("it ended with {:?}, and {expected:?} is expected", self.traced.exit));
        }
    }

    fn check_times(&self, problems: &mut Vec<String>) {
        let limit = FLUSH_LIMIT + SLACK + self.bare.longest_to_next().unwrap_or_default();
        if let Some(longest) = self.traced.longest_to_next().filter(|longest| *longest > limit) {
            problems.push(format!("{longest:?} from a response to the next request, more than {limit:?}"));
        }
        let killed = |side: &super::run::Side| side.records.iter().filter(|record| record.killed).count();
        if killed(&self.bare) != killed(&self.traced) {
            problems.push(format!("{} were killed, bare {}", killed(&self.traced), killed(&self.bare)));
        }
    }

    fn check_account(&self, scenario: &Scenario, mode: Mode, problems: &mut Vec<String>) {
        let counted = self.lost + self.dropped;
        let told = format!(
            "{} made, {} arrived, {} spilled, {} lost, {} over the limit, {} again",
            self.made, self.arrived, self.spilled, self.lost, self.dropped, self.again
        );
        let invocations = self.traced.invocations.len() as u64;
        if scenario.expect.counted == Counted::Some && counted == 0 {
            problems.push(format!("nothing is counted: {told}"));
        }
        let expected = match scenario.expect.counted {
            Counted::None => Some(0),
            // A background thread sends several invocations in one request.
            Counted::Each(_) if mode.platform().exports_in_background() => None,
            Counted::Each(count) => Some(count * invocations),
            Counted::All => Some(self.made_under_fault),
            Counted::Any | Counted::Some | Counted::Unknown => None,
        };
        if expected.is_some_and(|expected| expected != counted) {
            problems.push(format!("{expected:?} should be counted: {told}"));
        }
        // On a busy machine a flush may be late and is retried, although the collector accepted the first request.
        let is_late = scenario.fault == Fault::None && self.traced.stderr.contains("did not respond in time");
        if self.again > 0 && !is_late {
            problems.push(format!("spans came twice: {told}"));
        }
        if scenario.expect.counted != Counted::Unknown
            && scenario.end != End::TerminatedExporting
            && self.made != self.arrived + self.spilled + counted
        {
            problems.push(format!("the account does not balance: {told}"));
        }
    }

    fn check_roots(&self, scenario: &Scenario, problems: &mut Vec<String>) {
        let Some(expected) = scenario.expect.error_type else { return };
        let roots = self.spans.iter().filter(|span| span.kind == Kind::Server);
        let failed = roots.filter(|root| root.attribute("error.type") == Some(expected)).count();
        if failed != self.traced.invocations.len() {
            let seen: Vec<_> =
                self.spans.iter().map(|span: &Span| (&span.name, span.attribute("error.type"))).collect();
            problems.push(format!("{failed} roots have error.type {expected:?}: {seen:?}"));
        }
    }

    fn check_output(&self, scenario: &Scenario, problems: &mut Vec<String>) {
        let panics = self.traced.stderr.lines().filter(|line| line.contains("panicked at "));
        for line in panics.filter(|line| !PANICS.iter().any(|file| line.contains(file))) {
            problems.push(format!("a panic: {line}"));
        }
        if let Some(says) = scenario.expect.says {
            let times = self.traced.stderr.matches(says).count();
            if times != 1 {
                problems.push(format!("{says:?} stands {times} times on standard error"));
            }
        }
    }

    /// Returns `true` if an event timed out.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.traced.invocations.iter().any(|invocation| invocation.outcome == Outcome::TimedOut)
    }
}
