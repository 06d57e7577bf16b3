//! [EventBridge].
//!
//! Senders put the context into `detail.__context__`. The member is cut out of the event. An [envelope] in the detail
//! is opened and stays.
//!
//! [EventBridge]: https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html
//! [envelope]: super::parse::envelope

use std::borrow::Cow;

use thundra_core::{Config, semconv};

use super::event::Event;
use super::message::{message_id, process};
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::{changes, envelope, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};

pub(super) static SOURCE: Source = Source {
    name: "event_bridge",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Objects(|event| kind(event).is_some()),
    read,
};

/// Returns the source and the detail type of an event of EventBridge.
pub(super) fn kind<'a>(event: &Object<'a>) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    Some((event.text("source")?, event.text("detail-type")?)).filter(|_| event.has("detail"))
}

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let events = event.objects();
    let kinds: Vec<_> = events.iter().map(kind).collect();
    let source = common(kinds.iter().map(|kind| kind.as_ref().map(|(source, _)| source)));
    let detail_type = common(kinds.iter().map(|kind| kind.as_ref().map(|(_, detail_type)| detail_type)));
    // The event does not name the bus.
    trigger.set_all(process("aws_eventbridge", None));
    trigger.set_some(semconv::AWS_EVENTBRIDGE_SOURCE, source.map(|source| source.to_string()));
    trigger.set_some(semconv::AWS_EVENTBRIDGE_DETAIL_TYPE, detail_type.map(|detail_type| detail_type.to_string()));
    deliver(trigger, event, config, message);
    Some(())
}

/// Takes the message of an event, or of each event of a list, and cuts the contexts out of the events. `read` gets an
/// event, and the text around the event.
pub(super) fn deliver(
    trigger: &mut Trigger,
    event: &Event<'_>,
    config: &Config,
    read: impl Fn(&Object<'_>, &[u8], &Extractor<'_>) -> Message,
) {
    let events = event.objects();
    if event.is_list {
        trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, events.len());
    }
    let extractor = trigger.extractor(config).of_messages(events.len());
    let messages: Vec<_> = events.iter().map(|object| read(object, event.text, &extractor)).collect();
    trigger.deliver_without_contexts(messages);
}

fn message(event: &Object<'_>, text: &[u8], extractor: &Extractor<'_>) -> Message {
    let detail = event.raw("detail").unwrap_or_default();
    let opened = envelope::open(detail.as_bytes(), extractor).unwrap_or_default().within(detail, text);
    let mut attributes = Vec::from_iter(message_id(event.text("id")));
    let replay = event.text("replay-name");
    let is_replay = replay.is_some();
    attributes.extend(replay.map(|name| (semconv::AWS_EVENTBRIDGE_REPLAY_NAME, name.into_owned().into())));
    let sent_at = event.text("time").and_then(|time| time::from_rfc3339(&time));
    let changes = changes::of_event(event);
    Message { sent_at, is_replay, changes, ..Message::from(opened).with(attributes) }
}
