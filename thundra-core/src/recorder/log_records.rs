//! Log records: events in the form of OTLP, encoded when recorded.
//!
//! Log records do not depend on the sampling of spans. The records of a scope wait in the scope. The records move to
//! the backlog at the end of the scope, or once the records fill a part of a request. Records outside of scopes go to
//! the backlog at once.

use std::ptr;

use tracing::{Event, Level, Metadata};

use super::events::own_name;
use super::fields::{self, Fields, FieldsOf};
use super::line_filter::Fate;
use super::open_span::OpenSpan;
use super::receiver::Receiver;
use super::record_buffer::RecordBuffer;
use super::recording::Recorder;
use super::runtime_events::is_of_runtime;
use super::scope_state::ScopeState;
use super::slab::SCOPES;
use super::slot::SpanSlot;
use crate::clock::now;
use crate::exception::Shown;
use crate::export::is_suppressed;
use crate::otlp::read::each_attribute;
use crate::otlp::rename;
use crate::otlp::write::{self, Buffer, Out, tag};
use crate::pipeline::exports;
use crate::{Records, Signal, SpanKind, TraceContext, semconv};

/// The attribute for the target of an event, under the name of `tracing-opentelemetry`.
const TARGET: &str = "target";

/// The parts of a log record known before the record of the span is locked.
struct Head<'a> {
    unix_nano: u64,
    level: Level,
    /// Empty for no body.
    body: &'a str,
    event_name: Option<&'a str>,
    dropped_attributes: u32,
}

impl Head<'_> {
    fn encode(&self, out: &mut Buffer) {
        out.clear();
        write::fixed64(out, tag::LOG_TIME, self.unix_nano);
        write::fixed64(out, tag::LOG_OBSERVED_TIME, self.unix_nano);
        out.put_array([tag::LOG_SEVERITY, severity(self.level)]);
        write::bytes(out, tag::LOG_SEVERITY_TEXT, self.level.as_str().as_bytes());
        if !self.body.is_empty() {
            write::delimited(out, tag::LOG_BODY, write::bytes_len(self.body.len()));
            write::bytes(out, tag::STRING, self.body.as_bytes());
        }
        if let Some(name) = self.event_name {
            write::bytes(out, tag::LOG_EVENT_NAME, name.as_bytes());
        }
        if self.dropped_attributes > 0 {
            out.put_array([tag::LOG_DROPPED_ATTRIBUTES]);
            write::varint(out, self.dropped_attributes.into());
        }
    }
}

/// Returns the [number] of a level.
///
/// [number]: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
fn severity(level: Level) -> u8 {
    match level {
        Level::TRACE => 1,
        Level::DEBUG => 5,
        Level::INFO => 9,
        Level::WARN => 13,
        Level::ERROR => 17,
    }
}

impl Recorder {
    /// Returns the fate of the log record of an event. Events of the Lambda runtime have no log record, because payload
    /// values are part of the text. Events of an export have no log record, because such records would make work for
    /// the next export.
    #[inline]
    pub(super) fn fate_of_log_record(&self, metadata: &Metadata<'_>, slot: Option<SpanSlot>) -> Fate {
        if !exports(Signal::Logs) {
            return Fate::None;
        }
        match self.log.fate(metadata, slot) {
            Fate::None => Fate::None,
            _ if is_of_runtime(metadata) || is_suppressed() => Fate::None,
            fate => fate,
        }
    }

