//! Unsampled scopes that are exported after all.

use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Records, ScopeBuilder, ScopeFlags, ScopeRef, Unfinished};

use super::*;

const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02";

fn keeping(list: &str) -> Config {
    config(&[("OTEL_TRACES_SAMPLER", "always_off"), ("THUNDRA_KEEP", list)])
}

/// Runs a closure in the scope of a builder.
fn finished(config: &Config, builder: ScopeBuilder, f: impl FnOnce()) -> Records {
    with_default(&dispatch(config), || {
        let scope = builder.begin_with(config);
        scope.enter(f);
        scope.finish()
    })
}

/// Returns the reasons on the root, `None` if nothing is exported.
fn reasons(records: &Records) -> Option<String> {
    let root = records.spans().last()?;
    root.attribute("thundra.keep.reason").map(ToString::to_string)
}

fn current() -> ScopeRef {
    ScopeRef::current().unwrap()
}

/// The value of the variable, the work in the scope, the reasons to keep it, and why.
type Case = (&'static str, fn(), Option<&'static str>, &'static str);

#[test]
fn the_end_of_an_unsampled_scope_decides() {
    let failing = || info_span!("call").in_scope(|| error!("refused"));
    let cases: &[Case] = &[
        ("none", || error!("failed"), None, "off"),
        ("errors", failing, Some("[error]"), "a span below the root failed"),
        ("errors", || current().set_error("timeout", "late"), Some("[error]"), "the root failed"),
        ("errors", || info_span!("call").set_status(Status::error("no")), Some("[error]"), "a status set in code"),
        ("errors", || current().set_status(Status::Ok), None, "nothing failed"),
        ("errors", || warn!("slow"), None, "a warning"),
        ("slow:1m,cold", failing, None, "errors are not asked for"),
        ("slow:1s", || {}, Some("[slow]"), "a root that began two seconds ago"),
        ("slow:1m", || {}, None, "within the limit"),
        ("cold", || current().set_flags(ScopeFlags::COLD_START), Some("[cold]"), "a cold start"),
        ("errors", || current().set_flags(ScopeFlags::COLD_START), None, "cold starts are not asked for"),
        ("cold", || drop(info_span!("a", thundra.keep = true)), Some("[marked]"), "marked by a field"),
        ("cold", || info_span!("a").set_attribute("thundra.keep", true), Some("[marked]"), "marked in code"),
        ("cold", || current().set_attribute("thundra.keep", true), Some("[marked]"), "the root is marked"),
        ("cold", || drop(info_span!("a", thundra.keep = false)), None, "not marked"),
        ("cold", || drop(info_span!("a", keep = true)), None, "another field"),
        ("none", || drop(info_span!("a", thundra.keep = true)), None, "off"),
        (
            "errors,slow:1ms,cold",
            || {
                current().set_flags(ScopeFlags::COLD_START);
                info_span!("a", thundra.keep = true).in_scope(|| error!("failed"));
            },
            Some("[error,slow,cold,marked]"),
            "all at once",
        ),
    ];
    for (list, f, expected, why) in cases {
        let began = SystemTime::now() - Duration::from_secs(2);
        let records = finished(&keeping(list), Scope::builder("root").start_time(began), f);
        assert_eq!(reasons(&records).as_deref(), *expected, "{list}: {why}");
        assert_eq!(records.is_empty(), expected.is_none(), "{list}: {why}");
    }
}

#[test]
fn a_span_that_ends_well_after_an_error_is_no_error() {
    let records = finished(&keeping("errors"), Scope::builder("root"), || {
        let call = info_span!("call");
        call.in_scope(|| error!("first attempt failed"));
        call.set_status(Status::Ok);
    });
    assert!(records.is_empty());
}

#[test]
fn keeping_adds_to_every_head_decision_and_changes_none() {
    let traceparent = |flags: u8| format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags:02x}");
    for (sampler, parent, trust, sampled, why) in [
        ("always_on", None, Trust::Full, true, "every trace"),
        ("always_off", None, Trust::Full, false, "no trace"),
        ("always_off", Some(1), Trust::Full, false, "no trace, whatever the parent says"),
        ("parentbased_always_on", Some(0), Trust::Full, false, "the parent decides"),
        ("parentbased_always_on", Some(0), Trust::Edge, true, "an untrusted parent does not"),
        ("parentbased_always_off", None, Trust::Full, false, "no trace of its own"),
        ("parentbased_always_off", Some(1), Trust::Full, true, "the parent decides"),
        ("parentbased_always_off", Some(1), Trust::Edge, false, "an untrusted parent does not"),
    ] {
        for (disabled, fails) in [(false, false), (false, true), (true, true)] {
            let config = config(&[
                ("OTEL_TRACES_SAMPLER", sampler),
                ("OTEL_SDK_DISABLED", if disabled { "true" } else { "false" }),
                ("THUNDRA_KEEP", "errors"),
            ]);
            let header = parent.map(traceparent);
            let pairs = header.iter().map(|header| ("traceparent", header.as_str()));
            let inbound = Inbound::extract(pairs, Propagators::default(), trust);
            let mut propagated = None;
            let records = finished(&config, Scope::builder("root").parent(inbound), || {
                propagated = Some(thundra_core::current().unwrap().sampled);
                if fails {
                    error!("failed");
                }
            });
            let case = format!("{sampler}, {parent:?}, {trust:?}, {disabled}, {fails}: {why}");
            if !disabled {
                assert_eq!(propagated, Some(sampled), "{case}");
            }
            assert_eq!(!records.is_empty(), !disabled && (sampled || fails), "{case}");
            assert_eq!(reasons(&records).is_some(), !disabled && !sampled && fails, "{case}");
        }
    }
}

