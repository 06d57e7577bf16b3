//! A row of the table of scenarios.

use std::time::Duration;

use super::work::Handler;
use crate::harness::collector::fault::Fault;
use crate::harness::lambda::{Output, Platform};

/// A handler, a collector and an environment, with the expected result.
///
/// The expectations of every scenario stand in [`check`](super::check).
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The name of the scenario and of the test.
    pub name: &'static str,
    /// The reason for the scenario.
    pub why: &'static str,
    /// The end of the handler.
    pub handler: Handler,
    /// The number of spans before the end of the handler.
    pub spans: u64,
    /// Bytes that make the event large.
    pub padding: usize,
    /// An event of another form than the function's.
    pub foreign_event: Option<&'static str>,
    /// The fault of the collector.
    pub fault: Fault,
    /// The unusual properties of the environment.
    pub environment: Environment,
    /// The exported invocations.
    pub exported: Exported,
    /// The end of the function.
    pub end: End,
    /// The number of invocations of the short form, and of the long form.
    pub invocations: (usize, usize),
    /// The expected result.
    pub expect: Expect,
}

/// Unusual properties of the environment of a function.
#[derive(Clone, Copy, Debug, Default)]
pub struct Environment {
    /// Variables, with values that may be invalid UTF-8.
    pub variables: &'static [(&'static str, &'static [u8])],
    /// X-Ray samples each invocation, and not none.
    pub xray_samples: bool,
    /// The destination of standard output.
    pub stdout: Output,
    /// The time to the deadline; `None` for ten seconds.
    pub timeout: Option<Duration>,
    /// The lead of the deadline in the headers over the enforced deadline.
    pub deadline_behind: Duration,
    /// Headers that the Runtime API omits.
    pub without: &'static [&'static str],
    /// Open connections to the collector die while the function is frozen.
    pub connections_die: bool,
}

/// The choice of exported invocations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exported {
    /// All.
    #[default]
    All,
    /// Failed invocations.
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

/// The end of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// Lambda shuts the function down.
    #[default]
    ShutDown,
    /// Lambda shuts the function down while spans wait. The collector has recovered before the shutdown.
    ShutDownWaiting,
    /// SIGTERM, while the function waits for an event.
    TerminatedIdle,
    /// SIGTERM, right after the last response.
    TerminatedExporting,
}

/// The expected result of a scenario.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expect {
    /// `error.type` of the invocations' root spans.
    pub error_type: Option<&'static str>,
    /// The number of lost and counted spans.
    pub counted: Counted,
    /// A text that must occur once on standard error.
    pub says: Option<&'static str>,
    /// The signal that ends the process, if not the same as for the bare function.
    pub signal: Option<i32>,
}

/// A number of lost and counted spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counted {
    /// None.
    #[default]
    None,
    /// Any number, including zero, which depends on time.
    Any,
    /// A number above zero, which depends on time.
    Some,
    /// This number for each invocation.
    Each(u64),
    /// All spans of the invocations.
    All,
    /// Nothing can be counted, because the process is killed with the spans or the collector never recovers.
    Unknown,
}

/// A runtime function with a platform.
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

    /// The modes of long runs. On demand, `run_concurrent` takes the path of `run`, so a long run would show the same.
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

    /// Returns the platform.
    #[must_use]
    pub fn platform(self) -> Platform {
        match self {
            Self::Run | Self::RunConcurrentOnDemand => Platform::OnDemand,
            Self::RunConcurrent => Platform::ManagedInstances(2),
        }
    }
}
