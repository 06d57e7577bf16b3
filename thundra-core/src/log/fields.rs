//! The fields of an event, as parts of its line.

use std::error::Error;
use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};

use super::format::{Format, Head};
use crate::contained::{PANICKED, contained};
use crate::members::Members;
use crate::redact::mask;

/// The field for the target of a `log` record, in the event that `tracing-log` makes.
const BRIDGED_TARGET: &str = "log.target";

/// Reads the fields of an event into the parts of a line.
pub(super) struct Fields<'a> {
    pub(super) format: &'a dyn Format,
    pub(super) head: &'a Head<'a>,
    /// `true` if the event was a record of the `log` crate.
    pub(super) is_bridged: bool,
    /// The parts before the fields, whose keys are taken.
    pub(super) before: [&'a Members; 2],
    /// `true` once the message is read.
    pub(super) has_message: &'a mut bool,
    pub(super) message: &'a mut String,
    pub(super) fields: &'a mut Members,
    /// The memory for a formatted value.
    pub(super) text: &'a mut String,
}

impl Fields<'_> {
    /// Appends a field. The key of another part of the line, or of an earlier field, gets a prefix, so that no key
    /// stands twice.
    #[inline]
    fn put(&mut self, key: &str, put: impl FnOnce(&mut Members, &str)) {
        if self.is_taken(key) { self.put_prefixed(key, put) } else { put(self.fields, key) }
    }

    #[cold]
    fn put_prefixed(&mut self, key: &str, put: impl FnOnce(&mut Members, &str)) {
        let mut prefixed = key.to_owned();
        while self.is_taken(&prefixed) {
            prefixed.insert_str(0, "fields.");
        }
        put(self.fields, &prefixed);
    }

    #[inline]
    fn is_taken(&self, key: &str) -> bool {
        self.format.is_own(key, self.head)
            || self.before.iter().any(|part| part.contains(key))
            || self.fields.contains(key)
    }

    /// Appends a field with a text, the message included. All texts of an event come here.
    fn text(&mut self, key: &str, text: &str) {
        match key {
            "message" if !*self.has_message => {
                *self.has_message = true;
                self.message.push_str(&mask::value(text));
            }
            // The target of the line.
            BRIDGED_TARGET if self.is_bridged => {}
            _ => self.put(key, |fields, key| fields.text(key, &mask::value(text))),
        }
    }

    /// Formats a value of the program. A panic must not reach the caller, who only wrote a log line.
    fn format(&mut self, key: &str, value: fmt::Arguments<'_>) {
        let mut text = std::mem::take(self.text);
        text.clear();
        // A failed text is cut at the failure.
        if contained(|| text.write_fmt(value)).is_none() {
            PANICKED.clone_into(&mut text);
        }
        self.text(key, &text);
        *self.text = text;
    }
}

impl Visit for Fields<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), |fields, key| fields.integer(key, value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), |fields, key| fields.integer(key, value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), |fields, key| fields.float(key, value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), |fields, key| fields.bool(key, value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.format(field.name(), format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.format(field.name(), format_args!("{value:?}"));
    }
}