#[test]
fn the_debug_flag_of_a_trusted_caller_keeps() {
    for (trust, flag, kept, why) in [
        (Trust::Full, "true", true, "a queue"),
        (Trust::Full, "false", false, "switched off"),
        (Trust::Edge, "true", false, "a stranger"),
    ] {
        let pairs = [("debug-log-enabled", flag), ("traceparent", UNSAMPLED)];
        let inbound = Inbound::extract(pairs, Propagators::default(), trust);
        let records = finished(&keeping("errors"), Scope::builder("root").parent(inbound), || {});
        assert_eq!(reasons(&records).as_deref(), kept.then_some("[debug]"), "{why}");
    }
}

#[test]
fn kept_spans_say_that_they_were_not_sampled() {
    let pairs = [("traceparent", UNSAMPLED), ("tracestate", "ot=th:8;rv:9b8233f7e3a151,x=1")];
    let inbound = Inbound::extract(pairs, Propagators::default(), Trust::Full);
    let config = config(&[("THUNDRA_KEEP", "errors")]);
    let mut sent = Vec::new();
    let records = finished(&config, Scope::builder("root").parent(inbound), || {
        info_span!("call").in_scope(|| {
            error!("failed");
            let out = outbound(&tracing::Span::current()).unwrap();
            sent = out.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        });
    });
    let sent = |key: &str| sent.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()).unwrap();
    assert!(sent("traceparent").ends_with("-02"), "as decided at the head, and random");
    assert_eq!(sent("tracestate"), "ot=th:8;rv:9b8233f7e3a151,x=1", "as received");
    let exported: Vec<_> = records.spans().collect();
    assert_eq!(exported.len(), 2);
    for span in exported {
        assert_eq!((span.context.sampled, span.context.random), (false, true));
        assert_eq!(span.context.trace_state.as_deref(), Some("ot=rv:9b8233f7e3a151,x=1"));
    }
}

#[test]
fn an_undecided_scope_records_and_is_not_sampled() {
    const XRAY: &str = "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=0;Lineage=1:2";
    let received = [("traceparent", UNSAMPLED), ("x-amzn-trace-id", XRAY)];
    let inbound = Inbound::extract(received, Propagators::default(), Trust::Full);
    finished(&config(&[("THUNDRA_KEEP", "errors")]), Scope::builder("root").parent(inbound), || {
        let span = info_span!("call");
        assert!(current().recorded() && span.trace_context().is_some());
        span.in_scope(|| {
            let sent = outbound(&span).unwrap();
            assert_eq!(
                sent.header_pairs().into_iter().find(|(key, _)| *key == "traceparent").map(|(_, value)| value),
                Some(format!("00-0af7651916cd43dd8448eb211c80319c-{}-02", sent.context.span_id))
            );
            let xray = sent.xray_header().unwrap();
            assert!(xray.contains("Sampled=0;Lineage=1:2"), "{xray}");
            let otel = thundra_core::otel::context();
            let otel = opentelemetry::trace::TraceContextExt::span(&otel).span_context().clone();
            assert!(otel.is_valid() && !otel.is_sampled());
            assert_eq!(otel.span_id().to_bytes(), span.trace_context().unwrap().span_id.to_bytes());
        });
    });
}

#[test]
fn a_sampled_scope_needs_no_reason() {
    const XRAY: &str = "Root=1-0af76519-16cd43dd8448eb211c80319c;Sampled=0";
    for header in [None, Some(("x-amzn-trace-id", XRAY))] {
        let inbound = Inbound::extract(header, Propagators::default(), Trust::Full);
        let config = config(&[("THUNDRA_KEEP", "errors,slow:0")]);
        let records = finished(&config, Scope::builder("root").parent(inbound), || error!("failed"));
        assert_eq!((records.count(), reasons(&records)), (1, None), "X-Ray gets nothing from this program: {header:?}");
    }
}

