//! Counts are the process's, so this is a program of its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use thundra_core::testing::MemoryExporter;
use thundra_core::{Config, Env, Records, Scope, SpanExt, Telemetry, flush, install};
use tracing::{info, info_span};

#[tokio::test]
async fn what_is_recorded_on_a_root_that_has_ended_is_counted_on_the_next_one() {
    let exporter = MemoryExporter::new();
    let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "off")]));
    install(Telemetry::builder().config(config).exporter(exporter.clone()));
    let scope = Scope::builder("first").begin();
    let (carrier, task) = (scope.span().clone(), scope.enter(|| info_span!("task")));
    let first = scope.finish();
    // As a task does that was spawned with the current span.
    carrier.in_scope(|| info!("after the response"));
    carrier.set_attribute("late", true);
    carrier.follows_from(&task);
    let child = carrier.in_scope(|| info_span!("child"));
    assert_eq!(child.trace_context().unwrap().trace_id, first.spans().next().unwrap().context.trace_id);
    drop((carrier, task, child));
    for name in ["second", "third"] {
        flush(Scope::builder(name).begin().finish(), None).await;
    }
    flush(Records::default(), None).await;
    let tree = exporter.tree();
    let counted: Vec<_> = tree.lines().filter(|line| line.contains("after_end")).collect();
    assert_eq!(counted, ["second thundra.parent.source=none thundra.dropped_after_end=3"], "{tree}");
}
