//! Calls from other programs, recognised by a context in the event.
//!
//! A task of Step Functions looks the same, unless its input tells.
//!
//! OpenTelemetry for Python puts its context into the member `headers` of a call's payload. A request that a gateway
//! without a known form handed on has such a member too, and its caller is anyone.
//!
//! A program may also send the event of another source on to a function. The `__context__` beside the members of such an
//! event is of that program, because no service writes one there. The program is the caller, and trusted as such.

use thundra_core::Config;
use thundra_core::propagation::PAYLOAD_CONTEXT;

use super::event::Event;
use super::parse::envelope::{self, Opened};
use super::parse::extract::Extractor;
use super::parse::headers::is_request;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Trigger, edge_trust};
use crate::payload::{self, Member};

pub(super) static SOURCE: Source = Source {
    name: "direct",
    faas_trigger: FaasTrigger::Other,
    batch_api: false,
    recognise: Recognise::Members(|_| true),
    read,
};

/// Reads the context that a program put into an event. `None` if there is none.
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

/// Reads the context that a program put into the event of another source, unless the source has read it.
pub(super) fn read_forwarded(trigger: &mut Trigger, event: &Event<'_>, extractor: &Extractor<'_>) {
    if !event.members.names(PAYLOAD_CONTEXT) {
        return;
    }
    if let Some(member) = payload::find(event.text).filter(Member::is_context)
        && !trigger.context_ranges.contains(&member.range)
    {
        let before = trigger.context_ranges.partition_point(|range| range.start < member.range.start);
        trigger.context_ranges.insert(before, member.range.clone());
        trigger.forwarded = Some(Opened::of_member(member, extractor).inbound);
    }
}
