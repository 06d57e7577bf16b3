//! From the fields of a span or an event to encoded attributes.

use std::borrow::Cow;
use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Write};

use tracing::Level;
use tracing::field::{Field, FieldSet, Visit};

use super::open_span::rename_head;
use crate::contained::{PANICKED, contained, formatted};
use crate::exception::{Exception, Shown};
use crate::otlp::read::each_attribute;
use crate::otlp::write::{self, Buffer, Out, tag};
use crate::redact::mask::{self, Masked};
use crate::{SpanKind, redact, semconv};

/// The encoded fields of a span or an event. Each thread reuses one set of buffers.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The attributes, after the [head](super::open_span::encode_head) in case of a new span.
    pub(super) encoded: Buffer,
    /// The length of the head of a new span; 0 for an event, and for further fields of a span.
    pub(super) head_len: usize,
    /// The encoded fields of an event before the attributes, such as the name.
    pub(super) head: Buffer,
    /// The number of attributes.
    pub(super) count: u32,
    /// The number of attributes over the limit.
    pub(super) dropped: u32,
    /// `true` if a field with a special meaning was read: the fields below are empty otherwise.
    pub(super) has_special: bool,
    /// `otel.name`, or the message of an event.
    pub(super) name: String,
    /// `otel.kind`.
    pub(super) kind: Option<SpanKind>,
    /// `otel.status_code`.
    pub(super) status: Option<StatusCode>,
    /// `otel.status_description`, or the `error` of an event.
    pub(super) description: String,
    /// The type of the `error` of an event, where known.
    exception_type: String,
    /// The [mark](super::replay) of a span.
    pub(super) replays: Option<bool>,
    /// The text of `otel.kind` or `otel.status_code`, during parsing.
    word: String,
}

/// The value of `otel.status_code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatusCode {
    Ok,
    Error,
}

/// The owner of the fields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldsOf {
    Span,
    /// An event of a span.
    Event,
    LogRecord,
    /// A log record of an event from a record of the `log` crate.
    BridgedLogRecord,
}

/// The most bytes of memory that a thread keeps for the fields of later spans.
const MOST_KEPT: usize = 64 * 1024;

thread_local! {
    static FIELDS: Cell<Option<Box<Fields>>> = const { Cell::new(None) };
}

/// Runs a closure with the empty buffers of this thread. New buffers serve a user's `Debug` during which spans are
/// recorded, and a thread during shutdown.
#[inline]
pub(super) fn with_fields<R>(then: impl FnOnce(&mut Fields) -> R) -> R {
    let mut fields = FIELDS.try_with(Cell::take).ok().flatten().unwrap_or_default();
    fields.clear();
    let result = then(&mut fields);
    let _ = FIELDS.try_with(|cell| cell.set(Some(fields)));
    result
}

impl Fields {
    /// Encodes the fields visited by `record`, up to `max` attributes of up to `length` characters each.
    #[inline]
    pub(super) fn read(
        &mut self,
        of: FieldsOf,
        (max, length): (u32, Option<usize>),
        record: impl FnOnce(&mut dyn Visit),
    ) {
        let tag = match of {
            FieldsOf::Span => tag::SPAN_ATTRIBUTE,
            FieldsOf::Event => tag::EVENT_ATTRIBUTE,
            FieldsOf::LogRecord | FieldsOf::BridgedLogRecord => tag::LOG_ATTRIBUTE,
        };
        let mut visitor = Visitor { fields: self, of, tag, max, length };
        if mask::has_masked_fields() { record(&mut Masked(&mut visitor)) } else { record(&mut visitor) }
    }

    /// Brings the attributes into the form of OTLP: no empty key, the last value of each key, and up to
    /// `max` attributes.
    #[cold]
    pub(super) fn settle(&mut self, max: u32) {
        let recorded = self.encoded.split_off(self.head_len);
        let mut kept: Vec<(&str, &[u8])> = Vec::new();
        each_attribute(&recorded, |key, encoded| {
            kept.retain(|(earlier, _)| *earlier != key);
            if !key.is_empty() && kept.len() < max as usize {
                kept.push((key, encoded));
            } else {
                self.dropped += 1;
            }
        });
        self.count = kept.len() as u32;
        kept.iter().for_each(|(_, encoded)| self.encoded.put(encoded));
    }

