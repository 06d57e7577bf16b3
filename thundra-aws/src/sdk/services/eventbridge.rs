//! EventBridge: buses and events.
//!
//! Each entry of `PutEvents` gets a `TraceHeader`. The header does not count towards the size, and wins over the HTTP
//! header. A JSON object in the detail gets a `__context__` member. The entries of a request have less than 1 MB
//! together, as [AWS counts]. 1 MB is read as 1,000,000 bytes, the smaller of two meanings.
//!
//! [AWS counts]: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size

use serde::Deserialize;
use serde::de::IgnoredAny;
use thundra_core::semconv;

use super::service::{Attributes, Request, Service, add_messaging, last_part};
use crate::sdk::response::{self, EntryResult, Response};

pub(super) static SERVICE: Service = Service {
    id: "EventBridge",
    signing_name: "events",
    names: &[],
    attributes: |operation, attributes| {
        if operation.name == PUT {
            add_messaging(attributes, "aws_eventbridge", "send", None);
        }
    },
    request: |request| if request.operation == PUT { bus(request.body) } else { Attributes::new() },
    batch_size,
    response: |operation, response| if operation == PUT { response_body(response::body(response)) } else { None },
    writes: None,
    messages: if_feature!("eventbridge", messages::MESSAGES),
};

const PUT: &str = "PutEvents";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Entries<T> {
    entries: Vec<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Event {
    event_bus_name: Option<String>,
}

/// Returns the bus as the destination, if all events go to the same bus.
fn bus(body: &[u8]) -> Attributes {
    let Entries { entries } = serde_json::from_slice::<Entries<Event>>(body).unwrap_or_default();
    let mut buses =
        entries.iter().map(|event| event.event_bus_name.as_deref().map_or("default", |bus| last_part(bus, '/')));
    let bus = buses.next().filter(|first| buses.all(|bus| bus == *first));
    bus.map(|bus| (semconv::MESSAGING_DESTINATION_NAME, bus.to_owned().into())).into_iter().collect()
}

fn batch_size(request: &Request<'_>) -> Option<usize> {
    let batch = || serde_json::from_slice::<Entries<IgnoredAny>>(request.body).ok();
    (request.operation == PUT).then(batch)?.map(|batch| batch.entries.len())
}

fn response_body(body: &[u8]) -> Option<Response> {
    let Entries { entries } = serde_json::from_slice::<Entries<EntryResult>>(body).ok()?;
    Some(Response::of_entries(entries))
}

#[cfg(feature = "eventbridge")]
pub(crate) mod messages {
    //! The entries of `PutEvents`.

    use aws_sdk_eventbridge::operation::put_events::{PutEventsInput, PutEventsOutput};
    use aws_sdk_eventbridge::types::PutEventsRequestEntry;
    use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
    use thundra_core::propagation::Outbound;

    use crate::payload as context;
    use crate::payload_patterns::PayloadService;
    use crate::sdk::message::limits::Limits;
    use crate::sdk::message::payload::{self, Message, excluded};
    use crate::sdk::message::spans::Place;
    use crate::sdk::message::{Injected, trace_header};
    use crate::sdk::response::Response;
    use crate::sdk::services::service::Messages;

    pub(super) const MESSAGES: Messages = Messages {
        module: "eventbridge",
        target: |_| Some(""),
        named: |_| None,
        inject,
        each_in_batch,
        response,
        refused: |_| Vec::new(),
        request_attributes: |_, _| {},
        received: |_, _| None,
    };

    const MAX_BYTES: usize = 1_000_000 - 1;
    /// Largest `TraceHeader`.
    const MAX_HEADER_BYTES: usize = 500;
    /// Size of the time of an entry.
    const TIME_BYTES: usize = 14;

    fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
        let entries = input.downcast_mut::<PutEventsInput>()?.entries.as_deref_mut().unwrap_or_default();
        let room = MAX_BYTES.min(limits.request).saturating_sub(entries.iter().map(size).sum());
        let count = entries.len();
        let mut traced = false;
        let messages = entries.iter_mut().map(|entry| {
            // A receiver reads the context in the detail before the header, even if the caller wrote that context.
            let untraced = entry.detail.as_ref().is_none_or(|detail| context::find(detail.as_bytes()).is_none());
            traced |= trace_header::set(&mut entry.trace_header, outbound, MAX_HEADER_BYTES) && untraced;
            let skip = excluded(PayloadService::EventBridge, bus(entry.event_bus_name.as_deref()));
            Message { size: size(entry), payload: entry.detail.as_mut(), room: usize::MAX, skip }
        });
        let messages = messages.collect();
        let injected = payload::inject(messages, room, outbound);
        Some(Injected { own_context: injected.own_context || traced, ..injected }.in_batch(count))
    }

    fn each_in_batch(input: &mut Input, each: &mut dyn FnMut(Vec<Place<'_>>)) {
        let Some(put) = input.downcast_mut::<PutEventsInput>() else { return };
        for entry in put.entries.as_deref_mut().unwrap_or_default() {
            let header = entry.trace_header.as_mut().map(Place::Text);
            each(header.into_iter().chain(entry.detail.as_mut().map(Place::Json)).collect());
        }
    }

    fn response(output: &Output) -> Option<Response> {
        let entries = output.downcast_ref::<PutEventsOutput>()?.entries();
        let codes = entries.iter().filter_map(|entry| entry.error_code.clone());
        let message_id = if let [only] = entries { only.event_id.clone() } else { None };
        Some(Response { message_id, ..Response::of_batch(entries.len(), codes) })
    }

    /// Returns the name of a bus given by name or ARN. Without a name an event goes to the default bus of the account.
    fn bus(name: Option<&str>) -> &str {
        match name {
            None | Some("") => "default",
            Some(name) => name.split_once(":event-bus/").map_or(name, |(_, name)| name),
        }
    }

    fn size(entry: &PutEventsRequestEntry) -> usize {
        let texts = [&entry.source, &entry.detail_type, &entry.detail].into_iter().flatten().chain(entry.resources());
        texts.map(String::len).sum::<usize>() + if entry.time.is_some() { TIME_BYTES } else { 0 }
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
}
