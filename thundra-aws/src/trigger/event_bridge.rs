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
use super::parse::{envelope, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger};

pub(super) static SOURCE: Source = Source {
    name: "event_bridge",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Members(|event| kind(event).is_some()),
    read,
};

/// Returns the source and the detail type of an event of EventBridge.
pub(super) fn kind<'e>(event: &'e Event<'_>) -> Option<(Cow<'e, str>, Cow<'e, str>)> {
    let event = &event.members;
    Some((event.text("source")?, event.text("detail-type")?)).filter(|_| event.has("detail"))
}

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let (source, detail_type) = kind(event)?;
    // The event does not name its bus.
    trigger.set_all(process("aws_eventbridge", None));
    trigger.set(semconv::AWS_EVENTBRIDGE_SOURCE, source.into_owned());
    trigger.set(semconv::AWS_EVENTBRIDGE_DETAIL_TYPE, detail_type.into_owned());
    let detail = event.members.raw("detail")?.as_bytes();
    let opened = envelope::open(detail, &trigger.extractor(config)).unwrap_or_default();
    // Both are slices of one text, so the distance of their addresses is the offset of the detail.
    let offset = (detail.as_ptr() as usize).checked_sub(event.text.as_ptr() as usize)?;
    trigger.context_range = opened.range.clone().map(|range| range.start + offset..range.end + offset);
    let attributes = Vec::from_iter(message_id(event.members.text("id")));
    let sent_at = event.members.text("time").and_then(|time| time::from_rfc3339(&time));
    trigger.deliver([Message { attributes, sent_at, ..opened.into() }]);
    Some(())
}
