//! Spans and events that `tracing` allows beside the usual ones, in the subscriber of our own and beside other layers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use thundra_core::testing::{record, tree};
use thundra_core::{Config, Env, Scope, SpanData, SpanExt, Status, Value, correlation};
use tracing::field::Empty;
use tracing::{Dispatch, Span, debug_span, info, info_span};
use tracing_subscriber::layer::SubscriberExt;

fn config(pairs: &[(&str, &str)]) -> Config {
    Config::from_env(&Env::from_pairs(pairs.iter().copied()))
}

/// Our subscriber, and our layer in one of another's that also takes spans which ours does not.
fn dispatches() -> [Dispatch; 2] {
    let level = tracing_subscriber::filter::LevelFilter::DEBUG;
    [
        Dispatch::new(thundra_core::subscriber(&config(&[]))),
        Dispatch::new(tracing_subscriber::registry().with(thundra_core::layer()).with(level)),
    ]
}

/// Does the same below each subscriber, in a scope, and compares what is below its root.
#[track_caller]
fn recorded(f: impl Fn(), lines: &[&str]) {
    for dispatch in dispatches() {
        let spans = in_scope(&dispatch, &f);
        let expected = lines.iter().fold("root thundra.parent.source=none\n".to_owned(), |all, line| all + line + "\n");
        assert_eq!(tree(&spans), expected);
    }
}

fn in_scope(dispatch: &Dispatch, f: impl FnOnce()) -> Vec<SpanData> {
    tracing::dispatcher::with_default(dispatch, || {
        let scope = Scope::builder("root").begin_with(&config(&[]));
        scope.enter(f);
        scope.finish().spans().collect()
    })
}

fn named<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    spans.iter().find(|span| span.name == name).unwrap()
}

#[test]
fn a_span_without_a_parent_is_a_child_of_the_root() {
    recorded(
        || {
            info_span!("outer").in_scope(|| {
                info_span!(parent: None, "apart").in_scope(|| {
                    info!("in apart");
                    info_span!("child").in_scope(|| info!("in child"));
                });
                info!("in outer");
            });
        },
        &["├ outer", "│   · in outer", "└ apart", "  │ · in apart", "  └ child", "      · in child"],
    );
}

#[test]
fn a_parent_that_does_not_exist_is_none() {
    recorded(
        || {
            info_span!("outer").in_scope(|| {
                drop(info_span!(parent: &Span::none(), "below none"));
                drop(info_span!(parent: &tracing::trace_span!("hidden"), "below what no level lets through"));
                info!(parent: &Span::none(), "said to none");
            });
        },
        &["│ · said to none", "├ outer", "├ below none", "└ below what no level lets through"],
    );
}

#[test]
fn an_event_without_a_parent_belongs_to_the_root() {
    recorded(
        || info_span!("outer").in_scope(|| info!(parent: None, key = 1, "apart")),
        &["│ · apart key=1", "└ outer"],
    );
}

#[test]
fn outside_of_a_scope_a_span_without_a_parent_is_not_recorded() {
    for dispatch in dispatches() {
        tracing::dispatcher::with_default(&dispatch, || {
            let apart = info_span!(parent: None, "apart");
            assert!(apart.trace_context().is_none());
            apart.in_scope(|| info!(parent: None, "nowhere"));
        });
    }
}

#[test]
fn a_span_without_a_parent_is_below_the_root_of_the_innermost_scope() {
    for dispatch in dispatches() {
        let spans = in_scope(&dispatch, || {
            let inner = Scope::builder("record").nested().begin_with(&config(&[]));
            inner.enter(|| drop(info_span!(parent: None, "apart")));
            inner.finish();
        });
        assert_eq!(named(&spans, "apart").parent_span_id, Some(named(&spans, "record").context.span_id));
    }
}

#[test]
fn a_span_without_a_parent_carries_a_scope_that_is_not_recorded() {
    let off = config(&[("OTEL_TRACES_SAMPLER", "always_off")]);
    for dispatch in dispatches() {
        tracing::dispatcher::with_default(&dispatch, || {
            let scope = Scope::builder("root").begin_with(&off);
            let apart = scope.enter(|| info_span!(parent: None, "apart"));
            let carried =
                std::thread::scope(|threads| threads.spawn(|| apart.in_scope(correlation::id)).join().unwrap());
            assert_eq!(carried, scope.enter(correlation::id));
            drop(apart);
            assert!(scope.finish().is_empty());
        });
    }
}

