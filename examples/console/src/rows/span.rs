//! A span as a row: indexed columns beside the bytes as they came in.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use thundra_core::semconv;

use super::attributes::{Attributes, find, flag_of, hashed, integer_of, number_of, text_of};
use super::receipt::{Receipt, is_wait};
use super::{Invocation, Peer, bounds, cut, peer, received_from};

/// Flags of a row.
pub(crate) mod flag {
    /// Began a scope of work: no parent, a remote one, or the kind of a server or a consumer; but not the wait before
    /// it.
    pub(crate) const ROOT: i64 = 1;
    /// Exported before its end.
    pub(crate) const UNFINISHED: i64 = 2;
    /// Has links.
    pub(crate) const LINKS: i64 = 4;
    /// Has events.
    pub(crate) const EVENTS: i64 = 8;
    /// Is a call without the full context.
    pub(crate) const SKIPPED: i64 = 16;
    /// Is a repeated attempt at an HTTP request.
    pub(crate) const RESENT: i64 = 32;
    /// Has no parent.
    pub(crate) const PARENTLESS: i64 = 64;
    /// Is the record of an invocation with one message: the invocation received it, and waited as long.
    pub(crate) const RECORD: i64 = 128;
}

/// The keys of a correlation id on a root: ours, that of the Powertools for AWS Lambda, and one for other programs.
const CORRELATION: [&str; 3] = ["x-correlation-id", "correlation_id", "correlation.id"];

/// Returns `true` for the key of a correlation id.
pub(crate) fn is_correlation(key: &str) -> bool {
    CORRELATION.contains(&key)
}

/// The codes of kinds in OTLP.
pub(crate) const SERVER: i32 = 2;
pub(crate) const CLIENT: i32 = 3;
pub(crate) const PRODUCER: i32 = 4;
pub(crate) const CONSUMER: i32 = 5;

/// The bit of OTLP's flags that says that the parent is remote.
const REMOTE: u32 = 0x200;
/// The bit of OTLP's flags that says that [`REMOTE`] is valid.
const KNOWS_REMOTE: u32 = 0x100;

/// The most attempts, or failed records, of one span.
const MAX_COUNT: i64 = 1_000_000;

/// The source of a parent in the same program.
const LOCAL: &str = "local";

/// A span.
#[derive(Debug)]
pub(crate) struct SpanRow {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: i64,
    pub(crate) parent_id: Option<i64>,
    pub(crate) name: String,
    pub(crate) kind: i32,
    /// Nanoseconds since 1970.
    pub(crate) start: i64,
    /// Nanoseconds.
    pub(crate) duration: i64,
    /// 0, 1 or 2, as in OTLP.
    pub(crate) status: i64,
    pub(crate) flags: i64,
    pub(crate) attributes: Attributes,
    pub(crate) resource: usize,
    pub(crate) scope: usize,
    /// The callee of a call.
    pub(crate) peer: Option<Peer>,
    /// The part of the duration, in nanoseconds, in which no earlier call of the scope was waited for.
    pub(crate) wait: i64,
    pub(crate) throttled: i64,
    pub(crate) root: Option<Box<Root>>,
    /// The bytes of OTLP.
    pub(crate) raw: Vec<u8>,
}

/// What only a span that began a scope of work has.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) correlation: Option<String>,
    /// The source of the work.
    pub(crate) source: Option<Peer>,
    /// What was received from there.
    pub(crate) receipt: Receipt,
    /// Nanoseconds in a queue; `None` for a record.
    pub(crate) queue: Option<i64>,
    pub(crate) deliveries: i64,
    pub(crate) failures: i64,
    pub(crate) invocation: Option<Invocation>,
}

