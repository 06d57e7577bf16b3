//! Log records as plain data, read from OTLP bytes.

use std::time::{Duration, SystemTime};

use super::read::{any_value, attribute, fields};
use crate::{LogData, SpanId, TraceId};

/// Reads the log records of a run of `ScopeLogs.log_records` fields. Malformed records are left out.
pub(crate) fn log_records(run: &[u8]) -> impl Iterator<Item = LogData> + '_ {
    fields(run).filter(|field| field.number == 2).filter_map(|field| log_record(field.bytes()?))
}

fn log_record(bytes: &[u8]) -> Option<LogData> {
    let (mut time, mut observed) = (0, 0);
    let mut data = LogData {
        time: SystemTime::UNIX_EPOCH,
        severity: String::new(),
        severity_number: 0,
        body: String::new(),
        event_name: String::new(),
        attributes: Vec::new(),
        trace_id: None,
        span_id: None,
    };
    for field in fields(bytes) {
        match field.number {
            1 => time = field.integer()?,
            2 => data.severity_number = field.integer()?.try_into().ok()?,
            3 => data.severity = field.text()?,
            5 => data.body = any_value(field.bytes()?).map(|body| body.to_string()).unwrap_or_default(),
            6 => data.attributes.extend(attribute(field.bytes()?)),
            9 => data.trace_id = TraceId::from_bytes(field.bytes()?.try_into().unwrap_or_default()),
            10 => data.span_id = SpanId::from_bytes(field.bytes()?.try_into().unwrap_or_default()),
            11 => observed = field.integer()?,
            12 => data.event_name = field.text()?,
            _ => {}
        }
    }
    let time = if time == 0 { observed } else { time };
    data.time = SystemTime::UNIX_EPOCH + Duration::from_nanos(time);
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = (log_records(&bytes).count(), log_record(&bytes));
        }
    }
}