#[test]
fn a_parent_outside_of_every_scope_is_none() {
    for dispatch in dispatches() {
        let outside = tracing::dispatcher::with_default(&dispatch, || info_span!("outside"));
        let spans = in_scope(&dispatch, || {
            info_span!("outer").in_scope(|| {
                drop(info_span!(parent: &outside, "child"));
                info!(parent: &outside, "said outside");
            });
        });
        let root = named(&spans, "root");
        assert_eq!(named(&spans, "child").parent_span_id, Some(root.context.span_id));
        assert_eq!(root.events.len(), 1);
    }
}

#[test]
fn an_event_of_a_span_that_has_ended_belongs_to_the_root() {
    recorded(
        || {
            let id = info_span!("ended").id();
            info_span!("outer").in_scope(|| info!(parent: id.clone(), "late"));
        },
        &["│ · late", "├ ended", "└ outer"],
    );
}

/// Ours does not know the hidden span, whose place is that of the recorded span above it.
#[test]
fn an_event_of_a_span_that_ours_does_not_record_belongs_to_the_one_above() {
    let [_, dispatch] = dispatches();
    let spans = in_scope(&dispatch, || {
        let hidden = info_span!("above").in_scope(|| debug_span!("hidden"));
        assert!(!hidden.is_disabled());
        info_span!("elsewhere").in_scope(|| info!(parent: &hidden, "said to hidden"));
    });
    assert_eq!(named(&spans, "above").events.len(), 1);
}

/// A task of its own, where nothing but the hidden span is entered.
#[test]
fn a_span_that_ours_does_not_record_carries_its_scope() {
    for pairs in [&[][..], &[("OTEL_TRACES_SAMPLER", "always_off")]] {
        let [_, dispatch] = dispatches();
        let config = config(pairs);
        let spans = tracing::dispatcher::with_default(&dispatch, || {
            let scope = Scope::builder("root").begin_with(&config);
            let hidden = scope.enter(|| info_span!("above").in_scope(|| debug_span!("hidden")));
            let (id, there) = (scope.enter(correlation::id), dispatch.clone());
            let task = std::thread::spawn(move || {
                tracing::dispatcher::with_default(&there, || {
                    let found = hidden.in_scope(|| {
                        info!("in the task");
                        (correlation::id(), thundra_core::outbound(&Span::none()).unwrap().context.trace_id)
                    });
                    drop(hidden);
                    found
                })
            });
            assert_eq!(task.join().unwrap(), (id, scope.context().unwrap().trace_id));
            scope.finish().spans().collect::<Vec<_>>()
        });
        let expected = ["root thundra.parent.source=none", "└ above", "    · in the task"];
        let expected = if pairs.is_empty() { expected.join("\n") + "\n" } else { String::new() };
        assert_eq!(tree(&spans), expected);
    }
}

/// A task of its own, where nothing but the hidden span is entered.
#[test]
fn behind_a_hidden_span_the_root_takes_what_has_no_parent() {
    let [_, dispatch] = dispatches();
    let spans: Vec<_> = tracing::dispatcher::with_default(&dispatch, || {
        let outside = info_span!("outside");
        let scope = Scope::builder("root").begin_with(&config(&[]));
        let hidden = scope.enter(|| debug_span!("hidden"));
        let there = dispatch.clone();
        let task = std::thread::spawn(move || {
            tracing::dispatcher::with_default(&there, || {
                hidden.in_scope(|| {
                    info_span!(parent: None, "apart").in_scope(|| info!("in apart"));
                    info_span!(parent: &outside, "below outside").in_scope(|| info!("in it"));
                    info!(parent: None, "said to none");
                });
                drop((hidden, outside));
            });
        });
        task.join().unwrap();
        scope.finish().spans().collect()
    });
    let lines = ["│ · said to none", "├ apart", "│   · in apart", "└ below outside", "    · in it"];
    assert_eq!(tree(&spans), format!("root thundra.parent.source=none\n{}\n", lines.join("\n")));
}

#[test]
fn a_span_that_follows_another_is_linked_to_it() {
    for dispatch in dispatches() {
        let first = Scope::builder("first");
        let spans = in_scope(&dispatch, || {
            let first = first.begin_with(&config(&[]));
            let of_another = first.enter(|| info_span!("of another scope"));
            let span = info_span!("span");
            span.follows_from(&of_another);
            span.follows_from(first.span());
            let (open, root) = (of_another.trace_context().unwrap(), first.context().unwrap());
            let carrier = first.span().clone();
            first.finish();
            span.follows_from(&of_another);
            span.follows_from(&carrier);
            let sibling = info_span!("sibling");
            span.follows_from(&sibling);
            span.follows_from(&span);
            // A link to nothing is none.
            span.follows_from(Span::none());
            span.follows_from(None);
            let own = [sibling.trace_context().unwrap(), span.trace_context().unwrap()];
            drop((span, sibling));
            let linked = [open.clone(), root.clone(), open, root].into_iter().chain(own);
            info!(linked = linked.map(|context| context.span_id.to_string() + " ").collect::<String>());
        });
        let expected = spans.iter().find_map(|span| span.events.first()?.attributes.first().cloned()).unwrap().1;
        let span = named(&spans, "span");
        let linked = span.links.iter().map(|link| link.context.span_id.to_string() + " ").collect::<String>();
        assert_eq!((Some(linked.as_str()), span.dropped_links), (expected.as_str(), 0));
    }
}

