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

/// Runs a closure in a scope, and returns the recorded spans. The subscriber is the one of [`install`](crate::install), on
/// this thread alone.
pub fn record<R>(name: &'static str, f: impl FnOnce() -> R) -> (R, Vec<SpanData>) {
    record_with(&Config::from_env(&Env::from_pairs::<&str, &str>([])), name, f)
}

/// Runs a closure in a scope as [`record`] does, with this configuration.
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
pub fn tree_with_times(spans: &[SpanData]) -> String {
    print(spans.to_vec(), Show::Everything)
}
