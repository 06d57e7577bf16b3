//! Tests of the recordings and of the snapshots.

use std::future::Future;
use std::time::Duration;

use tracing::instrument::WithSubscriber;
use tracing::{Instrument, info, info_span, instrument};

use super::*;
use crate::propagation::{Inbound, Propagators, Trust};
use crate::{ScopeRef, SpanExt, Status, correlation};

#[instrument]
async fn bill(order: u32) {
    tokio::task::yield_now().await;
    correlation::set("order", &order.to_string());
    charge(order).await;
}

#[instrument]
async fn charge(order: u32) {
    info!(cents = order * 100, "paid");
}

#[tokio::test]
async fn futures_on_one_thread_see_nothing_of_each_other() {
    let ((first, one), (second, other)) = tokio::join!(
        record_async("first", async {
            bill(1).await;
            correlation::get("order")
        }),
        record_async("second", async {
            bill(2).await;
            correlation::get("order")
        }),
    );
    assert_eq!((first.as_deref(), second.as_deref()), (Some("1"), Some("2")));
    assert_eq!(snapshot(&one), "first\n└ bill order=1\n  └ charge order=1\n      · paid cents=100\n");
    assert_eq!(snapshot(&other), "second\n└ bill order=2\n  └ charge order=2\n      · paid cents=200\n");
    assert!(ScopeRef::current().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_may_move_between_threads() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let tasks: Vec<_> =
        (0..8).map(|order| tokio::spawn(is_send(record_all(&CONFIG, "invocation", bill(order))))).collect();
    for (order, task) in (0..).zip(tasks) {
        let ((), recorded) = task.await.unwrap();
        let expected =
            format!("invocation\n└ bill order={order}\n  └ charge order={order}\n      · paid cents={}\n", order * 100);
        assert_eq!(recorded.snapshot(), expected);
        assert_eq!(recorded.logs.len(), 1, "{:?}", recorded.logs);
        assert_eq!(recorded.logs[0].attribute("cents"), Some(&(i64::from(order) * 100).into()));
        assert_eq!(recorded.logs[0].trace_id, recorded.spans.first().map(|span| span.context.trace_id));
    }
}

static CONFIG: std::sync::LazyLock<Config> = std::sync::LazyLock::new(default_config);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spawned_task_takes_the_subscriber_along() {
    let work = async { tokio::spawn(bill(7).in_current_span().with_current_subscriber()).await.unwrap() };
    let ((), spans) = record_async("invocation", work).await;
    assert_eq!(snapshot(&spans).lines().count(), 4, "{spans:?}");
}

#[tokio::test]
async fn log_records_and_metrics_of_nested_scopes_are_there_and_those_of_others_are_not() {
    let work = || async {
        info!("outer");
        info!(monotonic_counter.orders = 1, histogram.size = 2.5, kind = "outer");
        let nested = Scope::builder("record").nested().begin_with(&CONFIG);
        nested.enter(|| {
            info!("inner");
            info!(monotonic_counter.orders = 2, gauge.depth = 4);
        });
        assert!(nested.finish().is_empty(), "the outer scope has the spans");
    };
    let ((), recorded) = record_all(&CONFIG, "invocation", work()).await;
    let bodies: Vec<_> = recorded.logs.iter().map(|log| (log.severity.as_str(), log.body.as_str())).collect();
    assert_eq!(bodies, [("INFO", "outer"), ("INFO", "inner")]);
    assert!(recorded.has_logged("inn") && !recorded.has_logged("paid"));
    let of = |name: &str, kind: Option<&'static str>| {
        let kind = kind.map(crate::Value::from);
        let found =
            recorded.metrics.iter().find(|metric| metric.name == name && metric.attribute("kind") == kind.as_ref());
        found.map(|metric| metric.value)
    };
    assert_eq!(of("orders", Some("outer")), Some(MetricValue::Sum(1.0)));
    assert_eq!(of("orders", None), Some(MetricValue::Sum(2.0)));
    assert_eq!(of("depth", None), Some(MetricValue::Gauge(4.0)));
    let (min, max) = (Some(2.5), Some(2.5));
    assert_eq!(of("size", Some("outer")), Some(MetricValue::Histogram { count: 1, sum: 2.5, min, max }));
    assert_eq!(recorded.tree().lines().count(), 4, "{}", recorded.tree());

    let ((), again) = record_all(&CONFIG, "invocation", work()).await;
    assert_eq!((again.logs.len(), again.metrics.len()), (2, recorded.metrics.len()), "nothing of the first");
}

