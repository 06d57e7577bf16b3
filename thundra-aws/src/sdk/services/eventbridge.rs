//! EventBridge: `PutEvents`.
//!
//! Each entry gets a `TraceHeader`, which counts nowhere and wins over the HTTP header, and the context in its
//! detail. The entries of a request have less than 1 MB together: as [AWS counts], and read as the smaller of the
//! two that are called so.
//!
//! [AWS counts]: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size

use aws_sdk_eventbridge::operation::put_events::{PutEventsInput, PutEventsOutput};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use thundra_core::propagation::Outbound;

use crate::payload;
use crate::sdk::message::limits::Limits;
use crate::sdk::message::payload::{self as json, Message, excluded};
use crate::sdk::message::{Injected, trace_header};
use crate::sdk::response::Sent;

const MAX_BYTES: usize = 1_000_000 - 1;
/// What a `TraceHeader` may have.
const MAX_HEADER_BYTES: usize = 500;
/// What the time of an entry counts.
const TIME: usize = 14;

/// `None` when this is another operation's input.
pub(crate) fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
    let entries = input.downcast_mut::<PutEventsInput>()?.entries.as_deref_mut().unwrap_or_default();
    let room = MAX_BYTES.min(limits.request).saturating_sub(entries.iter().map(size).sum());
    let count = entries.len();
    let mut traced = false;
    let messages = entries.iter_mut().map(|entry| {
        // A context in the detail is read first, the caller's own as well.
        let untraced = entry.detail.as_ref().is_none_or(|detail| payload::find(detail.as_bytes()).is_none());
        traced |= trace_header::set(&mut entry.trace_header, outbound, MAX_HEADER_BYTES) && untraced;
        let closed = excluded("eventbridge", bus(entry.event_bus_name.as_deref()));
        Message { size: size(entry), payload: entry.detail.as_mut(), room: usize::MAX, closed }
    });
    let messages = messages.collect();
    let injected = json::inject(messages, room, outbound);
    Some(Injected { own_context: injected.own_context || traced, ..injected }.in_batch(count))
}

/// `None` when this is another operation's output.
pub(crate) fn sent(output: &Output) -> Option<Sent> {
    let entries = output.downcast_ref::<PutEventsOutput>()?.entries();
    let codes: Vec<_> = entries.iter().filter_map(|entry| entry.error_code.clone()).collect();
    let message_id = if let [only] = entries { only.event_id.clone() } else { None };
    Some(Sent {
        message_id,
        failed: codes.first().map(|first| (codes.len(), first.clone())),
        total: entries.len(),
        ..Sent::default()
    })
}

/// The name of a bus given as a name or an ARN; the account's own is the default.
fn bus(name: Option<&str>) -> &str {
    match name {
        None | Some("") => "default",
        Some(name) => name.split_once(":event-bus/").map_or(name, |(_, name)| name),
    }
}

fn size(entry: &PutEventsRequestEntry) -> usize {
    let texts = [&entry.source, &entry.detail_type, &entry.detail].into_iter().flatten().chain(entry.resources());
    texts.map(String::len).sum::<usize>() + if entry.time.is_some() { TIME } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_counts_as_aws_counts_it() {
        let entry = PutEventsRequestEntry::builder().source("ab").detail_type("cde").detail("é");
        let entry = entry.event_bus_name("counts not").trace_header("nor this");
        assert_eq!(size(&entry.clone().build()), 7);
        let entry = entry.resources("r").resources("rr").time(aws_smithy_types::DateTime::from_secs(0));
        assert_eq!(size(&entry.build()), 7 + 3 + 14);
    }

    #[test]
    fn a_bus_is_known_by_its_name() {
        for (name, expected) in [
            (None, "default"),
            (Some(""), "default"),
            (Some("orders"), "orders"),
            (Some("arn:aws:events:eu-west-1:123456789012:event-bus/orders"), "orders"),
            (Some("aws.partner/shop/1"), "aws.partner/shop/1"),
        ] {
            assert_eq!(bus(name), expected);
        }
    }
}
