//! Traces and ids arrive through every service: through two emulators, at a function and at a worker.
//!
//! ```text
//! producer ── emulator ─► read by a plain client ─► the event Lambda would deliver ─► a function in a process of its own
//!                     └─► read by a traced client ─► sqs::process, kinesis::process
//!
//! producer ── Kafka ─► read by another client ─► the event Lambda would deliver ─► a function in a process of its own
//!
//! producer ── MiniStack ─► the function, as the event source delivers: `deliveries`
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod account;
mod cases;
mod deliveries;
mod deployed;
mod function;
mod kafka;
mod logs;
mod received;
mod remote_config;
mod secrets;
mod sent;

use std::time::{Duration, Instant};

use account::Account;
use cases::CASES;
use function::Function;
use sent::{Sent, exporter};
use serde_json::Value;
use thundra_core::propagation::format_traceparent;
use thundra_core::testing::tree;
use thundra_core::{Records, SpanKind, flush};
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::moto::Moto;

/// The time for a message or a span to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_joined_through_ministack() {
    let ministack = MiniStack::start("test-services-ministack").await.unwrap();
    joined("test-services-ministack", &ministack.endpoint()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_joined_through_moto() {
    let moto = Moto::start("test-services-moto").await.unwrap();
    joined("test-services-moto", &moto.endpoint()).await;
}

async fn joined(name: &str, endpoint: &str) {
    let exporter = exporter();
    let account = Account::open(endpoint).await;
    let function = Function::start(name).await;
    for case in &CASES {
        println!("{name}: {}", case.name);
        let sent = Sent::by(case.name, case.call, account.send(case.transport)).await;
        assert_eq!(sent.span.kind, case.kind, "{}", case.name);

        if let Some(work) = account.worked(case.transport).await {
            flush(Records::default(), None).await;
            let spans = exporter.spans();
            let record = spans.iter().find(|span| span.kind == SpanKind::Consumer && sent.is_above(span));
            assert!(record.is_some(), "{}: no record is {}'s child: {}", case.name, case.call, tree(&spans));
            sent.assert_same(&work);
        }

        let event = account.event(case.transport).await;
        assert_eq!(inside(&event, case.traceparent), format_traceparent(&sent.span.context), "{}: {event}", case.name);
        let seen = function.invoke(&event).await;
        let (invocation, record) = function.spans(&sent.trace(), case.batch).await;
        assert_eq!(invocation.parent, Some(sent.call()), "{}: {invocation:?}", case.name);
        assert_eq!(record.map(|record| record.parent), case.batch.then_some(Some(invocation.id)), "{}", case.name);
        sent.assert_same(&seen);
    }
}

/// Waits until `get` returns a value.
async fn soon<T>(what: &str, get: impl AsyncFn() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = get().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "nothing happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Returns the text at a path in an event, through JSON in texts and in base64.
fn inside(event: &Value, path: &str) -> String {
    let mut value = event.clone();
    for key in path.split('.') {
        if let Value::String(text) = &value {
            value = received::opened(text);
        }
        value = match key.parse::<usize>() {
            Ok(index) => value[index].take(),
            Err(_) => value[key].take(),
        };
    }
    value.as_str().unwrap_or_default().to_owned()
}
