//! The formats of log lines.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Debug;

use tracing::Level;

use crate::id::hex;
use crate::members::Members;
use crate::recorder::scope_state::ScopeState;
use crate::{Config, SpanId};

/// The key of the id of the trace.
pub(super) const TRACE_ID: &str = "trace_id";
/// The key of the id of the innermost span.
pub(super) const SPAN_ID: &str = "span_id";

/// A layout of log lines: the content, the order and the notation.
///
/// A line is made of parts. The part of the program is encoded once, and the part of a scope once for each scope. Each
/// line copies both parts.
pub(super) trait Format: Debug + Sync {
    /// Encodes the part common to all lines of the program.
    fn program(&self, config: &Config) -> Members;

    /// Appends the part common to all lines of a scope.
    fn scope(&self, scope: &mut ScopeState, program: &Members, out: &mut Members);

    /// Appends the id of the innermost span.
    fn span(&self, id: SpanId, out: &mut Members) {
        hex(id.to_bytes(), |digits| out.text(SPAN_ID, digits));
    }

    /// Returns `true` if the format itself writes the key into the line of an event; without a head, into any line.
    fn is_own(&self, key: &str, head: Option<&Head<'_>>) -> bool;

    /// Appends a field.
    fn field(&self, key: &str, value: FieldValue<'_>, out: &mut Members) {
        match value {
            FieldValue::Text(text) => out.text(key, text),
            FieldValue::Integer(number) => out.integer(key, number),
            FieldValue::Float(number) => out.float(key, number),
            FieldValue::Bool(is_true) => out.bool(key, is_true),
        }
    }

    /// Returns the fields for an error; `None` to write the message of the error under the key of the field.
    fn error(&self, _error: &(dyn Error + 'static)) -> Option<[(&'static str, String); 3]> {
        None
    }

    /// Appends the line of an event, with a line break.
    fn line(&self, head: &Head<'_>, parts: Parts<'_>, out: &mut Vec<u8>);
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum FieldValue<'a> {
    Text(&'a str),
    Integer(i128),
    Float(f64),
    Bool(bool),
}

/// The properties of an event, apart from message and fields.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) time_unix_nano: u64,
    pub(super) level: Level,
    pub(super) target: &'a str,
    /// The name given to the event by the program.
    pub(super) event_name: Option<&'a str>,
    /// The file and the line of the event in the source, if the lines have a location.
    pub(super) location: Option<(&'a str, u32)>,
}

/// The parts of a line, in the notation of the format.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// The message of the event, not yet escaped.
    pub(super) message: &'a str,
    pub(super) program: &'a Members,
    /// The part common to all lines of the scope, and the id of the span.
    pub(super) scope: &'a Members,
    /// The fields of the event.
    pub(super) fields: &'a Members,
}

/// Appends the part common to all lines of a scope, encoded at the first use. `encode` writes the keys before the keys
/// appended by the program.
#[inline]
pub(super) fn encoded_once(
    format: &dyn Format,
    name: &'static str,
    (scope, program): (&mut ScopeState, &Members),
    out: &mut Members,
    encode: impl FnOnce(&ScopeState, &mut Members),
) {
    if let Some(encoded) = scope.log.encoded_as(name) {
        return out.append(encoded);
    }
    let mut encoded = scope.log.take_buffer();
    encode(scope, &mut encoded);
    for (key, value) in scope.log.appended.iter().flat_map(|appended| appended.iter()) {
        let is_taken = |key: &str| format.is_own(key, None) || program.contains(key) || encoded.contains(key);
        encoded.value(&free_key(key, is_taken), value);
    }
    hex(scope.trace_id.to_bytes(), |digits| encoded.text(TRACE_ID, digits));
    out.append(&encoded);
    scope.log.keep(name, encoded);
}

/// Returns the key, with prefixes added until the key is free.
pub(super) fn free_key(key: &str, is_taken: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let mut free = Cow::Borrowed(key);
    while is_taken(&free) {
        free.to_mut().insert_str(0, "fields.");
    }
    free
}
