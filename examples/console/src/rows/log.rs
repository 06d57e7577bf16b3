//! A log record as a row.

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message as _;
use thundra_core::semconv;

use super::attributes::text_of;
use super::{bounds, cut, value};

/// The longest text that is indexed. The bytes have it whole.
const MAX_BODY: usize = 64 << 10;

/// A log line.
#[derive(Debug)]
pub(crate) struct LogRow {
    pub(crate) trace_id: Option<[u8; 16]>,
    pub(crate) span_id: Option<i64>,
    /// Nanoseconds since 1970.
    pub(crate) time: i64,
    /// The number of OTLP; 0 for none.
    pub(crate) severity: i64,
    pub(crate) body: String,
    /// The request id of the invocation.
    pub(crate) request_id: Option<String>,
    pub(crate) resource: usize,
    pub(crate) raw: Vec<u8>,
}

/// Makes the row of a record.
pub(super) fn row(record: LogRecord, resource: usize) -> LogRow {
    let time = if record.time_unix_nano == 0 { record.observed_time_unix_nano } else { record.time_unix_nano };
    let mut body = record.body.as_ref().map(value::text).unwrap_or_default();
    body.truncate(body.floor_char_boundary(MAX_BODY));
    let attributes = &record.attributes;
    let request_id = text_of(attributes, semconv::FAAS_INVOCATION_ID)
        .or_else(|| text_of(attributes, semconv::FUNCTION_REQUEST_ID))
        .map(|id| cut(id).to_owned());
    LogRow {
        trace_id: record.trace_id.as_slice().try_into().ok().filter(|id| *id != [0; 16]),
        span_id: record.span_id.as_slice().try_into().ok().map(i64::from_be_bytes).filter(|id| *id != 0),
        time: bounds::time(time),
        severity: i64::from(record.severity_number).clamp(0, 24),
        body,
        request_id,
        resource,
        raw: record.encode_to_vec(),
    }
}
