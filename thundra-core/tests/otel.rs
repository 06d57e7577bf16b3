//! The bridge to OpenTelemetry, against its own crates.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg(all(feature = "opentelemetry_sdk", feature = "testing"))]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler as SdkSampler, SamplingDecision, ShouldSample};
use proptest::prelude::*;
use thundra_core::export::{Batch, Export};
use thundra_core::otel::{self, SdkExporter};
use thundra_core::propagation::{format_traceparent, parse_traceparent};
use thundra_core::testing::record_with;
use thundra_core::{Config, Env, Sampler, Scope, SpanExt, TraceId};
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

/// What differs from a valid header in few places is where parsers disagree.
fn almost_traceparents() -> impl Strategy<Value = String> {
    let regex = |pattern: String| proptest::string::string_regex(&pattern).unwrap();
    let part = |len: usize| {
        prop_oneof![
            8 => regex(format!("[0-9a-f]{{{len}}}")),
            1 => regex(format!("0{{{len}}}")),
            1 => regex(format!("[0-9a-fg]{{{}}}", len - 1)),
            1 => regex(format!("[0-9A-F]{{{len}}}")),
        ]
    };
    let version = prop_oneof![6 => Just("00".to_owned()), 1 => "[0-9a-f]{2}", 1 => Just("ff".to_owned())];
    let rest = prop_oneof![4 => Just(String::new()), 1 => "-[0-9a-f]{0,3}"];
    (version, part(32), part(16), part(2), rest)
        .prop_map(|(version, trace, span, flags, rest)| format!("{version}-{trace}-{span}-{flags}{rest}"))
}

proptest! {
    #[test]
    fn a_traceparent_is_read_as_the_sdk_reads_it(header in almost_traceparents()) {
        let carrier = HashMap::from([("traceparent".to_owned(), header.clone())]);
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
        let theirs = context.span().span_context().clone();
        let ours = parse_traceparent(&header);
        // They take ids that are too short, and refuse what a later version may say; the specification does not.
        let lengths: Vec<_> = header.split('-').map(str::len).collect();
        if header.starts_with("00-") && lengths == [2, 32, 16, 2] {
            prop_assert_eq!(ours.is_some(), theirs.is_valid(), "{}", header);
        }
        if let Some(ours) = ours.filter(|_| header.starts_with("00-")) {
            prop_assert_eq!(ours.trace_id.to_string(), theirs.trace_id().to_string());
            prop_assert_eq!(ours.span_id.to_string(), theirs.span_id().to_string());
            prop_assert_eq!(ours.sampled, theirs.is_sampled());
            let written = format_traceparent(&ours);
            prop_assert_eq!(written.split_at(53).0, header.split_at(53).0);
        }
    }

    #[test]
    fn a_ratio_decides_as_the_sdk_decides(id in 1_u128.., ratio in 0.0..=1.0_f64) {
        let theirs = SdkSampler::TraceIdRatioBased(ratio).should_sample(
            None,
            opentelemetry::TraceId::from_bytes(id.to_be_bytes()),
            "span",
            &SpanKind::Server,
            &[],
            &[],
        );
        let ours = Sampler::ratio(ratio).sample(None, TraceId::from_bytes(id.to_be_bytes()).unwrap());
        prop_assert_eq!(ours, theirs.decision == SamplingDecision::RecordAndSample);
    }
}
