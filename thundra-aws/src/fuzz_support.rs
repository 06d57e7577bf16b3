//! Functions fed with any bytes by `examples/fuzz`. Programs reach the functions through an invocation or a client. The
//! functions may change in any release.

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
    /// The ranges withheld from the handler.
    pub contexts: Vec<Range<usize>>,
}

/// Reads an event as each invocation does.
pub fn read(event: &[u8]) -> Read {
    let trigger = trigger::detect(event, thundra_core::config(), Trust::Full);
    let sender = |message: &trigger::Message| message.inbound.parent.as_ref().map(|parent| parent.trace_id.to_string());
    Read {
        source: trigger.source.name,
        senders: trigger.messages().iter().map(sender).collect(),
        contexts: trigger.context_ranges().to_vec(),
    }
}

/// Returns an event as received by the handler.
pub fn delivered(event: Bytes, contexts: &[Range<usize>]) -> Bytes {
    payload::strip_all(event, contexts)
}

/// Returns the range of a payload's context, and the payload as received by the work on the record.
pub fn strip(payload: &[u8]) -> Option<(Range<usize>, Vec<u8>)> {
    let range = payload::find(payload)?.range;
    let stripped = payload::strip(payload, &range);
    Some((range, stripped))
}
