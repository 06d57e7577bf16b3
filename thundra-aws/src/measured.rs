//! What `examples/bench` measures by itself and programs reach only through an invocation or a client.

use crate::{payload, trigger};

/// Recognises an event as each invocation does, and says how many messages were in it.
pub fn recognise(body: &[u8]) -> usize {
    trigger::detect(body, thundra_core::config()).messages.len()
}

/// Puts a context into a payload as the clients do; `None` where nothing may be changed.
pub fn splice(body: &[u8], context_json: &str) -> Option<Vec<u8>> {
    payload::splice(body, context_json, None)
}
