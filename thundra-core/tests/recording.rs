//! What is recorded, as trees: names, kinds, outcomes, attributes and events.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use thundra_core::export::Batch;
use thundra_core::testing::{record, record_with, tree};
use thundra_core::{Config, Env, NO_ATTRIBUTES, Scope, SpanExt, SpanKind, Status, Value, correlation, outbound};
use tracing::{Instrument, error, error_span, info, info_span, instrument, warn};

fn config(pairs: &[(&str, &str)]) -> Config {
    Config::from_env(&Env::from_pairs(pairs.iter().copied()))
}

#[track_caller]
fn recorded(f: impl FnOnce()) -> String {
    tree(&record("root", f).1)
}

fn below_root(lines: &[&str]) -> String {
    lines.iter().fold("root thundra.parent.source=none\n".to_owned(), |all, line| all + line + "\n")
}

#[test]
fn spans_nest_and_keep_their_types() {
    #[instrument]
    fn outer(order: u32) {
        inner(true, 1.5);
        inner(false, -0.5);
    }
    #[instrument(fields(kind = "x"))]
    fn inner(flag: bool, ratio: f64) {}
    let (_, spans) = record("root", || outer(7));
    assert_eq!(
        tree(&spans),
        below_root(&[
            "└ outer order=7",
            "  ├ inner flag=true ratio=1.5 kind=x",
            "  └ inner flag=false ratio=-0.5 kind=x"
        ])
    );
    let inner = &spans[0];
    assert_eq!((inner.attribute("flag"), inner.attribute("ratio")), (Some(&Value::Bool(true)), Some(&Value::F64(1.5))));
}

#[test]
fn fields_with_a_meaning_are_not_attributes() {
    assert_eq!(
        recorded(|| {
            let span =
                info_span!("a", otel.name = "GET /x", otel.kind = "CLIENT", otel.status_code = tracing::field::Empty);
            span.record("otel.status_code", "ERROR");
            let _b = info_span!("b", otel.status_code = "error", otel.status_description = "boom");
        }),
        below_root(&["├ GET /x [client] ✗ ", "└ b ✗ boom"])
    );
}

#[test]
fn recording_a_key_again_replaces_it() {
    assert_eq!(
        recorded(|| {
            let span = info_span!("a", x = 1, y = "first");
            span.record("x", 2);
            span.set_attribute("y", "a much longer text than the first one");
            span.set_attribute("y", "third");
            span.set_attribute(format!("z.{}", 1), vec!["p".to_owned(), "q".to_owned()]);
        }),
        below_root(&["└ a x=2 y=third z.1=[p,q]"])
    );
}

#[test]
fn errors_become_exceptions() {
    #[instrument(err)]
    fn fails() -> Result<(), String> {
        Err("no money".into())
    }
    assert_eq!(
        recorded(|| {
            fails().unwrap_err();
            let span = info_span!("io");
            span.record_error(&std::io::Error::other("disk"));
            span.set_status(Status::Ok);
            span.set_status(Status::error("ignored: ok is final"));
            info_span!("logs").in_scope(|| error!(code = 7, "it broke"));
        }),
        below_root(&[
            "├ fails ✗ no money",
            "│   · exception exception.message=no money",
            "├ io ok",
            "│   · exception exception.message=disk",
            "└ logs ✗ it broke",
            "    · it broke code=7",
        ])
    );
}

/// An error as clients make it, with a source that repeats the address.
fn refused() -> std::io::Error {
    #[derive(Debug)]
    struct Refused(&'static str);
    impl std::fmt::Display for Refused {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "GET {}", self.0)
        }
    }
    impl std::error::Error for Refused {}
    std::io::Error::other(Refused("http://user:s3cr3t@h/x?token=s3cr3t"))
}

const SHOWN: &str = "GET http://REDACTED@h/x?REDACTED";

#[test]
fn the_texts_of_errors_keep_no_credentials() {
    #[instrument(err)]
    fn displayed() -> Result<(), std::io::Error> {
        Err(refused())
    }
    #[instrument(err(Debug, level = "warn"))]
    fn debugged() -> Result<(), std::io::Error> {
        Err(refused())
    }
    let (_, spans) = record("root", || {
        info_span!("recorded").record_error(&refused());
        info_span!("status").set_status(Status::error(refused().to_string()));
        let _field = info_span!("field", otel.status_code = "ERROR", otel.status_description = %refused());
        info_span!("late", otel.status_description = tracing::field::Empty)
            .record("otel.status_description", tracing::field::display(refused()));
        let _ = (displayed(), debugged());
        info_span!("message").in_scope(|| error!("cannot pay: {}", refused()));
        info_span!("warned").in_scope(|| warn!("retry: {}", refused()));
        info_span!("event").in_scope(|| error!(error = %refused(), "with Authorization: Bearer s3cr3t"));
        info_span!("value").in_scope(|| info!(cause = &refused() as &dyn std::error::Error, "said"));
    });
    let shown = tree(&spans);
    assert!(!format!("{spans:?}").contains("s3cr3t"), "{shown}");
    for line in [
        format!("recorded ✗ {SHOWN}\n"),
        format!("status ✗ {SHOWN}\n"),
        format!("field ✗ {SHOWN}\n"),
        format!("displayed ✗ {SHOWN}\n"),
        "Custom { kind: Other, error: Refused(\"http://REDACTED@h/x?REDACTED\") }".to_owned(),
        format!("message ✗ cannot pay: {SHOWN}\n"),
        format!("· cannot pay: {SHOWN}\n"),
        format!("· retry: {SHOWN}\n"),
        format!("event ✗ {SHOWN}\n"),
        format!("· exception exception.message={SHOWN} message=with Authorization: Bearer REDACTED\n"),
        format!("· said cause={SHOWN}\n"),
    ] {
        assert!(shown.contains(&line), "{line} in {shown}");
    }
}