#[test]
fn a_root_follows_too() {
    for dispatch in dispatches() {
        let spans = in_scope(&dispatch, || {
            let before = info_span!("before");
            Span::current().follows_from(&before);
        });
        let root = named(&spans, "root");
        assert_eq!(root.links[0].context.span_id, named(&spans, "before").context.span_id);
    }
}

#[test]
fn a_link_to_a_scope_that_is_not_recorded_says_so() {
    let off = config(&[("OTEL_TRACES_SAMPLER", "always_off")]);
    for dispatch in dispatches() {
        let spans = in_scope(&dispatch, || {
            let other = Scope::builder("other").begin_with(&off);
            let inside = other.enter(|| info_span!("inside"));
            info_span!("span").follows_from(&inside);
            let [expected] = [other.context().unwrap()];
            info!(id = %expected.span_id);
        });
        let link = &named(&spans, "span").links[0];
        let id = named(&spans, "root").events[0].attributes[0].1.as_str().unwrap().to_owned();
        assert_eq!((link.context.span_id.to_string(), link.context.sampled), (id, false));
    }
}

#[test]
fn a_link_to_a_span_outside_of_every_scope_is_counted() {
    for dispatch in dispatches() {
        let outside = tracing::dispatcher::with_default(&dispatch, || info_span!("outside"));
        let spans = in_scope(&dispatch, || {
            info_span!("span").follows_from(&outside);
        });
        let span = named(&spans, "span");
        assert_eq!((span.links.len(), span.dropped_links), (0, 1));
    }
}

#[test]
fn links_keep_to_their_limit() {
    let few = config(&[("OTEL_SPAN_LINK_COUNT_LIMIT", "2")]);
    let (_, spans) = thundra_core::testing::record_with(&few, "root", || {
        let (span, other) = (info_span!("span"), info_span!("other"));
        (0..5).for_each(|_| {
            span.follows_from(&other);
        });
    });
    let span = named(&spans, "span");
    assert_eq!((span.links.len(), span.dropped_links), (2, 3));
}

#[test]
fn a_span_that_is_over_the_limit_hands_its_events_to_the_one_above() {
    let few = config(&[("THUNDRA_MAX_SPANS", "2")]);
    let (_, spans) = thundra_core::testing::record_with(&few, "root", || {
        info_span!("outer").in_scope(|| {
            let over = info_span!("over");
            info!(parent: &over, "to outer");
            info_span!(parent: None, "over as well").in_scope(|| info!("to the root"));
            info_span!("follows").follows_from(&over);
        });
    });
    assert_eq!(
        tree(&spans),
        "root thundra.parent.source=none thundra.dropped_spans=3\n│ · to the root\n└ outer\n    · to outer\n"
    );
}

#[test]
fn or_current_is_the_span_around() {
    recorded(
        || {
            info_span!("outer").in_scope(|| {
                debug_span!("outer instead", x = 1).or_current().in_scope(|| drop(info_span!("child")));
                Span::none().or_current().set_attribute("set", true);
            });
        },
        &["└ outer set=true", "  └ child"],
    );
}

#[test]
fn a_span_entered_twice_is_one_span() {
    recorded(
        || {
            let span = info_span!("twice");
            span.in_scope(|| {
                span.in_scope(|| drop(info_span!("inner")));
                drop(info_span!("still inside"));
            });
            drop(info_span!("outside again"));
            span.in_scope(|| info!("once more"));
        },
        &["├ twice", "│ │ · once more", "│ ├ inner", "│ └ still inside", "└ outside again"],
    );
}

