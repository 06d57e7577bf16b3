//! Whose a record is, and when it leaves.

use std::time::Duration;

use thundra_core::export::suppressed;
use thundra_core::{Unfinished, correlation, pending_spans};
use tracing::{Instrument, info, info_span};

use super::*;

#[test]
fn an_unsampled_scope_has_records_with_its_ids() {
    through_both(&[("OTEL_TRACES_SAMPLER", "always_off")], |config, process| {
        let mut context = None;
        let (records, spans) = recorded(config, process, |scope| {
            context = scope.context();
            info_span!("unrecorded").in_scope(|| info!("said"));
        });
        let context = context.unwrap();
        assert_eq!((bodies(&records), spans.len()), (vec!["said"], 0));
        assert_eq!(records[0].trace_id, context.trace_id.to_bytes());
        assert_eq!(records[0].span_id, context.span_id.to_bytes());
        assert_eq!(records[0].flags & 1, 0);
        assert_eq!(attributes(&records[0])["x-correlation-id"], "\"c-1\"");
    });
}

#[test]
fn a_record_outside_of_scopes_has_no_ids_and_leaves_with_the_next_flush() {
    through_both(&[], |_, process| {
        info!("outside");
        let (records, _) = process.flush(Records::default());
        assert_eq!(bodies(&records), ["outside"]);
        assert!(records[0].trace_id.is_empty() && records[0].span_id.is_empty());
        assert!(!attributes(&records[0]).contains_key("x-correlation-id"));
    });
}

#[test]
fn a_nested_scope_has_ids_of_its_own_and_the_attributes_of_the_outer_one() {
    through_both(&[], |config, process| {
        let outer = Scope::builder("invocation")
            .log_field("function_request_id", "r-1")
            .log_field("tier", "gold")
            .begin_with(config);
        outer.enter(|| {
            let inner = Scope::builder("record").nested().default_correlation_id("c-2").begin_with(config);
            inner.enter(|| info!(faas.invocation_id = "forged", "inside"));
            outer.enter(|| info!("outside"));
            inner.finish();
        });
        let trace = outer.context().unwrap().trace_id.to_bytes();
        let (records, _) = process.flush(outer.finish());
        let of = |text| records.iter().find(|record| body(record) == text).unwrap();
        for text in ["inside", "outside"] {
            assert_eq!(attributes(of(text))["faas.invocation_id"], "\"r-1\"", "{text}");
            assert_eq!(attributes(of(text))["tier"], "\"gold\"", "{text}");
        }
        assert_eq!(attributes(of("inside"))["x-correlation-id"], "\"c-2\"");
        assert_eq!(of("outside").trace_id, trace);
        assert_ne!(of("inside").trace_id, trace);
    });
}

#[test]
fn a_late_record_leaves_with_the_next_flush() {
    through_both(&[], |config, process| {
        let scope = Scope::builder("root").begin_with(config);
        let late = scope.enter(|| info_span!("late"));
        let (records, _) = process.flush(scope.finish());
        assert!(records.is_empty());
        late.in_scope(|| info!("late"));
        let (records, _) = process.flush(Records::default());
        assert_eq!((bodies(&records), records[0].trace_id.len()), (vec!["late"], 16));
        drop(late);
        process.flush(Records::default());
    });
}

#[test]
fn the_records_of_an_open_scope_leave_once_if_it_is_exported_before_its_end() {
    let ending = Unfinished { error_type: "timeout", description: "unfinished", root: &[] };
    for sampler in ["always_on", "always_off"] {
        through_both(&[("OTEL_TRACES_SAMPLER", sampler)], |config, process| {
            let scope = Scope::builder("root").begin_with(config);
            scope.enter(|| {
                info!("before");
                let nested = Scope::builder("nested").nested().begin_with(config);
                nested.enter(|| info!("before, nested"));
                let (records, _) = process.flush(scope.take_unfinished(&ending));
                assert_eq!(bodies(&records), ["before", "before, nested"]);
                info!("after");
                nested.finish();
            });
            let (records, _) = process.flush(scope.finish());
            assert_eq!(bodies(&records), ["after"], "{sampler}");
        });
    }
}

