//! Kinesis: records from `GetRecords`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Display;
use std::future::Future;
use std::time::SystemTime;

use aws_sdk_kinesis::types::Record;
use aws_smithy_types::Blob;
use thundra_core::TraceContext;
use thundra_core::propagation::{Propagators, Trust};

use crate::batch;
use crate::payload::{self, Member};
use crate::trigger::kinesis::{Data, KinesisRecord};
use crate::trigger::open;
use crate::trigger::{Extractor, Opened};

/// Works on a record in a scope of its own: in its producer's trace, with its correlation ids.
///
/// The `__context__` that a producer put into its data is taken out, so that `f` sees what was written there
/// before; the record is the same otherwise. The result passes through.
///
/// A record older than an hour, and every one under `THUNDRA_BATCH_SPANS=link`, begins a trace of its own that is
/// linked to its producer. Within a scope, such as a Lambda invocation, it is a record of that scope's batch: see
/// [`batch`]. Outside of any its spans leave with the next flush: a program that calls [`init`](crate::init) makes
/// one about once a second.
///
/// # Errors
///
/// Those of `f`: they are recorded and passed on.
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
    E: Display,
    F: FnOnce(Record) -> Fut,
    Fut: Future<Output = Result<R, E>>,
{
    let arrived_at = record.approximate_arrival_timestamp.and_then(|at| SystemTime::try_from(at).ok());
    let read = KinesisRecord {
        // A record names neither its stream nor its shard.
        event_id: None,
        sequence_number: Some(record.sequence_number.as_str().into()),
        data: Data::Bytes(record.data.as_ref()),
        arrived_at,
    };
    let delivery = batch::kinesis_delivery(None, read, extractor(thundra_core::config().propagators));
    if let Cow::Owned(data) = delivery.without_context(record.data.as_ref()) {
        record.data = Blob::new(data);
    }
    batch::one(delivery, thundra_core::config(), || f(record)).await
}

/// The spans that put these records. The records of one `PutRecords` name the same, which is read once.
pub(super) fn producers(records: &[Record], formats: Propagators) -> Vec<TraceContext> {
    let extractor = extractor(formats);
    let mut known = HashSet::new();
    let producer = |record: &Record| {
        let data = record.data.as_ref();
        let opened = match payload::find(data).filter(Member::is_context) {
            Some(member) if known.contains(&member.json) => return None,
            Some(member) => Opened::of_member(member, &extractor),
            None => open(data, &extractor)?,
        };
        let is_new = opened.context.is_none_or(|json| known.insert(json));
        opened.inbound.parent.filter(|_| is_new)
    };
    records.iter().filter_map(producer).collect()
}

/// Returns the reader of records. A stream is trusted.
fn extractor(formats: Propagators) -> Extractor<'static> {
    Extractor::new(formats, Trust::Full)
}
