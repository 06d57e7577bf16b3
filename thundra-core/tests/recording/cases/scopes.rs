//! Scopes: which spans belong to which.

use super::*;
use tracing::Span;

#[test]
fn below_info_and_outside_of_a_scope_nothing_is_recorded() {
    assert_eq!(
        recorded(|| {
            let debug = tracing::debug_span!("debug");
            debug.in_scope(|| info_span!("kept").in_scope(|| info!("kept too")));
        }),
        below_root(&["└ kept", "    · kept too"])
    );
    with_default(&dispatch(&config(&[])), || {
        assert!(info_span!("alone").trace_context().is_none());
    });
}

#[test]
fn an_unsampled_scope_records_nothing_and_sends_its_ids() {
    let ((), spans) = record_with(&config(&[("OTEL_TRACES_SAMPLER", "always_off")]), "root", || {
        let span = info_span!("a");
        correlation::set("order", "o-9");
        let out = span.in_scope(|| outbound(&info_span!("b"))).unwrap();
        assert_eq!((out.context.sampled, out.correlation.get("order")), (false, Some("o-9")));
        // On another thread only the span carries the scope.
        let carried = std::thread::spawn(move || span.in_scope(thundra_core::current)).join().unwrap();
        assert_eq!(carried, Some(out.context));
    });
    assert!(spans.is_empty());
}

#[test]
fn spans_left_in_another_order_than_entered_leave_the_innermost_current() {
    for (variables, why) in [
        (&[][..], "recorded spans"),
        (&[("THUNDRA_MAX_SPANS", "1")], "spans over the limit"),
        (&[("OTEL_TRACES_SAMPLER", "always_off")], "spans of a scope that is not recorded"),
    ] {
        record_with(&config(variables), "root", || {
            // Spans of one place in the source, with another span between.
            let [outer, inner] = std::array::from_fn(|_| info_span!("same"));
            let between = info_span!("between");
            let (outer, between, inner) = (outer.entered(), between.entered(), inner.entered());
            assert_ne!(outer.id(), inner.id(), "{why}");
            drop(outer);
            assert_eq!(Span::current().id(), inner.id(), "{why}");
            drop(inner);
            assert_eq!(Span::current().id(), between.id(), "{why}");
        });
    }
}

/// The registry does not count a span that is entered twice, so there the recorded span stays current.
#[test]
fn a_span_between_two_scopes_closes_what_is_its_own_alone() {
    let (on, off) = (config(&[]), config(&[("OTEL_TRACES_SAMPLER", "always_off")]));
    with_default(&dispatch(&on), || {
        let (recorded, unrecorded) = (Scope::builder("b").begin_with(&on), Scope::builder("n").begin_with(&off));
        let carrier = unrecorded.span().clone();
        let open = recorded.enter(|| info_span!("open"));
        let between = carrier.in_scope(|| open.in_scope(|| carrier.in_scope(|| info_span!("between"))));
        // As a task of its own, where nothing else is current.
        between.in_scope(|| ());
        between.in_scope(|| ());
        drop(between);
        open.set_attribute("late", true);
        drop(open);
        assert_eq!(
            tree(&recorded.finish().spans().collect::<Vec<_>>()),
            "b thundra.parent.source=none\n└ open late=true\n"
        );
    });
}

