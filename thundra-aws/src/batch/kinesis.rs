//! Records of Kinesis data streams.

use std::borrow::Cow;
use std::time::SystemTime;

use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::streams::KinesisEventResponse;
use thundra_core::semconv;

use super::BatchEvent;
use super::record::{Description, Record};
use crate::payload::{self, Member};
use crate::trigger::{self, Extractor, Opened};

impl BatchEvent for KinesisEvent {
    type Record = KinesisEventRecord;
    type Response = KinesisEventResponse;

    fn into_records(self) -> Vec<KinesisEventRecord> {
        self.records
    }

    fn response(failures: Vec<String>) -> KinesisEventResponse {
        let mut response = KinesisEventResponse::default();
        response.set_failures(failures);
        response
    }
}

impl Record for KinesisEventRecord {
    /// AWS delivers everything from the lowest number on again.
    const REPORTS_SKIPPED: bool = false;

    fn identifier(&self) -> String {
        self.kinesis.sequence_number.clone()
    }

    fn order(&self) -> Option<String> {
        Some(self.kinesis.partition_key.clone())
    }

    fn describe(&self, extractor: Extractor<'_>) -> Description {
        Parts {
            stream: self.event_source_arn.as_deref().and_then(|arn| trigger::resource_in_arn(arn, "stream")),
            shard: self.event_id.as_deref().and_then(trigger::kinesis_shard),
            sequence_number: &self.kinesis.sequence_number,
            data: &self.kinesis.data,
            sent_at: Some(SystemTime::from(self.kinesis.approximate_arrival_timestamp.0)),
        }
        .describe(extractor)
    }

    fn payload(&self, description: &Description) -> Option<Cow<'_, [u8]>> {
        Some(super::record::without_context(&self.kinesis.data, description))
    }
}

/// What is read of a record, whoever delivers it.
pub(crate) struct Parts<'a> {
    pub(crate) stream: Option<&'a str>,
    pub(crate) shard: Option<&'a str>,
    pub(crate) sequence_number: &'a str,
    pub(crate) data: &'a [u8],
    pub(crate) sent_at: Option<SystemTime>,
}

impl Parts<'_> {
    pub(crate) fn describe(self, extractor: Extractor<'_>) -> Description {
        let member = payload::find(self.data).filter(Member::is_context);
        let opened = match &member {
            Some(member) => Some(Opened::context(member.json.clone(), &extractor)),
            None => std::str::from_utf8(self.data).ok().and_then(|data| trigger::open(data, &extractor)),
        };
        let Opened { inbound, context } = opened.unwrap_or_default();
        let destination = self.stream.map(str::to_owned);
        let mut attributes = super::record::process(trigger::KINESIS_SYSTEM, destination.as_ref());
        attributes.extend(destination.clone().map(|stream| (semconv::AWS_KINESIS_STREAM_NAME, stream.into())));
        attributes
            .extend(self.shard.map(|shard| (semconv::MESSAGING_DESTINATION_PARTITION_ID, shard.to_owned().into())));
        if !self.sequence_number.is_empty() {
            attributes.push((semconv::MESSAGING_MESSAGE_ID, self.sequence_number.to_owned().into()));
        }
        Description { destination, attributes, inbound, sent_at: self.sent_at, context, member }
    }
}
