//! The export of a scope before its end.

use thundra_core::{Records, SpanData, Unfinished};

use super::*;

const TIMEOUT: Unfinished<'static> =
    Unfinished { error_type: "timeout", description: "unfinished", root: &[("left", Value::I64(90))] };

/// Runs a test with the subscriber of a configuration.
fn with(pairs: &[(&str, &str)], test: impl FnOnce(&Config)) {
    let config = config(pairs);
    with_default(&dispatch(&config), || test(&config));
}

fn spans(records: &Records) -> Vec<SpanData> {
    records.spans().collect()
}

/// Returns the tree of spans without the times that they had run.
fn shape(records: &Records) -> String {
    let mut spans = spans(records);
    spans.iter_mut().for_each(|span| span.attributes.retain(|(key, _)| key != "thundra.unfinished.elapsed_ms"));
    tree(&spans)
}

fn names(records: &Records) -> Vec<String> {
    records.spans().map(|span| span.name).collect()
}

#[test]
fn open_spans_end_provisionally_and_are_exported_once() {
    with(&[], |config| {
        let scope = Scope::builder("root").begin_with(config);
        let (open, before) = scope.enter(|| {
            info_span!("done").in_scope(|| ());
            let open = info_span!("open", order = 7);
            let before = open.in_scope(|| info_span!("inner"));
            (open, before)
        });
        assert_eq!(scope.status_despite_export(), None);
        let taken = scope.take_unfinished(&TIMEOUT);
        assert_eq!(
            shape(&taken),
            "root ✗ unfinished thundra.parent.source=none error.type=timeout left=90\n\
             ├ done\n\
             └ open ✗ unfinished order=7 error.type=timeout\n  \
               └ inner ✗ unfinished error.type=timeout\n"
        );
        for span in taken.spans().filter(|span| span.name != "done") {
            let Some(Value::I64(elapsed)) = span.attribute("thundra.unfinished.elapsed_ms") else { panic!("{span:?}") };
            let lasted = span.end_time.duration_since(span.start_time).unwrap();
            assert_eq!(u128::try_from(*elapsed).unwrap(), lasted.as_millis());
        }
        assert!(scope.take_unfinished(&TIMEOUT).is_empty(), "once");
        // Spans that begin now are new, below exported ones too.
        before.in_scope(|| info_span!("late").in_scope(|| ()));
        drop((before, open));
        scope.enter(|| info_span!("later").in_scope(|| ()));
        scope.set_error("card_declined", "declined");
        assert_eq!(scope.status_despite_export(), Some(Status::error("declined")), "the real outcome");
        let rest = scope.finish();
        assert_eq!(names(&rest), ["late", "later"]);
        let inner = spans(&taken).into_iter().find(|span| span.name == "inner").unwrap().context.span_id;
        assert_eq!(spans(&rest)[0].parent_span_id, Some(inner));
    });
}

#[test]
fn nested_scopes_end_with_the_scope_around_them() {
    with(&[], |config| {
        let scope = Scope::builder("batch").begin_with(config);
        let other = Scope::builder("other").begin_with(config);
        let (first, second, innermost) = scope.enter(|| {
            let first = Scope::builder("first").nested().begin_with(config);
            let second = Scope::builder("second").nested().begin_with(config);
            first.enter(|| info_span!("work").in_scope(|| ()));
            let innermost = second.enter(|| Scope::builder("innermost").nested().begin_with(config));
            (first, second, innermost)
        });
        let mut taken = names(&scope.take_unfinished(&TIMEOUT));
        taken.sort_unstable();
        assert_eq!(taken, ["batch", "first", "innermost", "second", "work"]);
        innermost.enter(|| info_span!("late").in_scope(|| ()));
        for record in [innermost, first, second] {
            assert!(record.finish().is_empty());
        }
        assert_eq!(names(&scope.finish()), ["late"]);
        assert_eq!(names(&other.finish()), ["other"], "another scope is left alone");
    });
}

#[test]
fn the_end_of_the_scope_comes_first_or_not_at_all() {
    with(&[], |config| {
        let scope = Scope::builder("root").begin_with(config);
        let handle = *scope;
        let open = scope.enter(|| info_span!("open"));
        assert_eq!(names(&scope.finish()), ["root"]);
        assert!(handle.take_unfinished(&TIMEOUT).is_empty());
        drop(open);
        assert!(handle.take_unfinished(&TIMEOUT).is_empty(), "gone");
    });
}

#[test]
fn a_status_that_was_set_gives_way_to_the_timeout_and_ok_stays() {
    with(&[], |config| {
        let scope = Scope::builder("root").begin_with(config);
        scope.set_error("retried", "the first attempt failed");
        let span = scope.enter(|| info_span!("open"));
        span.set_status(Status::Ok);
        let taken = spans(&scope.take_unfinished(&TIMEOUT));
        let errors: Vec<_> = taken.iter().map(|span| span.attribute("error.type").map(ToString::to_string)).collect();
        assert_eq!(errors, [Some("timeout".to_owned()), Some("timeout".to_owned())]);
        assert_eq!(taken[0].status, Status::error("unfinished"));
        assert_eq!(taken[1].status, Status::Ok, "which is final");
        assert_eq!(
            scope.status_despite_export(),
            Some(Status::error("the first attempt failed")),
            "of the invocation itself"
        );
    });
}

#[test]
fn where_the_scope_is_not_recorded_nested_ones_may_be() {
    with(&[("OTEL_TRACES_SAMPLER", "always_off")], |off| {
        let on = config(&[]);
        let scope = Scope::builder("batch").begin_with(off);
        let record = scope.enter(|| Scope::builder("record").nested().begin_with(&on));
        assert_eq!(names(&scope.take_unfinished(&TIMEOUT)), ["record"]);
        drop(record);
        assert!(scope.finish().is_empty());
    });
}

#[test]
fn spans_over_the_limit_are_counted_on_the_provisional_ending() {
    with(&[("THUNDRA_MAX_SPANS", "2"), ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1")], |config| {
        let scope = Scope::builder("root").begin_with(config);
        scope.enter(|| (0..4).for_each(|_| info_span!("span").in_scope(|| ())));
        let root = spans(&scope.take_unfinished(&TIMEOUT)).into_iter().find(|span| span.name == "root").unwrap();
        for (key, value) in
            [("thundra.dropped_spans", Value::I64(3)), ("left", Value::I64(90)), ("error.type", "timeout".into())]
        {
            assert_eq!(root.attribute(key), Some(&value), "{key}");
        }
    });
}
