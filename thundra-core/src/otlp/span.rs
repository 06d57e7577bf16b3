//! Spans as plain data, read from their bytes.

use std::time::{Duration, SystemTime};

use super::read::{attribute, fields};
use crate::{Link, SpanData, SpanEvent, SpanId, SpanKind, Status, TraceContext, TraceId};

/// Reads the spans of a run of `ScopeSpans.spans` fields. Malformed spans are left out; ours never are.
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

fn time(unix_nano: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(unix_nano)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = (spans(&bytes).count(), span(&bytes), event(&bytes), link(&bytes));
        }
    }
}
