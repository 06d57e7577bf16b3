//! Spans for tests: recorded, compared as text, or collected in memory.
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

use crate::tree::{Show, print};
use crate::{Config, Env, Scope, SpanData, subscriber};

pub use crate::export::MemoryExporter;

/// Runs a closure in a scope, and returns the recorded spans. The subscriber is the one of [`install`](crate::install),
/// on this thread alone.
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
    record_with(&Config::from_env(&Env::from_pairs::<&str, &str>([])), name, f)
}

/// Runs a closure in a scope as [`record`] does, with this configuration.
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
    tracing::subscriber::with_default(subscriber(config), || {
        let scope = Scope::builder(name).begin_with(config);
        let result = scope.enter(f);
        (result, scope.finish().spans().collect())
    })
}

/// Returns spans as an indented tree, without times and ids.
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
