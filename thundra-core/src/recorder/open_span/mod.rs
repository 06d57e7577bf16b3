//! An open span. What may still change is kept as plain values and written when the span ends; what
//! cannot (ids, start, attributes, events, links) is kept as the bytes it will have.

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
    pub(crate) parent_is_remote: bool,
    pub(crate) kind: SpanKind,
    pub(crate) start_unix_nano: u64,
    /// The [head](head), then attributes, events and links.
    body: Vec<u8>,
    /// Where the head's name begins and ends.
    name_at: usize,
    head_end: usize,
    /// A name made at run time; empty where there is none. Its memory is kept for the next span.
    renamed: String,
    status: Code,
    description: String,
    counts: Counts,
}

/// What `Span.flags` takes.
const FLAGS_LEN: usize = 6;

/// The status code, in OTLP's numbers; the description stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Unset = 0,
    Ok = 1,
    Error = 2,
}

/// How much it has, and how much was over a limit.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    attributes: u32,
    events: u32,
    links: u32,
    dropped_attributes: u32,
    dropped_events: u32,
    dropped_links: u32,
}

/// Where the head has what, behind its tags.
mod at {
    use std::ops::Range;

    pub(super) const TRACE_ID: Range<usize> = 2..18;
    pub(super) const SPAN_ID: Range<usize> = 20..28;
    pub(super) const KIND: usize = 29;
    pub(super) const START: Range<usize> = 31..39;
    pub(super) const END: Range<usize> = 40..48;
    pub(super) const PARENT_FIELD: Range<usize> = 48..58;
    pub(super) const PARENT: Range<usize> = 50..58;
}

/// The head with nothing filled in.
const BLANK: [u8; at::PARENT_FIELD.end] = {
    let mut head = [0; at::PARENT_FIELD.end];
    (head[0], head[1]) = (tag::SPAN_TRACE_ID, 16);
    (head[18], head[19]) = (tag::SPAN_ID, 8);
    head[28] = tag::SPAN_KIND;
    head[30] = tag::SPAN_START;
    head[39] = tag::SPAN_END;
    (head[48], head[49]) = (tag::SPAN_PARENT, 8);
    head
};

/// Writes the fields that every span begins with, as far as they are known before its scope is.
#[inline]
pub(crate) fn head(out: &mut Vec<u8>, id: SpanId, name: &str, start_unix_nano: u64) {
    let mut head = BLANK;
    head[at::SPAN_ID].copy_from_slice(&id.to_bytes());
    head[at::START].copy_from_slice(&start_unix_nano.to_le_bytes());
    out.extend_from_slice(&head);
    write::bytes(out, tag::SPAN_NAME, name.as_bytes());
}

impl OpenSpan {
    /// A place for spans to come.
    pub(crate) fn vacant() -> Self {
        OpenSpan {
            id: SpanId::NOBODYS,
            parent_is_remote: false,
            kind: SpanKind::Internal,
            start_unix_nano: 0,
            body: Vec::with_capacity(256),
            name_at: 0,
            head_end: 0,
            renamed: String::new(),
            status: Code::Unset,
            description: String::new(),
            counts: Counts::default(),
        }
    }

    /// Begins a span here.
    pub(crate) fn start(
        &mut self,
        trace_id: TraceId,
        id: SpanId,
        parent: Option<SpanId>,
        name: &'static str,
        start_unix_nano: u64,
    ) {
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        head(&mut body, id, name, start_unix_nano);
        self.begin(&mut body, trace_id, id, parent, name, start_unix_nano);
    }

