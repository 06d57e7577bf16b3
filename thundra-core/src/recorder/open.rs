//! An open span. What may still change is kept as plain values and written when the span ends; what
//! cannot (attributes, events, links) is kept as the bytes it will have.

use crate::config::Limits;
use crate::otlp::read::find_attribute;
use crate::otlp::write::{self, tag};
use crate::{SpanId, SpanKind, Status, TraceContext, TraceId, Value};

/// `Span.flags`: whether the parent is remote is known, and it is.
const PARENT_IS_KNOWN: u32 = 0x100;
const PARENT_IS_REMOTE: u32 = 0x200;

#[derive(Debug)]
pub(crate) struct OpenSpan {
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) parent_is_remote: bool,
    pub(crate) kind: SpanKind,
    pub(crate) start_unix_nano: u64,
    name: &'static str,
    /// A name made at run time; empty where there is none. Its memory is kept for the next span.
    renamed: String,
    status: Code,
    description: String,
    body: Vec<u8>,
    attributes: u32,
    events: u32,
    links: u32,
    dropped_attributes: u32,
    dropped_events: u32,
    dropped_links: u32,
}

/// The status code, in OTLP's numbers; the description stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Unset = 0,
    Ok = 1,
    Error = 2,
}

impl OpenSpan {
    /// A place for spans to come.
    pub(crate) fn vacant() -> Self {
        OpenSpan {
            id: SpanId::NOBODYS,
            parent: None,
            parent_is_remote: false,
            kind: SpanKind::Internal,
            start_unix_nano: 0,
            name: "",
            renamed: String::new(),
            status: Code::Unset,
            description: String::new(),
            body: Vec::with_capacity(256),
            attributes: 0,
            events: 0,
            links: 0,
            dropped_attributes: 0,
            dropped_events: 0,
            dropped_links: 0,
        }
    }

    /// Begins a span here; the memory of the one before is used again.
    pub(crate) fn start(&mut self, id: SpanId, parent: Option<SpanId>, name: &'static str, start_unix_nano: u64) {
        self.id = id;
        self.parent = parent;
        self.parent_is_remote = false;
        self.kind = SpanKind::Internal;
        self.start_unix_nano = start_unix_nano;
        self.name = name;
        self.renamed.clear();
        self.status = Code::Unset;
        self.description.clear();
        self.body.clear();
        (self.attributes, self.events, self.links) = (0, 0, 0);
        (self.dropped_attributes, self.dropped_events, self.dropped_links) = (0, 0, 0);
    }

    pub(crate) fn rename(&mut self, name: &str) {
        self.renamed.clear();
        self.renamed.push_str(name);
    }

    /// Sets the outcome: `Ok` is final, and an error is not taken back by silence.
    pub(crate) fn set_status(&mut self, status: &Status) {
        match status {
            _ if self.status == Code::Ok => {}
            Status::Unset => {}
            Status::Ok => {
                self.status = Code::Ok;
                self.description.clear();
            }
            Status::Error { description } => self.set_error(description),
        }
    }

    /// Whether nothing was said about the outcome.
    pub(crate) fn is_unset(&self) -> bool {
        self.status == Code::Unset
    }

    pub(crate) fn set_error(&mut self, description: &str) {
        if self.status != Code::Ok {
            self.status = Code::Error;
            self.describe(description);
        }
    }

    pub(crate) fn describe(&mut self, description: &str) {
        self.description.clear();
        self.description.push_str(description);
    }

    /// Takes the attributes a span begins with: `count` of them, encoded, none twice.
    #[inline]
    pub(crate) fn first_attributes(&mut self, encoded: &[u8], count: u32, dropped: u32) {
        self.body.extend_from_slice(encoded);
        self.attributes += count;
        self.dropped_attributes += dropped;
    }

