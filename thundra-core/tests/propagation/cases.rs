use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use thundra_core::export::Batch;
use thundra_core::propagation::{Inbound, Outbound, Propagators, Trust};
use thundra_core::{Config, Env, Records, Scope, SpanData, correlation, outbound};
use tracing::dispatcher::{set_default, with_default};
use tracing::{Span, info_span};

use super::FRONT;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

fn config(sampler: &str) -> Config {
    Config::from_env(&Env::from_pairs([("OTEL_TRACES_SAMPLER", sampler)]))
}

fn extract(pairs: &[(&str, &str)], trust: Trust) -> Inbound {
    Inbound::extract(pairs.iter().copied(), Propagators::default(), trust)
}

/// Runs a call in a scope with this parent: what it sends, and what was recorded.
fn call(config: &Config, inbound: Inbound) -> (Outbound, Records) {
    with_default(&FRONT.dispatch(config), || {
        let scope = Scope::builder("root").parent(inbound).begin_with(config);
        let sent = scope.enter(|| outbound(&info_span!("call"))).unwrap();
        (sent, scope.finish())
    })
}

fn sent(outbound: &Outbound, key: &str) -> Option<String> {
    outbound.pairs().into_iter().find(|(known, _)| *known == key).map(|(_, value)| value)
}

#[test]
fn the_random_flag_is_handed_on_as_it_came_and_set_where_a_trace_begins() {
    for (parent, trust, flags) in [
        (None, Trust::Full, "03"),
        (Some("00"), Trust::Full, "00"),
        (Some("01"), Trust::Full, "01"),
        (Some("02"), Trust::Full, "02"),
        (Some("03"), Trust::Full, "03"),
        (Some("ff"), Trust::Full, "03"),
        (Some("00"), Trust::Edge, "01"),
        (Some("02"), Trust::Edge, "03"),
    ] {
        let parent = parent.map(|flags| format!("{PARENT}-{flags}"));
        let pairs: Vec<_> = parent.iter().map(|parent| ("traceparent", parent.as_str())).collect();
        let (outbound, trace) = call(&config("parentbased_always_on"), extract(&pairs, trust));
        for key in ["traceparent", "x-correlation-traceparent"] {
            assert_eq!(sent(&outbound, key).unwrap().split_off(53), flags, "{parent:?}: {key}");
        }
        let expected = u32::from_str_radix(flags, 16).unwrap();
        let spans: Vec<SpanData> = trace.spans().collect();
        assert_eq!(spans.len(), if expected & 1 == 1 { 2 } else { 0 });
        assert!(spans.iter().all(|span| span.context.random == (expected & 2 == 2)));
        let request = Batch::new(Arc::new(config("parentbased_always_on").resource), trace);
        let json: serde_json::Value = serde_json::from_str(&request.to_json()).unwrap();
        let request = ExportTraceServiceRequest::decode(request.to_protobuf().as_slice()).unwrap();
        for (nth, span) in request.resource_spans.iter().flat_map(|of| &of.scope_spans[0].spans).enumerate() {
            assert_eq!(span.flags & 0xff, expected, "{parent:?}");
            let in_json = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][nth]["flags"];
            assert_eq!(in_json.as_u64(), Some(u64::from(span.flags)), "{parent:?}");
        }
    }
}

#[test]
fn a_context_of_xray_is_not_known_to_be_random() {
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let (outbound, _) = call(&config("parentbased_always_on"), extract(&[("x-amzn-trace-id", header)], Trust::Full));
    assert!(sent(&outbound, "traceparent").unwrap().ends_with("-01"));
}

#[test]
fn a_sampling_decision_that_is_drawn_anew_takes_its_threshold_along() {
    let parent = format!("{PARENT}-03");
    let state = "ot=th:c;rv:9b8233f7e3a151,a=1";
    for (sampler, trust, expected, why) in [
        ("parentbased_always_on", Trust::Full, state, "the parent's decision holds"),
        ("parentbased_always_on", Trust::Edge, "ot=rv:9b8233f7e3a151,a=1", "an untrusted caller's does not"),
        ("always_on", Trust::Full, "ot=rv:9b8233f7e3a151,a=1", "nor where the sampler asks nobody"),
        ("traceidratio", Trust::Full, "ot=rv:9b8233f7e3a151,a=1", "nor where it goes by the trace id"),
    ] {
        let inbound = || extract(&[("traceparent", &parent), ("tracestate", state)], trust);
        let (outbound, trace) = call(&config(sampler), inbound());
        assert_eq!(sent(&outbound, "tracestate").as_deref(), Some(expected), "{why}");
        assert!(trace.spans().all(|span| span.context.trace_state.as_deref() == Some(expected)), "{why}");
        let disabled = Config::from_env(&Env::from_pairs([("OTEL_SDK_DISABLED", "true")]));
        let (passed, _) = call(&disabled, inbound());
        assert_eq!(sent(&passed, "tracestate").as_deref(), Some(state), "what is disabled decides nothing");
    }
}

#[test]
fn what_a_caller_sent_too_much_of_is_counted_on_the_root() {
    let ids: Vec<_> = (0..100).map(|n| (format!("x-correlation-{n:02}"), "v".repeat(200))).collect();
    let baggage: Vec<_> = (0..70).map(|n| format!("k{n}=v")).collect();
    let baggage = baggage.join(",");
    let pairs: Vec<_> = ids.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let pairs = [&pairs[..], &[("baggage", baggage.as_str()), ("x-correlation-id", "c-1")]].concat();
    for (trust, kept) in [(Trust::Full, 40), (Trust::Edge, 4)] {
        let (outbound, trace) = call(&config("parentbased_always_on"), extract(&pairs, trust));
        assert_eq!(outbound.correlation.iter().count(), kept + 1);
        let bytes = outbound.correlation.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        assert!(trust == Trust::Full || bytes <= 1024, "{bytes}");
        let spans: Vec<_> = trace.spans().collect();
        let dropped = spans.iter().map(|span| span.attribute("thundra.propagation.dropped")).collect::<Vec<_>>();
        let expected = i64::try_from(100 - kept + 6).unwrap().into();
        assert_eq!(dropped, [None, Some(&expected)], "{trust:?}");
    }
}

#[test]
fn an_untrusted_caller_fills_a_kibibyte_of_each_log_line() {
    let _recording = set_default(&FRONT.dispatch(&config("always_on")));
    let ids: Vec<_> = (0..100).map(|n| (format!("x-correlation-{n:02}"), "v".repeat(200))).collect();
    let pairs: Vec<_> = ids.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let scope = Scope::builder("root").parent(extract(&pairs, Trust::Edge)).begin();
    scope.enter(|| {
        // A log line has all of them.
        let ids = correlation::all();
        correlation::set("own", &"o".repeat(200));
        let bytes: usize =
            ids.iter().filter(|(key, _)| *key != "x-correlation-id").map(|(k, v)| k.len() + v.len()).sum();
        assert_eq!(bytes, 4 * ("x-correlation-00".len() + 200));
        assert!(outbound(&Span::none()).unwrap().correlation.get("own").is_some());
    });
}
