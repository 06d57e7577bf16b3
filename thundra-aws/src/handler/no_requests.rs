//! The answer to a `main` without arguments where the feature `http` is off.

use std::future::Future;
use std::process::ExitCode;

use thundra_core::exception::Exception;

/// What a `main` without arguments may return: nothing, without the feature.
#[diagnostic::on_unimplemented(
    message = "`main` takes no event, and returns `{Self}`",
    label = "no HTTP service",
    note = "`main` takes the event, as in `async fn main(event: LambdaEvent<T>)`, or returns an HTTP service such as an \
            axum `Router`, with the feature `http` of thundra-aws"
)]
pub trait App {}

/// Ends the program, which does not compile.
pub fn main_buffered<T, S: App>(_: impl FnOnce() -> T, _: impl Future<Output = Result<S, Exception>>) -> ExitCode {
    ExitCode::FAILURE
}
