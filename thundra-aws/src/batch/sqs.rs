//! Messages of SQS.

use std::borrow::Cow;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use thundra_core::propagation::Propagators;
use thundra_core::semconv;

use super::BatchEvent;
use super::record::{Description, Record};
use crate::payload::{self, Member};
use crate::trigger::{self, Opened};

impl BatchEvent for SqsEvent {
    type Record = SqsMessage;
    type Response = SqsBatchResponse;

    fn into_records(self) -> Vec<SqsMessage> {
        self.records
    }

    fn response(failures: Vec<String>) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        response.set_failures(failures);
        response
    }
}

impl Record for SqsMessage {
    /// SQS would deliver what is not reported no more, and the rest of its group out of order.
    const REPORTS_SKIPPED: bool = true;

    fn identifier(&self) -> String {
        self.message_id.clone().unwrap_or_default()
    }

    fn order(&self) -> Option<String> {
        // A standard queue may have message groups too, for fairness: they have no order.
        let fifo = self.event_source_arn.as_ref().is_some_and(|arn| arn.ends_with(".fifo"));
        fifo.then(|| self.attributes.get("MessageGroupId").cloned().unwrap_or_default())
    }

    fn describe(&self, formats: Propagators) -> Description {
        let body = self.body.as_deref().unwrap_or_default();
        let own: Vec<_> =
            self.message_attributes.iter().filter_map(|(k, v)| Some((k, v.string_value.as_ref()?))).collect();
        let opened = if self.message_attributes.is_empty() { trigger::open(body) } else { Opened::default() };
        let pairs = own.into_iter().chain(opened.pairs.iter().map(|(key, value)| (key, value)));
        let pairs = pairs.map(|(key, value)| (key.as_str(), value.as_str()));
        let header = self.attributes.get("AWSTraceHeader").map(String::as_str);
        let inbound = trigger::sqs_inbound(pairs, header, formats);
        let member = payload::find(body.as_bytes()).filter(Member::is_context);
        let destination = self.event_source_arn.as_deref().and_then(trigger::name_in_arn).map(str::to_owned);
        let mut attributes = super::record::process(trigger::SQS_SYSTEM, destination.as_ref());
        attributes.extend(self.message_id.clone().map(|id| (semconv::MESSAGING_MESSAGE_ID, id.into())));
        Description {
            destination,
            attributes,
            inbound,
            sent_at: self.attributes.get("SentTimestamp").and_then(|sent| trigger::from_millis(sent.parse().ok()?)),
            context: opened.context.or_else(|| member.as_ref().map(|member| member.json.clone())),
            member,
        }
    }

    fn payload(&self, description: &Description) -> Option<Cow<'_, [u8]>> {
        let body = self.body.as_ref()?.as_bytes();
        Some(super::record::without_context(body, description))
    }
}
