//! Counts on the next root span. They are the process's, so this is a program of its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use thundra_core::testing::MemoryExporter;
use thundra_core::{Config, Env, Records, Scope, ScopeRef, SpanExt, Telemetry, flush, install};
use tracing::{info, info_span};

#[tokio::test]
async fn the_next_root_carries_the_counts() {
    let exporter = MemoryExporter::new();
    let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "off")]));
    install(Telemetry::builder().config(config).exporter(exporter.clone()));
    what_is_recorded_on_a_root_that_has_ended_is_counted(&exporter).await;
    late_spans_follow_the_decision_of_their_scope(&exporter).await;
    spans_of_too_many_kept_scopes_are_counted(&exporter).await;
}

async fn what_is_recorded_on_a_root_that_has_ended_is_counted(exporter: &MemoryExporter) {
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

fn unsampled() -> Config {
    Config::from_env(&Env::from_pairs([
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("THUNDRA_KEEP", "errors"),
        ("THUNDRA_MAX_SPANS", "4"),
    ]))
}

async fn late_spans_follow_the_decision_of_their_scope(exporter: &MemoryExporter) {
    exporter.clear();
    for fails in [false, true] {
        let scope = Scope::builder("invocation").attribute("fails", fails).begin_with(&unsampled());
        let task = scope.enter(|| info_span!("task", fails));
        if fails {
            scope.set_error("refused", "refused");
        }
        flush(scope.finish(), None).await;
        task.in_scope(|| {
            tracing::error!("too late to keep the scope");
            ScopeRef::current().unwrap().set_attribute("late", true);
            (0..9).for_each(|_| drop(info_span!("child", fails)));
        });
        drop(task);
        // A future that is dropped: its scope is cancelled, which is an error.
        drop(Scope::builder("cancelled").begin_with(&unsampled()));
    }
    flush(Scope::builder("next").begin().finish(), None).await;
    let spans = exporter.spans();
    let names = |name| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    for name in ["invocation", "task"] {
        let fails: Vec<_> = names(name).iter().map(|span| span.attribute("fails") == Some(&true.into())).collect();
        assert_eq!(fails, [true], "{name}");
    }
    assert_eq!((names("child").len(), names("cancelled").len()), (2, 2));
    assert!(spans.iter().all(|span| span.name == "next" || !span.context.sampled));
    let count = |key: &str| spans.iter().filter_map(|span| span.attribute(key)).map(ToString::to_string).collect();
    let (dropped, after_end): (Vec<_>, Vec<_>) = (count("thundra.dropped_spans"), count("thundra.dropped_after_end"));
    assert_eq!((dropped, after_end), (vec!["7".to_owned()], vec!["1".to_owned()]), "of the kept scope alone");
}

async fn spans_of_too_many_kept_scopes_are_counted(exporter: &MemoryExporter) {
    exporter.clear();
    let mut made = 0;
    // A burst of 100, and a little more for the time that this takes.
    for _ in 0..150 {
        let scope = Scope::builder("failing").begin_with(&unsampled());
        let late = scope.enter(|| {
            drop(info_span!("work"));
            info_span!("late")
        });
        scope.set_error("refused", "refused");
        flush(scope.finish(), None).await;
        drop(late);
        made += 3;
    }
    flush(Scope::builder("next").begin().finish(), None).await;
    let spans = exporter.spans();
    let arrived = spans.iter().filter(|span| span.name != "next").count();
    let lost =
        |key| spans.iter().filter_map(|span| span.attribute(key)?.to_string().parse::<usize>().ok()).sum::<usize>();
    let refused = lost("thundra.lost_spans.keep_limit");
    assert!(refused >= 100, "{refused}");
    assert_eq!((arrived + refused, lost("thundra.lost_spans")), (made, refused));
}
