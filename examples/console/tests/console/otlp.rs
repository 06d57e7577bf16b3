//! OTLP/JSON for tests.

use serde_json::{Value, json};

/// The time of the first span: nanoseconds since 1970.
pub(crate) const START: u64 = 1_795_732_800_000_000_000;

/// A millisecond in nanoseconds.
pub(crate) const MS: u64 = 1_000_000;

/// Makes a request with the spans of a service.
pub(crate) fn traces(service: &str, resource: &[(&str, Value)], spans: Vec<Value>) -> Value {
    let mut attributes = attributes(resource);
    attributes.push(json!({ "key": "service.name", "value": { "stringValue": service } }));
    json!({ "resourceSpans": [{ "resource": { "attributes": attributes }, "scopeSpans": [{ "scope": { "name": "test" }, "spans": spans }] }] })
}

/// Makes a span. Times are milliseconds after [`START`]; the parent is 0 for none.
pub(crate) fn span(
    trace: u64,
    id: u64,
    parent: u64,
    name: &str,
    kind: u8,
    times: (u64, u64),
    pairs: &[(&str, Value)],
) -> Value {
    let mut span = json!({
        "traceId": format!("{trace:032x}"), "spanId": format!("{id:016x}"), "name": name, "kind": kind,
        "startTimeUnixNano": (START + times.0 * MS).to_string(), "endTimeUnixNano": (START + times.1 * MS).to_string(),
        "attributes": attributes(pairs),
    });
    if parent != 0 {
        span["parentSpanId"] = json!(format!("{parent:016x}"));
    }
    span
}

/// Makes attributes.
pub(crate) fn attributes(pairs: &[(&str, Value)]) -> Vec<Value> {
    let one = |(key, value): &(&str, Value)| {
        let value = match value {
            Value::String(text) => json!({ "stringValue": text }),
            Value::Bool(flag) => json!({ "boolValue": flag }),
            Value::Number(number) if number.is_i64() || number.is_u64() => json!({ "intValue": number.to_string() }),
            Value::Number(number) => json!({ "doubleValue": number }),
            other => other.clone(),
        };
        json!({ "key": key, "value": value })
    };
    pairs.iter().map(one).collect()
}
