//! Functions that `examples/bench` measures by themselves, and that programs reach only through an invocation or a
//! client. They change without notice.

use crate::payload::splice::InsertionPoint;
use crate::trigger;
use thundra_core::propagation::Trust;

/// Sees the calls of clients that nobody wrapped from now on, as each program does that is begun with `run` or `init`.
#[cfg(all(feature = "unwrapped-clients", feature = "sdk"))]
pub fn watch_unwrapped() {
    crate::sdk::unwrapped::watch();
}

/// Recognises an event as each invocation does, and says how many messages were in it.
pub fn recognise(body: &[u8]) -> usize {
    trigger::detect(body, thundra_core::config(), Trust::Full).messages.len()
}

/// Puts members into the context of a payload as the clients do; `None` where nothing may be changed.
pub fn splice(payload: &[u8], members: &str) -> Option<String> {
    Some(InsertionPoint::in_payload(payload, |_| false).ok()?.fill(members))
}
