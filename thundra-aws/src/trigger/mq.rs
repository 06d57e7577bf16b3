//! [Amazon MQ]: ActiveMQ and RabbitMQ.
//!
//! The messages are recognised and not read.
//!
//! [Amazon MQ]: https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html

use super::event::Event;
use super::message::process;
use super::source::{FaasTrigger, Recognise, Source};

pub(super) static SOURCE: Source = Source {
    name: "mq",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Members(|event| system(event).is_some()),
    read: |trigger, event, _| {
        trigger.set_all(process(system(event)?, None));
        Some(())
    },
};

/// Returns the value of `messaging.system`.
fn system(event: &Event<'_>) -> Option<&'static str> {
    match &*event.members.text("eventSource")? {
        "aws:rmq" => Some("rabbitmq"),
        "aws:mq" | "aws:amq" => Some("activemq"),
        _ => None,
    }
}
