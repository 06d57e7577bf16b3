//! Kinesis: `PutRecord` and `PutRecords`.
//!
//! A record has no place for attributes, so the context goes into the data, where that is a JSON object: see
//! [`crate::payload`]. A stream takes 1 MiB a record unless it is set to more, which cannot be seen from here: so
//! a record that is below stays below, and one that is past it may grow to 10 MiB. A request takes 10 MiB.

use aws_sdk_kinesis::operation::put_record::{PutRecordInput, PutRecordOutput};
use aws_sdk_kinesis::operation::put_records::{PutRecordsInput, PutRecordsOutput};
use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use aws_smithy_types::Blob;
use serde_json::{Map, Value};
use thundra_core::propagation::{CORRELATION_TRACEPARENT, Outbound, PAYLOAD_CONTEXT};
use thundra_core::{ScopeRef, config};

use super::patterns::allowed;
use super::{Injected, Skipped};
use crate::payload;
use crate::sdk::outcome::Sent;
use crate::sdk::request::last;

const DEFAULT_BYTES: usize = 1024 * 1024;
const MAX_BYTES: usize = 10 * DEFAULT_BYTES;
/// What the context costs beside its own text: `"__context__":` and a comma.
const OVERHEAD: usize = PAYLOAD_CONTEXT.len() + 4;

