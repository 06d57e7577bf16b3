//! Kinesis data streams and Firehose: records of base64.
//!
//! `faas.trigger` is `datasource`: the conventions leave it open, and a stream is read like one.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use memchr::memmem;
use thundra_core::propagation::Propagators;
use thundra_core::semconv;

use super::envelope::Opened;
use super::json::Object;
use super::{Message, Source, Trigger, common, message, resource_in_arn, time};
use crate::payload::{self, Member};

/// `messaging.system`
pub(crate) const SYSTEM: &str = "aws_kinesis";
/// A first member of our making ends within so much base64; a multiple of four.
const HEAD: usize = 2048;
/// How `__context__` reads in base64, by where it begins within three bytes; without the characters
/// that depend on its neighbours.
const ENCODED_KEYS: [&str; 3] = ["X19jb250ZXh0", "Y29udGV4dF9f", "X2NvbnRleHRf"];

pub(super) fn trigger(records: &[Object<'_>], formats: Propagators) -> Trigger {
    let arn = common(records.iter().map(|record| record.text("eventSourceARN")));
    let stream = arn.as_deref().and_then(|arn| resource_in_arn(arn, "stream")).map(str::to_owned);
    let mut trigger = Trigger::new(Source::Kinesis, "datasource");
    trigger.processes(SYSTEM, stream.clone());
    trigger.set_some(semconv::AWS_KINESIS_STREAM_NAME, stream);
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    trigger.batch_of(records.iter().map(|record| read(record, formats)).collect())
}

fn read(record: &Object<'_>, formats: Propagators) -> Message {
    let Some(kinesis) = record.object("kinesis") else { return Message::default() };
    let mut attributes = Vec::with_capacity(2);
    if let Some(number) = kinesis.text("sequenceNumber") {
        attributes.push((semconv::MESSAGING_MESSAGE_ID, number.into_owned().into()));
    }
    if let Some(shard) = record.text("eventID").as_deref().and_then(shard) {
        attributes.push((semconv::MESSAGING_DESTINATION_PARTITION_ID, shard.to_owned().into()));
    }
    let opened = kinesis.text("data").map(|data| open_base64(&data)).unwrap_or_default();
    Message {
        attributes,
        sent_at: kinesis.number("approximateArrivalTimestamp").and_then(time::from_seconds),
        ..message(opened, formats)
    }
}

/// The shard in an `eventID`, `{shard}:{sequence number}`.
pub(crate) fn shard(event_id: &str) -> Option<&str> {
    event_id.split_once(':').map(|(shard, _)| shard).filter(|shard| !shard.is_empty())
}

pub(super) fn firehose(event: &Object<'_>, formats: Propagators) -> Option<Trigger> {
    let arn = event.text("deliveryStreamArn")?;
    let mut trigger = Trigger::new(Source::Firehose, "datasource");
    trigger.processes("aws_firehose", resource_in_arn(&arn, "deliverystream").map(str::to_owned));
    let records: Vec<Object<'_>> = event.array("records").into_iter().filter_map(Object::parse).collect();
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    let read = |record: &Object<'_>| Message {
        attributes: Vec::from_iter(
            record.text("recordId").map(|id| (semconv::MESSAGING_MESSAGE_ID, id.into_owned().into())),
        ),
        sent_at: record.number("approximateArrivalTimestamp").and_then(time::from_millis),
        ..message(record.text("data").map(|data| open_base64(&data)).unwrap_or_default(), formats)
    };
    Some(trigger.batch_of(records.iter().map(read).collect()))
}

/// The context of a record, decoding no more of it than its beginning, unless the key is somewhere in it.
fn open_base64(data: &str) -> Opened {
    let context = |decoded: Vec<u8>| payload::find(&decoded).filter(Member::is_context);
    let head = data.get(..HEAD).unwrap_or(data);
    let mut member = BASE64_STANDARD.decode(head).ok().and_then(context);
    if member.is_none() && data.len() > HEAD {
        let somewhere = ENCODED_KEYS.iter().any(|key| memmem::find(data.as_bytes(), key.as_bytes()).is_some());
        member = somewhere.then(|| BASE64_STANDARD.decode(data).ok().and_then(context)).flatten();
    }
    member.map(|member| Opened::context(member.json)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn open(payload: &str) -> Option<String> {
        open_base64(&BASE64_STANDARD.encode(payload)).context
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
        assert_eq!(open_base64("no base64!").context, None);
    }

    #[test]
    fn the_encoded_keys_are_those_of_the_key() {
        for (at, key) in ENCODED_KEYS.iter().enumerate() {
            let text = format!("{}__context__", "?".repeat(at));
            assert!(BASE64_STANDARD.encode(text).contains(key));
        }
    }

    proptest! {
        #[test]
        fn any_data_is_read_without_panic(data in "[A-Za-z0-9+/=]{0,64}|\\PC*", times in 1_usize..100) {
            open_base64(&data.repeat(times));
        }
    }
}
