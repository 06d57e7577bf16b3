//! Records of Kinesis data streams.

use std::borrow::Cow;
use std::time::SystemTime;

use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::streams::KinesisEventResponse;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::semconv;

use super::BatchEvent;
use super::record::{Description, Record};
use crate::payload::{self, Member};
use crate::trigger;

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

    fn describe(&self, formats: Propagators) -> Description {
        let member = payload::find(&self.kinesis.data).filter(Member::is_context);
        let pairs = member.as_ref().map(|member| payload::pairs(&member.json)).unwrap_or_default();
        let inbound = Inbound::extract(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())), formats, Trust::Full);
        let arn = self.event_source_arn.as_deref();
        let destination = arn.and_then(|arn| trigger::resource_in_arn(arn, "stream")).map(str::to_owned);
        let mut attributes = super::record::process(trigger::KINESIS_SYSTEM, destination.as_ref());
        attributes.extend(destination.clone().map(|stream| (semconv::AWS_KINESIS_STREAM_NAME, stream.into())));
        let shard = self.event_id.as_deref().and_then(trigger::kinesis_shard).map(str::to_owned);
        attributes.extend(shard.map(|shard| (semconv::MESSAGING_DESTINATION_PARTITION_ID, shard.into())));
        if !self.kinesis.sequence_number.is_empty() {
            attributes.push((semconv::MESSAGING_MESSAGE_ID, self.kinesis.sequence_number.clone().into()));
        }
        Description {
            destination,
            attributes,
            inbound,
            sent_at: Some(SystemTime::from(self.kinesis.approximate_arrival_timestamp.0)),
            context: member.as_ref().map(|member| member.json.clone()),
            member,
        }
    }

    fn payload(&self, description: &Description) -> Option<Cow<'_, [u8]>> {
        Some(super::record::without_context(&self.kinesis.data, description))
    }
}