/// `None` when this is another operation's input.
pub(crate) fn inject(input: &mut Input, outbound: &Outbound) -> Option<Injected> {
    if let Some(put) = input.downcast_mut::<PutRecordInput>() {
        let Some(data) = put.data.as_mut() else { return Some(Injected::default()) };
        let key = put.partition_key.as_ref().map_or(0, String::len);
        let stream = stream(put.stream_name.as_deref(), put.stream_arn.as_deref());
        return Some(into_records(&mut [(data, key)], stream, outbound));
    }
    let put = input.downcast_mut::<PutRecordsInput>()?;
    let stream = stream(put.stream_name.as_deref(), put.stream_arn.as_deref());
    let records = put.records.as_deref_mut().unwrap_or_default();
    let mut records: Vec<_> = records
        .iter_mut()
        .map(|record| (&mut record.data, record.partition_key.as_ref().map_or(0, String::len)))
        .collect();
    let injected = into_records(&mut records, stream, outbound);
    Some(Injected { batch: Some(records.len()), ..injected })
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

/// Injects into records, each with the size of its partition key. Those of a batch share its room evenly.
fn into_records(records: &mut [(&mut Blob, usize)], stream: &str, outbound: &Outbound) -> Injected {
    let mut injected = Injected::default();
    if !allowed(&config().inject_payload, "kinesis", stream) {
        injected.skip(Skipped::Excluded);
        return injected;
    }
    let context = Context::of(outbound);
    if context.members.is_empty() || records.is_empty() {
        return injected;
    }
    let before: usize = records.iter().map(|(data, key)| data.as_ref().len() + key).sum();
    let share = MAX_BYTES.saturating_sub(before) / records.len();
    for (data, key) in records {
        match context.write(data.as_ref(), *key, share) {
            Ok(Written { data: written, own_context, complete }) => {
                **data = Blob::new(written);
                injected.own_context |= own_context;
                if !complete {
                    injected.skip(Skipped::Size);
                }
            }
            Err(why) => injected.skip(why),
        }
    }
    injected
}

/// The members of a `__context__`, the most important first.
#[derive(Debug)]
struct Context {
    members: Vec<(String, Value)>,
    /// All of them as text, which nearly every record takes.
    full: Option<Text>,
    /// What this scope received: in data that is sent on, ours takes its place.
    received: Option<std::sync::Arc<str>>,
}

/// The text of a `__context__`.
#[derive(Debug, PartialEq)]
struct Text {
    json: String,
    members: usize,
    own_context: bool,
}

/// A record with our context in it.
#[derive(Debug, PartialEq)]
struct Written {
    data: Vec<u8>,
    own_context: bool,
    complete: bool,
}

impl Context {
    fn of(outbound: &Outbound) -> Self {
        let mut all: Map<String, Value> = serde_json::from_str(&outbound.payload_context()).unwrap_or_default();
        let pairs = outbound.pairs();
        let members: Vec<_> = pairs.iter().filter_map(|(key, _)| all.remove_entry(*key)).collect();
        let received = ScopeRef::current().and_then(|scope| scope.received_context());
        Context { full: within(&members, usize::MAX), members, received }
    }

    /// Writes what fits into a record; `share` is how much it may grow for the sake of the others.
    fn write(&self, data: &[u8], key: usize, share: usize) -> Result<Written, Skipped> {
        let before = data.len() + key;
        let limit = if before > DEFAULT_BYTES { MAX_BYTES } else { DEFAULT_BYTES };
        let room = limit.saturating_sub(before).min(share).saturating_sub(OVERHEAD);
        let shortened;
        let text = match &self.full {
            Some(full) if full.json.len() <= room => full,
            _ => {
                // A text or an image is no object, whatever its size.
                let object = data.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
                shortened = within(&self.members, room).ok_or(if object { Skipped::Size } else { Skipped::Data })?;
                &shortened
            }
        };
        let data = payload::splice(data, &text.json, self.received.as_deref()).ok_or(Skipped::Data)?;
        Ok(Written { data, own_context: text.own_context, complete: text.members == self.members.len() })
    }
}

/// The members that fit into so many bytes, the first ones first.
fn within(members: &[(String, Value)], room: usize) -> Option<Text> {
    let (mut chosen, mut bytes) = (Map::new(), 2);
    for (key, value) in members {
        let comma = usize::from(!chosen.is_empty());
        let member = key.len() + 3 + value.to_string().len() + comma;
        // A trace state belongs to the trace parent beside it.
        let orphan = key == "tracestate" && !chosen.contains_key("traceparent");
        if bytes + member <= room && !orphan {
            bytes += member;
            chosen.insert(key.clone(), value.clone());
        }
    }
    let own_context = ["traceparent", CORRELATION_TRACEPARENT].iter().any(|key| chosen.contains_key(*key));
    let members = chosen.len();
    (members > 0).then(|| Text { json: Value::Object(chosen).to_string(), members, own_context })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(members: &[(&str, Value)]) -> Context {
        let members: Vec<_> = members.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        Context { full: within(&members, usize::MAX), members, received: None }
    }

    /// `{"id":"1","traceparent":"t"}` is 28 bytes, `{"id":"1"}` 10, with 15 around.
    fn two() -> Context {
        context(&[("id", "1".into()), ("traceparent", "t".into())])
    }

    fn object(bytes: usize) -> Vec<u8> {
        let mut data = br#"{"a":""#.to_vec();
        data.resize(bytes - 2, b'x');
        data.extend_from_slice(br#""}"#);
        data
    }

    #[test]
    fn a_record_keeps_to_the_limit_it_is_under() {
        const MIB: usize = DEFAULT_BYTES;
        for (before, grows, complete, why) in [
            (1000, 43, true, "small"),
            (MIB - 44, 43, true, "one byte under"),
            (MIB - 43, 43, true, "at the limit"),
            (MIB - 42, 25, false, "one byte over: the first member alone"),
            (MIB - 25, 25, false, "room for the first member to the byte"),
            (MIB - 24, 0, false, "room for none"),
            (MIB, 0, false, "full"),
            (MIB + 1, 43, true, "past it already"),
            (MAX_BYTES - 43, 43, true, "at the higher limit"),
            (MAX_BYTES - 24, 0, false, "room for none below the higher one"),
            (MAX_BYTES + 1, 0, false, "past both"),
        ] {
            // The partition key counts.
            let data = object(before - 8);
            match two().write(&data, 8, usize::MAX) {
                Ok(written) => {
                    assert_eq!((written.data.len() - data.len(), written.complete), (grows, complete), "{why}");
                    assert!(serde_json::from_slice::<Value>(&written.data).is_ok());
                }
                Err(skipped) => assert_eq!((grows, skipped), (0, Skipped::Size), "{why}"),
            }
        }
    }

    #[test]
    fn other_data_is_left_alone() {
        for (data, why) in [
            (&b"[1]"[..], Skipped::Data),
            (b"text", Skipped::Data),
            (b"", Skipped::Data),
            (b"\xf3\x89\x9a\xc2", Skipped::Data),
            (br#"{"__context__":{"x-correlation-id":"theirs"}}"#, Skipped::Data),
        ] {
            assert_eq!(two().write(data, 0, usize::MAX), Err(why));
            assert!(two().write(data, DEFAULT_BYTES - data.len(), usize::MAX).is_err());
        }
    }

    #[test]
    fn what_was_received_gives_way() {
        let received = Some(r#"{"x-correlation-id":"old"}"#.into());
        let context = Context { received, ..two() };
        let written = context.write(br#"{"__context__":{"x-correlation-id":"old"},"a":1.0}"#, 0, usize::MAX).unwrap();
        assert_eq!(String::from_utf8(written.data).unwrap(), r#"{"__context__":{"id":"1","traceparent":"t"},"a":1.0}"#);
    }

    #[test]
    fn numbers_stay_numbers_and_a_trace_state_needs_its_parent() {
        let all = context(&[
            ("call-chain-length", 2.into()),
            ("traceparent", "0123456789".into()),
            ("tracestate", "a=1".into()),
        ]);
        let json = |room| within(&all.members, room).map(|text| (text.json, text.members, text.own_context));
        let whole = r#"{"call-chain-length":2,"traceparent":"0123456789","tracestate":"a=1"}"#;
        assert_eq!(json(1000), Some((whole.to_owned(), 3, true)));
        assert_eq!(json(46), Some((r#"{"call-chain-length":2}"#.to_owned(), 1, false)));
        assert_eq!(json(22), None);
    }

    #[test]
    fn a_stream_is_known_by_its_name() {
        assert_eq!(stream(Some("a"), Some("arn:aws:kinesis:eu-west-1:1:stream/b")), "a");
        assert_eq!(stream(None, Some("arn:aws:kinesis:eu-west-1:1:stream/b")), "b");
        assert_eq!(stream(None, None), "");
    }
}
