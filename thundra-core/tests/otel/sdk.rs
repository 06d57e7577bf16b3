//! What needs no recorder: the resource, and decisions as those of the SDK.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanKind, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler as SdkSampler, SamplingDecision, ShouldSample};
use proptest::prelude::*;
use thundra_core::export::Export;
use thundra_core::otel::SdkExporter;
use thundra_core::propagation::{format_traceparent, parse_traceparent};
use thundra_core::{Config, Env, Sampler, TraceId};

#[test]
fn an_exporter_of_the_sdk_gets_the_resource_of_the_program() {
    #[derive(Debug, Default)]
    struct Named(Arc<Mutex<Option<opentelemetry_sdk::Resource>>>);
    impl opentelemetry_sdk::trace::SpanExporter for Named {
        async fn export(&self, _: Vec<opentelemetry_sdk::trace::SpanData>) -> opentelemetry_sdk::error::OTelSdkResult {
            Ok(())
        }
        fn set_resource(&mut self, resource: &opentelemetry_sdk::Resource) {
            *self.0.lock().unwrap() = Some(resource.clone());
        }
    }
    let named = Named::default();
    let resource = named.0.clone();
    let config = Config::from_env(&Env::from_pairs([("OTEL_SERVICE_NAME", "zoo")]));
    SdkExporter::new(named).set_resource(&config.resource);
    let resource = resource.lock().unwrap().take().unwrap();
    assert_eq!(resource.get(&opentelemetry::Key::new("service.name")), Some("zoo".into()));
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
