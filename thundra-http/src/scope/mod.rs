//! Scopes of programs: a command, a scheduled job, a step of a longer work.

mod outcome;
mod parent;

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;

use thundra_core::exception::Exception;
use thundra_core::{Scope, ScopeBuilder, export_later};

pub use self::outcome::Outcome;
use self::parent::Called;

/// Runs a future in a scope: a root span with local spans, calls, log lines and correlation ids below.
///
/// For programs without a server or a Lambda runtime, for example a command or a scheduled job. The value of the future
/// is returned unchanged. `Err`, a panic and the drop of the future are recorded as failures, and pass on. The scope
/// begins with the first poll. The future is `Send` if `work` is.
///
/// # Parent
///
/// - Inside another scope (a request, an invocation, a record, a `scope`), the new scope is a child of the current
///   span, with a copy of the correlation ids. In a spawned task, the current span at the call of `scope` counts, as in
///   `tokio::spawn(scope("audit", …))`.
/// - Elsewhere, the variables `TRACEPARENT`, `TRACESTATE`, `BAGGAGE` and the variables of correlation ids name the
///   parent, by [the rules of environment variables](crate::propagation::env). Lambda functions do not read the
///   variables, because a function has one environment and many callers. Variables are read once.
/// - A builder with a [`parent`](ScopeBuilder::parent) overrides both rules, even with an empty parent.
///
/// Without a parent, a new trace and a new chain of calls begin, with a random UUID as `x-correlation-id`.
///
/// # Export
///
/// The spans are exported after the end of the scope, by the thread of [`init`](crate::init). Without `init` nothing is
/// exported, and a line on standard error reports the missing `init`. A scope records at most `THUNDRA_MAX_SPANS`
/// spans. Give long work a scope for each step. Scopes inside a program's `scope` are exported separately; scopes
/// inside a request, an invocation or a record are exported with the outer scope.
///
/// # Examples
///
/// ```no_run
/// #[tokio::main]
/// async fn main() -> Result<(), thundra_http::Error> {
///     let _telemetry = thundra_http::init();
///     thundra_http::scope("import", async {
///         let orders = thundra_http::get("http://orders.internal/orders").await?.text().await?;
///         tracing::info!(bytes = orders.len(), "imported");
///         Ok(())
///     })
///     .await
/// }
/// ```
///
/// With more than a name:
///
/// ```no_run
/// use thundra_http::Scope;
///
/// # async fn import(file: &str) -> std::io::Result<()> {
/// let import = Scope::builder("import").attribute("file.name", file.to_owned()).default_correlation_id("import-2026-11-26");
/// thundra_http::scope(import, async {
///     // …
///     Ok(())
/// })
/// .await
/// # }
/// ```
pub fn scope<F>(scope: impl Into<ScopeBuilder>, work: F) -> impl Future<Output = F::Output>
where
    F: Future<Output: Outcome>,
{
    let called = Called::now(scope.into());
    async move {
        let scope = called.begin();
        let mut work = pin!(scope.run(work));
        let output = poll_fn(|cx| recording_panic(&scope, || work.as_mut().poll(cx))).await;
        finish(scope, &output);
        output
    }
}

/// Runs a closure in a scope, as [`scope`](scope()) runs a future.
///
/// # Examples
///
/// ```
/// let total = thundra_http::sync_scope("sum", || {
///     thundra_http::correlation::set("batch", "7");
///     40 + 2
/// });
/// assert_eq!(total, 42);
/// ```
pub fn sync_scope<R: Outcome>(scope: impl Into<ScopeBuilder>, work: impl FnOnce() -> R) -> R {
    let scope = Called::now(scope.into()).begin();
    let output = recording_panic(&scope, || scope.enter(work));
    finish(scope, &output);
    output
}

/// Records the outcome, and ends the scope.
fn finish(scope: Scope, outcome: &impl Outcome) {
    outcome.record(&scope);
    export_later(scope.finish());
}

/// Runs a step of the work. A panic is recorded and resumed. The drop of the scope then exports the spans.
fn recording_panic<R>(scope: &Scope, step: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|panic| {
        scope.fail(&Exception::panic(&*panic));
        resume_unwind(panic)
    })
}
