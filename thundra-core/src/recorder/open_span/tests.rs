use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span, Status as ProtoStatus};
use prost::Message;

use super::*;

fn text(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(Any::StringValue(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

#[test]
fn the_first_attribute_has_a_place_under_every_limit_and_counts() {
    let limits = Limits { attributes: 1, value_length: Some(4), ..Limits::default() };
    for (most, kept) in [(0, 1), (1, 1), (2, 2)] {
        let limits = Limits { attributes: most, ..limits };
        let mut span = OpenSpan::vacant();
        span.start(TraceId::random(), SpanId::random(), None, "static", 1_000);
        span.set_first_attribute("first", "none: batch", &limits);
        span.set_attribute("second", &"2".into(), &limits);
        assert_eq!((span.counts.attributes, span.rare.dropped_attributes), (kept, 2 - kept), "{most}");
        assert!(span.has_attribute("first", &"none".into()), "cut to the limit");
    }
}

#[test]
fn the_official_decoder_reads_every_field() {
    let (trace_id, id, parent) = (TraceId::random(), SpanId::random(), SpanId::random());
    let limits = Limits { attributes: 2, events: 1, links: 1, ..Limits::default() };
    let mut span = OpenSpan::vacant();
    span.start(trace_id, id, Some(parent), "static", 1_000);
    span.rename("renamed");
    (span.kind, span.parent_is_remote) = (SpanKind::Consumer, true);
    for (key, value) in [("a", "1"), ("b", "2"), ("over", "3"), ("a", "again")] {
        span.set_attribute(key, &value.into(), &limits);
    }
    let (mut head, mut attributes) = (Vec::new(), Vec::new());
    write::bytes(&mut head, tag::EVENT_NAME, b"happened");
    write::str_attribute(&mut attributes, tag::EVENT_ATTRIBUTE, "k", "v");
    (0..2).for_each(|n| span.event(1_500 + n, &head, &attributes, &limits));
    let linked = TraceContext { trace_state: Some("x=1".into()), ..TraceContext::new(trace_id, parent, true) };
    (0..2).for_each(|_| span.link(&linked, &[("l".into(), "m".into())], &limits));
    span.set_error("why");
    let mut out = Vec::new();
    span.end(&mut out, Some("y=2"), 3, 2_000);
    let expected = Span {
        trace_id: trace_id.to_bytes().to_vec(),
        span_id: id.to_bytes().to_vec(),
        trace_state: "y=2".to_owned(),
        parent_span_id: parent.to_bytes().to_vec(),
        flags: 0x303,
        name: "renamed".to_owned(),
        kind: 5,
        start_time_unix_nano: 1_000,
        end_time_unix_nano: 2_000,
        attributes: vec![text("b", "2"), text("a", "again")],
        dropped_attributes_count: 1,
        events: vec![Event {
            time_unix_nano: 1_500,
            name: "happened".to_owned(),
            attributes: vec![text("k", "v")],
            dropped_attributes_count: 0,
        }],
        dropped_events_count: 1,
        links: vec![Link {
            trace_id: trace_id.to_bytes().to_vec(),
            span_id: parent.to_bytes().to_vec(),
            trace_state: "x=1".to_owned(),
            attributes: vec![text("l", "m")],
            dropped_attributes_count: 0,
            flags: 1,
        }],
        dropped_links_count: 1,
        status: Some(ProtoStatus { message: "why".to_owned(), code: 2 }),
    };
    assert_eq!(ScopeSpans::decode(out.as_slice()).unwrap().spans, [expected]);

    // The same record again: nothing of the span before is left, and a clock that was set back ends no span early.
    out.clear();
    span.start(trace_id, id, None, "static", 1_000);
    span.end(&mut out, None, 0, 500);
    let bare = ScopeSpans::decode(out.as_slice()).unwrap().spans.remove(0);
    let expected = Span {
        trace_id: trace_id.to_bytes().to_vec(),
        span_id: id.to_bytes().to_vec(),
        flags: 0x100,
        name: "static".to_owned(),
        kind: 1,
        start_time_unix_nano: 1_000,
        end_time_unix_nano: 1_000,
        ..Span::default()
    };
    assert_eq!(bare, expected);
}