#[test]
fn a_scope_is_marked_as_failed_without_credentials() {
    let config = config(&[]);
    for mark in [
        (|scope: &Scope| scope.set_error("refused", refused().to_string())) as fn(&Scope),
        |scope| scope.set_status(Status::error(refused().to_string())),
        |scope| scope.set_error(refused().to_string(), SHOWN),
    ] {
        let scope = Scope::builder("root").begin_with(&config);
        mark(&scope);
        let span = scope.finish().spans().next().unwrap();
        assert_eq!(span.status, Status::error(SHOWN));
        assert!(!format!("{span:?}").contains("s3cr3t"));
    }
}

#[test]
fn a_description_is_redacted_before_it_is_cut() {
    let config = config(&[("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "24")]);
    let (_, spans) = record_with(&config, "root", || error!(error = %refused(), "x"));
    // What is cut holds no `@`, which would show that there is a password before it.
    assert_eq!(tree(&spans).lines().next(), Some("root ✗ GET http://REDACTED@h/x? thundra.parent.source=none"));
}

#[test]
fn what_is_recorded_on_purpose_stays_as_it_is() {
    const URL: &str = "http://u:p@h/?q=1";
    assert_eq!(
        recorded(|| {
            let span = info_span!("a", url = URL, error = URL);
            span.set_attribute("password", "pw");
            span.in_scope(|| info!(url = URL, "got {URL}"));
        }),
        below_root(&[&format!("└ a url={URL} error={URL} password=pw"), &format!("    · got {URL} url={URL}")])
    );
}

#[test]
fn below_info_and_outside_of_a_scope_nothing_is_recorded() {
    assert_eq!(
        recorded(|| {
            let debug = tracing::debug_span!("debug");
            debug.in_scope(|| info_span!("kept").in_scope(|| info!("kept too")));
        }),
        below_root(&["└ kept", "    · kept too"])
    );
    tracing::subscriber::with_default(thundra_core::subscriber(&config(&[])), || {
        assert!(info_span!("alone").trace_context().is_none());
    });
}

#[test]
fn limits_drop_and_count() {
    let limits = [
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "2"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "1"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "1"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3"),
        ("THUNDRA_MAX_SPANS", "3"),
    ];
    let (_, spans) = record_with(&config(&limits), "root", || {
        let span = info_span!("a", one = "äöüß", two = ?"long", three = 3);
        span.record("one", "again");
        let other = thundra_core::current().unwrap();
        span.add_link(&other, NO_ATTRIBUTES);
        span.add_link(&other, NO_ATTRIBUTES);
        span.in_scope(|| {
            info!("first");
            info!("second");
        });
        let over = span.in_scope(|| {
            let _last = info_span!("last");
            info_span!("over", x = 1)
        });
        over.in_scope(|| info!("goes to the ancestor, which has one already"));
        drop(over);
        drop(info_span!("over too"));
    });
    assert_eq!(
        tree(&spans),
        "root thundra.parent.source=non thundra.dropped_spans=2\n\
         └ a two=\"lo one=aga → (4 dropped)\n  \
           │ · first\n  \
           └ last\n"
    );
}

#[test]
fn events_and_links_have_limits_of_their_own() {
    let limits = [("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "2"), ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "1")];
    let config = config(&limits);
    let scope = Scope::builder("root").begin_with(&config);
    tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
        scope.enter(|| {
            let span = info_span!("a", one = 1, two = 2, three = 3);
            let other = thundra_core::current().unwrap();
            span.add_link(&other, [("one", 1), ("two", 2), ("three", 3)]);
            span.in_scope(|| {
                info!(one = 1, two = 2, three = 3, "three fields");
                info!(one = 1, two = 2, "two fields");
            });
        });
    });
    let records = scope.finish();
    let span = records.spans().find(|span| span.name == "a").unwrap();
    let counts: Vec<_> = span.events.iter().map(|event| (event.attributes.len(), event.dropped_attributes)).collect();
    assert_eq!((counts, span.attributes.len()), (vec![(2, 1), (2, 0)], 3));
    assert_eq!((span.links[0].attributes.len(), span.links[0].dropped_attributes), (1, 2));
    // The official decoder and the JSON form count the same.
    let batch = Batch::new(Arc::new(config.resource.clone()), records);
    let request = ExportTraceServiceRequest::decode(batch.to_protobuf().as_slice()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&batch.to_json()).unwrap();
    let decoded = request.resource_spans[0].scope_spans[0].spans.iter().find(|span| span.name == "a").unwrap();
    let spans = json["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let json = spans.iter().find(|span| span["name"] == "a").unwrap();
    let dropped = |value: &serde_json::Value| value["droppedAttributesCount"].as_u64().unwrap_or(0) as u32;
    for (nth, expected) in [(0, 1), (1, 0)] {
        assert_eq!((decoded.events[nth].dropped_attributes_count, dropped(&json["events"][nth])), (expected, expected));
    }
    assert_eq!((decoded.links[0].dropped_attributes_count, dropped(&json["links"][0])), (2, 2));
}

#[test]
fn an_unsampled_scope_records_nothing_and_hands_its_ids_on() {
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

/// The registry does not count a span that is entered twice, so there the recorded span stays current.
#[test]
fn a_span_between_two_scopes_closes_what_is_its_own_alone() {
    let (on, off) = (config(&[]), config(&[("OTEL_TRACES_SAMPLER", "always_off")]));
    tracing::subscriber::with_default(thundra_core::subscriber(&on), || {
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
    tracing::subscriber::with_default(thundra_core::subscriber(&on), || {
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
    let dispatch = tracing::Dispatch::new(thundra_core::subscriber(&config));
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
fn disabled_hands_on_what_it_got_and_begins_nothing() {
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

#[test]
fn times_are_those_of_the_system_clock() {
    let before = std::time::SystemTime::now();
    let (_, spans) = record("root", || info_span!("inner").in_scope(|| info!("happened")));
    let [inner, root] = spans.as_slice() else { panic!("two spans") };
    let event = inner.events[0].time;
    let order = [before, root.start_time, inner.start_time, event, inner.end_time, root.end_time];
    assert!(order.is_sorted() && root.end_time <= std::time::SystemTime::now(), "{order:?}");
}

#[test]
fn what_was_said_of_a_span_can_be_taken_back() {
    assert_eq!(
        recorded(|| {
            let span = info_span!("call", number = 7, kept = "x");
            span.set_kind(SpanKind::Client);
            span.remove_attribute("number");
            span.remove_attribute("never there");
            span.set_attribute("number", "again");
        }),
        below_root(&["└ call [client] kept=x number=again"])
    );
}

#[test]
fn a_span_can_begin_before_it_was_made() {
    let began = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
    let ((), spans) = record("root", || {
        let span = info_span!("call");
        span.set_start_time(began);
    });
    assert_eq!(spans[0].start_time, began);
    assert!(spans[0].end_time >= spans[1].start_time);
}

/// A value that cannot be formatted, as it writes itself and as an error.
struct Broken;

impl std::fmt::Debug for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("half of it, ")?;
        panic!("broken")
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Broken {}

#[test]
fn a_value_that_cannot_be_formatted_stops_nobody() {
    const PANICKED: &str = "(its text is not known: formatting it panicked)";
    #[instrument(err)]
    fn fails(argument: Broken) -> Result<(), Broken> {
        let _ = &argument;
        Err(Broken)
    }
    let (_, spans) = record("root", || {
        fails(Broken).unwrap_err();
        let span = info_span!("recorded", before = 1, broken = tracing::field::Empty, after = ?"x");
        span.record("broken", tracing::field::debug(Broken));
        span.in_scope(|| info!(broken = %Broken, error = &Broken as &dyn std::error::Error, "message {Broken:?}"));
        span.record_error(&Broken);
        info_span!("renamed", otel.name = %Broken, x = 1);
        info_span!("fine", x = ?Some(1));
    });
    let found = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let text = |name: &str, key: &str| found(name).attribute(key).unwrap().to_string();
    assert_eq!(text("fails", "argument"), PANICKED);
    assert_eq!(found("fails").status, Status::error(PANICKED));
    assert_eq!(
        [text("recorded", "before"), text("recorded", "broken"), text("recorded", "after")],
        ["1", PANICKED, "\"x\""]
    );
    assert_eq!(found("recorded").status, Status::error(PANICKED), "by record_error");
    assert_eq!(found("recorded").events.len(), 2);
    assert_eq!([text(PANICKED, "x"), text("fine", "x")], ["1", "Some(1)"]);
    assert_eq!(spans.len(), 5, "{}", tree(&spans));
}

#[test]
fn a_value_that_cannot_be_formatted_is_cut_like_others() {
    let config = config(&[("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1")]);
    let (_, spans) = record_with(&config, "root", || {
        info_span!("a", broken = ?Broken, more = 1);
        info_span!("b", more = 1, broken = ?Broken);
    });
    assert_eq!(tree(&spans).matches("formatting it panicked").count(), 1, "{}", tree(&spans));
}
