//! The record of an open span.
//!
//! Ids, start, name, attributes, events and links are kept as the bytes for export. [Rare] values, such as another name
//! and the status, are encoded at the end of the span.
//!
//! [Rare]: rare

mod head;
mod known_keys;
mod rare;
mod text;

use std::borrow::Cow;

use head::at;
pub(crate) use head::{encode_head, rename_head};
use rare::{Code, Rare};

use super::handles::Handles;
use crate::carrier::CORRELATION_PREFIX;
use crate::config::Limits;
use crate::otlp::read::{attribute_of, find_attribute};
use crate::otlp::write::{self, Buffer, Out, tag};
use crate::redact::mask;
use crate::value::Attributes;
use crate::{SpanId, SpanKind, Status, TraceContext, TraceId, Value};

/// The bit of `Span.flags` for a known origin of the parent.
const PARENT_IS_KNOWN: u32 = 0x100;
/// The bit of `Span.flags` for a remote parent.
const PARENT_IS_REMOTE: u32 = 0x200;

/// The record of an open span. Later spans reuse the memory.
#[derive(Clone, Debug)]
pub(crate) struct OpenSpan {
    pub(crate) id: SpanId,
    pub(crate) parent_is_remote: bool,
    pub(crate) kind: SpanKind,
    pub(crate) start_unix_nano: u64,
    /// The [head](encode_head), then attributes, events and links.
    body: Buffer,
    /// `true` if the head has a parent.
    has_parent: bool,
    head_end: usize,
    counts: Counts,
    rare: Rare,
    pub(crate) handles: Handles,
    added: Added,
}

/// The keys added to the first attributes of a root span. In one byte: a record has no room for two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Added {
    None,
    Some,
    /// One of them may be the key of a correlation id.
    WithIds,
}

/// The number of attributes, events and links, within the limits.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    attributes: u32,
    events: u32,
    links: u32,
}

impl OpenSpan {
    /// Returns an unused record.
    pub(crate) fn vacant() -> Self {
        OpenSpan {
            id: SpanId::NOBODYS,
            parent_is_remote: false,
            kind: SpanKind::Internal,
            start_unix_nano: 0,
            body: Buffer::default(),
            has_parent: false,
            head_end: 0,
            counts: Counts::default(),
            rare: Rare::default(),
            handles: Handles::default(),
            added: Added::None,
        }
    }

    /// Starts a span.
    // The start of nearly every scope. As for `end`, a rare caller must not turn the inlined code into a call.
    #[inline(always)]
    pub(crate) fn start(
        &mut self,
        trace_id: TraceId,
        id: SpanId,
        parent: Option<SpanId>,
        name: &str,
        start_unix_nano: u64,
    ) {
        encode_head(&mut self.body, id, name, start_unix_nano);
        self.begin(self.body.len(), trace_id, id, parent, start_unix_nano);
    }

    /// Starts a span from a [head](encode_head) of `head_len` bytes and first attributes in `body`. In exchange, `body`
    /// gets the memory of the last span.
    #[inline]
    pub(crate) fn start_from(
        &mut self,
        body: &mut Buffer,
        head_len: usize,
        trace_id: TraceId,
        id: SpanId,
        parent: Option<SpanId>,
        start_unix_nano: u64,
    ) {
        std::mem::swap(&mut self.body, body);
        self.begin(head_len, trace_id, id, parent, start_unix_nano);
    }

    /// Starts the span whose head is encoded.
    #[inline(always)]
    fn begin(&mut self, head_len: usize, trace_id: TraceId, id: SpanId, parent: Option<SpanId>, start_unix_nano: u64) {
        if let Some(head) = self.body.first_mut::<{ at::PARENT_FIELD.end }>() {
            head[at::TRACE_ID].copy_from_slice(&trace_id.to_bytes());
            if let Some(parent) = parent {
                head[at::PARENT].copy_from_slice(&parent.to_bytes());
            }
        }
        (self.has_parent, self.head_end) = (parent.is_some(), head_len);
        if parent.is_none() {
            self.body.remove(at::PARENT_FIELD);
            self.head_end -= at::PARENT_FIELD.len();
        }
        self.id = id;
        self.parent_is_remote = false;
        self.kind = SpanKind::Internal;
        self.start_unix_nano = start_unix_nano;
        self.counts = Counts::default();
        self.rare.clear();
        self.handles = Handles::default();
        self.added = Added::None;
    }

