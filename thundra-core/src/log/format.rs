//! The formats of log lines.

use std::fmt::Debug;

use tracing::Metadata;

use super::json::Json;
use crate::config::{Layout, LogFormat};
use crate::members::Members;
use crate::recorder::scope_state::ScopeState;
use crate::{Config, SpanId};

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
    fn span(&self, id: SpanId, out: &mut Members);

    /// Returns `true` if the format writes the key by itself into the line of an event.
    fn is_own(&self, key: &str, head: &Head<'_>) -> bool;

    /// Appends the line of an event, with a line break.
    fn line(&self, head: &Head<'_>, parts: Parts<'_>, out: &mut Vec<u8>);
}

/// What a line says of the event itself.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) time_unix_nano: u64,
    pub(super) metadata: &'a Metadata<'a>,
    /// The name that the program gave to the event.
    pub(super) event_name: Option<&'a str>,
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

/// Returns the implementation of a format; `None` for no lines.
pub(super) fn of(format: LogFormat) -> Option<&'static dyn Format> {
    match format.layout() {
        Layout::Json => Some(&Json),
        Layout::None => None,
    }
}
