//! The failure of an invocation in a test.

use std::error::Error;
use std::fmt;

/// The failure of an invocation, as reported to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationError {
    kind: InvocationErrorKind,
    error_type: String,
    message: String,
}

/// The kind of the failure of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvocationErrorKind {
    /// The handler returned an error.
    Handler,
    /// The handler panicked.
    Panic,
    /// The event is not of the handler's type. The handler was not called.
    InvalidEvent,
    /// The response could not be serialised, or the stream of the response ended with an error.
    InvalidResponse,
    /// The test asked for a response of another type.
    OtherResponse,
}

impl InvocationError {
    pub(super) fn new(
        kind: InvocationErrorKind,
        error_type: impl Into<String>,
        message: impl Into<String>,
    ) -> InvocationError {
        InvocationError { kind, error_type: error_type.into(), message: message.into() }
    }

    /// Returns the kind of the failure.
    pub fn kind(&self) -> InvocationErrorKind {
        self.kind
    }

    /// Returns the `errorType` for the caller: the type of the handler's error, as named by the runtime.
    pub fn error_type(&self) -> &str {
        &self.error_type
    }

    /// Returns the `errorMessage` for the caller: the message of the handler's error, or of the panic.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Shows the message.
impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for InvocationError {}