    /// Takes one encoded attribute; an earlier one of the same key gives way.
    pub(crate) fn attribute(&mut self, key: &str, encoded: &[u8], limits: &Limits) {
        if let Some(earlier) = find_attribute(&self.body, key) {
            self.body.drain(earlier);
        } else if self.attributes >= limits.attributes {
            self.dropped_attributes += 1;
            return;
        } else {
            self.attributes += 1;
        }
        self.body.extend_from_slice(encoded);
    }

    pub(crate) fn set_attribute(&mut self, key: &str, value: &Value, limits: &Limits) {
        let mut encoded = Vec::with_capacity(64);
        match (value, limits.value_length) {
            (Value::Str(text), Some(limit)) => {
                write::str_attribute(&mut encoded, tag::SPAN_ATTRIBUTE, key, write::truncate(text, limit));
            }
            _ => write::attribute(&mut encoded, tag::SPAN_ATTRIBUTE, key, value),
        }
        self.attribute(key, &encoded, limits);
    }

    /// Takes an event: its encoded name and attributes.
    #[inline]
    pub(crate) fn event(&mut self, time_unix_nano: u64, head: &[u8], attributes: &[u8], limits: &Limits) {
        if self.events >= limits.events {
            self.dropped_events += 1;
            return;
        }
        self.events += 1;
        self.body.push(tag::SPAN_EVENT);
        write::varint(&mut self.body, (9 + head.len() + attributes.len()) as u64);
        write::fixed64(&mut self.body, tag::EVENT_TIME, time_unix_nano);
        self.body.extend_from_slice(head);
        self.body.extend_from_slice(attributes);
    }

    pub(crate) fn link(&mut self, to: &TraceContext, attributes: &[(String, Value)], limits: &Limits) {
        if self.links >= limits.links {
            self.dropped_links += 1;
            return;
        }
        self.links += 1;
        write::nested(&mut self.body, tag::SPAN_LINK, |out| {
            write::bytes(out, tag::LINK_TRACE_ID, &to.trace_id.to_bytes());
            write::bytes(out, tag::LINK_SPAN_ID, &to.span_id.to_bytes());
            if let Some(state) = &to.trace_state {
                write::bytes(out, tag::LINK_TRACE_STATE, state.as_bytes());
            }
            attributes.iter().for_each(|(key, value)| write::attribute(out, tag::LINK_ATTRIBUTE, key, value));
            out.push(tag::LINK_FLAGS);
            // Whether it is of another program is not known.
            out.extend_from_slice(&u32::from(to.sampled).to_le_bytes());
        });
    }

    /// Ends the span: appends it to `out` as a field `ScopeSpans.spans`.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>, trace_id: TraceId, trace_state: Option<&str>, end_unix_nano: u64) {
        let name = if self.renamed.is_empty() { self.name } else { &self.renamed };
        let state = trace_state.unwrap_or_default();
        let dropped = [
            (tag::SPAN_DROPPED_ATTRIBUTES, self.dropped_attributes),
            (tag::SPAN_DROPPED_EVENTS, self.dropped_events),
            (tag::SPAN_DROPPED_LINKS, self.dropped_links),
        ];
        let optional = |len: usize| if len == 0 { 0 } else { write::bytes_len(len) };
        let status_len = optional(self.description.len()) + if self.status == Code::Unset { 0 } else { 2 };
        let dropped_len: usize =
            dropped.iter().filter(|(_, n)| *n > 0).map(|(_, n)| 1 + write::varint_len(u64::from(*n))).sum();
        let len = 18 // trace id
            + 10 // span id
            + if self.parent.is_some() { 10 } else { 0 }
            + optional(state.len())
            + write::bytes_len(name.len())
            + 2 // kind
            + 18 // start and end
            + self.body.len()
            + dropped_len
            + optional(status_len)
            + 6; // flags

