//! The way back from OTLP bytes to finished spans.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use crate::{Link, SpanData, SpanEvent, SpanId, SpanKind, Status, TraceContext, TraceId, Value};

/// Reads a run of `ScopeSpans.spans` fields. What is malformed is left out; ours never is.
pub(crate) fn spans(run: &[u8]) -> impl Iterator<Item = SpanData> + '_ {
    fields(run).filter_map(|field| span(field.bytes()?))
}

fn span(bytes: &[u8]) -> Option<SpanData> {
    let (mut trace_id, mut span_id, mut state, mut flags) = (None, None, None, 0);
    let (mut status_code, mut status_message, mut kind) = (0, String::new(), 0);
    let mut data = SpanData {
        context: TraceContext::new(TraceId::NOBODYS, SpanId::NOBODYS, false),
        parent_span_id: None,
        parent_is_remote: false,
        name: String::new(),
        kind: SpanKind::Internal,
        start_time: SystemTime::UNIX_EPOCH,
        end_time: SystemTime::UNIX_EPOCH,
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        status: Status::Unset,
        dropped_attributes: 0,
        dropped_events: 0,
        dropped_links: 0,
    };
    for field in fields(bytes) {
        match field.number {
            1 => trace_id = TraceId::from_bytes(field.bytes()?.try_into().ok()?),
            2 => span_id = SpanId::from_bytes(field.bytes()?.try_into().ok()?),
            3 => state = Some(field.text()?.into()),
            4 => data.parent_span_id = SpanId::from_bytes(field.bytes()?.try_into().ok()?),
            5 => data.name = field.text()?,
            6 => kind = field.integer()?,
            7 => data.start_time = time(field.integer()?),
            8 => data.end_time = time(field.integer()?),
            9 => data.attributes.push(attribute(field.bytes()?)?),
            10 => data.dropped_attributes = field.integer()? as u32,
            11 => data.events.push(event(field.bytes()?)?),
            12 => data.dropped_events = field.integer()? as u32,
            13 => data.links.push(link(field.bytes()?)?),
            14 => data.dropped_links = field.integer()? as u32,
            15 => {
                for field in fields(field.bytes()?) {
                    match field.number {
                        2 => status_message = field.text()?,
                        3 => status_code = field.integer()?,
                        _ => {}
                    }
                }
            }
            16 => flags = field.integer()?,
            _ => {}
        }
    }
    data.context = TraceContext { trace_state: state, ..TraceContext::with_flags(trace_id?, span_id?, flags as u8) };
    data.parent_is_remote = flags & 0x200 != 0;
    data.kind = SpanKind::from_code(kind);
    data.status = match status_code {
        1 => Status::Ok,
        2 => Status::Error { description: status_message.into() },
        _ => Status::Unset,
    };
    Some(data)
}

fn event(bytes: &[u8]) -> Option<SpanEvent> {
    let mut event =
        SpanEvent { time: SystemTime::UNIX_EPOCH, name: String::new(), attributes: Vec::new(), dropped_attributes: 0 };
    for field in fields(bytes) {
        match field.number {
            1 => event.time = time(field.integer()?),
            2 => event.name = field.text()?,
            3 => event.attributes.push(attribute(field.bytes()?)?),
            4 => event.dropped_attributes = field.integer()? as u32,
            _ => {}
        }
    }
    Some(event)
}

fn link(bytes: &[u8]) -> Option<Link> {
    let (mut trace_id, mut span_id, mut state, mut flags) = (None, None, None, 0);
    let (mut attributes, mut dropped_attributes) = (Vec::new(), 0);
    for field in fields(bytes) {
        match field.number {
            1 => trace_id = TraceId::from_bytes(field.bytes()?.try_into().ok()?),
            2 => span_id = SpanId::from_bytes(field.bytes()?.try_into().ok()?),
            3 => state = Some(field.text()?.into()),
            4 => attributes.push(attribute(field.bytes()?)?),
            5 => dropped_attributes = field.integer()? as u32,
            6 => flags = field.integer()?,
            _ => {}
        }
    }
    let context = TraceContext { trace_state: state, ..TraceContext::with_flags(trace_id?, span_id?, flags as u8) };
    Some(Link { context, attributes, dropped_attributes })
}

/// Reads a `KeyValue`.
fn attribute(bytes: &[u8]) -> Option<(String, Value)> {
    let (mut key, mut value) = (String::new(), None);
    for field in fields(bytes) {
        match field.number {
            1 => key = field.text()?,
            2 => value = any_value(field.bytes()?),
            _ => {}
        }
    }
    Some((key, value?))
}

