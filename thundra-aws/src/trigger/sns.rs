//! SNS: <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>. AWS delivers one notification at a time.

use thundra_core::semconv;

use super::parse::envelope::open_notification;
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::time;
use super::{Message, Source, Trigger, common, message_id, name_in_arn};

pub(super) fn trigger(records: &[Object<'_>], extractor: Extractor<'_>) -> Trigger {
    let notifications: Vec<_> = records.iter().filter_map(|record| record.object("Sns")).collect();
    let topic = common(notifications.iter().map(|notification| notification.text("TopicArn")));
    let mut trigger = Trigger::new(Source::Sns, "pubsub");
    trigger.processes("aws.sns", topic.as_deref().and_then(name_in_arn).map(str::to_owned));
    trigger.set_some(semconv::AWS_SNS_TOPIC_ARN, topic.map(String::from));
    trigger.batch_of(notifications.iter().map(|notification| read(notification, &extractor)).collect())
}

fn read(notification: &Object<'_>, extractor: &Extractor<'_>) -> Message {
    Message {
        attributes: Vec::from_iter(message_id(notification.text("MessageId"))),
        sent_at: notification.text("Timestamp").and_then(|time| time::from_rfc3339(&time)),
        ..open_notification(notification, 0, extractor).into()
    }
}
