//! The compile error for a `main` without arguments where the feature `http` is off.

use std::future::Future;
use std::process::ExitCode;

use thundra_core::exception::Exception;

/// A type accepted as the result of a `main` without arguments. No type is accepted without the feature.
#[diagnostic::on_unimplemented(
    message = "`main` takes no event, and returns `{Self}`",
    label = "no HTTP service",
    note = "`main` takes the event, as in `async fn main(event: LambdaEvent<T>)`, or returns an HTTP service such as an \
            axum `Router`, with the feature `http` of thundra-aws"
)]
pub trait App {}

/// Stands in for the program. No call compiles, because no type implements `App`.
pub fn main_buffered<T, S: App>(_: impl FnOnce() -> T, _: impl Future<Output = Result<S, Exception>>) -> ExitCode {
    ExitCode::FAILURE
}
