//! The time that a scope waits for its calls.

use super::SpanRow;

/// Measures the waiting of a scope's calls: time inside several calls at once is the first one's.
pub(crate) fn measure_waiting(rows: &mut [SpanRow]) {
    let mut calls: Vec<&mut SpanRow> = rows.iter_mut().filter(|row| row.peer.is_some()).collect();
    calls.sort_by_key(|call| (call.trace_id, call.start));
    let (mut trace_id, mut until) = ([0; 16], i64::MIN);
    for call in calls {
        if call.trace_id != trace_id {
            (trace_id, until) = (call.trace_id, i64::MIN);
        }
        call.wait = call.end().saturating_sub(call.start.max(until)).max(0);
        until = until.max(call.end());
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::Span;
    use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

    use super::*;

    fn call(id: u64, start: u64, end: u64) -> SpanRow {
        let system = KeyValue {
            key: "db.system.name".to_owned(),
            value: Some(AnyValue { value: Some(Value::StringValue("redis".to_owned())) }),
            ..KeyValue::default()
        };
        let span = Span {
            trace_id: vec![1; 16],
            span_id: id.to_be_bytes().to_vec(),
            kind: SpanKind::Client.into(),
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes: vec![system],
            ..Span::default()
        };
        SpanRow::of(span, &Resource::default(), 0, 0).unwrap()
    }

    #[test]
    fn calls_at_the_same_time_are_waited_for_once() {
        let mut rows = [call(1, 0, 10), call(2, 5, 20), call(3, 6, 8), call(4, 30, 40)];
        measure_waiting(&mut rows);
        assert_eq!(rows.map(|row| row.wait), [10, 10, 0, 10]);
    }
}
