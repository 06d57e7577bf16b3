//! The subscriber of our own, which has no registry: ids, handles, the current span, and other subscribers beside it.

use std::collections::HashSet;

use thundra_core::testing::{record_with, tree};
use thundra_core::{Config, Env, Scope, ScopeRef};
use tracing::dispatcher::{Dispatch, with_default};
use tracing::span::Id;
use tracing::{Span, info, info_span};
use tracing_subscriber::Registry;

fn config(pairs: &[(&str, &str)]) -> Config {
    Config::from_env(&Env::from_pairs(pairs.iter().copied()))
}

fn subscriber() -> Dispatch {
    Dispatch::new(thundra_core::subscriber(&config(&[])))
}

fn assert_is_current(span: &Span) {
    let (current, name) = (Span::current(), span.metadata().unwrap().name());
    assert_eq!((current.id(), current.metadata().map(|metadata| metadata.name())), (span.id(), Some(name)));
    assert_eq!(Span::none().or_current().id(), span.id(), "{name}");
}

#[test]
fn every_span_is_the_current_one_where_it_is_entered() {
    for (variables, why) in [
        (&[][..], "a recorded span"),
        (&[("THUNDRA_MAX_SPANS", "1")], "a span over the limit"),
        (&[("OTEL_TRACES_SAMPLER", "always_off")], "a span of a scope that is not recorded"),
    ] {
        record_with(&config(variables), "root", || {
            let scope = Span::current();
            assert!(scope.metadata().is_some_and(|metadata| metadata.target() == "thundra"), "{why}");
            info_span!("outer").in_scope(|| {
                let outer = Span::current();
                assert_eq!(outer.metadata().map(|metadata| metadata.name()), Some("outer"), "{why}");
                let inner = info_span!("inner");
                inner.in_scope(|| assert_is_current(&inner));
                assert_is_current(&outer);
            });
            assert_is_current(&scope);
        });
    }
    with_default(&subscriber(), || {
        assert!(Span::current().is_none());
        let outside = info_span!("outside");
        outside.in_scope(|| assert_is_current(&outside));
        assert!(Span::current().is_none());
        // Inside of a scope it is current, and hides no recorded span.
        let scope = Scope::builder("root").begin_with(&config(&[]));
        scope.enter(|| {
            outside.in_scope(|| {
                assert_is_current(&outside);
                assert_eq!(ScopeRef::current(), Some(*scope));
                info!("said");
            });
        });
        assert_eq!(scope.finish().spans().map(|root| root.events.len()).sum::<usize>(), 1);
    });
}

#[test]
fn live_spans_have_ids_of_their_own() {
    record_with(&config(&[]), "root", || {
        let mut live: Vec<Span> = Vec::new();
        for round in 0..50 {
            live.extend((0..20).map(|n| info_span!("span", round, n)));
            let ids: HashSet<_> = live.iter().map(|span| span.id()).collect();
            assert_eq!(ids.len(), live.len());
            let mut at = 0;
            live.retain(|_| {
                at += 1;
                at % 3 == 0
            });
        }
    });
}

#[test]
fn the_id_of_an_ended_span_names_no_later_span() {
    let (_, spans) = record_with(&config(&[]), "root", || {
        let ended: Id = info_span!("ended").id().unwrap();
        // The record of the ended span belongs to another one now.
        info_span!("later").in_scope(|| {
            info_span!(parent: ended.clone(), "below the ended one").follows_from(ended.clone());
            info!(parent: ended.clone(), "said in the ended one");
        });
    });
    let lines = ["│ · said in the ended one", "├ ended", "├ later", "└ below the ended one (1 dropped)"];
    let expected = lines.iter().fold("root thundra.parent.source=none\n".to_owned(), |all, line| all + line + "\n");
    assert_eq!(tree(&spans), expected);
}

#[test]
fn a_span_of_a_registry_names_no_span_of_ours() {
    let registry = Dispatch::new(Registry::default());
    let foreign = with_default(&registry, || (0..70).map(|_| info_span!("foreign")).collect::<Vec<_>>());
    let (_, spans) = record_with(&config(&[]), "root", || {
        let _open: Vec<_> = (0..70).map(|_| info_span!("open")).collect();
        for span in &foreign {
            info_span!(parent: span, "child").follows_from(span);
        }
    });
    let root = spans.last().unwrap().context.span_id;
    let children: Vec<_> = spans.iter().filter(|span| span.name == "child").collect();
    assert!(children.iter().all(|child| child.parent_span_id == Some(root) && child.dropped_links == 1));
    assert_eq!(children.len(), foreign.len());
}

#[test]
fn each_subscriber_has_a_current_span_of_its_own() {
    let (one, other, registry) = (subscriber(), subscriber(), Dispatch::new(Registry::default()));
    let span = with_default(&one, || info_span!("of one"));
    let _entered = span.enter();
    for dispatch in [&other, &registry] {
        with_default(dispatch, || {
            assert!(Span::current().is_none());
            let own = info_span!("own");
            own.in_scope(|| {
                assert_is_current(&own);
                with_default(&one, || assert_is_current(&span));
            });
            assert!(Span::current().is_none());
        });
    }
    with_default(&one, || assert_is_current(&span));
}

#[test]
fn a_span_ends_once_with_the_last_of_its_handles_on_any_thread() {
    let (_, spans) = record_with(&config(&[]), "root", || {
        let parent = info_span!("parent");
        let handles: Vec<Span> = (0..4).map(|_| info_span!(parent: &parent, "child")).collect();
        drop(parent);
        std::thread::scope(|threads| {
            for handle in handles.iter().flat_map(|handle| [handle.clone(), handle.clone()]) {
                threads.spawn(move || {
                    for _ in 0..1_000 {
                        let clone = handle.clone();
                        clone.in_scope(|| drop(Span::current()));
                    }
                });
            }
        });
        drop(handles);
    });
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["child", "child", "child", "child", "parent", "root"], "the parent ends with the last child");
}

#[test]
fn a_parent_is_open_as_long_as_its_child() {
    let (child, spans) = record_with(&config(&[]), "root", || {
        let parent = info_span!("parent");
        parent.in_scope(|| info_span!("child"))
    });
    assert_eq!(tree(&spans), "root thundra.parent.source=none\n");
    drop(child);
}

#[test]
fn libraries_that_look_for_a_registry_find_none() {
    record_with(&config(&[]), "root", || {
        let found = info_span!("span").with_subscriber(|(_, dispatch)| dispatch.is::<Registry>());
        assert_eq!(found, Some(false));
    });
}