    /// Records an event as a log record. The metadata belongs to the event, or to the `log` record behind the event.
    #[inline(never)]
    pub(super) fn log_record(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: Option<SpanSlot>, fate: Fate) {
        let unix_nano = now();
        let is_bridged = !ptr::eq(metadata, event.metadata());
        fields::with_fields(|fields| {
            let of = if is_bridged { FieldsOf::BridgedLogRecord } else { FieldsOf::LogRecord };
            self.encode(fields, of, event.metadata(), |visitor| event.record(visitor));
            if event.metadata().fields().iter().any(|field| is_reserved(field.name())) {
                rename::with_prefix(&mut fields.encoded, tag::LOG_ATTRIBUTE, "fields.", is_reserved);
            }
            fields.redact_message(*metadata.level());
            let Fields { encoded, head, name, description, dropped, .. } = fields;
            let body = if name.is_empty() { description } else { name };
            let event_name = own_name(metadata).filter(|_| !is_bridged);
            Head { unix_nano, level: *metadata.level(), body, event_name, dropped_attributes: *dropped }.encode(head);
            write::str_attribute(encoded, tag::LOG_ATTRIBUTE, TARGET, metadata.target());
            if let Some(file) = metadata.file() {
                write::str_attribute(encoded, tag::LOG_ATTRIBUTE, semconv::CODE_FILE_PATH, file);
            }
            if let Some(line) = metadata.line() {
                write::int_attribute(encoded, tag::LOG_ATTRIBUTE, semconv::CODE_LINE_NUMBER, line.into());
            }
            fields::exception_of_record(fields);
            let kept_bytes = (fate == Fate::Kept).then(|| self.kept_bytes.current());
            add(slot, &fields.head, &mut fields.encoded, kept_bytes);
        });
    }
}

/// The keys of Lambda's log lines with an attribute name in the conventions.
const RENAMED: [(&str, &str); 3] = [
    (semconv::COLD_START, semconv::FAAS_COLDSTART),
    (semconv::FUNCTION_ARN, semconv::AWS_LAMBDA_INVOKED_ARN),
    (semconv::FUNCTION_REQUEST_ID, semconv::FAAS_INVOCATION_ID),
];

/// Returns `true` for the key of an attribute reserved for the identity of a record. An event cannot set reserved
/// attributes.
fn is_reserved(key: &str) -> bool {
    key.starts_with("x-correlation-")
        || matches!(key, TARGET | semconv::CODE_FILE_PATH | semconv::CODE_LINE_NUMBER | semconv::FAAS_INVOCATION_ID)
}

/// Adds the data of the scope to a record, and adds the record to the scope. With `kept_bytes`, the record waits until
/// the scope fails.
fn add(slot: Option<SpanSlot>, head: &[u8], attributes: &mut Buffer, kept_bytes: Option<usize>) {
    let scope = slot.and_then(|slot| Some((slot, SCOPES.lock(slot.scope)?)));
    let (due, receiver) = match scope {
        Some((slot, mut scope)) => {
            describe(attributes, &scope, slot.index());
            let due = match kept_bytes.filter(|_| !scope.kept_lines.came_out()) {
                Some(limit) => {
                    scope.keep_log_record(head, attributes, limit);
                    None
                }
                None => scope.add_log_record(head, attributes),
            };
            (due, scope.receiver.clone())
        }
        None => {
            let mut record = RecordBuffer::default();
            record.add(head, attributes);
            (Some(record.take()), Receiver::default())
        }
    };
    // The scope is no longer locked, as the receiver demands.
    due.into_iter().for_each(|records| receiver.add(records));
}

/// Adds the attributes of a scope, and the ids of a span. The attributes of the event stay.
fn describe(out: &mut Buffer, scope: &ScopeState, index: u32) {
    for (key, value) in scope.log.fields.iter().flat_map(|fields| fields.iter()) {
        let key = RENAMED.iter().find(|(line, _)| line == key).map_or(&**key, |(_, attribute)| attribute);
        if !has_key(out, key) {
            write::attribute(out, tag::LOG_ATTRIBUTE, key, value);
        }
    }
    for (name, id) in scope.correlation.shown() {
        write::str_attribute(out, tag::LOG_ATTRIBUTE, name, &id);
    }
    write::bytes(out, tag::LOG_TRACE_ID, &scope.trace_id.to_bytes());
    if let Some(span_id) = scope.span_id(index) {
        write::bytes(out, tag::LOG_SPAN_ID, &span_id.to_bytes());
    }
    let flags = u32::from(TraceContext::flags_of(scope.sampled, scope.random));
    out.put_array([tag::LOG_FLAGS]);
    out.put_array(flags.to_le_bytes());
}

/// Returns `true` if a run of attributes has the key.
fn has_key(run: &[u8], key: &str) -> bool {
    let mut found = false;
    each_attribute(run, |other, _| found |= other == key);
    found
}

impl ScopeState {
    /// Adds a record. Returns the records due in the backlog.
    fn add_log_record(&mut self, head: &[u8], attributes: &[u8]) -> Option<Records> {
        self.log_records.add(head, attributes);
        if self.sealed { Some(self.log_records.take()) } else { self.log_records.take_chunk() }
    }

