//! The remaining sources: Firehose, CloudWatch Logs, Kafka, message brokers, and other programs.

use thundra_core::propagation::Propagators;

use super::envelope::Opened;
use super::json::Object;
use super::{Source, Trigger, kinesis, message};
use crate::payload::{self, Member};

pub(super) fn detect(body: &str, event: &Object<'_>, formats: Propagators) -> Option<Trigger> {
    if event.has("deliveryStreamArn") && event.has("records") {
        return kinesis::firehose(event, formats);
    }
    if event.object("awslogs").is_some_and(|logs| logs.has("data")) {
        return Some(Trigger::new(Source::CloudWatchLogs, "datasource"));
    }
    match event.text("eventSource").as_deref() {
        Some("aws:kafka" | "SelfManagedKafka") => {
            let mut trigger = Trigger::new(Source::Kafka, "pubsub");
            trigger.processes("kafka", None);
            return Some(trigger);
        }
        Some(source @ ("aws:mq" | "aws:rmq" | "aws:amq")) => {
            let mut trigger = Trigger::new(Source::Mq, "pubsub");
            trigger.processes(if source == "aws:rmq" { "rabbitmq" } else { "activemq" }, None);
            return Some(trigger);
        }
        _ => {}
    }
    let member = payload::find(body.as_bytes()).filter(Member::is_context)?;
    let mut trigger = Trigger::new(Source::Direct, "other");
    trigger.messages = vec![message(Opened::context(member.json.clone()), formats)];
    trigger.context_member = Some(member);
    Some(trigger)
}