    /// Redacts the message of an event. The message of a warning or an error often contains the text of somebody else's
    /// error.
    pub(super) fn redact_message(&mut self, level: Level) {
        if level <= Level::WARN || !self.description.is_empty() {
            redact::in_place(&mut self.name);
        }
    }

    /// Sets the [mark](super::replay) of a span.
    pub(super) fn set_replays(&mut self, replays: bool) {
        (self.has_special, self.replays) = (true, Some(replays));
    }

    /// Reads the word of `otel.kind` or `otel.status_code`.
    fn set_word(&mut self, name: &str, word: &str) {
        self.has_special = true;
        match name {
            KIND => self.kind = SpanKind::parse(word).or(self.kind),
            _ if word.eq_ignore_ascii_case("error") => self.status = Some(StatusCode::Error),
            _ if word.eq_ignore_ascii_case("ok") => self.status = Some(StatusCode::Ok),
            _ => {}
        }
    }

    /// Masks the keys in a structured text in `name`.
    #[inline(always)]
    fn mask_name(&mut self) {
        self.has_special = true;
        if mask::is_structure(self.name.as_bytes())
            && let Cow::Owned(masked) = mask::value(&self.name)
        {
            self.name = masked;
        }
    }

    /// Puts the text in `name` into the head of a new span, as long as no attribute follows: a span renamed later costs
    /// more.
    fn name_head(&mut self) {
        if self.head_len > 0 && self.encoded.len() == self.head_len && !self.name.is_empty() {
            rename_head(&mut self.encoded, &self.name);
            self.head_len = self.encoded.len();
            self.name.clear();
        }
    }

    fn clear(&mut self) {
        self.encoded.clear();
        (self.head_len, self.count, self.dropped) = (0, 0, 0);
        if self.has_special {
            self.has_special = false;
            self.name.clear();
            self.description.clear();
            self.exception_type.clear();
            (self.kind, self.status, self.replays) = (None, None, None);
            if self.name.capacity() + self.description.capacity() > MOST_KEPT {
                *self = Fields::default();
            }
        }
        if self.encoded.capacity() > MOST_KEPT {
            self.encoded = Buffer::default();
        }
    }
}

/// Returns `true` for fields with an empty or repeated name. Encoding one field at a time is not enough for empty or
/// repeated names.
pub(super) fn need_care(fields: &FieldSet) -> bool {
    let repeated = |at: usize, name: &str| fields.iter().take(at).any(|earlier| earlier.name() == name);
    fields.iter().map(|field| field.name()).enumerate().any(|(at, name)| name.is_empty() || repeated(at, name))
}

struct Visitor<'a> {
    fields: &'a mut Fields,
    of: FieldsOf,
    /// The tag of an attribute.
    tag: u8,
    /// The most attributes kept.
    max: u32,
    /// The most characters kept of each attribute.
    length: Option<usize>,
}

