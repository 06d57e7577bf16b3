//! Functions that `examples/fuzz` feeds with any bytes. Programs reach them through an invocation or a client. They may
//! change in any release.

use std::ops::Range;

use bytes::Bytes;
use thundra_core::propagation::Trust;

use crate::payload;
use crate::trigger;

/// The reading of an event.
#[derive(Debug)]
pub struct Read {
    /// The name of the source.
    pub source: &'static str,
    /// The trace of each message's sender.
    pub senders: Vec<Option<String>>,
    /// The ranges that the handler does not receive.
    pub contexts: Vec<Range<usize>>,
}

/// Reads an event as each invocation does.
pub fn read(event: &[u8]) -> Read {
    let trigger = trigger::detect(event, thundra_core::config(), Trust::Full);
    let sender = |message: &trigger::Message| message.inbound.parent.as_ref().map(|parent| parent.trace_id.to_string());
    Read {
        source: trigger.source.name,
        senders: trigger.messages.iter().map(sender).collect(),
        contexts: trigger.context_ranges,
    }
}

/// Returns an event as the handler receives it.
pub fn delivered(event: Bytes, contexts: &[Range<usize>]) -> Bytes {
    payload::strip_all(event, contexts)
}

/// Returns the range of a payload's context, and the payload as the work on its record receives it.
pub fn strip(payload: &[u8]) -> Option<(Range<usize>, Vec<u8>)> {
    let range = payload::find(payload)?.range;
    let stripped = payload::strip(payload, &range);
    Some((range, stripped))
}
