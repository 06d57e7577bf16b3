//! Kinesis: streams and records.
//!
//! A record has no attributes. The context goes into the data of a record, if the data is a JSON object: see
//! [`crate::payload`]. A stream takes 1 MiB a record by default, and no request shows another limit. A record below 1
//! MiB stays below; a larger record may grow to 10 MiB. A request takes 10 MiB.

use memchr::memmem;
use serde::Deserialize;
use thundra_core::semconv;

use super::service::{Attributes, Operation, Request, Service, TakeAttributes, add, add_messaging, last_part};
use crate::sdk::response::{self, EntryResult, Response};

pub(super) static SERVICE: Service = Service {
    id: "Kinesis",
    signing_name: "kinesis",
    names: &["StreamName", "StreamARN"],
    attributes,
    request: |_| Attributes::new(),
    batch_size,
    response: |operation, response| response_body(operation, response::body(response)),
    writes: None,
    messages: if_feature!("kinesis", messages::MESSAGES),
};

fn attributes(operation: &Operation<'_>, attributes: &mut dyn TakeAttributes) {
    let stream = stream(operation.member("StreamName"), operation.member("StreamARN"));
    add(attributes, semconv::AWS_KINESIS_STREAM_NAME, stream);
    let kind = match operation.name {
        "PutRecord" | "PutRecords" => "send",
        "GetRecords" => "receive",
        _ => return,
    };
    add_messaging(attributes, "aws_kinesis", kind, stream);
}

/// Returns the name of a stream given by name or ARN.
fn stream<'a>(name: Option<&'a str>, arn: Option<&'a str>) -> Option<&'a str> {
    name.or_else(|| arn.map(|arn| last_part(arn, '/')))
}