impl Visitor<'_> {
    /// Returns the buffer for one more attribute; `None` over the limit.
    #[inline]
    fn next(&mut self) -> Option<&mut Buffer> {
        if self.fields.count >= self.max {
            self.fields.dropped += 1;
            return None;
        }
        self.fields.count += 1;
        Some(&mut self.fields.encoded)
    }

    /// Returns `true` for a field with a special meaning, such as `otel.name`.
    #[inline(always)]
    fn is_special(&self, name: &str) -> bool {
        if self.of == FieldsOf::Span {
            name.starts_with("otel.") && matches!(name, NAME | KIND | STATUS_CODE | STATUS_DESCRIPTION)
        } else {
            matches!(name, "message" | ERROR) || (self.of == FieldsOf::BridgedLogRecord && is_of_bridge(name))
        }
    }

    /// Formats a value of the user, with a possible panic of the user's code.
    #[inline]
    fn format(&mut self, name: &str, value: &dyn fmt::Debug) {
        if self.is_special(name) {
            return self.special(name, format_args!("{value:?}"));
        }
        let (tag, length) = (self.tag, self.length);
        let Some(out) = self.next() else { return };
        if let Some(limit) = length {
            return format_within(out, tag, name, value, limit);
        }
        let start = out.len();
        let suspect = |text: &[u8]| mask::has_ends(text).then_some(text.len());
        if let Some(len) = write::fmt_attribute(out, tag, name, format_args!("{value:?}"), suspect) {
            self.mask_last(start, len, name);
        }
    }

    /// Masks the keys inside of the text of the last attribute, which begins at `start` and ends with the text.
    #[cold]
    fn mask_last(&mut self, start: usize, len: usize, name: &str) {
        let out = &mut self.fields.encoded;
        if let Some(text) = out.last(len)
            && mask::is_structure(text)
            && let Cow::Owned(masked) = mask::value(&String::from_utf8_lossy(text))
        {
            out.truncate(start);
            write::str_attribute(out, self.tag, name, &masked);
        }
    }

    /// Encodes a text, cut to the limit, and with the keys of a structured text masked.
    // The rare ways are out of line, so that the usual one saves no registers.
    #[cold]
    #[inline(never)]
    fn str_with_care(&mut self, name: &str, value: &str) {
        let (tag, length) = (self.tag, self.length);
        if let Some(out) = self.next() {
            write::str_attribute(out, tag, name, cut(&mask::value(value), length));
        }
    }

    #[inline(never)]
    fn special_str(&mut self, name: &str, value: &str) {
        match name {
            KIND | STATUS_CODE => self.fields.set_word(name, value),
            NAME => {
                self.fields.name.clear();
                self.fields.name.push_str(value);
                self.fields.mask_name();
                self.fields.name_head();
            }
            _ => self.special(name, format_args!("{value}")),
        }
    }

    /// Replaces a value after a panic in formatting. `before` is the length of the buffer without the value.
    #[cold]
    fn panicked(&mut self, name: &str, before: usize) {
        if self.is_special(name) {
            return self.special(name, format_args!("{PANICKED}"));
        }
        let tag = self.tag;
        self.fields.encoded.truncate(before);
        write::str_attribute(&mut self.fields.encoded, tag, name, PANICKED);
    }

    /// Reads a field with a special meaning.
    #[inline(never)]
    fn special(&mut self, name: &str, value: fmt::Arguments<'_>) {
        self.fields.has_special = true;
        let Fields { name: renamed, description, word, .. } = self.fields;
        match name {
            "message" | NAME => {
                replace(renamed, value);
                self.fields.mask_name();
                if self.of == FieldsOf::Span {
                    self.fields.name_head();
                }
            }
            ERROR | STATUS_DESCRIPTION => {
                replace(description, value);
                // Redacted before the cut: a password is recognised by the rest of the address.
                redact::in_place(description);
                if let Some(limit) = self.length {
                    description.truncate(write::truncate(description, limit).len());
                }
            }
            // The metadata of the record say the same.
            _ if is_of_bridge(name) => {}
            _ => {
                let mut word = std::mem::take(word);
                replace(&mut word, value);
                self.fields.set_word(name, &word);
                self.fields.word = word;
            }
        }
    }
}

const ERROR: &str = "error";
const NAME: &str = "otel.name";
const KIND: &str = "otel.kind";
const STATUS_CODE: &str = "otel.status_code";
const STATUS_DESCRIPTION: &str = "otel.status_description";

/// Returns `true` for a field added by `tracing-log` to the event of a `log` record.
fn is_of_bridge(name: &str) -> bool {
    matches!(name, "log.target" | "log.module_path" | "log.file" | "log.line")
}

fn replace(text: &mut String, value: fmt::Arguments<'_>) {
    text.clear();
    let _ = text.write_fmt(value);
}

