//! Replayed work, which is counted and not recorded again.

use thundra_core::{ReplayMarks, mark_replays};
use tracing_subscriber::layer::SubscriberExt;

use super::*;

const MARKS: ReplayMarks = ReplayMarks {
    library: "library",
    field: "repeats",
    scope_field: "scopeKey",
    names: &[("workId", "work.id"), ("repeats", "work.repeats")],
};

/// Runs a closure in a scope, with the sole subscriber and with the layer on a registry. Both record the same.
#[track_caller]
fn recorded_twice(config: &Config, f: impl Fn()) -> String {
    mark_replays(MARKS);
    let (_, spans) = record_with(config, "root", &f);
    let subscriber = tracing_subscriber::registry().with(thundra_core::layer_with(config));
    let beside = tracing::subscriber::with_default(subscriber, || {
        let scope = Scope::builder("root").begin_with(config);
        scope.enter(&f);
        scope.finish().spans().collect::<Vec<_>>()
    });
    assert_eq!(tree(&beside), tree(&spans));
    tree(&spans)
}

fn marked(repeats: bool) -> tracing::Span {
    info_span!(target: "library::spans", "work", workId = 7, repeats)
}

#[test]
fn what_repeats_is_counted_until_the_mark_changes() {
    let tree = recorded_twice(&config(&[]), || {
        let work = marked(true);
        work.in_scope(|| {
            info_span!("again").in_scope(|| {
                info!("again");
                info_span!("inside, again").in_scope(|| {});
            });
            error!("again");
            let open = info_span!("begun again");
            work.record("repeats", false);
            info_span!("new").in_scope(|| info!("new"));
            open.in_scope(|| info_span!("new, inside of something begun again").in_scope(|| {}));
        });
        info_span!("afterwards").in_scope(|| {});
    });
    assert_eq!(
        tree,
        "root thundra.parent.source=none durable.replayed_spans=3 durable.replayed_events=2\n\
         ├ work work.id=7 work.repeats=false\n\
         │ ├ new\n\
         │ │   · new\n\
         │ └ new, inside of something begun again\n\
         └ afterwards\n"
    );
}

/// Runs a closure in a nested scope, as a batch runs each record.
fn nested(config: &Config, f: impl FnOnce()) {
    let record = Scope::builder("record").nested().begin_with(config);
    record.enter(f);
    assert!(record.finish().is_empty());
}

#[test]
fn a_scope_inside_of_replayed_work_is_counted_too() {
    let config = config(&[]);
    let tree = recorded_twice(&config, || {
        let work = marked(true);
        work.in_scope(|| {
            nested(&config, || {
                info_span!("again").in_scope(|| info!("again"));
                info!("again");
            });
            nested(&config, || {
                info_span!("again").in_scope(|| {});
                work.record("repeats", false);
                info_span!("new").in_scope(|| info!("new"));
            });
            nested(&config, || info_span!("new").in_scope(|| {}));
        });
        let work = marked(true);
        work.in_scope(|| {
            nested(&config, || {
                nested(&config, || {
                    work.record("repeats", false);
                    info_span!("new in both").in_scope(|| {});
                });
            });
        });
    });
    assert_eq!(
        tree,
        "root thundra.parent.source=none durable.replayed_spans=2 durable.replayed_events=2\n\
         ├ work work.id=7 work.repeats=false\n\
         └ work work.id=7 work.repeats=false\n\
         record thundra.parent.source=none durable.replayed_spans=1\n\
         └ new\n\
         \x20   · new\n\
         record thundra.parent.source=none\n\
         └ new\n\
         record thundra.parent.source=none\n\
         record thundra.parent.source=none\n\
         └ new in both\n"
    );
}

#[test]
fn marked_spans_are_recorded_and_decide_for_what_is_below() {
    let tree = recorded_twice(&config(&[]), || {
        marked(true).in_scope(|| {
            marked(false).in_scope(|| info_span!("new").in_scope(|| {}));
            info_span!(parent: None, "apart").in_scope(|| info_span!("new").in_scope(|| {}));
            info_span!(target: "library::spans", parent: None, "branch", repeats = true).in_scope(|| {
                info_span!("again").in_scope(|| {});
                info!(target: "library", "the library knows");
            });
        });
        // The memory of the ended spans is used again.
        info_span!("afterwards").in_scope(|| info_span!("new").in_scope(|| {}));
    });
    assert_eq!(
        tree,
        "root thundra.parent.source=none durable.replayed_spans=1\n\
         ├ work work.id=7 work.repeats=true\n\
         │ └ work work.id=7 work.repeats=false\n\
         │   └ new\n\
         ├ apart\n\
         │ └ new\n\
         ├ branch work.repeats=true\n\
         │   · the library knows\n\
         └ afterwards\n  \
           └ new\n"
    );
}

