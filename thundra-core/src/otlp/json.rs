//! OTLP/JSON: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.
//!
//! Ids are hexadecimal, 64-bit integers are text, enums are numbers.

use std::time::SystemTime;

use serde_json::{Map, Value as Json, json};

use crate::clock::unix_nano;
use crate::{Link, Resource, SpanData, SpanEvent, Status, TraceContext, Value};

/// An `ExportTraceServiceRequest`.
pub(crate) fn request(resource: &Resource, spans: impl Iterator<Item = SpanData>) -> String {
    let spans: Vec<_> = spans.map(span).collect();
    json!({
        "resourceSpans": [{
            "resource": { "attributes": attributes(resource.attributes()) },
            "scopeSpans": [{
                "scope": { "name": "thundra", "version": env!("CARGO_PKG_VERSION") },
                "spans": spans,
            }],
        }],
    })
    .to_string()
}

fn span(span: SpanData) -> Json {
    let mut object = Map::new();
    let mut put = |key: &str, value: Json| object.insert(key.to_owned(), value);
    put("traceId", span.context.trace_id.to_string().into());
    put("spanId", span.context.span_id.to_string().into());
    if let Some(state) = &span.context.trace_state {
        put("traceState", state.to_string().into());
    }
    if let Some(parent) = span.parent_span_id {
        put("parentSpanId", parent.to_string().into());
    }
    put("flags", flags(&span.context, span.parent_is_remote).into());
    put("name", span.name.into());
    put("kind", span.kind.code().into());
    put("startTimeUnixNano", nanos(span.start_time));
    put("endTimeUnixNano", nanos(span.end_time));
    put("attributes", attributes(&span.attributes));
    put("droppedAttributesCount", span.dropped_attributes.into());
    put("events", span.events.iter().map(event).collect());
    put("droppedEventsCount", span.dropped_events.into());
    put("links", span.links.iter().map(link).collect());
    put("droppedLinksCount", span.dropped_links.into());
    put(
        "status",
        match span.status {
            Status::Unset => json!({}),
            Status::Ok => json!({ "code": 1 }),
            Status::Error { description } => json!({ "code": 2, "message": description }),
        },
    );
    Json::Object(object)
}

fn event(event: &SpanEvent) -> Json {
    let json =
        json!({ "timeUnixNano": nanos(event.time), "name": event.name, "attributes": attributes(&event.attributes) });
    with_dropped(json, event.dropped_attributes)
}

fn link(link: &Link) -> Json {
    let mut json = json!({
        "traceId": link.context.trace_id.to_string(),
        "spanId": link.context.span_id.to_string(),
        "flags": link.context.flags(),
        "attributes": attributes(&link.attributes),
    });
    if let (Some(state), Some(object)) = (&link.context.trace_state, json.as_object_mut()) {
        object.insert("traceState".into(), state.to_string().into());
    }
    with_dropped(json, link.dropped_attributes)
}

/// Adds the number of dropped attributes to an event or a link. Nearly all have none, and the field is left out then.
fn with_dropped(mut json: Json, dropped: u32) -> Json {
    if let (1.., Some(object)) = (dropped, json.as_object_mut()) {
        object.insert("droppedAttributesCount".into(), dropped.into());
    }
    json
}

fn flags(context: &TraceContext, remote: bool) -> u32 {
    u32::from(context.flags()) | 0x100 | if remote { 0x200 } else { 0 }
}

fn nanos(time: SystemTime) -> Json {
    unix_nano(time).to_string().into()
}

fn attributes(attributes: &[(String, Value)]) -> Json {
    attributes.iter().map(|(key, value)| json!({ "key": key, "value": any_value(value) })).collect()
}

fn any_value(value: &Value) -> Json {
    match value {
        Value::Str(text) => json!({ "stringValue": text }),
        Value::I64(number) => json!({ "intValue": number.to_string() }),
        Value::F64(number) if number.is_finite() => json!({ "doubleValue": number }),
        // As the JSON mapping of protobuf spells them.
        Value::F64(number) if number.is_nan() => json!({ "doubleValue": "NaN" }),
        Value::F64(number) => json!({ "doubleValue": if *number > 0.0 { "Infinity" } else { "-Infinity" } }),
        Value::Bool(truth) => json!({ "boolValue": truth }),
        Value::Array(items) => {
            let values: Vec<_> = items.iter().map(|item| json!({ "stringValue": item })).collect();
            json!({ "arrayValue": { "values": values } })
        }
    }
}
