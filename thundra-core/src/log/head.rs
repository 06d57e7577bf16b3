//! The keys of log lines, for lines that are no events.

use tracing::Level;

use super::format::Format;
use super::json::Json;
use super::timestamp::rfc3339;
use crate::Config;
use crate::clock::now;
use crate::members::{Members, string};
use crate::recorder::slab::SCOPES;
use crate::recorder::slot::SpanSlot;

/// Returns members of a JSON object, each after a comma: the level, a message, the time, and what all lines of the program
/// and of the scope have. The keys are those of the format `json`. A key that the program appended gets a prefix if the
/// line has it behind the head.
pub(crate) fn head(level: Level, message: &str, own: &[&str], config: &Config, root: SpanSlot) -> Vec<u8> {
    let (program, mut members) = (Json.program(config), Members::default());
    if let Some(mut state) = SCOPES.lock(root.scope) {
        let mut taken = program.clone();
        own.iter().for_each(|key| taken.bool(key, true));
        // What is encoded with these keys serves no other line, nor the reverse.
        state.log.changed();
        Json.scope(&mut state, &taken, &mut members);
        state.log.changed();
        if let Some(id) = state.span_id(root.index()) {
            Json.span(id, &mut members);
        }
    }
    let mut out = Vec::new();
    out.extend_from_slice(br#","level":""#);
    out.extend_from_slice(level.as_str().as_bytes());
    out.extend_from_slice(br#"","message":"#);
    string(&mut out, message);
    out.extend_from_slice(br#","timestamp":""#);
    rfc3339(&mut out, now());
    out.push(b'"');
    out.extend_from_slice(program.as_bytes());
    out.extend_from_slice(members.as_bytes());
    out
}