#[test]
fn a_nested_scope_has_a_decision_of_its_own() {
    let outcome = |ids: &[&'static str], fails: bool| {
        let config = config(&[("OTEL_TRACES_SAMPLER", "parentbased_always_off"), ("THUNDRA_KEEP", "errors")]);
        let records = finished(&config, Scope::builder("batch"), || {
            for id in ids {
                let flags = if *id == "sampled" { 1 } else { 0 };
                let parent = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0{flags}");
                let inbound = Inbound::extract([("traceparent", &*parent)], Propagators::default(), Trust::Full);
                let record = Scope::builder(*id).parent(inbound).nested().begin_with(&config);
                record.enter(|| drop(info_span!("work")));
                if *id == "failed" {
                    record.set_error("refused", "refused");
                }
                assert!(record.finish().is_empty());
            }
            if fails {
                error!("failed");
            }
        });
        let roots = records.spans().filter(|span| span.attribute("thundra.parent.source").is_some());
        let names: Vec<_> = roots.map(|span| (span.name, span.context.sampled)).collect();
        assert_eq!(records.spans().count(), records.count() as usize);
        names.into_iter().map(|(name, sampled)| format!("{name} {sampled}")).collect::<Vec<_>>()
    };
    let records = ["fine", "failed", "sampled"];
    assert_eq!(outcome(&records, false), ["failed false", "sampled true"]);
    assert_eq!(outcome(&records, true), ["failed false", "sampled true", "batch false"]);
    assert_eq!(outcome(&["fine"], true), ["batch false"]);
    assert!(outcome(&["fine"], false).is_empty());
}

#[test]
fn an_attribute_limit_leaves_room_for_the_reasons() {
    let config = config(&[
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("THUNDRA_KEEP", "errors"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0"),
    ]);
    let records = finished(&config, Scope::builder("root"), || error!("failed"));
    assert_eq!(reasons(&records).as_deref(), Some("[error]"));
}

#[test]
fn a_scope_over_its_span_limit_is_decided_by_the_recorded_spans() {
    let config =
        config(&[("OTEL_TRACES_SAMPLER", "always_off"), ("THUNDRA_KEEP", "errors"), ("THUNDRA_MAX_SPANS", "2")]);
    let work = || (0..4).for_each(|_| drop(info_span!("work")));
    assert!(finished(&config, Scope::builder("root"), work).is_empty());
    let records = finished(&config, Scope::builder("root"), || {
        work();
        error!("failed");
    });
    let root = records.spans().last().unwrap();
    assert_eq!((records.count(), root.attribute("thundra.dropped_spans")), (2, Some(&3.into())));
}

#[test]
fn a_deadline_is_a_failure_and_decides_where_something_keeps_the_scope() {
    const TIMEOUT: Unfinished<'static> = Unfinished { error_type: "timeout", description: "timed out", root: &[] };
    let exported = |records: Records| {
        let spans: Vec<_> = records.spans().collect();
        assert!(spans.iter().all(|span| !span.context.sampled));
        spans.iter().map(|span| span.name.clone()).collect::<Vec<_>>()
    };
    for (list, before, at_deadline, at_end, why) in [
        ("errors", "", &["ended", "root", "open"][..], &["late"][..], "the open spans have failed"),
        ("slow:1s", "", &["ended", "root", "open"], &["late"], "slow by then"),
        ("cold", "", &[], &[], "nothing keeps it"),
        ("cold", "marked", &[], &["ended", "open", "late", "root"], "marked after the deadline"),
    ] {
        let config = keeping(list);
        with_default(&dispatch(&config), || {
            let began = SystemTime::now() - Duration::from_secs(2);
            let scope = Scope::builder("root").start_time(began).begin_with(&config);
            let open = scope.enter(|| {
                drop(info_span!("ended"));
                info_span!("open")
            });
            assert_eq!(exported(scope.take_unfinished(&TIMEOUT)), at_deadline, "{list}: {why}");
            scope.set_attribute("thundra.keep", before == "marked");
            drop(open);
            scope.enter(|| drop(info_span!("late")));
            assert_eq!(exported(scope.finish()), at_end, "{list}: {why}");
        });
    }
}

#[test]
fn an_open_record_of_a_batch_is_decided_on_at_the_deadline_too() {
    const TIMEOUT: Unfinished<'static> = Unfinished { error_type: "timeout", description: "timed out", root: &[] };
    for (list, expected) in [("errors", &["done", "batch", "open"][..]), ("cold", &["done"][..])] {
        let config = config(&[("OTEL_TRACES_SAMPLER", "parentbased_always_off"), ("THUNDRA_KEEP", list)]);
        with_default(&dispatch(&config), || {
            let batch = Scope::builder("batch").begin_with(&config);
            let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            let sampled = Inbound::extract([("traceparent", parent)], Propagators::default(), Trust::Full);
            let nested =
                |name, inbound| batch.enter(|| Scope::builder(name).parent(inbound).nested().begin_with(&config));
            nested("dropped", Inbound::default()).finish();
            nested("done", sampled).finish();
            let open = nested("open", Inbound::default());
            let names: Vec<_> = batch.take_unfinished(&TIMEOUT).spans().map(|span| span.name).collect();
            assert_eq!(names, expected, "{list}");
            open.finish();
            assert!(batch.finish().is_empty(), "{list}");
        });
    }
}
