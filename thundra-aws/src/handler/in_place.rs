//! `#[handler]` on any function but `main`: the function reports the outcome to the current invocation, or begins an
//! invocation.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lambda_runtime::Context;
use thundra_core::exception::Exception;
use thundra_core::{ScopeFlags, ScopeRef, Telemetry, diagnostics};

use crate::lifecycle::layer::export;
use crate::lifecycle::watchdog::Watch;
use crate::lifecycle::{invocation, setup};
use crate::panics::recording_panic;
use crate::remote_config;

/// The longest time for which an export delays the response to a caller.
const CALLER_WAITS: Duration = Duration::from_millis(500);

/// Runs the body of a handler.
///
/// Under [`run`](crate::run) an invocation exists already. Under a plain `lambda_runtime::run` the body becomes an
/// invocation, exported before the handler returns. `context` is the context of the first argument with a context.
/// Without any, nothing is recorded, and the report names the types of all arguments.
pub async fn in_place<F: Future, const N: usize>(
    name: &'static str,
    context: Result<Context, [&'static str; N]>,
    body: F,
) -> F::Output {
    // Outside Lambda, a handler without an invocation is called by a unit test.
    if ScopeRef::current().is_some() || !setup::in_lambda() {
        return body.await;
    }
    let context = match context {
        Ok(context) => context,
        Err(arguments) => {
            report_nothing_recorded(name, &arguments);
            return body.await;
        }
    };
    let config = setup::install_during_calls(Telemetry::default());
    let scope = invocation::begin(&mut Bytes::new(), &context, None, config);
    if scope.recorded() {
        diagnostics::once(
            "in_place",
            format_args!(
                "the handler {name:?} runs under lambda_runtime::run, so its spans are exported before it returns, \
                 and the trigger is unknown: thundra_aws::run exports after the response"
            ),
        );
    }
    // The event may be a request: the span of the invocation then serves as the server span of a router inside.
    scope.set_flags(ScopeFlags::HTTP_REQUEST);
    let watch = Watch::begin(&scope, &context, config);
    let mut body = pin!(body);
    let output = scope.run(poll_fn(|cx| recording_panic(Some(*scope), || body.as_mut().poll(cx)))).await;
    let longest = Instant::now() + CALLER_WAITS;
    let until = watch.flush_until().map_or(longest, |until| until.min(longest));
    export(invocation::finish(scope, watch), Some(until), config).await;
    // The caller waits, so the reading goes on beside the next invocation.
    remote_config::begin();
    output
}

/// Reports a handler that runs outside an invocation and has no context.
#[cold]
fn report_nothing_recorded(name: &str, arguments: &[&str]) {
    if !thundra_core::config().disabled {
        let why = why_no_context(arguments);
        diagnostics::once("in_place.none", format_args!("nothing is recorded of the handler {name:?}: {why}"));
    }
}

/// Returns the reason why no argument has a context, and the remedy. Types are compared by path, because a path is the
/// same in all versions of a crate.
fn why_no_context(arguments: &[&str]) -> &'static str {
    let holds = |path: &str| arguments.iter().any(|argument| argument.contains(path));
    if holds("lambda_runtime::") {
        "it takes no LambdaEvent and no Context of the lambda_runtime that thundra-aws uses; set \
         lambda_runtime = \"1\" in Cargo.toml (`cargo tree -i lambda_runtime` shows the versions), and take the event \
         itself where the argument is a type parameter or a wrapper"
    } else if !holds("http::request::Request<") {
        "no invocation is above it, and it takes no LambdaEvent, no Context and no Request of lambda_http; start the \
         function with thundra_aws::run in place of lambda_runtime::run"
    } else if cfg!(feature = "http") {
        "its request is not from the lambda_http that thundra-aws uses; set lambda_http = \"1\" in Cargo.toml \
         (`cargo tree -i lambda_http` shows the versions)"
    } else {
        "the context of its request is read with the feature `http` of thundra-aws, and lambda_http = \"1\""
    }
}

/// Records the error of a handler on the invocation. Does nothing under [`run`](crate::run), where the result received
/// by the runtime decides: a caller in between may have handled the error.
///
/// `describe` formats the error, and is called only if an invocation records the text.
pub fn report(describe: impl FnOnce() -> Option<Exception>) {
    if let Some(invocation) =
        ScopeRef::current().filter(|invocation| !invocation.flags().contains(ScopeFlags::HANDLER_CALLED))
        && let Some(error) = describe()
    {
        invocation.set_flags(ScopeFlags::FAILED);
        invocation.fail(&error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remedy_fits_the_types_of_the_arguments() {
        let request = if cfg!(feature = "http") { "set lambda_http = \"1\"" } else { "feature `http` of thundra-aws" };
        for (arguments, remedy) in [
            (&["lambda_runtime::types::LambdaEvent<alloc::string::String>"][..], "set lambda_runtime = \"1\""),
            (&["orders::Orders", "&lambda_runtime::types::Context"], "set lambda_runtime = \"1\""),
            (&["http::request::Request<lambda_http::Body>"], request),
            (&["&http::request::Request<axum_core::body::Body>"], request),
            (&["orders::Order"], "thundra_aws::run in place of lambda_runtime::run"),
            (&[], "thundra_aws::run in place of lambda_runtime::run"),
        ] {
            assert!(why_no_context(arguments).contains(remedy), "{arguments:?}");
        }
    }
}
