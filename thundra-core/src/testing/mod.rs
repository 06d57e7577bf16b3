//! Spans, log records and metrics for tests: recorded, compared as text, or collected in memory.
//!
//! Each recording has a subscriber for the thread of the closure, or for the future, and sees nothing of other tests. A
//! global subscriber of the test program is neither needed nor changed, and receives nothing of the recorded work.
//!
//! | Function | Work | Returns |
//! |---|---|---|
//! | [`record`] | a closure | the spans |
//! | [`record_async`] | a future | the spans |
//! | [`record_all`] | a future | spans, log records and metrics |
//!
//! [`tree`] prints the spans with all attributes but the correlation ids. [`snapshot`] prints only the parts that are
//! equal in each run, on each machine and with each version of a dependency.
//!
//! # Examples
//!
//! ```
//! use thundra_core::testing;
//!
//! #[tracing::instrument]
//! fn bill(order: u32) {}
//!
//! let (_, spans) = testing::record("invocation", || bill(7));
//! assert_eq!(testing::tree(&spans), "invocation thundra.parent.source=none\n└ bill order=7\n");
//! ```

mod choice;
mod growth;
mod printer;
mod received;
mod recorded;
mod snapshot;
mod values;

use std::future::Future;
use std::sync::LazyLock;

use tracing::dispatcher::with_default;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Subscriber};

#[doc(hidden)]
pub use self::growth::assert_linear;
#[doc(hidden)]
pub use self::received::RequestForm;
pub use self::recorded::Recorded;
#[doc(hidden)]
pub use self::recorded::Recording;
pub use self::snapshot::{Snapshot, snapshot};
pub use crate::export::MemoryExporter;
pub use crate::log_data::LogData;
pub use crate::metric_data::{MetricData, MetricValue};
use crate::tree::{Show, print};
use crate::{Config, Env, Scope, SpanData, subscriber};

/// Runs a closure in a scope, and returns the recorded spans. The subscriber of [`install`](crate::install) is the
/// default on the calling thread only.
///
/// # Examples
///
/// ```
/// use thundra_core::testing;
///
/// let (sum, spans) = testing::record("checkout", || tracing::info_span!("add", items = 2).in_scope(|| 20 + 22));
/// assert_eq!(sum, 42);
/// assert_eq!(spans[0].attribute("items"), Some(&2.into()));
/// ```
pub fn record<R>(name: &'static str, f: impl FnOnce() -> R) -> (R, Vec<SpanData>) {
    record_with(&default_config(), name, f)
}

/// Runs a closure in a scope as [`record`] does, with the configuration `config`.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env, testing};
///
/// let config = Config::from_env(&Env::from_pairs([("THUNDRA_SPANS", "debug")]));
/// let (_, spans) = testing::record_with(&config, "checkout", || tracing::debug_span!("add").in_scope(|| {}));
/// assert_eq!(testing::tree(&spans), "checkout thundra.parent.source=none\n└ add\n");
/// ```
pub fn record_with<R>(config: &Config, name: &'static str, f: impl FnOnce() -> R) -> (R, Vec<SpanData>) {
    with_default(&dispatch(subscriber(config)), || {
        let scope = Scope::builder(name).begin_with(config);
        let result = scope.enter(f);
        (result, scope.finish().spans().collect())
    })
}

/// Runs a future in a scope, and returns the recorded spans. The subscriber of [`install`](crate::install) is the
/// default in the future only. The returned future is [`Send`] if the given future is.
///
/// A task spawned by the future is not a part of the future. `.in_current_span().with_current_subscriber()` (of
/// `tracing`'s `Instrument` and `WithSubscriber`) records the spans of the task. A span that ends after the future is
/// not returned.
///
/// # Examples
///
/// ```
/// use thundra_core::testing;
///
/// #[tracing::instrument]
/// async fn bill(order: u32) -> u32 {
///     order * 100
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (cents, spans) = testing::record_async("invocation", bill(7)).await;
/// assert_eq!(cents, 700);
/// assert_eq!(testing::snapshot(&spans), "invocation\n└ bill order=7\n");
/// # }
/// ```
pub async fn record_async<F: Future>(name: &'static str, future: F) -> (F::Output, Vec<SpanData>) {
    record_async_with(&default_config(), name, future).await
}

