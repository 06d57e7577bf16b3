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

/// A layout of log lines: what stands in a line, in which order and notation.
///
/// A line is made of parts. What all lines of the program have is encoded once, and what all lines of a scope have once
/// for a scope, so that a line copies both.
pub(super) trait Format: Debug + Sync {
    /// Encodes what all lines of the program have.
    fn program(&self, config: &Config) -> Members;

    /// Appends what all lines of a scope have.
    fn scope(&self, scope: &mut ScopeState, program: &Members, out: &mut Members);

    /// Appends the id of the innermost span.
    fn span(&self, id: SpanId, out: &mut Members) {
        hex(&id.to_bytes(), |digits| out.text(SPAN_ID, digits));
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

    /// Returns the fields that stand for an error; `None` for its message under its own key.
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

/// What a line says of the event itself.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) time_unix_nano: u64,
    pub(super) level: Level,
    pub(super) target: &'a str,
    /// The name that the program gave to the event.
    pub(super) event_name: Option<&'a str>,
    /// The file and the line of the event in the source, if the lines have it.
    pub(super) location: Option<(&'a str, u32)>,
}

/// The parts of a line, in the notation of the format.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// The message, as the program wrote it.
    pub(super) message: &'a str,
    pub(super) program: &'a Members,
    /// What the lines of the scope have, and the id of the span.
    pub(super) scope: &'a Members,
    /// The fields of the event.
    pub(super) fields: &'a Members,
}

/// Encodes what all lines of a scope have, unless that is done, and appends it. `encode` writes the keys before the keys
/// that the program appended.
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
    hex(&scope.trace_id.to_bytes(), |digits| encoded.text(TRACE_ID, digits));
    out.append(&encoded);
    scope.log.keep(name, encoded);
}

/// Returns a key with as many prefixes as it takes to have a key that is not taken.
pub(super) fn free_key(key: &str, is_taken: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let mut free = Cow::Borrowed(key);
    while is_taken(&free) {
        free.to_mut().insert_str(0, "fields.");
    }
    free
}
