//! Messages of SQS.

use std::borrow::Cow;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use thundra_core::semconv;

use super::BatchEvent;
use super::record::{Description, Record};
use crate::payload::{self, Member};
use crate::trigger::{self, Extractor, Opened};

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

    fn describe(&self, extractor: Extractor<'_>) -> Description {
        let attributes = self.message_attributes.iter();
        Parts {
            queue: self.event_source_arn.as_deref().and_then(trigger::name_in_arn),
            id: self.message_id.as_deref(),
            body: self.body.as_deref().unwrap_or_default(),
            attributes: attributes.filter_map(|(k, v)| Some((k.as_str(), v.string_value.as_deref()?))).collect(),
            trace_header: self.attributes.get("AWSTraceHeader").map(String::as_str),
            sent_timestamp: self.attributes.get("SentTimestamp").map(String::as_str),
        }
        .describe(extractor)
    }

    fn payload(&self, description: &Description) -> Option<Cow<'_, [u8]>> {
        let body = self.body.as_ref()?.as_bytes();
        Some(super::record::without_context(body, description))
    }
}

/// What is read of a message, whoever delivers it.
pub(crate) struct Parts<'a> {
    pub(crate) queue: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) body: &'a str,
    /// Those that are text.
    pub(crate) attributes: Vec<(&'a str, &'a str)>,
    pub(crate) trace_header: Option<&'a str>,
    pub(crate) sent_timestamp: Option<&'a str>,
}

impl Parts<'_> {
    pub(crate) fn describe(self, extractor: Extractor<'_>) -> Description {
        let Opened { inbound, context } =
            trigger::open_sqs(self.attributes.into_iter(), self.trace_header, extractor, |extractor| {
                trigger::open(self.body, extractor)
            });
        let member = payload::find(self.body.as_bytes()).filter(Member::is_context);
        let destination = self.queue.map(str::to_owned);
        let mut attributes = super::record::process(trigger::SQS_SYSTEM, destination.as_ref());
        attributes.extend(self.id.map(|id| (semconv::MESSAGING_MESSAGE_ID, id.to_owned().into())));
        Description {
            destination,
            attributes,
            inbound,
            sent_at: self.sent_timestamp.and_then(|sent| trigger::from_millis(sent.parse().ok()?)),
            context: context.or_else(|| member.as_ref().map(|member| member.json.clone())),
            member,
        }
    }
}
