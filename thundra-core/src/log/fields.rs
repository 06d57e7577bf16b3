//! The fields of an event, as parts of a line.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};

use super::format::{FieldValue, Format, Head, free_key};
use crate::Value;
use crate::contained::{PANICKED, contained};
use crate::escape::cut;
use crate::members::Members;
use crate::redact::mask;
use crate::value::Attributes;

/// The field for the target of a `log` record, in the events of `tracing-log`.
const BRIDGED_TARGET: &str = "log.target";

/// The most bytes of a line. A log event of CloudWatch has 1 MiB, including [26 bytes] of overhead.
///
/// [26 bytes]: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
pub(super) const MAX_LINE_BYTES: usize = (1 << 20) - 26;

/// The mark at the end of a cut text.
pub(super) const CUT: &str = "… (cut)";

/// The limits for shortening a line to the size of a log event of CloudWatch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The bytes of a text.
    pub(super) text: usize,
    /// The bytes of all fields.
    pub(super) fields: usize,
}

impl Limits {
    pub(super) const NONE: Limits = Limits { text: usize::MAX, fields: usize::MAX };

    /// Returns a text, or the start of a long text with a mark.
    pub(super) fn cut<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if text.len() <= self.text { text.into() } else { [cut(text, self.text), CUT].concat().into() }
    }
}

/// A visitor for the fields of an event, as parts of a line.
pub(super) struct Fields<'a> {
    pub(super) format: &'a dyn Format,
    pub(super) head: &'a Head<'a>,
    /// `true` if the event was a record of the `log` crate.
    pub(super) is_bridged: bool,
    /// The parts before the fields. The keys of the parts are taken.
    pub(super) before: [&'a Members; 2],
    pub(super) limits: Limits,
    /// `true` once the message is read.
    pub(super) has_message: bool,
    pub(super) message: &'a mut String,
    pub(super) fields: &'a mut Members,
    /// The memory for a formatted value.
    pub(super) text: &'a mut String,
    /// The number of fields without room in the line.
    pub(super) left_out: u32,
}

impl Fields<'_> {
    /// Appends the fields of a span around the event, except those with a hidden name.
    pub(super) fn span(&mut self, fields: &Attributes, is_hidden: impl Fn(&str) -> bool) {
        for (key, value) in fields.iter().filter(|(key, _)| !is_hidden(key)) {
            match value {
                // Not `text`: a field `message` of a span is no message of the event.
                Value::Str(text) => self.put(key, FieldValue::Text(&self.limits.cut(&masked(text)))),
                Value::I64(number) => self.put(key, FieldValue::Integer((*number).into())),
                Value::F64(number) => self.put(key, FieldValue::Float(*number)),
                Value::Bool(is_true) => self.put(key, FieldValue::Bool(*is_true)),
                Value::Array(_) => self.put(key, FieldValue::Text(&self.limits.cut(&masked(&value.to_string())))),
            }
        }
    }

    /// Appends the number of fields without room in the line.
    pub(super) fn say_what_is_left_out(&mut self) {
        if self.left_out > 0 {
            let left_out = FieldValue::Integer(self.left_out.into());
            let key = free_key("fields_left_out", |key| self.is_taken(key));
            self.format.field(&key, left_out, self.fields);
        }
    }

    /// Appends a field. The key of another part of the line, or of an earlier field, gets a prefix. No key occurs
    /// twice.
    #[inline]
    fn put(&mut self, key: &str, value: FieldValue<'_>) {
        if self.fields.len() > self.limits.fields {
            self.left_out += 1;
        } else if self.is_taken(key) {
            self.put_prefixed(key, value);
        } else {
            self.format.field(key, value, self.fields);
        }
    }

    #[cold]
    fn put_prefixed(&mut self, key: &str, value: FieldValue<'_>) {
        let key = free_key(key, |key| self.is_taken(key));
        self.format.field(&key, value, self.fields);
    }

    #[inline]
    fn is_taken(&self, key: &str) -> bool {
        self.format.is_own(key, Some(self.head))
            || self.before.iter().any(|part| part.contains(key))
            || self.fields.contains(key)
    }

    /// Appends a field with a text, the message included. All texts of an event come here.
    fn text(&mut self, key: &str, text: &str) {
        match key {
            "message" if !self.has_message => {
                self.has_message = true;
                self.message.push_str(&self.limits.cut(&masked(text)));
            }
            // The target of the line.
            BRIDGED_TARGET if self.is_bridged => {}
            _ => self.put(key, FieldValue::Text(&self.limits.cut(&masked(text)))),
        }
    }

    /// Appends a field with a value formatted by the program.
    fn formatted(&mut self, key: &str, value: fmt::Arguments<'_>) {
        let mut text = std::mem::take(self.text);
        format_into(&mut text, value);
        self.text(key, &text);
        *self.text = text;
    }
}

impl Visit for Fields<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), FieldValue::Integer(value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), FieldValue::Integer(value.into()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), FieldValue::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), FieldValue::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        match self.format.error(value) {
            Some(texts) => {
                texts.iter().filter(|(_, text)| !text.is_empty()).for_each(|(key, text)| self.text(key, text));
            }
            None => self.formatted(field.name(), format_args!("{value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.formatted(field.name(), format_args!("{value:?}"));
    }
}

/// Masks the keys inside of a text. A text longer than a line may be [cut](Bounded) already.
#[inline]
fn masked(text: &str) -> Cow<'_, str> {
    if text.len() > MAX_LINE_BYTES { mask::cut_value(text) } else { mask::value(text) }
}

/// Formats a value of the program in place of the text. A panic must not reach the caller of a log macro.
pub(super) fn format_into(text: &mut String, value: fmt::Arguments<'_>) {
    text.clear();
    // A failed text is cut at the failure.
    if contained(|| Bounded(text).write_fmt(value)).is_none() {
        PANICKED.clone_into(text);
    }
}

/// A writer of a formatted value, limited to the length of the longest line.
struct Bounded<'a>(&'a mut String);

impl fmt::Write for Bounded<'_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        if self.0.len() > MAX_LINE_BYTES { Err(fmt::Error) } else { Ok(()) }
    }
}