fn any_value(bytes: &[u8]) -> Option<Value> {
    let field = fields(bytes).next()?;
    match field.number {
        1 => Some(field.text()?.into()),
        2 => Some(Value::Bool(field.integer()? != 0)),
        3 => Some(Value::I64(field.integer()? as i64)),
        4 => Some(Value::F64(f64::from_bits(field.integer()?))),
        5 => {
            let items = fields(field.bytes()?).map(|item| fields(item.bytes()?).next()?.text());
            Some(Value::Array(items.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

fn time(unix_nano: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(unix_nano)
}

/// A field of a protobuf message.
struct Field<'a> {
    number: u64,
    content: Content<'a>,
}

enum Content<'a> {
    Integer(u64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn integer(&self) -> Option<u64> {
        match self.content {
            Content::Integer(value) => Some(value),
            Content::Bytes(_) => None,
        }
    }

    fn bytes(&self) -> Option<&'a [u8]> {
        match self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::Integer(_) => None,
        }
    }

    fn text(&self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

fn fields(mut bytes: &[u8]) -> impl Iterator<Item = Field<'_>> {
    std::iter::from_fn(move || take_any_field(&mut bytes))
}

/// Takes a field of any wire type.
fn take_any_field<'a>(bytes: &mut &'a [u8]) -> Option<Field<'a>> {
    let key = take_varint(bytes)?;
    let content = match key & 7 {
        0 => Content::Integer(take_varint(bytes)?),
        1 => Content::Integer(u64::from_le_bytes(take(bytes, 8)?.try_into().ok()?)),
        2 => {
            let len = usize::try_from(take_varint(bytes)?).ok()?;
            Content::Bytes(take(bytes, len)?)
        }
        5 => Content::Integer(u32::from_le_bytes(take(bytes, 4)?.try_into().ok()?).into()),
        _ => return None,
    };
    Some(Field { number: key >> 3, content })
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(head)
}

#[inline]
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let (&byte, rest) = bytes.split_first()?;
    *bytes = rest;
    if byte < 0x80 { Some(byte.into()) } else { take_long_varint(bytes, byte) }
}

fn take_long_varint(bytes: &mut &[u8], first: u8) -> Option<u64> {
    let mut value = u64::from(first & 0x7f);
    for shift in (7..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Where in a span's body the attribute with this key stands, its own tag and length included.
pub(crate) fn find_attribute(body: &[u8], key: &str) -> Option<Range<usize>> {
    let mut rest = body;
    loop {
        let start = body.len() - rest.len();
        let (tag, field) = take_field(&mut rest)?;
        if tag == u64::from(super::write::tag::SPAN_ATTRIBUTE) && has_key(field, key) {
            return Some(start..body.len() - rest.len());
        }
    }
}

/// Whether a `KeyValue` that we wrote, and so with its key first, has this key.
#[inline]
fn has_key(mut field: &[u8], key: &str) -> bool {
    take_varint(&mut field) == Some(super::write::tag::KEY.into())
        && take_varint(&mut field) == Some(key.len() as u64)
        && field.starts_with(key.as_bytes())
}

/// Takes a length-delimited field: its tag and its content.
#[inline]
fn take_field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let tag = take_varint(bytes)?;
    let len = usize::try_from(take_varint(bytes)?).ok()?;
    Some((tag, take(bytes, len)?))
}

/// `ExportTraceServiceResponse.partial_success`: the spans refused, and why.
pub(crate) fn partial_success(answer: &[u8]) -> Option<(i64, String)> {
    let partial = fields(answer).find(|field| field.number == 1)?.bytes()?;
    let (mut rejected, mut message) = (0, String::new());
    for field in fields(partial) {
        match field.number {
            1 => rejected = field.integer()? as i64,
            2 => message = field.text()?,
            _ => {}
        }
    }
    Some((rejected, message))
}

/// Iterates over a run of `ScopeSpans.spans` fields: the place of each field, and the span in it.
pub(crate) fn span_fields(run: &[u8]) -> impl Iterator<Item = (Range<usize>, &[u8])> {
    let mut rest = run;
    std::iter::from_fn(move || {
        let start = run.len() - rest.len();
        let (_, span) = take_field(&mut rest)?;
        Some((start..run.len() - rest.len(), span))
    })
}

/// Returns the place of an attribute in a finished span, its tag and length included.
pub(crate) fn span_attribute(span: &[u8], key: &str) -> Option<Range<usize>> {
    let mut rest = span;
    loop {
        let start = span.len() - rest.len();
        let field = take_any_field(&mut rest)?;
        if field.number == 9 && field.bytes().is_some_and(|attribute| has_key(attribute, key)) {
            return Some(start..span.len() - rest.len());
        }
    }
}

/// Returns the value of a finished span's attribute that is a count; 0 where it has none.
pub(crate) fn span_count(span: &[u8], key: &str) -> u64 {
    let field = span_attribute(span, key).and_then(|place| fields(span.get(place)?).next()?.bytes());
    match field.and_then(attribute) {
        Some((_, Value::I64(count))) => u64::try_from(count).unwrap_or(0),
        _ => 0,
    }
}

/// Where each field of a run ends.
pub(crate) fn field_ends(run: &[u8]) -> Vec<usize> {
    let mut rest = run;
    std::iter::from_fn(|| take_field(&mut rest).map(|_| run.len() - rest.len())).collect()
}

/// Calls `f` with the key and the whole field of each attribute in a run of them.
pub(crate) fn each_attribute<'a>(run: &'a [u8], mut f: impl FnMut(&'a str, &'a [u8])) {
    let mut rest = run;
    loop {
        let start = rest;
        let Some((_, field)) = take_field(&mut rest) else { return };
        let whole = start.get(..start.len() - rest.len()).unwrap_or_default();
        let key = fields(field).next().and_then(|key| key.bytes());
        if let Some(key) = key.and_then(|key| std::str::from_utf8(key).ok()) {
            f(key, whole);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = (spans(&bytes).count(), find_attribute(&bytes, "k"), span(&bytes), any_value(&bytes));
            let _ = (span_fields(&bytes).count(), span_attribute(&bytes, "k"), span_count(&bytes, "k"));
        }
    }
}