/// Runs a future in a scope as [`record_async`] does, with the configuration `config`.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env, testing};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let config = Config::from_env(&Env::from_pairs([("THUNDRA_SPANS", "debug")]));
/// let work = async { tracing::debug_span!("add").in_scope(|| 20 + 22) };
/// let (sum, spans) = testing::record_async_with(&config, "checkout", work).await;
/// assert_eq!((sum, spans.len()), (42, 2));
/// # }
/// ```
pub async fn record_async_with<F: Future>(
    config: &Config,
    name: &'static str,
    future: F,
) -> (F::Output, Vec<SpanData>) {
    let dispatch = dispatch(subscriber(config));
    let scope = with_default(&dispatch, || Scope::builder(name).begin_with(config));
    let output = scope.run(future).with_subscriber(dispatch.clone()).await;
    let records = with_default(&dispatch, || scope.finish());
    (output, records.spans().collect())
}

/// Runs a future in a scope as [`record_async_with`] does, and returns log records and metrics too. Log lines are not
/// written.
///
/// Log records and measurements outside of scopes are not returned.
///
/// # Examples
///
/// ```
/// use thundra_core::testing::{self, MetricValue};
/// use thundra_core::{Config, Env};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "debug")]));
/// let work = async {
///     tracing::debug!(order = 7, "paid");
///     tracing::info!(monotonic_counter.orders = 1);
/// };
/// let ((), recorded) = testing::record_all(&config, "checkout", work).await;
/// assert_eq!(recorded.logs[0].attribute("order"), Some(&7.into()));
/// assert_eq!(recorded.metric("orders").map(|metric| metric.value), Some(MetricValue::Sum(1.0)));
/// # }
/// ```
pub async fn record_all<F: Future>(config: &Config, name: &'static str, future: F) -> (F::Output, Recorded) {
    let recording = Recording::new(config);
    let scope = with_default(recording.dispatch(), || Scope::builder(name).begin_with(config));
    recording.watch(*scope);
    let output = scope.run(future).with_subscriber(recording.dispatch().clone()).await;
    let records = with_default(recording.dispatch(), || scope.finish());
    (output, recording.end(&records))
}

/// Returns spans as an indented tree, without times and ids, also without correlation ids.
pub fn tree(spans: &[SpanData]) -> String {
    print(spans.to_vec(), Show::Shape)
}

/// Returns spans as an indented tree, with durations and trace ids.
///
/// # Examples
///
/// ```
/// use thundra_core::testing;
///
/// let (_, spans) = testing::record("checkout", || {});
/// assert!(testing::tree_with_times(&spans).contains(&spans[0].context.trace_id.to_string()));
/// ```
pub fn tree_with_times(spans: &[SpanData]) -> String {
    print(spans.to_vec(), Show::Everything)
}

/// Makes the subscriber of a recording.
///
/// `tracing` asks a single subscriber as the default of the thread that reaches a span first, and all threads keep the
/// answer. A test without a recording on another thread would thus disable the span. `tracing` asks each of two
/// subscribers, so a second subscriber exists from the first recording on.
pub(super) fn dispatch(subscriber: impl Subscriber + Send + Sync) -> Dispatch {
    static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));
    LazyLock::force(&SECOND);
    Dispatch::new(subscriber)
}

/// Returns the configuration of a test, independent of the environment.
pub(crate) fn default_config() -> Config {
    Config::from_env(&Env::from_pairs::<&str, &str>([]))
}

#[cfg(test)]
mod tests;
