//! Functions measured alone by `examples/bench`. Programs reach the functions through an invocation or a client. The
//! functions may change in any release.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use lambda_runtime::Context;
use thundra_core::propagation::Trust;
use thundra_core::{Scope, ScopeFlags, semconv};

use crate::lifecycle::later;
use crate::lifecycle::reporting::Reporting;
use crate::lifecycle::watchdog::Watch;
use crate::payload::splice::InsertionPoint;
use crate::settings::QueueSpans;
use crate::{queue_time, trigger};

/// Records the calls of unwrapped clients from now on, as `run` and `init` do.
#[cfg(all(feature = "unwrapped-clients", feature = "sdk"))]
pub fn watch_unwrapped() {
    crate::sdk::unwrapped::watch();
}

/// Recognises an event as each invocation does, and returns the number of messages in the event.
pub fn recognise(body: &[u8]) -> usize {
    trigger::detect(body, thundra_core::config(), Trust::Full).messages().len()
}

/// Adds members to the context in a payload, as the clients do. Returns `None` if the payload must not be changed.
pub fn splice(payload: &[u8], members: &str) -> Option<String> {
    Some(InsertionPoint::in_payload(payload, |_| false).ok()?.fill(members))
}

/// Runs a scope after a wait in a queue, recorded as each record of a batch is: as an attribute, or as a span before
/// the scope too.
pub fn scope_after_wait(as_span: bool) {
    let spans = if as_span { QueueSpans::Span } else { QueueSpans::Attribute };
    let attributes = [(semconv::MESSAGING_SYSTEM, "aws_sqs".into())];
    let waited = Duration::from_millis(7);
    let builder = queue_time::describe(Scope::builder("process orders"), Some(waited), spans);
    let sent_at = SystemTime::now().checked_sub(waited);
    drop(queue_time::precede(builder, sent_at, &attributes, spans).begin().finish());
}

/// Begins and ends an invocation whose event is unreadable as the handler's type, without the error of the runtime.
pub fn refuse(event: &Bytes) {
    let _ = Reporting::new(());
    let (scope, later) = later::begin(&mut event.clone(), &Context::default(), None, thundra_core::config());
    scope.set_flags(ScopeFlags::FAILED);
    if let Some(later) = later {
        later.complete(*scope, thundra_core::config());
    }
    drop(scope.finish());
}

/// Watches an invocation and ends the watch, as each invocation with a deadline does.
pub fn watch(scope: &Scope, context: &Context) {
    Watch::begin(scope, context, thundra_core::config()).end(scope);
}
