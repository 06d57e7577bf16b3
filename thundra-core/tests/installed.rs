//! What only an installed process shows: the global subscriber, flushes, and spans that end late.

#![allow(clippy::unwrap_used)]

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use thundra_core::export::{Batch, Export, ExportError, ExportFuture};
use thundra_core::testing::MemoryExporter;
use thundra_core::{Config, Env, Scope, Telemetry, flush, install};
use tracing::{info, info_span};

/// Fails as often as it is told to, then keeps what it gets.
#[derive(Clone, Debug, Default)]
struct Flaky {
    memory: MemoryExporter,
    failures: Arc<AtomicUsize>,
}

impl Export for Flaky {
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
        let failing = self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
        if failing {
            return Box::pin(async { Err(ExportError::retryable("not today")) });
        }
        self.memory.export(batch, deadline)
    }
}

/// The exporter of this process, for one test at a time.
fn installed() -> (MutexGuard<'static, ()>, Flaky) {
    static EXPORTER: OnceLock<Flaky> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let exporter = EXPORTER.get_or_init(|| {
        let exporter = Flaky::default();
        let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "off")]));
        assert!(install(Telemetry::builder().config(config).exporter(exporter.clone())));
        exporter
    });
    exporter.memory.clear();
    (turn, exporter.clone())
}

fn flush_now(trace: thundra_core::Records) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(flush(trace, None));
}

#[test]
fn a_debug_that_records_spans_does_not_deadlock() {
    struct Chatty;
    impl fmt::Debug for Chatty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info_span!("inside", n = 1).in_scope(|| info!("while formatting"));
            f.write_str("chatty")
        }
    }
    let (_turn, exporter) = installed();
    let scope = Scope::builder("root").begin();
    scope.enter(|| drop(info_span!("outside", value = ?Chatty)));
    flush_now(scope.finish());
    let tree = exporter.memory.tree();
    assert!(tree.contains("inside n=1") && tree.contains("outside value=chatty"), "{tree}");
}

#[test]
fn a_late_span_goes_out_with_the_next_flush_once() {
    let (_turn, exporter) = installed();
    let scope = Scope::builder("root").begin();
    let late = scope.enter(|| info_span!("late"));
    flush_now(scope.finish());
    // It begins after the scope was sealed, and still has its place in the trace.
    let later = late.in_scope(|| info_span!("later"));
    drop((later, late));
    assert_eq!(exporter.memory.tree(), "root thundra.parent.source=none\n");
    flush_now(Scope::builder("next").begin().finish());
    flush_now(Scope::builder("last").begin().finish());
    assert_eq!(
        exporter.memory.tree(),
        "root thundra.parent.source=none\n└ late\n  └ later\nnext thundra.parent.source=none\nlast thundra.parent.source=none\n"
    );
}

#[test]
fn a_dropped_scope_ends_as_cancelled() {
    let (_turn, exporter) = installed();
    drop(Scope::builder("dropped").begin());
    flush_now(thundra_core::Records::default());
    assert_eq!(exporter.memory.tree(), "dropped ✗ cancelled thundra.parent.source=none error.type=cancelled\n");
}

#[test]
fn what_could_not_be_sent_is_sent_later_once() {
    let (_turn, exporter) = installed();
    exporter.failures.store(2, Ordering::Relaxed);
    let mut kept = Vec::new();
    for name in ["one", "two", "three", "four"] {
        flush_now(Scope::builder(name).begin().finish());
        kept.push(thundra_core::pending_spans());
    }
    assert_eq!(kept, [1, 2, 0, 0]);
    let names: Vec<_> = exporter.memory.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["one", "two", "three", "four"]);
}

#[test]
fn messages_without_our_context_are_counted_whoever_sends_them() {
    let (_turn, exporter) = installed();
    let unsampled = Config::from_env(&Env::from_pairs([("OTEL_TRACES_SAMPLER", "always_off")]));
    let scope = Scope::builder("not recorded").begin_with(&unsampled);
    scope.count_incomplete_messages(3);
    flush_now(scope.finish());
    let scope = Scope::builder("next").begin();
    let nested = scope.enter(|| Scope::builder("nested").nested().begin());
    nested.count_incomplete_messages(1);
    nested.finish();
    scope.count_incomplete_messages(2);
    flush_now(scope.finish());
    flush_now(Scope::builder("last").begin().finish());
    let counts: Vec<_> = exporter
        .memory
        .spans()
        .into_iter()
        .map(|span| {
            let count = span.attribute("thundra.injection.incomplete_messages").map(ToString::to_string);
            (span.name, count.unwrap_or_default())
        })
        .collect();
    assert_eq!(
        counts,
        [("nested", "1"), ("next", "5"), ("last", "")].map(|(name, count)| (name.to_owned(), count.to_owned()))
    );
}