#[test]
fn a_span_ends_with_its_last_clone_on_whatever_thread() {
    for dispatch in dispatches() {
        let (spans, ended) = tracing::dispatcher::with_default(&dispatch, || {
            let scope = Scope::builder("root").begin_with(&config(&[]));
            let span = scope.enter(|| info_span!("shared", late = Empty));
            let clones: Vec<_> = (0..4).map(|_| span.clone()).collect();
            drop(span);
            std::thread::scope(|threads| {
                for (n, clone) in clones.into_iter().enumerate() {
                    let dispatch = dispatch.clone();
                    threads.spawn(move || {
                        tracing::dispatcher::with_default(&dispatch, || {
                            clone.in_scope(|| info!(n, "on a thread"));
                            clone.record("late", true);
                        });
                    });
                }
            });
            let ended = std::time::SystemTime::now();
            (scope.finish().spans().collect::<Vec<_>>(), ended)
        });
        let shared = named(&spans, "shared");
        assert_eq!((shared.events.len(), shared.attribute("late")), (4, Some(&Value::Bool(true))));
        assert!(shared.end_time <= ended);
    }
}

#[test]
fn fields_with_one_name_are_one_attribute() {
    recorded(
        || {
            let span = info_span!("span", x = 1, y = "a", x = "last", y = Empty);
            span.in_scope(|| info!(k = 1, k = 2, k = 3, "event"));
            span.record("x", 7);
        },
        &["└ span y=a x=7", "    · event k=3"],
    );
}

#[test]
fn an_attribute_has_a_key() {
    for dispatch in dispatches() {
        let spans = in_scope(&dispatch, || {
            let span = info_span!("", "" = 1, x = 2);
            span.set_attribute("", "nothing");
            span.in_scope(|| info!("" = 3, y = 4, ""));
        });
        let span = &spans[0];
        assert_eq!((span.name.as_str(), span.attributes.len(), span.dropped_attributes), ("", 1, 2));
        assert_eq!(span.events[0].attributes, [("y".to_owned(), Value::I64(4))]);
    }
}

#[test]
fn empty_fields_are_no_attributes_until_they_are_recorded() {
    recorded(
        || {
            let span = info_span!("span", a = Empty, otel.name = Empty, otel.kind = Empty, b = Empty);
            span.record("a", 1).record("otel.kind", "consumer").record("otel.name", "renamed");
            span.record("not a field", 1);
            let _unnamed = info_span!("kept", otel.name = "", otel.kind = "none of them", otel.status_code = "neither");
        },
        &["├ renamed [consumer] a=1", "└ kept"],
    );
}

#[test]
fn texts_are_cut_wherever_they_stand() {
    let short = config(&[("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3")]);
    let (_, spans) = thundra_core::testing::record_with(&short, "root", || {
        let span = info_span!("span", text = "äöüß", debug = ?Some("text"), display = %12345, late = Empty);
        span.record("late", "äöüß");
        span.set_attribute("list", vec!["äöüß".to_owned(), "ab".to_owned()]);
        span.record_error(&std::io::Error::other("a long message"));
        span.in_scope(|| info!(text = "äöüß", error = "a long message", "said"));
        let scope = thundra_core::ScopeRef::current().unwrap();
        scope.add_link(&scope.context().unwrap(), [("text", "äöüß")]);
    });
    let (span, root) = (named(&spans, "span"), named(&spans, "root"));
    let long = |value: &Value| match value {
        Value::Str(text) => text.chars().count() > 3,
        Value::Array(items) => items.iter().any(|item| item.chars().count() > 3),
        _ => false,
    };
    let events = span.events.iter().flat_map(|event| &event.attributes);
    let links = root.links.iter().flat_map(|link| &link.attributes);
    let found: Vec<_> = span.attributes.iter().chain(events).chain(links).filter(|(_, value)| long(value)).collect();
    // The message of a log line is no attribute.
    assert_eq!(found, [&("message".to_owned(), Value::from("said"))]);
    assert_eq!((span.attributes.len(), root.links[0].attributes.len()), (5, 1));
}

#[test]
fn what_is_recorded_on_a_span_that_outlives_its_scope_is_exported_with_it() {
    for dispatch in dispatches() {
        tracing::dispatcher::with_default(&dispatch, || {
            let scope = Scope::builder("root").begin_with(&config(&[]));
            let span = scope.enter(|| info_span!("late", x = Empty));
            assert_eq!(scope.finish().count(), 1);
            span.record("x", 1);
            span.in_scope(|| info!("after"));
            span.set_status(Status::error("why"));
            assert!(span.trace_context().is_some());
        });
    }
}

#[test]
fn a_thread_that_ends_inside_of_a_span_ends_well() {
    let (joined, spans) = record("root", || {
        let span = info_span!("span");
        let thread = std::thread::spawn(move || {
            std::mem::forget(span.clone().entered());
            drop(span);
        });
        thread.join()
    });
    assert!(joined.is_ok());
    assert_eq!(spans.len(), 1, "what is never closed is open for ever");
}
