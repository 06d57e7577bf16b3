//! Traces and ids arrive through every service: through two emulators, at a function and at a worker.
//!
//! ```text
//! producer ── emulator ─► read by a plain client ─► the event Lambda would deliver ─► a function in a process of its own
//!                     └─► read by a traced client ─► sqs::process, kinesis::process
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod account;
mod cases;
mod function;
mod logs;
mod received;
mod secrets;

use std::sync::OnceLock;
use std::time::Duration;

use account::Account;
use cases::{CASES, Case};
use function::Function;
use serde_json::Value;
use thundra_core::propagation::{Inbound, Propagators, Trust, format_traceparent};
use thundra_core::testing::{MemoryExporter, tree};
use thundra_core::{Config, Env, Records, Scope, SpanData, SpanKind, Telemetry, flush, install};
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::moto::Moto;
use thundra_examples::seen::Seen;

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
    let exporter = installed();
    let account = Account::open(endpoint).await;
    let function = Function::start(name).await;
    for case in &CASES {
        println!("{name}: {}", case.name);
        let sent = Sent::by(case, &account).await;

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
        let (invocation, record) = function.spans(&sent.span.context.trace_id.to_string(), case.batch).await;
        assert_eq!(invocation.parent, Some(sent.span.context.span_id.to_string()), "{}: {invocation:?}", case.name);
        assert_eq!(record.map(|record| record.parent), case.batch.then_some(Some(invocation.id)), "{}", case.name);
        sent.assert_same(&seen);
    }
}

/// Returns the exporter of this process. The settings of the shell have no effect.
fn installed() -> MemoryExporter {
    static EXPORTER: OnceLock<MemoryExporter> = OnceLock::new();
    let install = || {
        let exporter = MemoryExporter::new();
        let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "off")]));
        assert!(install(Telemetry::builder().config(config).exporter(exporter.clone())));
        exporter
    };
    EXPORTER.get_or_init(install).clone()
}

/// A sending call, and the ids of the scope.
struct Sent {
    case: &'static Case,
    span: SpanData,
    seen: Seen,
}

impl Sent {
    /// Makes the call in the middle of a chain of calls.
    async fn by(case: &'static Case, account: &Account) -> Self {
        let id = format!("c-{}", case.name);
        let inbound = [("x-correlation-id", id.as_str()), ("x-correlation-order", "o-9"), ("call-chain-length", "2")];
        let inbound = Inbound::extract(inbound, Propagators::default(), Trust::Full);
        let scope = Scope::builder("producer").parent(inbound).begin();
        let seen = scope.run(async {
            account.send(case.transport).await;
            Seen::here()
        });
        let seen = seen.await;
        assert_eq!((seen.ids["x-correlation-id"].as_str(), seen.chain_length), (id.as_str(), 3));
        let spans: Vec<_> = scope.finish().spans().collect();
        let call = spans.iter().find(|span| span.name == case.call);
        let span = call.unwrap_or_else(|| panic!("{}: no {}: {}", case.name, case.call, tree(&spans))).clone();
        assert_eq!(span.kind, case.kind, "{}", case.name);
        Sent { case, span, seen }
    }

    fn is_above(&self, span: &SpanData) -> bool {
        let context = &self.span.context;
        span.context.trace_id == context.trace_id && span.parent_span_id == Some(context.span_id)
    }

    /// Asserts that the receiver has the sender's ids, and is the next program in the chain.
    fn assert_same(&self, receiver: &Seen) {
        assert_eq!(receiver.ids, self.seen.ids, "{}", self.case.name);
        assert_eq!(receiver.chain_length, self.seen.chain_length + 1, "{}", self.case.name);
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
