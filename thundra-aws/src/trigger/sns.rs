//! [SNS], which delivers one notification at a time.
//!
//! [SNS]: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html

use thundra_core::{Config, semconv};

use super::event::{Event, is_record};
use super::message::{message_id, process};
use super::parse::envelope::open_notification;
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::{arn, changes, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};

pub(super) static SOURCE: Source = Source {
    name: "sns",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Records(|record| {
        is_record(record, "aws:sns", |record| {
            record.object("Sns").is_some_and(|sns| sns.has("TopicArn") || sns.has("Message"))
        })
    }),
    read,
};

/// A notification without a record around it, as in the body of a message: a pipe or a program may forward the
/// notification. A notification may also confirm a subscription.
pub(super) static NOTIFICATION: Source = Source {
    name: "sns_notification",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Objects(|notification| {
        notification.has("Type")
            && notification.has("Message")
            && notification.text("TopicArn").is_some_and(|arn| arn.contains(":sns:"))
    }),
    read: |trigger, event, config| describe(trigger, &event.objects().iter().collect::<Vec<_>>(), config),
};

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let notifications: Vec<_> = event.records.iter().filter_map(|record| record.object("Sns")).collect();
    describe(trigger, &notifications.iter().collect::<Vec<_>>(), config)
}

fn describe(trigger: &mut Trigger, notifications: &[&Object<'_>], config: &Config) -> Option<()> {
    let topic = common(notifications.iter().map(|notification| notification.text("TopicArn")));
    trigger.set_all(process("aws.sns", topic.as_deref().and_then(arn::name)));
    trigger.set_some(semconv::AWS_SNS_TOPIC_ARN, topic.map(String::from));
    let extractor = trigger.extractor(config).of_messages(notifications.len());
    trigger.deliver(notifications.iter().map(|notification| message(notification, &extractor)));
    Some(())
}

fn message(notification: &Object<'_>, extractor: &Extractor<'_>) -> Message {
    let sent_at = notification.text("Timestamp").and_then(|time| time::from_rfc3339(&time));
    let attributes = Vec::from_iter(message_id(notification.text("MessageId")));
    let changes = notification.raw("Message").map(changes::of_message).unwrap_or_default();
    Message { sent_at, changes, ..Message::from(open_notification(notification, 0, extractor)).with(attributes) }
}
