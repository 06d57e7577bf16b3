//! What a function is started with.

use std::ffi::OsString;
use std::path::PathBuf;

/// The settings of a function.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The executable.
    pub program: PathBuf,
    /// The variables beside those that Lambda sets. They come last, and may be no text.
    pub variables: Vec<(OsString, OsString)>,
    /// Where the function runs.
    pub platform: Platform,
    /// X-Ray samples each invocation, and not none.
    pub xray_samples: bool,
    /// What becomes of standard output.
    pub stdout: Output,
    /// Refuses to register extensions.
    pub refuses_extensions: bool,
}

/// Where a function runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// One invocation at a time; frozen in between, and killed at a deadline.
    #[default]
    OnDemand,
    /// This many invocations at a time; neither frozen nor killed.
    ManagedInstances(usize),
}

/// What becomes of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// It is kept.
    #[default]
    Kept,
    /// It is a pipe whose reader is gone.
    Closed,
    /// It is `/dev/full`.
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
    /// Returns how many events the function asks for at once.
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

    /// Returns the variables that tell the function where it runs.
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
