//! The function under real event sources: the event source delivers, reads the response, and delivers again.
//!
//! Each test has a separate function with the program `consumer`. All functions run on one MiniStack.

mod events;
mod objects;
mod queues;
mod steps;
mod streams;

use std::path::Path;

use aws_config::SdkConfig;
use thundra_examples::harness::cloud::{self, Cloud, Code, Function};
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::package;
use thundra_examples::harness::receiver::Receiver;
use thundra_examples::report::{Kind, Span};
use thundra_examples::seen::Seen;
use tokio::sync::OnceCell;

use crate::PATIENCE;
use crate::sent::Sent;

/// A function of a test, and the received spans.
struct Stage {
    name: &'static str,
    /// The ARN of the function.
    arn: String,
    cloud: Cloud,
    /// The configuration of clients.
    config: SdkConfig,
    receiver: Receiver,
}

/// MiniStack, which runs until the process ends, and the uploaded function.
struct Shared {
    ministack: MiniStack,
    code: Code,
}

impl Stage {
    async fn open(name: &'static str) -> Self {
        static SHARED: OnceCell<Shared> = OnceCell::const_new();
        let shared = SHARED.get_or_init(Shared::start).await;
        let endpoint = shared.ministack.endpoint();
        let (cloud, receiver) = (Cloud::at(&endpoint).unwrap(), Receiver::open().await.unwrap());
        let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint())];
        let function = Function { name, code: &shared.code, environment: &environment };
        let arn = cloud.create_function(&function).await.unwrap();
        Self { name, arn, cloud, config: cloud::config(&endpoint), receiver }
    }

    /// Waits until the trace of the sender has `number` pieces of work on an order. Returns the work in order.
    async fn works(&self, sent: &Sent, number: usize) -> Vec<Work> {
        let came = self.receiver.wait_until(PATIENCE, |spans| Work::all_of(sent, spans).len() >= number).await;
        let spans = self.receiver.spans();
        let works = Work::all_of(sent, &spans);
        assert!(came && works.len() == number, "{number} expected, {} came: {spans:#?}", works.len());
        works
    }
}

impl Shared {
    async fn start() -> Self {
        let ministack = MiniStack::start("test-services-deliveries").await.unwrap();
        let package = package::bootstrap(Path::new(env!("CARGO_BIN_EXE_consumer"))).unwrap();
        let code = Cloud::at(&ministack.endpoint()).unwrap().upload("consumer.zip", package).await.unwrap();
        Self { ministack, code }
    }
}

/// A piece of work in the trace of a sender.
struct Work {
    /// The names of the spans from the sender's call down to the work.
    way: String,
    /// The ids that the work saw.
    seen: Seen,
    /// The span of the work.
    span: Span,
    /// The span of the record, if any.
    record: Option<Span>,
    invocation: Span,
}

impl Work {
    /// Returns all work below the call of a sender, ordered by start. Work counts once every span in between has
    /// arrived.
    fn all_of(sent: &Sent, spans: &[Span]) -> Vec<Self> {
        let works = spans.iter().filter(|span| span.name == "work" && span.trace == sent.trace());
        let mut works: Vec<_> = works.filter_map(|work| Self::of(work, sent, spans)).collect();
        works.sort_by_key(|work| work.span.start_time_unix_nano);
        works
    }

    fn of(work: &Span, sent: &Sent, spans: &[Span]) -> Option<Self> {
        let named = |trace: &str, id: &str| spans.iter().find(|span| span.trace == trace && span.id == id);
        let mut way = vec![work];
        while let Some(parent) = way.last()?.parent.as_deref().filter(|parent| *parent != sent.call()) {
            way.push(named(&work.trace, parent)?);
        }
        let record = way.iter().find(|span| span.kind == Kind::Consumer).copied().cloned();
        let invocation = way.iter().find(|span| span.kind == Kind::Server).copied().or_else(|| {
            // Each of several records links to the invocation, which has a separate trace.
            let link = record.as_ref()?.links.first()?;
            named(&link.trace, &link.span)
        })?;
        let names: Vec<_> = way.iter().rev().map(|span| span.name.as_str()).collect();
        let seen = serde_json::from_str(work.attribute("seen")?).ok()?;
        Some(Self { way: names.join(" › "), seen, span: work.clone(), record, invocation: invocation.clone() })
    }
}
