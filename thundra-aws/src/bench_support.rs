//! Functions measured alone by `examples/bench`. Programs reach the functions through an invocation or a client. The
//! functions may change in any release.

use lambda_runtime::Context;
use thundra_core::Scope;
use thundra_core::propagation::Trust;

use crate::lifecycle::watchdog::Watch;
use crate::payload::splice::InsertionPoint;
use crate::trigger;

/// Records the calls of unwrapped clients from now on, as `run` and `init` do.
#[cfg(all(feature = "unwrapped-clients", feature = "sdk"))]
pub fn watch_unwrapped() {
    crate::sdk::unwrapped::watch();
}

/// Recognises an event as each invocation does, and returns the number of messages in the event.
pub fn recognise(body: &[u8]) -> usize {
    trigger::detect(body, thundra_core::config(), Trust::Full).messages.len()
}

/// Adds members to the context in a payload, as the clients do. Returns `None` if the payload must not be changed.
pub fn splice(payload: &[u8], members: &str) -> Option<String> {
    Some(InsertionPoint::in_payload(payload, |_| false).ok()?.fill(members))
}

/// Watches an invocation and ends the watch, as each invocation with a deadline does.
pub fn watch(scope: &Scope, context: &Context) {
    Watch::begin(scope, context, thundra_core::config()).end(scope);
}
