//! Kinesis: `PutRecord` and `PutRecords`.
//!
//! A record has no place for attributes, so the context goes into the data, where that is a JSON object: see
//! [`crate::payload`]. A stream takes 1 MiB a record unless it is set to more, which cannot be seen from here: so
//! a record that is below stays below, and one that is past it may grow to 10 MiB. A request takes 10 MiB.

use aws_sdk_kinesis::operation::put_record::{PutRecordInput, PutRecordOutput};
use aws_sdk_kinesis::operation::put_records::{PutRecordsInput, PutRecordsOutput};
use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use aws_smithy_types::Blob;
use thundra_core::propagation::Outbound;

use crate::sdk::message::Injected;
use crate::sdk::message::limits::Limits;
use crate::sdk::message::payload::{self as json, Message, excluded};
use crate::sdk::request::last;
use crate::sdk::response::Sent;

const DEFAULT_BYTES: usize = 1024 * 1024;
const MAX_BYTES: usize = 10 * DEFAULT_BYTES;

/// `None` when this is another operation's input.
pub(crate) fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
    if let Some(put) = input.downcast_mut::<PutRecordInput>() {
        let stream = stream(put.stream_name.as_deref(), put.stream_arn.as_deref());
        let record = (put.data.as_mut(), put.partition_key.as_deref());
        return Some(into_records(vec![record], stream, outbound, limits));
    }
    let put = input.downcast_mut::<PutRecordsInput>()?;
    let stream = stream(put.stream_name.as_deref(), put.stream_arn.as_deref());
    let records = put.records.as_deref_mut().unwrap_or_default().iter_mut();
    let records: Vec<_> = records.map(|record| (Some(&mut record.data), record.partition_key.as_deref())).collect();
    let count = records.len();
    Some(into_records(records, stream, outbound, limits).in_batch(count))
}

/// Injects into records, each with its partition key.
fn into_records(
    records: Vec<(Option<&mut Blob>, Option<&str>)>,
    stream: &str,
    outbound: &Outbound,
    limits: Limits,
) -> Injected {
    let closed = excluded("kinesis", stream);
    let mut bytes = 0;
    let messages = records.into_iter().map(|(payload, key)| {
        let before = payload.as_ref().map_or(0, |data| data.as_ref().len()) + key.map_or(0, str::len);
        bytes += before;
        Message { payload, size: before, room: limit(before).min(limits.message).saturating_sub(before), closed }
    });
    let messages = messages.collect();
    json::inject(messages, MAX_BYTES.min(limits.request).saturating_sub(bytes), outbound)
}

/// What a record may have, given what it has.
fn limit(before: usize) -> usize {
    if before > DEFAULT_BYTES { MAX_BYTES } else { DEFAULT_BYTES }
}

/// `None` when this is another operation's output.
pub(crate) fn sent(output: &Output) -> Option<Sent> {
    if let Some(output) = output.downcast_ref::<PutRecordOutput>() {
        return Some(Sent {
            message_id: Some(output.sequence_number.clone()),
            partition: Some(output.shard_id.clone()),
            ..Sent::default()
        });
    }
    let output = output.downcast_ref::<PutRecordsOutput>()?;
    let codes: Vec<_> = output.records.iter().filter_map(|record| record.error_code.clone()).collect();
    let total = output.records.len();
    Some(Sent { failed: codes.first().map(|first| (codes.len(), first.clone())), total, ..Sent::default() })
}

fn stream<'a>(name: Option<&'a str>, arn: Option<&'a str>) -> &'a str {
    name.or_else(|| arn.map(|arn| last(arn, '/'))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_keeps_to_the_limit_it_is_under() {
        for (before, expected) in [
            (0, DEFAULT_BYTES),
            (DEFAULT_BYTES, DEFAULT_BYTES),
            (DEFAULT_BYTES + 1, MAX_BYTES),
            (MAX_BYTES + 1, MAX_BYTES),
        ] {
            assert_eq!(limit(before), expected, "{before}");
        }
    }

    #[test]
    fn a_stream_is_known_by_its_name() {
        assert_eq!(stream(Some("a"), Some("arn:aws:kinesis:eu-west-1:1:stream/b")), "a");
        assert_eq!(stream(None, Some("arn:aws:kinesis:eu-west-1:1:stream/b")), "b");
        assert_eq!(stream(None, None), "");
    }
}
