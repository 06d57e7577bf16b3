//! The keys of log lines, for lines without an event.

use tracing::Level;

use super::format::Format;
use super::json::Json;
use super::timestamp::rfc3339;
use crate::Config;
use crate::clock::now;
use crate::members::{Members, string};
use crate::recorder::slab::SCOPES;
use crate::recorder::slot::SpanSlot;

/// Returns members of a JSON object, each after a comma: the level, a message, the time, and the parts common to all
/// lines of the program and of the scope. The keys follow the format `json`. A key appended by the program gets a
/// prefix if `own`, the keys after the head, has the same key.
pub(crate) fn head(level: Level, message: &str, own: &[&str], config: &Config, root: SpanSlot) -> Vec<u8> {
    let (program, mut members) = (Json.program(config), Members::default());
    if let Some(mut state) = SCOPES.lock(root.scope) {
        let mut taken = program.clone();
        own.iter().for_each(|key| taken.bool(key, true));
        // A part encoded around the keys in `own` serves no other line, nor the reverse.
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