#[test]
fn other_spans_with_such_a_field_say_nothing() {
    let tree = recorded_twice(&config(&[]), || {
        info_span!("mine", repeats = true).in_scope(|| info_span!("new").in_scope(|| {}));
        info_span!(target: "library_of_others", "theirs", repeats = true)
            .in_scope(|| info_span!("new").in_scope(|| {}));
        info_span!(target: "library", "text", repeats = "true").in_scope(|| info_span!("new").in_scope(|| {}));
        let empty = info_span!(target: "library", "empty", repeats = tracing::field::Empty);
        empty.in_scope(|| info_span!("new").in_scope(|| {}));
        empty.record("repeats", true);
        empty.in_scope(|| info_span!("again").in_scope(|| {}));
    });
    assert_eq!(
        tree,
        "root thundra.parent.source=none durable.replayed_spans=1\n\
         ├ mine repeats=true\n\
         │ └ new\n\
         ├ theirs repeats=true\n\
         │ └ new\n\
         ├ text work.repeats=true\n\
         │ └ new\n\
         └ empty work.repeats=true\n  \
           └ new\n"
    );
}

#[test]
fn the_limit_of_spans_counts_apart() {
    let tree = recorded_twice(&config(&[("THUNDRA_MAX_SPANS", "3")]), || {
        let work = marked(true);
        work.in_scope(|| info_span!("again").in_scope(|| {}));
        work.record("repeats", false);
        work.in_scope(|| {
            info_span!("new").in_scope(|| {});
            info_span!("one too many").in_scope(|| {});
        });
    });
    assert_eq!(
        tree,
        "root thundra.parent.source=none thundra.dropped_spans=1 durable.replayed_spans=1\n\
         └ work work.id=7 work.repeats=false\n  \
           └ new\n"
    );
}

#[test]
fn calls_of_replayed_work_continue_the_nearest_recorded_span() {
    mark_replays(MARKS);
    let (ids, spans) = record_with(&config(&[]), "root", || {
        marked(true)
            .in_scope(|| info_span!("again").in_scope(|| outbound(&tracing::Span::current()).unwrap().context.span_id))
    });
    assert_eq!(ids, spans.iter().find(|span| span.name == "work").unwrap().context.span_id);
}

#[test]
fn an_unsampled_scope_is_not_exported_and_its_place_is_used_again() {
    let off = config(&[("OTEL_TRACES_SAMPLER", "always_off")]);
    assert_eq!(recorded_twice(&off, || marked(true).in_scope(|| info_span!("again").in_scope(|| info!("again")))), "");
    let tree = recorded_twice(&config(&[]), || info_span!("a").in_scope(|| info_span!("b").in_scope(|| {})));
    assert_eq!(tree, "root thundra.parent.source=none\n└ a\n  └ b\n");
}

#[test]
fn a_marked_span_finds_its_scope_from_a_thread_outside_of_it() {
    mark_replays(MARKS);
    for (sampler, recorded) in [("always_on", 3), ("always_off", 0)] {
        let config = config(&[("OTEL_TRACES_SAMPLER", sampler)]);
        let dispatch = dispatch(&config);
        let scope =
            tracing::dispatcher::with_default(&dispatch, || Scope::builder("root").key("r-1").begin_with(&config));
        let branch = |key: &'static str, has_scope: bool| {
            let branch = || {
                info_span!(target: "library", parent: None, "branch", repeats = false, scopeKey = key).in_scope(|| {
                    info_span!("inside").in_scope(|| {});
                    assert_eq!(thundra_core::ScopeRef::current().is_some(), has_scope, "{key}");
                });
            };
            std::thread::scope(|threads| {
                threads.spawn(|| tracing::dispatcher::with_default(&dispatch, branch)).join().unwrap();
            });
        };
        branch("r-1", true);
        branch("r-2", false);
        branch("", false);
        let spans: Vec<_> = scope.finish().spans().collect();
        assert_eq!(spans.len(), recorded, "{sampler}");
        branch("r-1", false);
        if let [inside, branch, root] = spans.as_slice() {
            assert_eq!(
                (inside.parent_span_id, branch.parent_span_id),
                (Some(branch.context.span_id), Some(root.context.span_id))
            );
        }
    }
}