    /// Begins a span here whose [head](head), and what it is begun with, stand in `body`: the memory of the span
    /// before is given for it.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        body: &mut Vec<u8>,
        trace_id: TraceId,
        id: SpanId,
        parent: Option<SpanId>,
        name: &'static str,
        start_unix_nano: u64,
    ) {
        std::mem::swap(&mut self.body, body);
        self.patch(at::TRACE_ID, &trace_id.to_bytes());
        self.name_at = at::PARENT_FIELD.end;
        match parent {
            Some(parent) => self.patch(at::PARENT, &parent.to_bytes()),
            None => {
                self.body.drain(at::PARENT_FIELD);
                self.name_at = at::PARENT_FIELD.start;
            }
        }
        self.head_end = self.name_at + write::bytes_len(name.len());
        self.id = id;
        self.parent_is_remote = false;
        self.kind = SpanKind::Internal;
        self.start_unix_nano = start_unix_nano;
        self.renamed.clear();
        self.status = Code::Unset;
        self.description.clear();
        self.counts = Counts::default();
    }

    #[inline]
    fn patch<const N: usize>(&mut self, range: std::ops::Range<usize>, bytes: &[u8; N]) {
        if let Some(place) = self.body.get_mut(range).and_then(|place| place.as_mut_array()) {
            *place = *bytes;
        }
    }

    pub(crate) fn set_start(&mut self, unix_nano: u64) {
        self.start_unix_nano = unix_nano;
        self.patch(at::START, &unix_nano.to_le_bytes());
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

    /// Counts the attributes it was begun with.
    #[inline]
    pub(crate) fn count_attributes(&mut self, count: u32, dropped: u32) {
        self.counts.attributes += count;
        self.counts.dropped_attributes += dropped;
    }

    /// Takes one encoded attribute; an earlier one of the same key gives way.
    pub(crate) fn attribute(&mut self, key: &str, encoded: &[u8], limits: &Limits) {
        let start = self.body.len();
        self.body.extend_from_slice(encoded);
        self.settle(key, start, limits);
    }

    /// Takes an attribute away again.
    pub(crate) fn remove_attribute(&mut self, key: &str) {
        if let Some(place) = find_attribute(self.body.get(self.head_end..).unwrap_or_default(), key) {
            self.body.drain(self.head_end + place.start..self.head_end + place.end);
            self.counts.attributes -= 1;
        }
    }

    pub(crate) fn set_attribute(&mut self, key: &str, value: &Value, limits: &Limits) {
        let start = self.body.len();
        attribute_within(limits, &mut self.body, tag::SPAN_ATTRIBUTE, key, value);
        self.settle(key, start, limits);
    }

    /// Finds what the attribute that was written at `start` means for those before it.
    fn settle(&mut self, key: &str, start: usize, limits: &Limits) {
        let before = self.body.get(self.head_end..start).unwrap_or_default();
        if let Some(earlier) = find_attribute(before, key) {
            self.body.drain(self.head_end + earlier.start..self.head_end + earlier.end);
        } else if self.counts.attributes >= limits.attributes || key.is_empty() {
            self.counts.dropped_attributes += 1;
            self.body.truncate(start);
        } else {
            self.counts.attributes += 1;
        }
    }

    /// Takes an event: its encoded name and attributes.
    #[inline]
    pub(crate) fn event(&mut self, time_unix_nano: u64, head: &[u8], attributes: &[u8], limits: &Limits) {
        if self.counts.events >= limits.events {
            self.counts.dropped_events += 1;
            return;
        }
        self.counts.events += 1;
        write::delimited(&mut self.body, tag::SPAN_EVENT, 9 + head.len() + attributes.len());
        write::fixed64(&mut self.body, tag::EVENT_TIME, time_unix_nano);
        self.body.extend_from_slice(head);
        self.body.extend_from_slice(attributes);
    }

    pub(crate) fn link(&mut self, to: &TraceContext, attributes: &[(String, Value)], limits: &Limits) {
        if self.counts.links >= limits.links {
            self.counts.dropped_links += 1;
            return;
        }
        self.counts.links += 1;
        write::nested(&mut self.body, tag::SPAN_LINK, |out| {
            write::bytes(out, tag::LINK_TRACE_ID, &to.trace_id.to_bytes());
            write::bytes(out, tag::LINK_SPAN_ID, &to.span_id.to_bytes());
            if let Some(state) = &to.trace_state {
                write::bytes(out, tag::LINK_TRACE_STATE, state.as_bytes());
            }
            for (key, value) in attributes {
                attribute_within(limits, out, tag::LINK_ATTRIBUTE, key, value);
            }
            out.push(tag::LINK_FLAGS);
            // Whether it is of another program is not known.
            out.extend_from_slice(&u32::from(to.flags()).to_le_bytes());
        });
    }

    /// Counts a link that names nothing.
    pub(crate) fn drop_link(&mut self) {
        self.counts.dropped_links += 1;
    }

    /// Makes an ended span one that is full: what is recorded on it from now on is over its limits, and counted.
    pub(crate) fn fill(&mut self) {
        self.body.clear();
        self.counts = Counts { attributes: u32::MAX, events: u32::MAX, links: u32::MAX, ..Counts::default() };
    }

    /// Returns how many attributes, events and links were over a limit.
    pub(crate) fn dropped(&self) -> u64 {
        let Counts { dropped_attributes, dropped_events, dropped_links, .. } = self.counts;
        [dropped_attributes, dropped_events, dropped_links].into_iter().map(u64::from).sum()
    }

    /// Ends the span: appends it to `out` as a field `ScopeSpans.spans`. `random` says whether its trace id is known to
    /// be random.
    #[inline]
    pub(crate) fn end(&mut self, out: &mut Vec<u8>, trace_state: Option<&str>, random: bool, end_unix_nano: u64) {
        // The clock may have gone back.
        self.patch(at::END, &end_unix_nano.max(self.start_unix_nano).to_le_bytes());
        if let Some(kind) = self.body.get_mut(at::KIND) {
            *kind = self.kind.code();
        }
        let Counts { dropped_attributes, dropped_events, dropped_links, .. } = self.counts;
        let plain = trace_state.is_none()
            && self.renamed.is_empty()
            && self.status == Code::Unset
            && self.description.is_empty()
            && dropped_attributes | dropped_events | dropped_links == 0;
        if plain {
            write::delimited(out, tag::SPAN, self.body.len() + FLAGS_LEN);
            out.extend_from_slice(&self.body);
        } else {
            self.end_with_more(out, trace_state.unwrap_or_default());
        }
        let remote = if self.parent_is_remote { PARENT_IS_REMOTE } else { 0 };
        let [a, b, c, d] = (1 | u32::from(random) << 1 | PARENT_IS_KNOWN | remote).to_le_bytes();
        let [key, more] = tag::SPAN_FLAGS;
        out.extend_from_slice(&[key, more, a, b, c, d]);
        // The memory is the next span's, within reason.
        if self.body.capacity() > 16 * 1024 {
            self.body = Vec::with_capacity(256);
        }
    }

    /// Writes a span that has what most have not. The flags are still to come.
    fn end_with_more(&self, out: &mut Vec<u8>, trace_state: &str) {
        let (name, recorded) = match self.renamed.as_str() {
            "" => (self.body.get(self.name_at..self.head_end), self.body.get(self.head_end..)),
            _ => (None, self.body.get(self.head_end..)),
        };
        let ids = self.body.get(..self.name_at).unwrap_or_default();
        let (name, recorded) = (name.unwrap_or_default(), recorded.unwrap_or_default());
        let dropped = [
            (tag::SPAN_DROPPED_ATTRIBUTES, self.counts.dropped_attributes),
            (tag::SPAN_DROPPED_EVENTS, self.counts.dropped_events),
            (tag::SPAN_DROPPED_LINKS, self.counts.dropped_links),
        ];
        let dropped = dropped.into_iter().filter(|(_, count)| *count > 0);
        let optional = |len: usize| if len == 0 { 0 } else { write::bytes_len(len) };
        let status_len = optional(self.description.len()) + if self.status == Code::Unset { 0 } else { 2 };
        let dropped_len: usize = dropped.clone().map(|(_, count)| 1 + write::varint_len(u64::from(count))).sum();
        let len = ids.len()
            + name.len()
            + optional(self.renamed.len())
            + optional(trace_state.len())
            + recorded.len()
            + dropped_len
            + optional(status_len)
            + FLAGS_LEN;
        write::delimited(out, tag::SPAN, len);
        out.extend_from_slice(ids);
        out.extend_from_slice(name);
        if !self.renamed.is_empty() {
            write::bytes(out, tag::SPAN_NAME, self.renamed.as_bytes());
        }
        if !trace_state.is_empty() {
            write::bytes(out, tag::SPAN_TRACE_STATE, trace_state.as_bytes());
        }
        out.extend_from_slice(recorded);
        for (tag, count) in dropped {
            out.push(tag);
            write::varint(out, u64::from(count));
        }
        if status_len > 0 {
            write::delimited(out, tag::SPAN_STATUS, status_len);
            if !self.description.is_empty() {
                write::bytes(out, tag::STATUS_MESSAGE, self.description.as_bytes());
            }
            if self.status != Code::Unset {
                out.extend_from_slice(&[tag::STATUS_CODE, self.status as u8]);
            }
        }
    }
}

/// Writes an attribute whose texts are cut to the limit.
fn attribute_within(limits: &Limits, out: &mut Vec<u8>, tag: u8, key: &str, value: &Value) {
    match (value, limits.value_length) {
        (Value::Str(text), Some(limit)) => write::str_attribute(out, tag, key, write::truncate(text, limit)),
        (Value::Array(items), Some(limit)) => {
            let cut = items.iter().map(|item| write::truncate(item, limit).to_owned()).collect();
            write::attribute(out, tag, key, &Value::Array(cut));
        }
        _ => write::attribute(out, tag, key, value),
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
        (0..2).for_each(|_| span.link(&linked, &[("l".to_owned(), "m".into())], &limits));
        span.set_error("why");
        let mut out = Vec::new();
        span.end(&mut out, Some("y=2"), true, 2_000);
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

        // The same place again: nothing of the span before is left, and a clock that went back ends no span early.
        out.clear();
        span.start(trace_id, id, None, "static", 1_000);
        span.end(&mut out, None, false, 500);
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
