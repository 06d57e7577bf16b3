//! Scopes of programs: outcomes, places, and unchanged results.

use std::cell::Cell;
use std::fmt;
use std::future::{Future, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use thundra_core::testing::MemoryExporter;
use thundra_core::{Records, Scope, SpanData, SpanKind, correlation, current, flush};
use thundra_http::{Outcome, scope, sync_scope};
use tracing::Instrument;

use crate::support::{attribute, installed};

/// Returns the exported spans with the given names.
async fn spans<const N: usize>(exporter: &MemoryExporter, names: [&str; N]) -> [SpanData; N] {
    flush(Records::default(), None).await;
    let spans = exporter.spans();
    names.map(|name| {
        let mut named = spans.iter().filter(|span| span.name == name);
        let span = named.next().unwrap_or_else(|| panic!("no span {name}: {spans:#?}"));
        assert!(named.next().is_none(), "two spans {name}");
        span.clone()
    })
}

async fn failure(exporter: &MemoryExporter, name: &str) -> Option<(String, String)> {
    let [span] = spans(exporter, [name]).await;
    let exception = span.events.iter().find(|event| event.name == "exception");
    let message = exception.and_then(|event| event.attributes.iter().find(|(key, _)| key == "exception.message"));
    let message = message.map(|(_, value)| value.to_string());
    span.status.is_error().then(|| (attribute(&span, "error.type").unwrap_or_default(), message.unwrap_or_default()))
}

#[derive(Debug, PartialEq)]
struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the card was declined")
    }
}

struct Report(u32);

impl Outcome for Report {
    fn record(&self, scope: &thundra_core::ScopeRef) {
        if self.0 > 0 {
            scope.set_error("rejected", "lines are rejected");
        }
    }
}

#[tokio::test]
async fn the_value_is_returned_and_an_error_is_recorded() {
    let (_turn, exporter) = installed().await;
    assert_eq!(scope("value", async { 42 }).await, 42);
    assert_eq!(failure(&exporter, "value").await, None);
    assert_eq!(scope("error", async { Err::<(), _>(Declined) }).await, Err(Declined));
    assert_eq!(sync_scope("blocking error", || Err::<u8, _>(Declined)), Err(Declined));
    for name in ["error", "blocking error"] {
        let (error_type, message) = failure(&exporter, name).await.unwrap();
        assert_eq!((error_type.ends_with("Declined"), message.as_str()), (true, "the card was declined"), "{name}");
    }
    let boxed = scope("boxed", async { Err::<(), Box<dyn std::error::Error + Send + Sync>>("no file".into()) }).await;
    assert_eq!(boxed.unwrap_err().to_string(), "no file");
    assert_eq!(failure(&exporter, "boxed").await.unwrap().1, "no file");
    let _: ExitCode = sync_scope("exit 0", || ExitCode::SUCCESS);
    let _: ExitCode = sync_scope("exit 3", || ExitCode::from(3));
    assert_eq!(failure(&exporter, "exit 0").await, None);
    assert_eq!(failure(&exporter, "exit 3").await.unwrap().0, "exit_code");
    assert_eq!(sync_scope("report", || Report(2)).0, 2);
    assert_eq!(failure(&exporter, "report").await.unwrap().0, "rejected");
    assert_eq!(sync_scope("option", || None::<Declined>), None);
    assert_eq!(failure(&exporter, "option").await, None);
}

#[tokio::test]
async fn a_panic_is_recorded_and_passes_through() {
    let (_turn, exporter) = installed().await;
    let panics = |future: &mut (dyn FnMut() + '_)| {
        let payload = catch_unwind(AssertUnwindSafe(future)).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"broken"));
    };
    panics(&mut || sync_scope("blocking", || panic!("broken")));
    panics(&mut || {
        let mut future = Box::pin(scope("async", async {
            if true {
                panic!("broken")
            }
        }));
        let _ = futures_util::FutureExt::now_or_never(future.as_mut());
    });
    for name in ["blocking", "async"] {
        assert_eq!(failure(&exporter, name).await, Some(("panic".to_owned(), "panicked: broken".to_owned())));
    }
}

#[tokio::test]
async fn a_dropped_future_is_cancelled_and_one_never_polled_is_nothing() {
    let (_turn, exporter) = installed().await;
    let work = scope("dropped", async { pending::<()>().instrument(tracing::info_span!("wait")).await });
    assert!(tokio::time::timeout(Duration::from_millis(1), work).await.is_err());
    drop(scope("never polled", ready(())));
    let [dropped, wait] = spans(&exporter, ["dropped", "wait"]).await;
    assert_eq!(attribute(&dropped, "error.type").as_deref(), Some("cancelled"));
    assert_eq!(wait.parent_span_id, Some(dropped.context.span_id));
    assert!(exporter.spans().iter().all(|span| span.name != "never polled"));
}

