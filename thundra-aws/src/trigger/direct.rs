//! Calls from other programs, recognised by a context in the event.
//!
//! A task of Step Functions looks the same, unless the input holds the context object or the token of the task.
//!
//! OpenTelemetry for Python puts the context into the member `headers` of a call's payload. A request forwarded by a
//! gateway of an unknown form has a member `headers` too, and anyone may be the caller.
//!
//! A program may also send the event of another source on to a function. No service writes a `__context__` beside the
//! members of an event, so the `__context__` comes from the program. The program is the caller, and is trusted as the
//! caller.

use thundra_core::Config;
use thundra_core::propagation::PAYLOAD_CONTEXT;

use super::event::Event;
use super::parse::envelope;
use super::parse::extract::Extractor;
use super::parse::headers::is_request;
use super::parse::json;
use super::parse::opened::Opened;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, edge_trust};
use crate::payload;

/// The most bytes of a `__context__` and of the members after the `__context__`, at the end of a request. Clients write
/// at most 4 KiB of a context into a call.
const MAX_END: usize = 5 * 1024;

pub(super) static SOURCE: Source = Source {
    name: "direct",
    faas_trigger: FaasTrigger::Other,
    batch_api: false,
    recognise: Recognise::Members(|_| true),
    read,
};

/// Lists of payloads with a context: from a pipe with a template, from an `ItemBatcher`, or from a program.
pub(super) static LIST: Source = Source {
    name: "direct_list",
    faas_trigger: FaasTrigger::Other,
    batch_api: false,
    recognise: Recognise::Objects(|first| first.raw(PAYLOAD_CONTEXT).is_some_and(|context| context.starts_with('{'))),
    read: read_list,
};

/// Reads the context of a program in an event. `None` for an event without a context.
pub(super) fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let mut opened = envelope::open(event.text, &trigger.extractor(config))?;
    if opened.range.is_none() && is_request(&event.members) {
        trigger.trust = edge_trust(config);
        opened = envelope::open(event.text, &trigger.extractor(config))?;
    }
    if !opened.holds_context() {
        return None;
    }
    trigger.context_ranges.extend(opened.range.clone());
    trigger.deliver([opened.into()]);
    Some(())
}

/// Reads the context of a program in the event of another source, unless the source has read the context already.
pub(super) fn read_forwarded(trigger: &mut Trigger, event: &Event<'_>, extractor: &Extractor<'_>) {
    if !event.members.names(PAYLOAD_CONTEXT) && !payload::names_context(end(event.unread)) {
        return;
    }
    if let Some(Opened { inbound, range: Some(range), .. }) = Opened::of_payload(event.text, extractor)
        && !trigger.context_ranges.contains(&range)
    {
        let before = trigger.context_ranges.partition_point(|known| known.start < range.start);
        trigger.context_ranges.insert(before, range);
        trigger.forwarded = Some(inbound);
    }
}

/// Returns the end of an unread text. A program that adds a `__context__` to a request adds the context as the first or
/// the last member, and the body before has up to 6 MB.
fn end(unread: &[u8]) -> &[u8] {
    unread.get(unread.len().saturating_sub(MAX_END)..).unwrap_or_default()
}

fn read_list(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let extractor = trigger.extractor(config);
    let payloads = json::array(std::str::from_utf8(event.text).ok()?);
    let open =
        |payload: &str| envelope::open(payload.as_bytes(), &extractor).map(|opened| opened.within(payload, event.text));
    let messages: Vec<_> =
        payloads.into_iter().map(|payload| Message::from(open(payload).unwrap_or_default())).collect();
    trigger.deliver_without_contexts(messages);
    Some(())
}
