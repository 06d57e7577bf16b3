//! What `#[handler]` makes of any other function: it reports to the invocation above it, or is one.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lambda_runtime::Context;
use thundra_core::{ScopeRef, diagnostics};

use super::handler::observed;
use super::layer::export;
use super::{init, invocation};
use crate::marks;
use crate::probe::Outcome;

/// The longest that a caller waits for an export before his response.
const CALLER_WAITS: Duration = Duration::from_millis(500);

/// Runs a handler's body. Under [`run`](crate::run) that is all; under a plain `lambda_runtime::run` it is an
/// invocation of its own, exported before it returns.
pub async fn in_place<F: Future>(name: &'static str, context: Option<Context>, body: F) -> F::Output {
    // Outside Lambda (a unit test) there is nobody to tell.
    let alone = ScopeRef::current().is_none() && init::in_lambda();
    let Some(context) = context.filter(|_| alone) else { return body.await };
    init::telemetry_at_work();
    diagnostics::once(
        "in_place",
        format_args!(
            "the handler {name:?} runs under lambda_runtime::run, so its spans are exported before it returns, \
             and what triggered it is not known: thundra_aws::run exports after the response"
        ),
    );
    let scope = invocation::begin(&mut Bytes::new(), &context);
    // It may be one: a router that is called in it takes it for its request.
    scope.mark(thundra_http::IS_REQUEST);
    let deadline = invocation::flush_deadline(&context);
    let mut body = pin!(body);
    let output = scope.run(poll_fn(|cx| observed(Some(*scope), || body.as_mut().poll(cx)))).await;
    let longest = Instant::now() + CALLER_WAITS;
    export(scope.finish(), Some(deadline.map_or(longest, |deadline| deadline.min(longest)))).await;
    output
}

/// Records the outcome of a handler on its invocation, unless the invocation sees it itself. Under [`run`](crate::run)
/// the result that the runtime gets decides, and a caller in between may have dealt with the error.
///
/// `describe` formats the user's error, so it is called only for an invocation that records the text.
pub fn report(describe: impl FnOnce() -> Outcome) {
    if let Some(invocation) = ScopeRef::current().filter(|invocation| invocation.marks() & marks::CALLED == 0)
        && let Outcome::Error { error_type, message } = describe()
    {
        invocation.set_error(error_type, message);
    }
}
