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
pub fn record<R>(name: &'static str, f: impl FnOnce() -> R) -> (R, Vec<SpanData>) {
    record_with(&Config::from_env(&Env::from_pairs::<&str, &str>([])), name, f)
}

/// As [`record`], with this configuration.
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
pub fn tree_with_times(spans: &[SpanData]) -> String {
    print(spans.to_vec(), Show::Everything)
}
