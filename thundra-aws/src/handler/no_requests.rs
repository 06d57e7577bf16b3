//! The answer to a `main` without arguments where the feature `http` is off.

use lambda_runtime::tower::util::ServiceFn;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value as Json;

/// What a `main` without arguments may return: nothing, without the feature.
#[diagnostic::on_unimplemented(
    message = "`main` takes no event, and returns `{Self}`",
    label = "no HTTP service",
    note = "`main` takes the event, as in `async fn main(event: LambdaEvent<T>)`, or returns an HTTP service such as an \
            axum `Router`, with the feature `http` of thundra-aws"
)]
pub trait App {}

/// Returns the service of Lambda's events that `main` would be.
pub fn buffered<S: App>(_: S) -> ServiceFn<fn(LambdaEvent<Json>) -> std::future::Ready<Result<Json, &'static str>>> {
    service_fn(|_| std::future::ready(Err("the feature `http` of thundra-aws is off")))
}
