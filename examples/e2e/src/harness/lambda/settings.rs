//! The settings of a function.

use std::ffi::OsString;
use std::path::PathBuf;

/// The settings of a function.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The executable.
    pub program: PathBuf,
    /// The variables beyond Lambda's own variables. The test's variables come last, and may be invalid UTF-8.
    pub variables: Vec<(OsString, OsString)>,
    /// The platform of the function.
    pub platform: Platform,
    /// X-Ray samples each invocation, and not none.
    pub xray_samples: bool,
    /// The destination of standard output.
    pub stdout: Output,
    /// Refuses to register extensions.
    pub refuses_extensions: bool,
}

/// A platform of Lambda.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// One invocation at a time; frozen in between, and killed at a deadline.
    #[default]
    OnDemand,
    /// This many invocations at a time; neither frozen nor killed.
    ManagedInstances(usize),
}

/// A destination of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// The harness keeps the output.
    #[default]
    Kept,
    /// The output is a pipe whose reader is gone.
    Closed,
    /// The output is `/dev/full`.
    Full,
}

impl Settings {
    /// Returns the settings of a program on demand.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            variables: Vec::new(),
            platform: Platform::OnDemand,
            xray_samples: false,
            stdout: Output::Kept,
            refuses_extensions: false,
        }
    }

    /// Adds a variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }
}

impl Platform {
    /// Returns the number of events that the function requests at once.
    #[must_use]
    pub fn concurrency(self) -> usize {
        match self {
            Self::OnDemand => 1,
            Self::ManagedInstances(concurrency) => concurrency,
        }
    }

    /// Returns `true` if a thread exports, and not the end of each invocation.
    #[must_use]
    pub fn exports_in_background(self) -> bool {
        matches!(self, Self::ManagedInstances(_))
    }

    /// Returns the variables that name the platform to the function.
    pub(super) fn variables(self) -> Vec<(&'static str, String)> {
        match self {
            Self::OnDemand => vec![("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned())],
            Self::ManagedInstances(concurrency) => vec![
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances".to_owned()),
                ("AWS_LAMBDA_MAX_CONCURRENCY", concurrency.to_string()),
            ],
        }
    }
}