    /// Returns the start of the encoded name, the last field of the head.
    #[inline]
    fn name_at(&self) -> usize {
        if self.has_parent { at::PARENT_FIELD.end } else { at::PARENT_FIELD.start }
    }

    pub(crate) fn set_start(&mut self, unix_nano: u64) {
        self.start_unix_nano = unix_nano;
        if let Some(head) = self.body.first_mut::<{ at::START.end }>() {
            head[at::START].copy_from_slice(&unix_nano.to_le_bytes());
        }
    }

    pub(crate) fn rename(&mut self, name: &str) {
        let renamed = &mut self.rare.change().renamed;
        renamed.clear();
        renamed.push_str(name);
    }

    /// Sets the status. `Ok` is final, and `Unset` does not replace an error.
    pub(crate) fn set_status(&mut self, status: &Status) {
        match status {
            _ if self.rare.status == Code::Ok => {}
            Status::Unset => {}
            Status::Ok => {
                self.rare.change().status = Code::Ok;
                self.rare.description.clear();
            }
            Status::Error { description } => self.set_error(description),
        }
    }

    /// Returns `true` with an error status.
    pub(crate) fn is_error(&self) -> bool {
        self.rare.status == Code::Error
    }

    /// Returns `true` if the span has an attribute with the key and the value.
    pub(crate) fn has_attribute(&self, key: &str, value: &Value) -> bool {
        let body = self.body.get(self.head_end..).unwrap_or_default();
        let mut encoded = Vec::new();
        find_attribute(body, key).is_some_and(|place| {
            write::attribute(&mut encoded, tag::SPAN_ATTRIBUTE, key, value);
            body.get(place) == Some(&encoded)
        })
    }

    /// Returns `true` if the span has an attribute with the key.
    pub(crate) fn has_key(&self, key: &str) -> bool {
        find_attribute(self.body.get(self.head_end..).unwrap_or_default(), key).is_some()
    }

    /// Returns `true` once a key was added to the first attributes of a root span.
    pub(crate) fn has_added_keys(&self) -> bool {
        self.added != Added::None
    }

    /// Returns `true` while no status was set.
    pub(crate) fn is_unset(&self) -> bool {
        self.rare.status == Code::Unset
    }

    pub(crate) fn set_error(&mut self, description: &str) {
        if self.rare.status != Code::Ok {
            self.rare.change().status = Code::Error;
            self.describe(description);
        }
    }

    pub(crate) fn describe(&mut self, description: &str) {
        let text = &mut self.rare.change().description;
        text.clear();
        text.push_str(description);
    }

    /// Counts the first attributes of the span.
    #[inline]
    pub(crate) fn count_attributes(&mut self, count: u32, dropped: u32) {
        self.counts.attributes += count;
        if dropped > 0 {
            self.rare.change().dropped_attributes += dropped;
        }
    }

    /// Adds an encoded attribute, in place of an earlier value of the key.
    pub(crate) fn attribute(&mut self, key: &str, encoded: &[u8], limits: &Limits) {
        let start = self.body.len();
        self.body.put(encoded);
        self.settle(key, start, limits);
    }

    /// Removes an attribute.
    pub(crate) fn remove_attribute(&mut self, key: &str) {
        if let Some(place) = find_attribute(self.body.get(self.head_end..).unwrap_or_default(), key) {
            self.body.remove(self.head_end + place.start..self.head_end + place.end);
            self.counts.attributes -= 1;
        }
    }

    /// Adds an attribute, in place of an earlier value of the key.
    pub(crate) fn set_attribute(&mut self, key: &str, value: &Value, limits: &Limits) {
        let start = self.body.len();
        attribute_within(limits, &mut self.body, tag::SPAN_ATTRIBUTE, key, value);
        self.settle(key, start, limits);
    }

