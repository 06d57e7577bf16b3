//! The remaining sources: Firehose, CloudWatch Logs, Kafka, message brokers, and other programs.

use super::parse::envelope::{self, Opened};
use super::parse::extract::{Extractor, holds_context};
use super::parse::json::Object;
use super::{Source, Trigger, kinesis};
use crate::payload::{self, Member};

pub(super) fn detect(body: &str, event: &Object<'_>, extractor: Extractor<'_>) -> Option<Trigger> {
    if event.has("deliveryStreamArn") && event.has("records") {
        return kinesis::firehose(event, extractor);
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
    let mut trigger = Trigger::new(Source::Direct, "other");
    trigger.context_member = payload::find(body.as_bytes()).filter(Member::is_context);
    let opened = match &trigger.context_member {
        Some(member) => Opened::context(member.json.clone(), &extractor),
        None => envelope::open(body, &extractor).filter(|opened| holds_context(&opened.inbound))?,
    };
    trigger.messages = vec![opened.into()];
    Some(trigger)
}