#[tokio::test]
async fn a_scope_inside_another_is_its_child_with_a_copy_of_the_ids() {
    let (_turn, exporter) = installed().await;
    let inner = async {
        assert_eq!(correlation::get("order").as_deref(), Some("o-9"));
        correlation::set("order", "o-10");
        correlation::set("line", "1");
        assert_eq!(thundra_core::ScopeRef::current().unwrap().chain_length(), Some(1));
        correlation::id()
    };
    let outer = async {
        correlation::set("order", "o-9");
        let id = scope("inner", inner).instrument(tracing::info_span!("step")).await;
        assert_eq!(id, correlation::id());
        assert_eq!((correlation::get("order").as_deref(), correlation::get("line")), (Some("o-9"), None));
        // The spans of a scope inside a program's do not wait for the end of the program.
        spans(&exporter, ["inner"]).await;
    };
    scope("outer", outer).await;
    let [outer, step, inner] = spans(&exporter, ["outer", "step", "inner"]).await;
    assert_eq!((step.parent_span_id, inner.parent_span_id), (Some(outer.context.span_id), Some(step.context.span_id)));
    assert_eq!(inner.context.trace_id, outer.context.trace_id);
    assert_eq!(attribute(&inner, "thundra.parent.source").as_deref(), Some("local"));
    let orders = [&outer, &inner].map(|span| attribute(span, "x-correlation-order"));
    assert_eq!(orders.each_ref().map(Option::as_deref), [Some("o-9"), Some("o-10")]);
}

#[tokio::test]
async fn a_scope_inside_a_request_leaves_with_the_request() {
    let (_turn, exporter) = installed().await;
    let request = Scope::builder("request").begin();
    request.run(scope("step", ready(()))).await;
    let spawned = request.enter(|| tokio::spawn(scope("spawned", ready(()))));
    spawned.await.unwrap();
    flush(Records::default(), None).await;
    let names: Vec<_> = exporter.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["spawned"], "a task has left the request");
    flush(request.finish(), None).await;
    let [request, step, spawned] = spans(&exporter, ["request", "step", "spawned"]).await;
    assert_eq!([step.parent_span_id, spawned.parent_span_id], [Some(request.context.span_id); 2]);
}

#[tokio::test]
async fn a_builder_says_more_than_a_name() {
    let (_turn, exporter) = installed().await;
    let linked = current_of(Scope::builder("linked").begin());
    let builder = Scope::builder("import")
        .kind(SpanKind::Consumer)
        .attribute("file.name", "orders.csv")
        .link(&linked, [("row", 7)])
        .default_correlation_id("import-7");
    assert_eq!(scope(builder, async { correlation::id() }).await.as_deref(), Some("import-7"));
    let name = format!("import {}", 8);
    sync_scope(name, || ());
    let [span, _] = spans(&exporter, ["import", "import 8"]).await;
    assert_eq!((span.kind, span.links.len(), span.parent_span_id), (SpanKind::Consumer, 1, None));
    assert_eq!(attribute(&span, "file.name").as_deref(), Some("orders.csv"));
}

fn current_of(scope: Scope) -> thundra_core::TraceContext {
    scope.enter(|| current().unwrap())
}

#[tokio::test]
async fn a_builder_with_a_parent_needs_no_current_scope_and_no_environment() {
    use thundra_core::propagation::Inbound;
    let (_turn, exporter) = installed().await;
    let work = async { scope(Scope::builder("root").parent(Inbound::default()), ready(())).await };
    scope("outer", work).await;
    let [outer, root] = spans(&exporter, ["outer", "root"]).await;
    assert_eq!(root.parent_span_id, None);
    assert_ne!(root.context.trace_id, outer.context.trace_id);
}

#[tokio::test]
async fn the_future_is_send_if_the_work_is() {
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
    let (_turn, exporter) = installed().await;
    let text = "borrowed".to_owned();
    is_send(scope("send", async { assert_eq!(text.len(), 8) })).await;
    let counter = Rc::new(Cell::new(0));
    scope("local", async {
        counter.set(1);
        tokio::task::yield_now().await;
    })
    .await;
    assert_eq!(counter.get(), 1);
    spans(&exporter, ["send", "local"]).await;
}