    /// Adds attributes, in place of earlier values of the keys.
    pub(crate) fn set_attributes(&mut self, attributes: &Attributes, limits: &Limits) {
        // The keys of the span would be read for nothing.
        if attributes.is_empty() {
            return;
        }
        let mut known = self.known_keys();
        for (key, value) in attributes {
            let start = self.body.len();
            attribute_within(limits, &mut self.body, tag::SPAN_ATTRIBUTE, key, value);
            self.settle_among(&mut known, key, start, limits);
        }
    }

    /// Adds attributes of ours, in place of earlier values of the keys.
    pub(crate) fn set_own_attributes(&mut self, attributes: &[(&'static str, Value)], limits: &Limits) {
        if attributes.is_empty() {
            return;
        }
        let mut known = self.known_keys();
        for (key, value) in attributes {
            let start = self.body.len();
            if mask::may_change_own(key, value) {
                mask_within(limits, &mut self.body, tag::SPAN_ATTRIBUTE, key, value);
            } else {
                encode_within(limits, &mut self.body, tag::SPAN_ATTRIBUTE, key, value);
            }
            self.settle_among(&mut known, key, start, limits);
        }
    }

    /// Adds to the count in an attribute. A new count begins at zero.
    pub(crate) fn add_to_attribute(&mut self, key: &str, count: u64, limits: &Limits) {
        let body = self.body.get(self.head_end..).unwrap_or_default();
        let before = find_attribute(body, key).and_then(|place| attribute_of(body.get(place)?));
        let before = if let Some(Value::I64(before)) = before { before } else { 0 };
        let sum = before.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        self.set_attribute(key, &Value::I64(sum), limits);
    }

    /// Adds the first attribute of the span, whatever the limit of attributes. A word of ours holds nothing to mask.
    #[inline]
    pub(crate) fn set_first_attribute(&mut self, key: &'static str, word: &'static str, limits: &Limits) {
        let word = limits.value_length.map_or(word, |limit| write::truncate(word, limit));
        write::str_attribute(&mut self.body, tag::SPAN_ATTRIBUTE, key, word);
        self.counts.attributes += 1;
    }

    /// Adds correlation ids, in place of attributes with such keys. The ids are complete whatever the limits of
    /// attributes, because limits of their own bound them.
    #[inline]
    pub(crate) fn identify<'a>(&mut self, ids: impl Iterator<Item = (&'a str, Cow<'a, str>)>) {
        for (key, id) in ids {
            if self.added == Added::WithIds {
                self.remove_attribute(key);
            }
            write::str_attribute(&mut self.body, tag::SPAN_ATTRIBUTE, key, &id);
            self.counts.attributes += 1;
        }
    }

    /// Settles an attribute appended at `start`: removes an earlier value of the key, or applies the limit.
    fn settle(&mut self, key: &str, start: usize, limits: &Limits) {
        let before = self.body.get(self.head_end..start).unwrap_or_default();
        if let Some(earlier) = find_attribute(before, key) {
            self.body.remove(self.head_end + earlier.start..self.head_end + earlier.end);
        } else {
            self.settle_new(key, start, limits);
        }
    }

    /// Settles an attribute with a new key, appended at `start`: applies the limit.
    fn settle_new(&mut self, key: &str, start: usize, limits: &Limits) {
        if self.counts.attributes >= limits.attributes || key.is_empty() {
            self.rare.change().dropped_attributes += 1;
            self.body.truncate(start);
        } else {
            self.counts.attributes += 1;
            let is_id = key.starts_with(CORRELATION_PREFIX);
            self.added = self.added.max(if is_id { Added::WithIds } else { Added::Some });
        }
    }

    /// Adds an event from an encoded name and encoded attributes.
    #[inline]
    pub(crate) fn event(&mut self, time_unix_nano: u64, head: &[u8], attributes: &[u8], limits: &Limits) {
        if self.counts.events >= limits.events {
            self.rare.change().dropped_events += 1;
            return;
        }
        self.counts.events += 1;
        let len = 9 + head.len() + attributes.len();
        let [a, b, c, d, e, f, g, h] = time_unix_nano.to_le_bytes();
        let before_head = [tag::SPAN_EVENT, len as u8, tag::EVENT_TIME, a, b, c, d, e, f, g, h];
        if len >= 0x80 || !self.body.put_pair(before_head, head, [], attributes) {
            self.put_long_event(len, time_unix_nano, head, attributes);
        }
    }

    #[cold]
    #[inline(never)]
    fn put_long_event(&mut self, len: usize, time_unix_nano: u64, head: &[u8], attributes: &[u8]) {
        write::delimited(&mut self.body, tag::SPAN_EVENT, len);
        write::fixed64(&mut self.body, tag::EVENT_TIME, time_unix_nano);
        self.body.put(head);
        self.body.put(attributes);
    }

    /// Adds a link.
    pub(crate) fn link(&mut self, to: &TraceContext, attributes: &[(Cow<'static, str>, Value)], limits: &Limits) {
        if self.counts.links >= limits.links {
            self.drop_link();
            return;
        }
        self.counts.links += 1;
        write::nested(&mut self.body, tag::SPAN_LINK, |out| {
            write::bytes(out, tag::LINK_TRACE_ID, &to.trace_id.to_bytes());
            write::bytes(out, tag::LINK_SPAN_ID, &to.span_id.to_bytes());
            if let Some(state) = &to.trace_state {
                write::bytes(out, tag::LINK_TRACE_STATE, state.as_bytes());
            }
            let max = limits.link_attributes as usize;
            for (key, value) in attributes.iter().take(max) {
                attribute_within(limits, out, tag::LINK_ATTRIBUTE, key, value);
            }
            if attributes.len() > max {
                out.put_array([tag::LINK_DROPPED_ATTRIBUTES]);
                write::varint(out, (attributes.len() - max) as u64);
            }
            out.put_array([tag::LINK_FLAGS]);
            // The origin of the linked span is unknown, so the flags leave it open.
            out.put_array(u32::from(to.flags()).to_le_bytes());
        });
    }

    /// Counts a link to a span without an identity.
    pub(crate) fn drop_link(&mut self) {
        self.rare.change().dropped_links += 1;
    }

    /// Returns the status.
    pub(crate) fn status(&self) -> Status {
        match self.rare.status {
            Code::Unset => Status::Unset,
            Code::Ok => Status::Ok,
            Code::Error => Status::Error { description: self.rare.description.clone().into() },
        }
    }

    /// Returns `true` once the span is among the finished spans, and the record was [filled](Self::fill).
    #[inline]
    pub(crate) fn is_filled(&self) -> bool {
        // Every other record has at least a head.
        self.body.is_empty()
    }

    /// Fills the record of an ended span up to the limits. All later changes are dropped and counted, but for the
    /// status.
    pub(crate) fn fill(&mut self) {
        self.body.clear();
        self.counts = Counts { attributes: u32::MAX, events: u32::MAX, links: u32::MAX };
        self.rare.forget_dropped();
    }

    /// Returns the number of attributes, events and links over the limits.
    pub(crate) fn dropped(&self) -> u64 {
        self.rare.dropped().into_iter().map(|(_, count)| u64::from(count)).sum()
    }

    /// Ends the span and appends a field `ScopeSpans.spans` to `out`, with the [flags](TraceContext::flags) of the
    /// trace.
    // Every span takes the path through `ScopeState::close`. A second, rare caller must not turn the inlined code into
    // a call.
    #[inline(always)]
    pub(crate) fn end(&mut self, out: &mut Vec<u8>, trace_state: Option<&str>, trace_flags: u8, end_unix_nano: u64) {
        // The system clock may have been set back meanwhile.
        let end_unix_nano = end_unix_nano.max(self.start_unix_nano);
        let remote = if self.parent_is_remote { PARENT_IS_REMOTE } else { 0 };
        let flags = u32::from(trace_flags) | PARENT_IS_KNOWN | remote;
        let is_plain = trace_state.is_none() && !self.rare.is_set();
        let len = self.body.len().saturating_sub(at::ROOM);
        let mut head = self.body.first_mut::<{ at::PARENT_FIELD.start }>();
        if let Some(head) = &mut head {
            head[at::KIND] = self.kind.code();
            head[at::END].copy_from_slice(&end_unix_nano.to_le_bytes());
            head[at::FLAGS].copy_from_slice(&flags.to_le_bytes());
        }
        match head {
            Some([first, low, high, ..]) if is_plain && (0x80..0x4000).contains(&len) => {
                (*first, *low, *high) = (tag::SPAN, len as u8 | 0x80, (len >> 7) as u8);
                out.extend_from_slice(&self.body);
            }
            Some([_, first, low, ..]) if is_plain && len < 0x80 => {
                (*first, *low) = (tag::SPAN, len as u8);
                out.extend_from_slice(self.body.since(1));
            }
            _ => self.end_with_more(out, trace_state.unwrap_or_default()),
        }
        self.shrink();
    }

    /// Leaves the memory to the next span, unless the memory is exceptionally large.
    #[inline]
    pub(crate) fn shrink(&mut self) {
        if self.body.capacity() > 16 * 1024 {
            self.body = Buffer::default();
        }
    }

    /// Appends a span with rare fields, such as a status, or of a rare length.
    fn end_with_more(&self, out: &mut Vec<u8>, trace_state: &str) {
        let Rare { renamed, status, description, .. } = &self.rare;
        let (name, recorded) = match renamed.as_str() {
            "" => (self.body.get(self.name_at()..self.head_end), self.body.get(self.head_end..)),
            _ => (None, self.body.get(self.head_end..)),
        };
        let ids = self.body.get(at::ROOM..self.name_at()).unwrap_or_default();
        let (name, recorded) = (name.unwrap_or_default(), recorded.unwrap_or_default());
        let dropped = self.rare.dropped().into_iter().filter(|(_, count)| *count > 0);
        let optional = |len: usize| if len == 0 { 0 } else { write::bytes_len(len) };
        let status_len = optional(description.len()) + if *status == Code::Unset { 0 } else { 2 };
        let dropped_len: usize = dropped.clone().map(|(_, count)| 1 + write::varint_len(u64::from(count))).sum();
        let len = ids.len()
            + name.len()
            + optional(renamed.len())
            + optional(trace_state.len())
            + recorded.len()
            + dropped_len
            + optional(status_len);
        write::delimited(out, tag::SPAN, len);
        out.put(ids);
        out.put(name);
        if !renamed.is_empty() {
            write::bytes(out, tag::SPAN_NAME, renamed.as_bytes());
        }
        if !trace_state.is_empty() {
            write::bytes(out, tag::SPAN_TRACE_STATE, trace_state.as_bytes());
        }
        out.put(recorded);
        for (tag, count) in dropped {
            out.put_array([tag]);
            write::varint(out, u64::from(count));
        }
        if status_len > 0 {
            write::delimited(out, tag::SPAN_STATUS, status_len);
            if !description.is_empty() {
                write::bytes(out, tag::STATUS_MESSAGE, description.as_bytes());
            }
            if *status != Code::Unset {
                out.put_array([tag::STATUS_CODE, *status as u8]);
            }
        }
    }
}

/// Encodes an attribute, masked, and with texts cut to the limit.
fn attribute_within(limits: &Limits, out: &mut Buffer, tag: u8, key: &str, value: &Value) {
    if mask::may_change(key, value) {
        return mask_within(limits, out, tag, key, value);
    }
    encode_within(limits, out, tag, key, value);
}

#[cold]
fn mask_within(limits: &Limits, out: &mut Buffer, tag: u8, key: &str, value: &Value) {
    let masked = mask::attribute(key, value);
    encode_within(limits, out, tag, key, masked.as_ref().unwrap_or(value));
}

#[inline(always)]
fn encode_within(limits: &Limits, out: &mut Buffer, tag: u8, key: &str, value: &Value) {
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
mod tests;