#[test]
fn a_child_of_a_scope_that_was_not_recorded_is_in_no_other() {
    let (on, off) = (config(&[]), config(&[("OTEL_TRACES_SAMPLER", "always_off")]));
    with_default(&dispatch(&on), || {
        let unrecorded = Scope::builder("n").begin_with(&off);
        let outlives = unrecorded.enter(|| info_span!("outlives"));
        unrecorded.finish();
        let recorded = Scope::builder("b").begin_with(&on);
        recorded.enter(|| drop(info_span!(parent: &outlives, "child")));
        assert_eq!(recorded.finish().count(), 1);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interleaved_scopes_never_mix() {
    let config = config(&[]);
    let dispatch = dispatch(&config);
    async fn step(scope: usize, n: usize) {
        tokio::task::yield_now().await;
        correlation::set(&format!("step{n}"), &scope.to_string());
        info!(scope, "in");
    }
    let mut tasks = Vec::new();
    for n in 0..50 {
        let (config, dispatch) = (config.clone(), dispatch.clone());
        tasks.push(tokio::spawn(tracing::instrument::WithSubscriber::with_subscriber(
            async move {
                let scope = Scope::builder("root").attribute("n", n as i64).begin_with(&config);
                let all = scope
                    .run(async move {
                        let spawned = tokio::spawn(tracing::instrument::WithSubscriber::with_current_subscriber(
                            step(n, 1).instrument(info_span!("step", n)),
                        ));
                        step(n, 2).instrument(info_span!("step", n)).await;
                        spawned.await.unwrap();
                        correlation::all()
                    })
                    .await;
                (n, all, scope.finish().spans().collect::<Vec<_>>())
            },
            dispatch,
        )));
    }
    for task in tasks {
        let (n, ids, spans) = task.await.unwrap();
        assert_eq!(ids.iter().filter(|(key, value)| key.contains("step") && **value == n.to_string()).count(), 2);
        assert_eq!(spans.len(), 3);
        let root = spans.iter().find(|span| span.name == "root").unwrap();
        for span in spans.iter().filter(|span| span.name == "step") {
            assert_eq!(span.parent_span_id, Some(root.context.span_id));
            assert_eq!(span.attribute("n"), Some(&Value::I64(n as i64)));
            assert_eq!(span.events[0].attributes, [("scope".to_owned(), Value::I64(n as i64))]);
        }
    }
}

#[test]
fn a_nested_scope_joins_the_one_around_it() {
    let config = config(&[]);
    let (_, spans) = record_with(&config, "batch", || {
        let inner = Scope::builder("record").kind(SpanKind::Consumer).nested().begin_with(&config);
        inner.enter(|| info_span!("work").in_scope(|| correlation::set("order", "inner")));
        assert_eq!(correlation::get("order"), None);
        assert!(inner.finish().is_empty());
    });
    let traces: std::collections::HashSet<_> = spans.iter().map(|span| span.context.trace_id).collect();
    assert_eq!((spans.len(), traces.len()), (3, 2));
}

#[test]
fn the_layer_in_a_foreign_subscriber_takes_nothing_from_the_others() {
    use tracing_subscriber::layer::SubscriberExt;
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    struct Count(std::sync::Arc<std::sync::atomic::AtomicUsize>);
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Count {
        fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let subscriber = tracing_subscriber::registry().with(thundra_core::layer()).with(Count(seen.clone()));
    tracing::subscriber::with_default(subscriber, || {
        let scope = Scope::builder("root").begin();
        scope.enter(|| {
            error_span!("a").in_scope(|| tracing::trace!("seen by the other layer alone"));
            assert!(info_span!("b").trace_context().is_some());
        });
        assert_eq!(scope.finish().count(), 3);
    });
    assert_eq!(seen.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[test]
fn a_span_that_a_level_hides_does_not_part_those_below_from_those_above() {
    use tracing_subscriber::layer::SubscriberExt;
    // Another layer wants DEBUG, ours does not.
    let other = tracing_subscriber::filter::LevelFilter::TRACE;
    let subscriber = tracing_subscriber::registry().with(thundra_core::layer()).with(other);
    let dispatch = tracing::Dispatch::new(subscriber);
    let spans = tracing::dispatcher::with_default(&dispatch, || {
        let scope = Scope::builder("root").begin();
        let hidden = scope.enter(|| info_span!("above").in_scope(|| tracing::debug_span!("hidden")));
        let there = dispatch.clone();
        let thread = std::thread::spawn(move || {
            tracing::dispatcher::with_default(&there, || {
                hidden.in_scope(|| drop(info_span!("below")));
                drop(hidden);
            });
        });
        thread.join().unwrap();
        scope.finish().spans().collect::<Vec<_>>()
    });
    assert_eq!(tree(&spans), below_root(&["└ above", "  └ below"]));
}

#[test]
fn a_disabled_program_forwards_the_context_and_begins_no_trace() {
    use thundra_core::propagation::{Inbound, Propagators, Trust};
    let disabled = config(&[("OTEL_SDK_DISABLED", "true")]);
    let sent = |pairs: &[(&'static str, &'static str)]| {
        let inbound = Inbound::extract(pairs.iter().copied(), Propagators::default(), Trust::Edge);
        let scope = Scope::builder("root").parent(inbound).begin_with(&disabled);
        let pairs = scope.enter(|| outbound(&tracing::Span::none())).unwrap();
        let pairs = pairs.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Vec<_>>();
        assert!(scope.finish().is_empty());
        pairs.into_iter().find(|(key, _)| key == "traceparent").map(|(_, value)| value)
    };
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(sent(&[("traceparent", traceparent)]).as_deref(), Some(traceparent));
    assert_eq!(sent(&[("x-correlation-id", "c-1")]), None, "it would say that the trace is not sampled");
}

/// Begins the scope of a request.
fn request(config: &Config) -> Scope {
    Scope::builder("request").begin_request(config, &|root| root.text("path", "/a"))
}

#[test]
fn a_request_has_a_span_where_a_layer_sees_it() {
    let config = config(&[]);
    with_default(&dispatch(&config), || {
        let scope = request(&config);
        assert_eq!(scope.span().is_none(), FRONT == crate::front::Front::Subscriber);
        scope.enter(|| info_span!("inner").in_scope(|| {}));
        let handle = *scope;
        let spans: Vec<_> = scope.finish().spans().collect();
        assert_eq!(tree(&spans), "request thundra.parent.source=none path=/a\n└ inner\n");
        assert_eq!(handle.correlation(), None, "no span is left");
    });
}

#[test]
fn the_current_span_of_a_request_renames_it_and_keeps_it_open() {
    let config = config(&[]);
    with_default(&dispatch(&config), || {
        let scope = request(&config);
        let (handle, current) = (*scope, scope.enter(Span::current));
        current.record("otel.name", "renamed");
        let names: Vec<_> = scope.finish().spans().map(|span| span.name).collect();
        assert_eq!(names, ["renamed"]);
        assert!(handle.is_finished() && handle.correlation().is_some(), "a span is left");
        drop(current);
        assert_eq!(handle.correlation(), None);
    });
}

#[test]
fn attributes_after_the_description_replace_those_of_the_program() {
    let config = config(&[]);
    with_default(&dispatch(&config), || {
        for of_program in [None, Some(418)] {
            let scope = request(&config);
            of_program.into_iter().for_each(|status| scope.set_attribute("status", status));
            scope.describe_further(|root| root.number("status", 200));
            let root = scope.finish().spans().next().unwrap();
            let found: Vec<_> = root.attributes.iter().filter(|(key, _)| key == "status").collect();
            assert_eq!(found, [&("status".to_owned(), Value::from(200))]);
        }
    });
}