impl SpanRow {
    /// Makes the row; `None` for a span without valid ids.
    pub(crate) fn of(span: Span, resource: &Resource, place: usize, scope: usize) -> Option<Self> {
        let trace_id: [u8; 16] = span.trace_id.as_slice().try_into().ok()?;
        let span_id = id(&span.span_id).filter(|_| trace_id != [0; 16])?;
        let parent_id = id(&span.parent_span_id);
        let attributes = &span.attributes;
        let (start, end) = (bounds::time(span.start_time_unix_nano), bounds::time(span.end_time_unix_nano));
        let is_first = parent_id.is_none() || span.flags & REMOTE != 0;
        let is_wait = is_first && span.kind == CONSUMER && is_wait(&span.name, attributes);
        let is_root = !is_wait && (is_first || matches!(span.kind, SERVER | CONSUMER));
        let mut flags = 0;
        for (bit, is_set) in [
            (flag::ROOT, is_root),
            (flag::UNFINISHED, find(attributes, semconv::THUNDRA_UNFINISHED_ELAPSED_MS).is_some()),
            (flag::LINKS, !span.links.is_empty()),
            (flag::EVENTS, !span.events.is_empty()),
            (flag::SKIPPED, find(attributes, semconv::THUNDRA_INJECTION_SKIPPED).is_some()),
            (flag::RESENT, find(attributes, semconv::HTTP_REQUEST_RESEND_COUNT).is_some()),
            (flag::PARENTLESS, parent_id.is_none()),
        ] {
            flags |= if is_set { bit } else { 0 };
        }
        let mut row = SpanRow {
            trace_id,
            span_id,
            parent_id,
            name: cut(&span.name).to_owned(),
            kind: if (0..=CONSUMER).contains(&span.kind) { span.kind } else { 0 },
            start,
            duration: end.saturating_sub(start).max(0),
            status: span.status.as_ref().map_or(0, |status| i64::from(status.code).clamp(0, 2)),
            flags,
            attributes: hashed(attributes),
            resource: place,
            scope,
            peer: if is_call(span.kind) { peer::called(attributes) } else { None },
            wait: 0,
            throttled: integer_of(attributes, semconv::THUNDRA_THROTTLED_ATTEMPTS).unwrap_or(0).clamp(0, MAX_COUNT),
            root: None,
            raw: Vec::new(),
        };
        let has_local_parent = parent_id.is_some() && span.flags & (KNOWS_REMOTE | REMOTE) == KNOWS_REMOTE;
        row.root = is_root.then(|| Box::new(Root::of(&row, attributes, &resource.attributes)));
        if let Some(root) = row.root.as_mut().filter(|_| has_local_parent) {
            // A span of the wait may stand between the sender and the work: the work then has another source.
            let source = text_of(attributes, semconv::THUNDRA_PARENT_SOURCE);
            if source.is_none_or(|source| source == LOCAL) {
                row.flags |= flag::RECORD;
                root.queue = None;
            }
        }
        row.raw = span.encode_to_vec();
        Some(row)
    }

    /// Returns the nanoseconds since 1970 of the end.
    pub(crate) fn end(&self) -> i64 {
        self.start.saturating_add(self.duration)
    }
}

impl Root {
    fn of(row: &SpanRow, attributes: &[KeyValue], resource: &[KeyValue]) -> Self {
        let queue = number_of(attributes, semconv::THUNDRA_QUEUE_TIME_MS).filter(|time| *time >= 0.0);
        Root {
            correlation: CORRELATION.iter().find_map(|key| correlation(find(attributes, key)?)),
            // A call names its callee.
            source: if is_call(row.kind) { None } else { received_from(attributes) },
            receipt: Receipt::of(row.kind == CONSUMER, attributes),
            queue: queue.map(|milliseconds| (milliseconds * 1e6) as i64),
            deliveries: integer_of(attributes, semconv::AWS_SQS_RECEIVE_COUNT).unwrap_or(0).max(0),
            failures: integer_of(attributes, semconv::THUNDRA_BATCH_FAILURES).unwrap_or(0).clamp(0, MAX_COUNT),
            invocation: Invocation::of(row, attributes, resource),
        }
    }
}

/// Returns `true` for the kinds of calls.
fn is_call(kind: i32) -> bool {
    matches!(kind, CLIENT | PRODUCER)
}

/// Returns an id of up to 256 bytes; a longer one would not fit a link, and dots alone are lost from its path.
fn correlation(value: &Value) -> Option<String> {
    match value {
        Value::StringValue(text) if !matches!(text.as_str(), "" | "." | "..") && text.len() <= 256 => {
            Some(text.clone())
        }
        _ => None,
    }
}

/// Returns a span id as a number; `None` for an invalid one, such as no parent.
fn id(bytes: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(bytes.try_into().ok()?)).filter(|id| *id != 0)
}

/// Reads a flag on any root, for other modules.
pub(super) fn is_cold(attributes: &[KeyValue]) -> bool {
    flag_of(attributes, semconv::FAAS_COLDSTART).unwrap_or(false)
}

/// Returns a text of any root, as columns have it.
pub(super) fn owned(attributes: &[KeyValue], key: &str) -> Option<String> {
    text_of(attributes, key).map(|text| cut(text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u64, end: u64) -> Span {
        Span {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            ..Span::default()
        }
    }

    fn row(span: Span) -> Option<SpanRow> {
        SpanRow::of(span, &Resource::default(), 0, 0)
    }

    #[test]
    fn odd_spans_become_rows_and_spans_without_ids_none() {
        let mut odd = span(20, 10);
        (odd.kind, odd.name) = (99, "é".repeat(600));
        let odd = row(odd).unwrap();
        assert_eq!((odd.duration, odd.kind, odd.name.len()), (0, 0, 512));
        assert_eq!(row(span(u64::MAX, 0)).unwrap().start, 8_999_999_999_999_999_000);
        for (trace_id, span_id) in [(vec![], vec![1; 8]), (vec![0; 16], vec![1; 8]), (vec![1; 16], vec![0; 8])] {
            assert!(row(Span { trace_id, span_id, ..Span::default() }).is_none());
        }
    }
}
