//! [CloudEvents], alone or in a list: from an EventBridge bus configured to deliver the bare data, or from a program.
//!
//! The extension attributes `traceparent` and `tracestate` are a carrier. The `data` is another carrier.
//!
//! [CloudEvents]: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md

use thundra_core::{Config, semconv};

use super::event::Event;
use super::parse::envelope::{self, is_cloud_event, open_cloud_event};
use super::parse::json::Object;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger};
use crate::attributes::Attributes;

pub(super) static SOURCE: Source = Source {
    name: "cloud_events",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Objects(is_cloud_event),
    read,
};

/// The attributes of an event, by the [conventions].
///
/// [conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/registry/attributes/cloudevents.md
const ATTRIBUTES: [(&str, &str); 5] = [
    (semconv::CLOUDEVENTS_EVENT_ID, "id"),
    (semconv::CLOUDEVENTS_EVENT_SOURCE, "source"),
    (semconv::CLOUDEVENTS_EVENT_SPEC_VERSION, "specversion"),
    (semconv::CLOUDEVENTS_EVENT_SUBJECT, "subject"),
    (semconv::CLOUDEVENTS_EVENT_TYPE, "type"),
];

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let extractor = trigger.extractor(config);
    if event.is_list {
        trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, event.records.len());
        let message = |event| Message::from(open_cloud_event(event, 0, &extractor)).with(describe(event));
        trigger.deliver(event.records.iter().map(message));
    } else {
        // A program may have put a context beside the members of the event.
        let opened = envelope::open(event.text, &extractor).unwrap_or_default();
        trigger.context_ranges.extend(opened.range.clone());
        trigger.deliver([Message::from(opened).with(describe(&event.members))]);
    }
    Some(())
}

fn describe(event: &Object<'_>) -> Attributes {
    let text = |(key, name)| Some((key, event.text(name)?.into_owned().into()));
    ATTRIBUTES.into_iter().filter_map(text).collect()
}