impl Visit for Visitor<'_> {
    #[inline]
    fn record_i64(&mut self, field: &Field, value: i64) {
        let tag = self.tag;
        if let Some(out) = self.next() {
            write::int_attribute(out, tag, field.name(), value);
        }
    }

    #[inline]
    fn record_u64(&mut self, field: &Field, value: u64) {
        if self.of == FieldsOf::BridgedLogRecord && is_of_bridge(field.name()) {
            return;
        }
        match i64::try_from(value) {
            Ok(value) => self.record_i64(field, value),
            // OTLP has no unsigned integer. As text, the number loses nothing.
            Err(_) => self.record_debug(field, &value),
        }
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        match i64::try_from(value) {
            Ok(value) => self.record_i64(field, value),
            Err(_) => self.record_debug(field, &value),
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match i64::try_from(value) {
            Ok(value) => self.record_i64(field, value),
            Err(_) => self.record_debug(field, &value),
        }
    }

    #[inline]
    fn record_bool(&mut self, field: &Field, value: bool) {
        let tag = self.tag;
        if let Some(out) = self.next() {
            write::bool_attribute(out, tag, field.name(), value);
        }
    }

    #[inline]
    fn record_f64(&mut self, field: &Field, value: f64) {
        let tag = self.tag;
        if let Some(out) = self.next() {
            write::float_attribute(out, tag, field.name(), value);
        }
    }

    #[inline]
    fn record_str(&mut self, field: &Field, value: &str) {
        let name = field.name();
        if self.is_special(name) {
            return self.special_str(name, value);
        }
        if self.length.is_some() || mask::has_ends(value.as_bytes()) {
            return self.str_with_care(name, value);
        }
        let tag = self.tag;
        if let Some(out) = self.next() {
            write::str_attribute(out, tag, name, value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.of != FieldsOf::Span && field.name() == ERROR {
            let exception = Exception::of_static(value);
            let Shown { error_type, message, .. } = exception.shown();
            replace(&mut self.fields.exception_type, format_args!("{error_type}"));
            return self.special(ERROR, format_args!("{message}"));
        }
        let shown = redact::text(formatted(|| value.to_string()));
        self.record_debug(field, &format_args!("{shown}"));
    }

    #[inline]
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let name = field.name();
        let before = self.fields.encoded.len();
        if contained(|| self.format(name, value)).is_none() {
            self.panicked(name, before);
        }
    }
}

/// Encodes a formatted value, cut to the limit. The value is masked before the cut, because a structure is recognised
/// by its end as well.
#[cold]
#[inline(never)]
fn format_within(out: &mut Buffer, tag: u8, name: &str, value: &dyn fmt::Debug, limit: usize) {
    let mut text = String::new();
    replace(&mut text, format_args!("{value:?}"));
    write::str_attribute(out, tag, name, write::truncate(&mask::value(&text), limit));
}

/// Returns the first characters of a text, up to the limit.
#[inline]
fn cut(text: &str, length: Option<usize>) -> &str {
    length.map_or(text, |limit| write::truncate(text, limit))
}

/// Encodes the name of an event. An event with an `error` is an [exception].
///
/// [exception]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/exceptions/exceptions-spans.md
pub(super) fn event_head(fields: &mut Fields, fallback_name: &str) {
    let Fields { head, name, description, exception_type, dropped, .. } = fields;
    head.clear();
    if *dropped > 0 {
        head.put_array([tag::EVENT_DROPPED_ATTRIBUTES]);
        write::varint(head, u64::from(*dropped));
    }
    if description.is_empty() {
        let name = if name.is_empty() { fallback_name } else { name };
        return write::bytes(head, tag::EVENT_NAME, name.as_bytes());
    }
    write::bytes(head, tag::EVENT_NAME, b"exception");
    encode_exception(head, tag::EVENT_ATTRIBUTE, exception_type, description);
    if !name.is_empty() {
        write::str_attribute(head, tag::EVENT_ATTRIBUTE, "message", name);
    }
}

/// Encodes the exception of an event with an `error` as attributes of a log record.
pub(super) fn exception_of_record(fields: &mut Fields) {
    let Fields { encoded, description, exception_type, .. } = fields;
    if !description.is_empty() {
        encode_exception(encoded, tag::LOG_ATTRIBUTE, exception_type, description);
    }
}

fn encode_exception(out: &mut Buffer, tag: u8, exception_type: &str, message: &str) {
    if !exception_type.is_empty() {
        write::str_attribute(out, tag, semconv::EXCEPTION_TYPE, exception_type);
    }
    write::str_attribute(out, tag, semconv::EXCEPTION_MESSAGE, message);
}
