//! SNS: <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>. AWS delivers one notification at a time.

use thundra_core::propagation::Propagators;
use thundra_core::semconv;

use super::envelope::open_notification;
use super::json::Object;
use super::{Message, Source, Trigger, common, message, name_in_arn, time};

pub(super) fn trigger(records: &[Object<'_>], formats: Propagators) -> Trigger {
    let notifications: Vec<_> = records.iter().filter_map(|record| record.object("Sns")).collect();
    let topic = common(notifications.iter().map(|notification| notification.text("TopicArn")));
    let mut trigger = Trigger::new(Source::Sns, "pubsub");
    trigger.processes("aws.sns", topic.as_deref().and_then(name_in_arn).map(str::to_owned));
    trigger.set_some(semconv::AWS_SNS_TOPIC_ARN, topic.map(String::from));
    trigger.batch_of(notifications.iter().map(|notification| read(notification, formats)).collect())
}

fn read(notification: &Object<'_>, formats: Propagators) -> Message {
    let id = notification.text("MessageId").map(|id| (semconv::MESSAGING_MESSAGE_ID, id.into_owned().into()));
    Message {
        attributes: id.into_iter().collect(),
        sent_at: notification.text("Timestamp").and_then(|time| time::from_rfc3339(&time)),
        ..message(open_notification(notification, 0), formats)
    }
}
