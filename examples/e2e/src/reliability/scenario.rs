//! A row of the table of scenarios.

use std::time::Duration;

use super::work::Handler;
use crate::harness::collector::fault::Fault;
use crate::harness::lambda::{Output, Platform};

/// A handler, a collector and an environment, and what must come of them.
///
/// What holds for each scenario stands in [`check`](super::check).
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The name, which is also that of the test.
    pub name: &'static str,
    /// Why it is in the table.
    pub why: &'static str,
    /// What the handler does.
    pub handler: Handler,
    /// The spans that the handler makes first.
    pub spans: u64,
    /// Bytes that make the event large.
    pub padding: usize,
    /// The event, where it is none of the function's.
    pub foreign_event: Option<&'static str>,
    /// What is wrong with the collector.
    pub fault: Fault,
    /// What is unusual around the function.
    pub environment: Environment,
    /// Which invocations are exported.
    pub exported: Exported,
    /// How the function ends.
    pub end: End,
    /// How many invocations the short form has, and the long one.
    pub invocations: (usize, usize),
    /// What must come of it.
    pub expect: Expect,
}

/// What is unusual around a function.
#[derive(Clone, Copy, Debug, Default)]
pub struct Environment {
    /// Variables, which may be no text.
    pub variables: &'static [(&'static str, &'static [u8])],
    /// X-Ray samples each invocation, and not none.
    pub xray_samples: bool,
    /// What becomes of standard output.
    pub stdout: Output,
    /// The time to the deadline; ten seconds where it is `None`.
    pub timeout: Option<Duration>,
    /// How much earlier the deadline is said to be than it is.
    pub deadline_behind: Duration,
    /// Headers that the Runtime API leaves out.
    pub without: &'static [&'static str],
    /// Open connections to the collector die while the function is frozen.
    pub connections_die: bool,
}

/// Which invocations are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exported {
    /// All.
    #[default]
    All,
    /// Those that fail.
    Failed,
    /// None.
    None,
}

impl Exported {
    /// Returns `true` if an invocation with this handler is exported.
    #[must_use]
    pub fn has(self, handler: Handler) -> bool {
        match self {
            Self::All => true,
            Self::Failed => handler == Handler::Error,
            Self::None => false,
        }
    }
}

/// How a function ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// Lambda shuts it down.
    #[default]
    ShutDown,
    /// Lambda shuts it down while spans wait for a collector, which is back by then.
    ShutDownWaiting,
    /// SIGTERM, while it waits for an event.
    TerminatedIdle,
    /// SIGTERM, right after its last response.
    TerminatedExporting,
}

/// What must come of a scenario.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expect {
    /// `error.type` of the invocations' root spans.
    pub error_type: Option<&'static str>,
    /// What is lost and counted.
    pub counted: Counted,
    /// What must stand on standard error, once.
    pub says: Option<&'static str>,
    /// The signal that ends the process, where it is not the bare one's.
    pub signal: Option<i32>,
}

/// How many spans are lost and counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counted {
    /// None.
    #[default]
    None,
    /// Any number: how many depends on time.
    Any,
    /// Some: how many depends on time.
    Some,
    /// So many of each invocation.
    Each(u64),
    /// All spans of the invocations.
    All,
    /// Nothing can be counted, since the process is killed with them or the collector never comes back.
    Unknown,
}

/// How a function is run, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `run`, on demand.
    Run,
    /// `run_concurrent`, on managed instances.
    RunConcurrent,
    /// `run_concurrent`, on demand: one invocation at a time.
    RunConcurrentOnDemand,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Run, Self::RunConcurrent, Self::RunConcurrentOnDemand];

    /// The modes of long runs. On demand, `run_concurrent` takes the way of `run`, so its long runs would show the same.
    pub const LONG: [Self; 2] = [Self::Run, Self::RunConcurrent];

    /// Returns the name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::RunConcurrent => "run_concurrent",
            Self::RunConcurrentOnDemand => "run_concurrent on demand",
        }
    }

    /// Returns the name of the function that runs the handler.
    #[must_use]
    pub fn runs(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::RunConcurrent | Self::RunConcurrentOnDemand => "run_concurrent",
        }
    }

    /// Returns where it runs.
    #[must_use]
    pub fn platform(self) -> Platform {
        match self {
            Self::Run | Self::RunConcurrentOnDemand => Platform::OnDemand,
            Self::RunConcurrent => Platform::ManagedInstances(2),
        }
    }
}
