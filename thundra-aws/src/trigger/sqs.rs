//! SQS: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>.
//!
//! A message may carry a context in three places: its attributes, an [envelope] in its body (another service's
//! message, opened only where the attributes hold no context), and the system attribute `AWSTraceHeader`.

use thundra_core::semconv;

use super::parse::envelope::{self, Opened};
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::time;
use super::{Message, Source, Trigger, common, message_id, name_in_arn};

/// `messaging.system`
pub(crate) const SYSTEM: &str = "aws_sqs";

pub(super) fn trigger(records: &[Object<'_>], extractor: Extractor<'_>) -> Trigger {
    let queue = common(records.iter().map(|record| record.text("eventSourceARN")));
    let mut trigger = Trigger::new(Source::Sqs, "pubsub");
    trigger.processes(SYSTEM, queue.as_deref().and_then(name_in_arn).map(str::to_owned));
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    trigger.batch_of(records.iter().map(|record| read(record, extractor)).collect())
}

fn read(record: &Object<'_>, extractor: Extractor<'_>) -> Message {
    let attributes = record.object("messageAttributes");
    let attributes = attributes.map(|attributes| envelope::attribute_pairs(&attributes, "dataType", "stringValue"));
    let system = record.object("attributes");
    let trace_header = system.as_ref().and_then(|system| system.text("AWSTraceHeader"));
    let pairs = attributes.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
    let opened = open(pairs, trace_header.as_deref(), extractor, |extractor| {
        envelope::open_string(record.raw("body")?, extractor)
    });
    Message {
        attributes: Vec::from_iter(message_id(record.text("messageId"))),
        sent_at: system.and_then(|system| system.number("SentTimestamp")).and_then(time::from_millis),
        ..opened.into()
    }
}

/// The context of a message, of which `body` opens the body.
pub(crate) fn open<'p, 'h: 'p>(
    attributes: impl Iterator<Item = (&'p str, &'p str)>,
    trace_header: Option<&'h str>,
    extractor: Extractor<'_>,
    body: impl FnOnce(&Extractor<'_>) -> Option<Opened>,
) -> Opened {
    let extractor = extractor.beside(trace_header);
    envelope::attributes_or_body(extractor.extract(attributes), || body(&extractor))
}
