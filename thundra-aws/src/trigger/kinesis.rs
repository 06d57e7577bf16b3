//! Kinesis data streams and Firehose: records of base64.
//!
//! `faas.trigger` is `datasource`: the conventions leave it open, and a stream is read like one.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use memchr::memmem;
use thundra_core::semconv;

use super::parse::envelope::{self, Opened};
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::time;
use super::{Message, Source, Trigger, common, message_id, resource_in_arn};
use crate::payload::{self, Member};

/// `messaging.system`
pub(crate) const SYSTEM: &str = "aws_kinesis";
/// A first member of our making ends within so much base64; a multiple of four.
const HEAD: usize = 2048;
/// Each of the [names](envelope::NAMES) that lead to a context in base64, by its place within three bytes, without the
/// characters that depend on its neighbours.
const ENCODED_NAMES: [[&str; 3]; 2] = [
    ["X19jb250ZXh0", "Y29udGV4dF9f", "X2NvbnRleHRf"],
    ["TWVzc2FnZUF0dHJpYnV0ZX", "1lc3NhZ2VBdHRyaWJ1dGVz", "NZXNzYWdlQXR0cmlidXRlc"],
];

pub(super) fn trigger(records: &[Object<'_>], extractor: Extractor<'_>) -> Trigger {
    let arn = common(records.iter().map(|record| record.text("eventSourceARN")));
    let stream = arn.as_deref().and_then(|arn| resource_in_arn(arn, "stream")).map(str::to_owned);
    let mut trigger = Trigger::new(Source::Kinesis, "datasource");
    trigger.processes(SYSTEM, stream.clone());
    trigger.set_some(semconv::AWS_KINESIS_STREAM_NAME, stream);
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    trigger.batch_of(records.iter().map(|record| read(record, &extractor)).collect())
}

fn read(record: &Object<'_>, extractor: &Extractor<'_>) -> Message {
    let Some(kinesis) = record.object("kinesis") else { return Message::default() };
    let mut attributes = Vec::with_capacity(2);
    attributes.extend(message_id(kinesis.text("sequenceNumber")));
    if let Some(shard) = record.text("eventID").as_deref().and_then(shard) {
        attributes.push((semconv::MESSAGING_DESTINATION_PARTITION_ID, shard.to_owned().into()));
    }
    let opened = kinesis.text("data").and_then(|data| open_base64(&data, extractor));
    let sent_at = kinesis.number("approximateArrivalTimestamp").and_then(time::from_seconds);
    Message { attributes, sent_at, ..opened.unwrap_or_default().into() }
}

/// The shard in an `eventID`, `{shard}:{sequence number}`.
pub(crate) fn shard(event_id: &str) -> Option<&str> {
    event_id.split_once(':').map(|(shard, _)| shard).filter(|shard| !shard.is_empty())
}

pub(super) fn firehose(event: &Object<'_>, extractor: Extractor<'_>) -> Option<Trigger> {
    let arn = event.text("deliveryStreamArn")?;
    let mut trigger = Trigger::new(Source::Firehose, "datasource");
    trigger.processes("aws_firehose", resource_in_arn(&arn, "deliverystream").map(str::to_owned));
    let records: Vec<Object<'_>> = event.array("records").into_iter().filter_map(Object::parse).collect();
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    let read = |record: &Object<'_>| Message {
        attributes: Vec::from_iter(message_id(record.text("recordId"))),
        sent_at: record.number("approximateArrivalTimestamp").and_then(time::from_millis),
        ..record.text("data").and_then(|data| open_base64(&data, &extractor)).unwrap_or_default().into()
    };
    Some(trigger.batch_of(records.iter().map(read).collect()))
}

/// Opens a record, decoding no more of it than its beginning, unless a name that leads to a context is somewhere in it.
fn open_base64(data: &str, extractor: &Extractor<'_>) -> Option<Opened> {
    let open = |decoded: &[u8]| envelope::open(std::str::from_utf8(decoded).ok()?, extractor);
    if data.len() <= HEAD {
        return open(&BASE64_STANDARD.decode(data).ok()?);
    }
    let head = data.get(..HEAD).and_then(|head| BASE64_STANDARD.decode(head).ok());
    if let Some(member) = head.and_then(|head| payload::find(&head)).filter(Member::is_context) {
        return Some(Opened::context(member.json, extractor));
    }
    let leads = |name: &&str| memmem::find(data.as_bytes(), name.as_bytes()).is_some();
    ENCODED_NAMES.as_flattened().iter().find(|name| leads(name))?;
    open(&BASE64_STANDARD.decode(data).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use thundra_core::propagation::{Propagators, Trust};

    use super::*;

    fn extractor() -> Extractor<'static> {
        Extractor::new(Propagators::default(), Trust::Full)
    }

    fn open(payload: &str) -> Option<String> {
        open_base64(&BASE64_STANDARD.encode(payload), &extractor())?.context
    }

    #[test]
    fn a_context_is_found_wherever_it_stands() {
        let long = "x".repeat(10_000);
        for pad in 0..3 {
            let pad = " ".repeat(pad);
            let context = r#"{"x-correlation-id":"c-1"}"#;
            for payload in [
                format!(r#"{pad}{{"__context__":{context},"a":"{long}"}}"#),
                format!(r#"{pad}{{"a":"{long}","__context__":{context}}}"#),
                format!(r#"{pad}{{"__context__":{context}}}"#),
            ] {
                assert_eq!(open(&payload).as_deref(), Some(context), "{}", payload.get(..20).unwrap());
            }
        }
        let large = format!(r#"{{"a":"{long}"}}"#);
        for payload in ["", "hello", r#"{"a":1}"#, r#"{"__context__":1}"#, large.as_str()] {
            assert_eq!(open(payload), None);
        }
        assert_eq!(open_base64("no base64!", &extractor()), None);
    }

    #[test]
    fn envelopes_are_opened_wherever_the_context_stands() {
        let ids = json!({"x-correlation-id": {"Type": "String", "Value": "c-1"}});
        for pad in (0..3).chain(3000..3003) {
            let pad = "x".repeat(pad);
            let envelope = json!({"Message": pad, "TopicArn": "arn:aws:sns:eu-west-1:1:t", "MessageAttributes": ids});
            let event = json!({"a": pad, "source": "s", "detail-type": "t", "detail": {"__context__": {"x-correlation-id": "c-1"}}});
            for payload in [envelope, event] {
                let opened = open_base64(&BASE64_STANDARD.encode(payload.to_string()), &extractor()).unwrap();
                assert_eq!(opened.inbound.correlation.get("id"), Some("c-1"), "{}", pad.len());
            }
        }
    }

    #[test]
    fn the_encoded_names_are_those_of_the_names() {
        for (name, encoded) in envelope::NAMES.iter().zip(ENCODED_NAMES) {
            for (at, encoded) in encoded.iter().enumerate() {
                let text = format!("{}{name}", "?".repeat(at));
                assert!(BASE64_STANDARD.encode(text).contains(encoded), "{name}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_data_is_read_without_panic(data in "[A-Za-z0-9+/=]{0,64}|\\PC*", times in 1_usize..100) {
            open_base64(&data.repeat(times), &extractor());
        }
    }
}