#[test]
fn a_long_scope_does_not_keep_its_records_to_its_end() {
    through_both(&[], |config, process| {
        let (text, scope) = ("x".repeat(1024), Scope::builder("root").begin_with(config));
        scope.enter(|| (0..100).for_each(|_| info!("{text}")));
        let (early, _) = process.flush(Records::default());
        let (rest, _) = process.flush(scope.finish());
        assert!((50..100).contains(&early.len()), "{}", early.len());
        assert_eq!(early.len() + rest.len(), 100);
    });
}

#[test]
fn records_over_the_limit_are_counted_on_the_next_root() {
    through_both(&[("OTEL_SPAN_EVENT_COUNT_LIMIT", "0")], |config, process| {
        let (text, scope) = ("x".repeat(1 << 20), Scope::builder("root").begin_with(config));
        scope.enter(|| (0..12).for_each(|_| info!("{text}")));
        let (records, mut spans) = process.flush(scope.finish());
        spans.extend(process.flush(Scope::builder("next").begin_with(config).finish()).1);
        let lost: i64 = spans
            .iter()
            .filter_map(|span| span.attribute("thundra.lost_log_records"))
            .map(|lost| lost.to_string().parse::<i64>().unwrap())
            .sum();
        assert!(lost > 0 && records.len() as i64 + lost == 12, "{} and {lost}", records.len());
    });
}

#[test]
fn what_an_exporter_logs_is_never_exported() {
    through_both(&[("RUST_LOG", "trace")], |config, process| {
        let (records, _) = recorded(config, process, |_| info!("said"));
        assert_eq!(bodies(&records), ["said"]);
        for _ in 0..3 {
            let (records, _) = process.flush(Scope::builder("next").begin_with(config).finish());
            assert_eq!(bodies(&records), [""; 0], "nothing feeds itself");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(suppressed(async {
            info!("of an exporter's task");
            suppressed(async {}).await;
            tokio::task::yield_now().await;
            info!("of an exporter's task");
        }));
        info!("of the program");
        let (records, _) = process.flush(Records::default());
        assert_eq!(bodies(&records), ["of the program"]);
    });
}

#[test]
fn concurrent_scopes_never_take_each_others_records() {
    let (process, config) = (process(), Box::leak(Box::new(config(&[]))));
    for front in fronts(config) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        let records = runtime.block_on(async {
            let tasks: Vec<_> = (0..64)
                .map(|task| {
                    let front = front.clone();
                    let scope = tracing::dispatcher::with_default(&front, || {
                        Scope::builder("task").default_correlation_id(format!("c-{task}")).begin_with(config)
                    });
                    tokio::spawn(async move {
                        let work = async {
                            for turn in 0..20 {
                                let trace = thundra_core::current().unwrap().trace_id.to_string();
                                async { info!(task, turn, trace, id = correlation::id(), "turn") }
                                    .instrument(info_span!("turn"))
                                    .await;
                                tokio::time::sleep(Duration::from_micros(task % 7 * 50)).await;
                            }
                        };
                        let future = scope.run(work);
                        tracing::instrument::WithSubscriber::with_subscriber(future, front.clone()).await;
                        tracing::dispatcher::with_default(&front, || scope.finish())
                    })
                })
                .collect();
            let mut all = Records::default();
            for task in tasks {
                all.append(task.await.unwrap()).unwrap();
            }
            all
        });
        drop(runtime);
        let (records, spans) = process.flush(records);
        assert_eq!((records.len(), spans.len()), (64 * 20, 64 * 21));
        for record in &records {
            let attributes = attributes(record);
            let trace: String = record.trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(attributes["trace"], format!("{trace:?}"));
            assert_eq!(attributes["x-correlation-id"], format!("\"c-{}\"", attributes["task"]));
            assert_eq!(attributes["x-correlation-id"], attributes["id"]);
            let span = spans.iter().find(|span| span.context.span_id.to_bytes()[..] == record.span_id[..]).unwrap();
            assert_eq!((span.name.as_str(), &span.context.trace_id.to_bytes()[..]), ("turn", &record.trace_id[..]));
        }
    }
    assert_eq!(pending_spans(), 0);
}
