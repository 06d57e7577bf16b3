//! [Custom event buses] of EventBridge configured to deliver events with metadata, alone or in a list.
//!
//! The metadata of the publisher are a carrier. The data are an event of EventBridge if published by `PutEvents`, and a
//! payload such as a CloudEvent if published by `PutRawEvents`. An event delivered without metadata belongs to the
//! source of the data.
//!
//! [Custom event buses]: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-custom-bus-transform.html

use thundra_core::{Config, semconv};

use super::event::Event;
use super::message::{message_id, process};
use super::parse::envelope::{is_delivery, open_delivery};
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::{changes, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common, event_bridge};

pub(super) static SOURCE: Source = Source {
    name: "event_bus",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Objects(is_delivery),
    read,
};

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let events = event.objects();
    let of_system = |name| common(events.iter().map(|event| event.object("SystemMetadata")?.text(name)));
    trigger.set_all(process("aws_eventbridge", None));
    trigger.set_some(semconv::AWS_EVENTBRIDGE_SOURCE, of_system("aws:Source").map(String::from));
    trigger.set_some(semconv::AWS_EVENTBRIDGE_DETAIL_TYPE, of_system("aws:DetailType").map(String::from));
    event_bridge::deliver(trigger, event, config, message);
    Some(())
}

fn message(event: &Object<'_>, text: &[u8], extractor: &Extractor<'_>) -> Message {
    let system = event.object("SystemMetadata").unwrap_or_default();
    let is_replay = system.text("aws:DeliveryType").is_some_and(|delivery| delivery == "REPLAY");
    let sent_at = system.text("aws:IngestionTime").and_then(|time| time::from_rfc3339(&time));
    let attributes = Vec::from_iter(message_id(system.text("aws:EventId")));
    let data = event.raw("Data").unwrap_or_default();
    let published = Object::parse(data).filter(|data| event_bridge::kind(data).is_some());
    let part = published.and_then(|event| event.raw("detail")).unwrap_or(data);
    let opened = open_delivery(event, part, extractor).within(part, text);
    let changes = changes::of_message(data);
    Message { sent_at, is_replay, changes, ..Message::from(opened).with(attributes) }
}
