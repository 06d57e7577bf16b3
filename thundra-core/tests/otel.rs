//! The bridge to OpenTelemetry, against its own crates.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg(all(feature = "opentelemetry_sdk", feature = "testing"))]

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::trace::{SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use thundra_core::export::{Batch, Export};
use thundra_core::otel::{self, SdkExporter};
use thundra_core::testing::record_with;
use thundra_core::{Config, Env, Scope, SpanExt};
use tracing::{info, info_span};

fn config() -> Config {
    Config::from_env(&Env::from_pairs([("OTEL_SERVICE_NAME", "orders"), ("RUST_LOG", "off")]))
}

#[tokio::test]
async fn a_scope_is_the_current_opentelemetry_context_at_each_poll() {
    let scope = Scope::builder("root").begin_with(&config());
    let expected = scope.context().unwrap();
    let ids = || {
        let context = Context::current();
        let span = context.span().span_context().clone();
        (span.trace_id().to_string(), span.span_id().to_string(), span.is_sampled())
    };
    let inside = scope
        .run(async {
            let before = ids();
            tokio::task::yield_now().await;
            assert_eq!(before, ids(), "after a suspension");
            assert_eq!(otel::context().span().span_context().span_id().to_string(), before.1);
            before
        })
        .await;
    assert_eq!(inside, (expected.trace_id.to_string(), expected.span_id.to_string(), true));
    assert!(!Context::current().has_active_span(), "it does not outlive the future");
}

#[tokio::test]
async fn any_exporter_of_the_sdk_gets_what_was_recorded() {
    let config = config();
    let (_, spans) = record_with(&config, "root", || {
        let span = info_span!("charge", otel.kind = "client", amount = 12, rate = 0.5, ok = true);
        span.in_scope(|| info!(step = 1, "paid"));
        span.add_link(&thundra_core::current().unwrap());
        span.record_error(&std::io::Error::other("declined"));
    });
    let charge = &spans[0];

    let scope = Scope::builder("root").begin_with(&config);
    let trace = tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
        scope.enter(|| {
            let span = info_span!("charge", otel.kind = "client", amount = 12, rate = 0.5, ok = true);
            span.in_scope(|| info!(step = 1, "paid"));
            span.record_error(&std::io::Error::other("declined"));
        });
        scope.finish()
    });
    let memory = InMemorySpanExporter::default();
    let exporter = SdkExporter::new(memory.clone(), &config);
    let batch = Batch::new(Arc::new(config.resource.clone()), trace);
    exporter.export(&batch, Instant::now() + Duration::from_secs(1)).await.unwrap();

    let exported = memory.get_finished_spans().unwrap();
    let span = exported.iter().find(|span| span.name == "charge").unwrap();
    assert_eq!((span.span_kind.clone(), span.status.clone()), (SpanKind::Client, Status::error("declined")));
    let root = exported.iter().find(|span| span.name == "root").unwrap();
    assert_eq!(span.parent_span_id, root.span_context.span_id());
    assert_eq!(
        span.attributes,
        [KeyValue::new("amount", 12_i64), KeyValue::new("rate", 0.5), KeyValue::new("ok", true)]
    );
    let events: Vec<_> = span.events.iter().map(|event| event.name.to_string()).collect();
    assert_eq!(events, ["paid", "exception"]);
    assert_eq!((charge.name.as_str(), charge.links.len()), ("charge", 1));
}