    /// Keeps a record until the scope fails. A successful scope needs no more records.
    fn keep_log_record(&mut self, head: &[u8], attributes: &mut Buffer, limit: usize) {
        if !self.sealed {
            let length = attributes.len();
            write::delimited(attributes, tag::SPAN, head.len() + length);
            let (attributes, start) = attributes.split_at(length);
            self.kept_lines.keep_record(&[start, head, attributes], limit);
        }
    }

    /// Adds the kept records to the records of the scope.
    pub(super) fn release_kept_records(&mut self) {
        if let Some(mut kept) = self.kept_lines.take_records() {
            let count = kept.len();
            self.log_records.add_run(kept.lines(), count);
            kept.recycle();
        }
    }

    /// Takes the records of the scope, if enough for a chunk.
    pub(super) fn take_log_chunk(&mut self) -> Option<Records> {
        self.log_records.take_chunk()
    }

    /// Takes the records of the scope.
    pub(crate) fn take_log_records(&mut self) -> Records {
        self.log_records.take()
    }

    /// Returns `true` if exceptions of the scope become log records.
    pub(super) fn has_exception_records(&self) -> bool {
        self.exceptions.is_logs(exports(Signal::Logs)) && !is_suppressed()
    }

    /// Records an exception of a span. Returns the records due in the backlog.
    ///
    /// The [name] tells the failed operation, as far as known from the attributes of the span.
    ///
    /// [name]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/exceptions/exceptions-logs.md
    pub(super) fn record_exception(&mut self, index: u32, shown: &Shown<'_>) -> Option<Records> {
        let (event_name, level) = self.span(index).map_or(("exception", Level::ERROR), |(span, _)| operation(span));
        let (mut head, mut attributes, mut dropped) = (Buffer::default(), Buffer::default(), 0);
        let texts = shown.attributes();
        for (count, (key, text)) in (0..).zip(texts) {
            if count < self.limits.log_attributes {
                let text = self.limits.log_value_length.map_or(text, |limit| write::truncate(text, limit));
                write::str_attribute(&mut attributes, tag::LOG_ATTRIBUTE, key, text);
            } else {
                dropped += 1;
            }
        }
        let body = &*shown.message;
        Head { unix_nano: now(), level, body, event_name: Some(event_name), dropped_attributes: dropped }
            .encode(&mut head);
        describe(&mut attributes, self, index);
        self.add_log_record(&head, &attributes)
    }
}

/// The exceptions of messaging operations by operation type.
const MESSAGING: [(&str, (&str, Level)); 5] = [
    ("process", ("messaging.process.exception", Level::ERROR)),
    ("send", ("messaging.send.exception", Level::WARN)),
    ("receive", ("messaging.receive.exception", Level::WARN)),
    ("create", ("messaging.create.exception", Level::WARN)),
    ("settle", ("messaging.settle.exception", Level::WARN)),
];

/// Returns the name and the severity of an exception of a span's operation.
#[cold]
fn operation(span: &OpenSpan) -> (&'static str, Level) {
    let is_of_type = |name: &'static str| span.has_attribute(semconv::MESSAGING_OPERATION_TYPE, &name.into());
    let has = |key| span.has_key(key);
    let is_rpc = has(semconv::RPC_SYSTEM) || has(semconv::RPC_SYSTEM_NAME);
    if has(semconv::FAAS_TRIGGER) {
        ("faas.invocation.exception", Level::ERROR)
    } else if has(semconv::DB_SYSTEM_NAME) {
        ("db.client.operation.exception", Level::WARN)
    } else if let Some((_, exception)) = MESSAGING.iter().find(|(name, _)| is_of_type(name)) {
        *exception
    } else {
        match (is_rpc, has(semconv::HTTP_REQUEST_METHOD), span.kind) {
            (true, _, SpanKind::Server) => ("rpc.server.call.exception", Level::ERROR),
            (true, _, _) => ("rpc.client.call.exception", Level::WARN),
            (_, true, SpanKind::Server) => ("http.server.request.exception", Level::ERROR),
            (_, true, _) => ("http.client.request.exception", Level::WARN),
            _ => ("exception", Level::ERROR),
        }
    }
}
