//! SQS: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>.
//!
//! A message may carry a context in three places: its attributes, an envelope in its body (another service's
//! message, opened only where it has no attributes), and the system attribute `AWSTraceHeader`.

use thundra_core::propagation::{Inbound, Propagators, Trust, XRAY_HEADER};
use thundra_core::semconv;

use super::envelope::{self, Opened};
use super::json::Object;
use super::{Message, Source, Trigger, common, name_in_arn, time};

/// `messaging.system`
pub(crate) const SYSTEM: &str = "aws_sqs";

pub(super) fn trigger(records: &[Object<'_>], formats: Propagators) -> Trigger {
    let queue = common(records.iter().map(|record| record.text("eventSourceARN")));
    let mut trigger = Trigger::new(Source::Sqs, "pubsub");
    trigger.processes(SYSTEM, queue.as_deref().and_then(name_in_arn).map(str::to_owned));
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    trigger.batch_of(records.iter().map(|record| read(record, formats)).collect())
}

fn read(record: &Object<'_>, formats: Propagators) -> Message {
    let attributes = record.object("messageAttributes").filter(|attributes| !attributes.is_empty());
    let opened = match attributes {
        Some(attributes) => {
            Opened { pairs: envelope::attribute_pairs(&attributes, "dataType", "stringValue"), context: None }
        }
        None => record.raw("body").map(envelope::open_string).unwrap_or_default(),
    };
    let system = record.object("attributes");
    let trace_header = system.as_ref().and_then(|system| system.text("AWSTraceHeader"));
    let pairs = opened.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let id = record.text("messageId").map(|id| (semconv::MESSAGING_MESSAGE_ID, id.into_owned().into()));
    Message {
        inbound: inbound(pairs, trace_header.as_deref(), formats),
        attributes: id.into_iter().collect(),
        sent_at: system.and_then(|system| system.number("SentTimestamp")).and_then(time::from_millis),
        received_context: opened.context,
    }
}

/// What a message carries in its attributes or envelope, and in the system attribute.
pub(crate) fn inbound<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    trace_header: Option<&'a str>,
    formats: Propagators,
) -> Inbound {
    // The first one counts, and an attribute may be a copy of somebody else's.
    let header = trace_header.map(|header| (XRAY_HEADER, header));
    Inbound::extract(header.into_iter().chain(pairs), formats, Trust::Full)
}