/// Counts a name with one occurrence a record, without parsing up to 10 MiB of records. Quotes within a JSON string are
/// escaped, and no key can look like the name.
fn batch_size(request: &Request<'_>) -> Option<usize> {
    (request.operation == "PutRecords").then(|| memmem::find_iter(request.body, "\"PartitionKey\":").count())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Body {
    records: Vec<EntryResult>,
    sequence_number: Option<String>,
    shard_id: Option<String>,
}

fn response_body(operation: &str, body: &[u8]) -> Option<Response> {
    let body = || serde_json::from_slice::<Body>(body).ok();
    match operation {
        "PutRecord" => {
            let Body { sequence_number, shard_id: partition, .. } = body()?;
            Some(Response { partition, ..Response::of_message(sequence_number) })
        }
        "PutRecords" => Some(Response::of_entries(body()?.records)),
        "GetRecords" => Some(Response::of_received(body()?.records.len())),
        _ => None,
    }
}

#[cfg(feature = "kinesis")]
pub(crate) mod messages {
    //! The records of `PutRecord`, `PutRecords` and `GetRecords`.

    use std::borrow::Cow;
    use std::collections::HashSet;
    use std::fmt::Display;
    use std::future::Future;
    use std::time::SystemTime;

    use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
    use aws_sdk_kinesis::operation::put_record::{PutRecordInput, PutRecordOutput};
    use aws_sdk_kinesis::operation::put_records::{PutRecordsInput, PutRecordsOutput};
    use aws_sdk_kinesis::types::Record;
    use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
    use aws_smithy_types::Blob;
    use aws_smithy_types::config_bag::ConfigBag;
    use thundra_core::propagation::{Outbound, Propagators, Trust};
    use thundra_core::{ScopeRef, TraceContext};

    use super::stream;
    use crate::batch;
    use crate::payload::{self as context, Member};
    use crate::payload_patterns::PayloadService;
    use crate::sdk::message::Injected;
    use crate::sdk::message::limits::Limits;
    use crate::sdk::message::payload::{self, Message, excluded};
    use crate::sdk::message::spans::Place;
    use crate::sdk::response::{Received, Response};
    use crate::sdk::services::service::Messages;
    use crate::trigger::kinesis::{Data, KinesisRecord};
    use crate::trigger::{Extractor, contexts};

    pub(super) const MESSAGES: Messages = Messages {
        module: "kinesis",
        target: |operation| stream(operation.member("StreamName"), operation.member("StreamARN")),
        named: |_| None,
        inject,
        each_in_batch,
        response,
        refused: |_| Vec::new(),
        request_attributes: |_, _| {},
        received,
    };

    const DEFAULT_BYTES: usize = 1024 * 1024;
    const MAX_BYTES: usize = 10 * DEFAULT_BYTES;

    fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
        if let Some(put) = input.downcast_mut::<PutRecordInput>() {
            let stream = stream(put.stream_name.as_deref(), put.stream_arn.as_deref()).unwrap_or_default();
            let record = (put.data.as_mut(), put.partition_key.as_deref());
            return Some(into_records(vec![record], stream, outbound, limits));
        }
        let put = input.downcast_mut::<PutRecordsInput>()?;
        let stream = stream(put.stream_name.as_deref(), put.stream_arn.as_deref()).unwrap_or_default();
        let records = put.records.as_deref_mut().unwrap_or_default().iter_mut();
        let records: Vec<_> = records.map(|record| (Some(&mut record.data), record.partition_key.as_deref())).collect();
        let count = records.len();
        Some(into_records(records, stream, outbound, limits).in_batch(count))
    }

    /// Injects into records, given with the partition keys.
    fn into_records(
        records: Vec<(Option<&mut Blob>, Option<&str>)>,
        stream: &str,
        outbound: &Outbound,
        limits: Limits,
    ) -> Injected {
        let skip = excluded(PayloadService::Kinesis, stream);
        let mut bytes = 0;
        let messages = records.into_iter().map(|(payload, key)| {
            let before = payload.as_ref().map_or(0, |data| data.as_ref().len()) + key.map_or(0, str::len);
            bytes += before;
            Message { payload, size: before, room: limit(before).min(limits.message).saturating_sub(before), skip }
        });
        let messages = messages.collect();
        payload::inject(messages, MAX_BYTES.min(limits.request).saturating_sub(bytes), outbound)
    }

    /// Returns the limit of a record of this size.
    fn limit(before: usize) -> usize {
        if before > DEFAULT_BYTES { MAX_BYTES } else { DEFAULT_BYTES }
    }

    fn each_in_batch(input: &mut Input, each: &mut dyn FnMut(Vec<Place<'_>>)) {
        let Some(put) = input.downcast_mut::<PutRecordsInput>() else { return };
        let records = put.records.as_deref_mut().unwrap_or_default().iter_mut();
        records.for_each(|record| each(vec![Place::Data(&mut record.data)]));
    }

    fn response(output: &Output) -> Option<Response> {
        if let Some(output) = output.downcast_ref::<PutRecordOutput>() {
            let partition = Some(output.shard_id.clone());
            return Some(Response { partition, ..Response::of_message(Some(output.sequence_number.clone())) });
        }
        if output.downcast_ref::<GetRecordsOutput>().is_some() {
            // `received` counts the records.
            return Some(Response::default());
        }
        let records = &output.downcast_ref::<PutRecordsOutput>()?.records;
        Some(Response::of_batch(records.len(), records.iter().filter_map(|record| record.error_code.clone())))
    }

    fn received(output: &mut Output, _: &mut ConfigBag) -> Option<Received> {
        let records = output.downcast_ref::<GetRecordsOutput>()?.records.as_slice();
        let in_scope = ScopeRef::current().is_some();
        let producers = in_scope.then(|| producers(records, thundra_core::config().propagators));
        Some(Received { messages: records.len(), producers: producers.unwrap_or_default() })
    }

    /// Works on a record in a new scope, with the trace and the correlation ids of the producer.
    ///
    /// Removes the `__context__` member from the data before `f` gets the record. Returns the result of `f`.
    ///
    /// A record older than an hour, and every record under `THUNDRA_BATCH_SPANS=link`, begins a new trace with a link
    /// to the producer. Inside a scope, as in a Lambda invocation, the record belongs to the batch of the scope: see
    /// [`batch`]. Outside a scope the spans leave with the next flush. After [`init`](crate::init) a flush happens
    /// about once a second.
    ///
    /// # Errors
    ///
    /// Records and returns the errors of `f`. They borrow nothing (`'static`), so that boxed ones can be told apart and
    /// their sources recorded.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn ship(_: &[u8]) -> Result<(), std::io::Error> { Ok(()) }
    /// # async fn example(kinesis: aws_sdk_kinesis::Client, iterator: String) -> Result<(), Box<dyn std::error::Error>> {
    /// let _telemetry = thundra_aws::init();
    /// let got = kinesis.get_records().shard_iterator(iterator).send().await?;
    /// for record in got.records {
    ///     thundra_aws::kinesis::process(record, async |record| ship(record.data.as_ref()).await).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn process<R, E, F, Fut>(mut record: Record, f: F) -> Result<R, E>
    where
        E: Display + 'static,
        F: FnOnce(Record) -> Fut,
        Fut: Future<Output = Result<R, E>>,
    {
        let arrived_at = record.approximate_arrival_timestamp.and_then(|at| SystemTime::try_from(at).ok());
        let read = KinesisRecord {
            // `GetRecords` returns neither the stream nor the shard.
            event_id: None,
            sequence_number: Some(record.sequence_number.as_str().into()),
            data: Data::Bytes(record.data.as_ref()),
            arrived_at,
        };
        let delivery = batch::kinesis_delivery(None, read, extractor(thundra_core::config().propagators));
        if let Cow::Owned(data) = delivery.without_context(record.data.as_ref().into()) {
            record.data = Blob::new(data);
        }
        batch::process_one(delivery, thundra_core::config(), || f(record)).await
    }

    /// Returns the spans of the producers. A context shared by several records is read once.
    fn producers(records: &[Record], formats: Propagators) -> Vec<TraceContext> {
        let extractor = extractor(formats);
        let mut known = HashSet::new();
        let mut is_new = |context: &str| !known.contains(context) && known.insert(context.to_owned());
        let mut producers = Vec::new();
        for record in records {
            let data = record.data.as_ref();
            match context::find(data).filter(Member::is_context) {
                Some(member) if !is_new(member.json) => {}
                Some(member) => {
                    producers.extend(extractor.extract_json(member.json).and_then(|inbound| inbound.parent));
                }
                None => {
                    let opened = contexts(data, &extractor);
                    let opened = opened.filter(|opened| opened.context.as_deref().is_none_or(&mut is_new));
                    producers.extend(opened.filter_map(|opened| opened.inbound.parent));
                }
            }
        }
        producers
    }

    /// Returns the extractor for records. Writers to a stream are IAM principals, and trusted.
    fn extractor(formats: Propagators) -> Extractor<'static> {
        Extractor::new(formats, Trust::Full)
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::trigger::aggregated;

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
        fn the_producers_of_aggregated_records_are_known() {
            let text =
                |trace: u32| format!(r#"{{"__context__":{{"traceparent":"00-{trace:032x}-b7ad6b7169203331-01"}}}}"#);
            let record = |data: Vec<u8>| {
                let record = Record::builder().sequence_number("1").partition_key("k").data(Blob::new(data));
                record.build().unwrap()
            };
            let [one, two, three] = [1, 2, 3].map(text);
            let packed = aggregated(&[one.as_bytes(), b"hi", two.as_bytes(), one.as_bytes()]);
            let records = [record(packed), record(two.into()), record(three.into()), record(b"hi".to_vec())];
            let producers = producers(&records, Propagators::default());
            let traces: Vec<_> = producers.iter().map(|producer| producer.trace_id.to_string()).collect();
            assert_eq!(traces, [1, 2, 3].map(|trace| format!("{trace:032x}")), "each once");
        }

        #[test]
        fn a_stream_is_known_by_its_name() {
            assert_eq!(stream(Some("a"), Some("arn:aws:kinesis:eu-west-1:1:stream/b")), Some("a"));
            assert_eq!(stream(None, Some("arn:aws:kinesis:eu-west-1:1:stream/b")), Some("b"));
            assert_eq!(stream(None, None), None);
        }
    }
}
