//! Errors of a known type: `#[handler]` on `main` sees the type of the handler's error, and therefore the sources.

use std::fmt::{self, Debug};

use lambda_runtime::Diagnostic;

/// An error with known sources. The runtime logs and posts the same texts as for the original error.
pub struct Described(Box<dyn Failure>);

impl Described {
    /// Returns the messages of the sources, the nearest source first.
    pub(super) fn sources(&self) -> Vec<String> {
        self.0.sources()
    }
}

impl Debug for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Described> for Diagnostic {
    fn from(described: Described) -> Self {
        described.0.into_diagnostic()
    }
}

/// An error that can be reported to Lambda.
#[diagnostic::on_unimplemented(
    message = "Lambda cannot be told of a `{Self}`",
    label = "no error of a handler",
    note = "the error of a handler is `Debug + Into<lambda_runtime::Diagnostic> + 'static`: return `thundra_aws::Error`, \
            into which `?` turns any error, or implement `From<{Self}> for lambda_runtime::Diagnostic`",
    note = "an `anyhow::Error` or `eyre::Report` is such an error with the feature `anyhow` or `eyre` of lambda_runtime"
)]
pub trait HandlerError: Into<Diagnostic> + Debug + 'static {}

#[diagnostic::do_not_recommend]
impl<E: Into<Diagnostic> + Debug + 'static> HandlerError for E {}

/// The result of a handler.
#[diagnostic::on_unimplemented(
    message = "a handler returns a `Result`, and `main` returns a `{Self}`",
    label = "no `Result`",
    note = "write `-> Result<{Self}, thundra_aws::Error>`"
)]
pub trait Outcome {
    /// The response.
    type Response;
    /// The error.
    type Error;

    /// Returns the outcome as a `Result`.
    ///
    /// # Errors
    ///
    /// The error of the handler.
    fn into_result(self) -> Result<Self::Response, Self::Error>;
}

impl<R, E> Outcome for Result<R, E> {
    type Response = R;
    type Error = E;

    fn into_result(self) -> Self {
        self
    }
}

/// Gives the error of a handler its sources. `sources` formats the messages, and is called only if an invocation
/// records the error.
///
/// # Errors
///
/// The error of the handler.
pub fn with_sources<O>(outcome: O, sources: fn(&O::Error) -> Vec<String>) -> Result<O::Response, Described>
where
    O: Outcome<Error: HandlerError>,
{
    outcome.into_result().map_err(|error| Described(Box::new(Typed { error, sources })))
}

/// An error behind a pointer, so one type serves all errors.
trait Failure: Debug {
    fn sources(&self) -> Vec<String>;
    fn into_diagnostic(self: Box<Self>) -> Diagnostic;
}

struct Typed<E> {
    error: E,
    sources: fn(&E) -> Vec<String>,
}

impl<E: Debug> Debug for Typed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<E: Into<Diagnostic> + Debug> Failure for Typed<E> {
    fn sources(&self) -> Vec<String> {
        (self.sources)(&self.error)
    }

    fn into_diagnostic(self: Box<Self>) -> Diagnostic {
        self.error.into()
    }
}
