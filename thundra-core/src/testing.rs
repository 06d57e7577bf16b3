//! For tests: ours, and those of programs built on these crates.
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

/// Runs a closure in a scope of this name, with a subscriber of its own, and returns the spans it recorded.
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

/// As [`record`], with this configuration.
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

/// Spans as an indented tree, without times and ids.
pub fn tree(spans: &[SpanData]) -> String {
    print(spans.to_vec(), Show::Shape)
}

/// Spans as an indented tree, with durations and trace ids.
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