        out.reserve(len + 6);
        out.push(tag::SPAN);
        write::varint(out, len as u64);
        let mut ids = [0; 28];
        (ids[0], ids[1], ids[18], ids[19]) = (tag::SPAN_TRACE_ID, 16, tag::SPAN_ID, 8);
        ids[2..18].copy_from_slice(&trace_id.to_bytes());
        ids[20..].copy_from_slice(&self.id.to_bytes());
        out.extend_from_slice(&ids);
        if let Some(parent) = self.parent {
            let mut id = [tag::SPAN_PARENT, 8, 0, 0, 0, 0, 0, 0, 0, 0];
            id[2..].copy_from_slice(&parent.to_bytes());
            out.extend_from_slice(&id);
        }
        if !state.is_empty() {
            write::bytes(out, tag::SPAN_TRACE_STATE, state.as_bytes());
        }
        write::bytes(out, tag::SPAN_NAME, name.as_bytes());
        let mut kind_and_times = [0; 20];
        (kind_and_times[0], kind_and_times[1]) = (tag::SPAN_KIND, self.kind.code());
        (kind_and_times[2], kind_and_times[11]) = (tag::SPAN_START, tag::SPAN_END);
        kind_and_times[3..11].copy_from_slice(&self.start_unix_nano.to_le_bytes());
        // The clock may have gone back.
        kind_and_times[12..].copy_from_slice(&end_unix_nano.max(self.start_unix_nano).to_le_bytes());
        out.extend_from_slice(&kind_and_times);
        out.extend_from_slice(&self.body);
        for (tag, count) in dropped.into_iter().filter(|(_, count)| *count > 0) {
            out.push(tag);
            write::varint(out, u64::from(count));
        }
        if status_len > 0 {
            out.push(tag::SPAN_STATUS);
            write::varint(out, status_len as u64);
            if !self.description.is_empty() {
                write::bytes(out, tag::STATUS_MESSAGE, self.description.as_bytes());
            }
            if self.status != Code::Unset {
                out.extend_from_slice(&[tag::STATUS_CODE, self.status as u8]);
            }
        }
        let remote = if self.parent_is_remote { PARENT_IS_REMOTE } else { 0 };
        out.extend_from_slice(&tag::SPAN_FLAGS);
        out.extend_from_slice(&(1 | PARENT_IS_KNOWN | remote).to_le_bytes());
        // The memory is the next span's, within reason.
        if self.body.capacity() > 16 * 1024 {
            self.body = Vec::with_capacity(256);
        }
    }
}

#[cfg(test)]
mod tests {
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
    fn the_official_decoder_reads_every_field() {
        let (trace_id, id, parent) = (TraceId::random(), SpanId::random(), SpanId::random());
        let limits = Limits { attributes: 2, events: 1, links: 1, ..Limits::default() };
        let mut span = OpenSpan::vacant();
        span.start(id, Some(parent), "static", 1_000);
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
        (0..2).for_each(|_| span.link(&linked, &[("l".to_owned(), "m".into())], &limits));
        span.set_error("why");
        let mut out = Vec::new();
        span.end(&mut out, trace_id, Some("y=2"), 2_000);
        let expected = Span {
            trace_id: trace_id.to_bytes().to_vec(),
            span_id: id.to_bytes().to_vec(),
            trace_state: "y=2".to_owned(),
            parent_span_id: parent.to_bytes().to_vec(),
            flags: 0x301,
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

        // The same place again: nothing of the span before is left, and a clock that went back ends no span early.
        out.clear();
        span.start(id, None, "static", 1_000);
        span.end(&mut out, trace_id, None, 500);
        let bare = ScopeSpans::decode(out.as_slice()).unwrap().spans.remove(0);
        let expected = Span {
            trace_id: trace_id.to_bytes().to_vec(),
            span_id: id.to_bytes().to_vec(),
            flags: 0x101,
            name: "static".to_owned(),
            kind: 1,
            start_time_unix_nano: 1_000,
            end_time_unix_nano: 1_000,
            ..Span::default()
        };
        assert_eq!(bare, expected);
    }
}
