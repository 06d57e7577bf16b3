//! Messages from the test.

use std::future::Future;
use std::sync::OnceLock;

use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::testing::{MemoryExporter, tree};
use thundra_core::{Config, Env, Scope, SpanData, Telemetry, install};
use thundra_examples::seen::Seen;

/// A sending call, and the ids of the scope.
pub(crate) struct Sent {
    name: String,
    /// The span of the call.
    pub(crate) span: SpanData,
    seen: Seen,
}

impl Sent {
    /// Sends in the middle of a chain of calls. The span of the sending call is named `call`.
    pub(crate) async fn by(name: &str, call: &str, send: impl Future<Output = ()>) -> Self {
        exporter();
        let id = format!("c-{name}");
        let inbound = [("x-correlation-id", id.as_str()), ("x-correlation-order", "o-9"), ("call-chain-length", "2")];
        let inbound = Inbound::extract(inbound, Propagators::default(), Trust::Full);
        let scope = Scope::builder("producer").parent(inbound).begin();
        let seen = scope.run(async {
            send.await;
            Seen::here()
        });
        let seen = seen.await;
        assert_eq!((seen.ids["x-correlation-id"].as_str(), seen.chain_length), (id.as_str(), 3));
        let spans: Vec<_> = scope.finish().spans().collect();
        let span = spans.iter().find(|span| span.name == call);
        let span = span.unwrap_or_else(|| panic!("{name}: no {call}: {}", tree(&spans))).clone();
        Self { name: name.to_owned(), span, seen }
    }

    /// Returns the id of the trace.
    pub(crate) fn trace(&self) -> String {
        self.span.context.trace_id.to_string()
    }

    /// Returns the id of the span of the call.
    pub(crate) fn call(&self) -> String {
        self.span.context.span_id.to_string()
    }

    /// Returns `true` if the call is the parent of a span of this process.
    pub(crate) fn is_above(&self, span: &SpanData) -> bool {
        let context = &self.span.context;
        span.context.trace_id == context.trace_id && span.parent_span_id == Some(context.span_id)
    }

    /// Asserts that the receiver has the sender's ids, and is the next program in the chain.
    pub(crate) fn assert_same(&self, receiver: &Seen) {
        assert_eq!(receiver.ids, self.seen.ids, "{}", self.name);
        assert_eq!(receiver.chain_length, self.seen.chain_length + 1, "{}", self.name);
    }
}

/// Returns the exporter of this process. The settings of the shell have no effect.
pub(crate) fn exporter() -> MemoryExporter {
    static EXPORTER: OnceLock<MemoryExporter> = OnceLock::new();
    let install = || {
        let exporter = MemoryExporter::new();
        let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "off")]));
        assert!(install(Telemetry::builder().config(config).exporter(exporter.clone())));
        exporter
    };
    EXPORTER.get_or_init(install).clone()
}