#[test]
fn a_panic_passes_through() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let run = || runtime.block_on(record_async("invocation", async { panic!("at the disco") }));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).map(|((), _)| ()).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"at the disco"));
    assert!(ScopeRef::current().is_none());
}

/// Records the same work, with threads that race and with values that differ.
fn record_work(first: &'static str) -> Vec<SpanData> {
    let ((), spans) = record("invocation", || {
        let scope = ScopeRef::current().unwrap();
        scope.set_attribute("faas.invocation_id", uuid::Uuid::new_v4().to_string());
        scope.set_attribute("thundra.memory.peak_bytes", i64::from(std::process::id()));
        for name in [first, if first == "a" { "b" } else { "a" }] {
            let span = info_span!("call", name, code.line.number = line!(), thread.id = 7, b = 1, a = 2);
            span.set_attribute(
                "url.full",
                format!("http://127.0.0.1:{}/{name}", 1024 + name.len() as u16 + u16::from(first == "a")),
            );
            span.in_scope(|| info!(at = ?std::ptr::from_ref(name).cast::<u8>(), "called {}", uuid::Uuid::new_v4()));
            span.set_status(Status::error(format!("no answer to {}", crate::TraceId::random())));
        }
    });
    spans
}

#[test]
fn snapshots_of_equal_work_are_equal() {
    let expected = "invocation\n\
        ├ call ✗ no answer to <id> a=2 b=1 name=a url.full=http://127.0.0.1:<port>/a\n\
        │   · called <uuid> at=<address>\n\
        └ call ✗ no answer to <id> a=2 b=1 name=b url.full=http://127.0.0.1:<port>/b\n\
        \x20   · called <uuid> at=<address>\n";
    for first in ["a", "b"] {
        assert_eq!(snapshot(&record_work(first)), expected, "{first} first");
    }
    let in_order = Snapshot::new().in_order_of_start().only(["name"]).print(&record_work("b"));
    assert!(in_order.find("name=b") < in_order.find("name=a"), "{in_order}");
}

#[test]
fn attributes_are_chosen_by_name() {
    let (_, spans) = record("invocation", || {
        info_span!("a", code.line.number = 3, x = 1, y = "0af7651916cd43dd8448eb211c80319c").in_scope(|| {})
    });
    for (snapshot, expected) in [
        (Snapshot::new(), "a x=1 y=<id>"),
        (Snapshot::new().with("code.line.number"), "a code.line.number=3 x=1 y=<id>"),
        (Snapshot::new().with("y"), "a x=1 y=0af7651916cd43dd8448eb211c80319c"),
        (Snapshot::new().without("y"), "a x=1"),
        (Snapshot::new().only(["y"]).without("x"), "a y=<id>"),
        (Snapshot::new().only([""; 0]), "a"),
        (Snapshot::new().with("thundra.parent.source"), "a x=1 y=<id>"),
    ] {
        let printed = snapshot.print(&spans);
        assert_eq!(printed.lines().nth(1), Some(format!("└ {expected}").as_str()), "{snapshot:?}");
    }
}

#[test]
fn a_deep_tree_is_cut() {
    fn down(depth: usize) {
        if depth > 0 {
            info_span!("x").in_scope(|| down(depth - 1));
        }
    }
    let (_, spans) = record("invocation", || down(500));
    let printed = snapshot(&spans);
    assert!(printed.lines().count() < 210 && printed.trim_end().ends_with('…'), "{}", printed.lines().count());
}

/// A future that is polled after a while.
fn later() -> impl Future<Output = ()> {
    tokio::time::sleep(Duration::from_millis(1))
}

#[tokio::test]
async fn a_global_subscriber_is_not_needed() {
    let ((), spans) = record_async("invocation", async {
        info_span!("a").in_scope(|| {});
        later().await;
        info_span!("b").in_scope(|| {});
    })
    .await;
    assert_eq!(snapshot(&spans), "invocation\n├ a\n└ b\n");
}

/// One id in 2,000 is all digits.
#[test]
fn an_id_of_the_spans_is_an_id_without_a_letter_too() {
    let sent = [("traceparent", "00-12345678901234567890123456789012-1234567890123456-01")];
    let caller = Inbound::extract(sent, Propagators::default(), Trust::Full);
    let scope = Scope::builder("root").parent(caller).begin_with(&CONFIG);
    scope.set_attribute("called.by", "1234567890123456, order 2222222222222222");
    let spans: Vec<_> = scope.finish().spans().collect();
    assert_eq!(snapshot(&spans), "root called.by=<id>, order 2222222222222222\n");
}
