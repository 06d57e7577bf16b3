//! A span with everything that came in.

use axum::Json;
use axum::extract::State;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use thundra_core::semconv;

use super::answer::{duration, time};
use super::filters::{kind_name, status_name};
use super::{Answer, Api, Failure, Part};
use crate::rows::{self, text_of};
use crate::store::{self, hex};

/// The longest text of a value in an answer.
const MAX_TEXT: usize = 64 << 10;

/// A span as it is stored.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) span: Span,
    pub(crate) resource: Resource,
    pub(crate) scope: InstrumentationScope,
    service: String,
    request: String,
    bytes: usize,
}

/// Reads a span by its row.
pub(crate) fn stored(db: &Connection, row: i64) -> Result<Option<Stored>, store::Error> {
    let found = db
        .prepare_cached(
            "SELECT r.raw, e.raw, c.raw, v.name, q.key FROM span s JOIN raw_span r ON r.id = s.id
               JOIN resource e ON e.id = s.resource JOIN scope c ON c.id = r.scope JOIN service v ON v.id = e.service
               JOIN trace t ON t.id = s.trace JOIN request q ON q.id = t.request WHERE s.id = ?",
        )?
        .query_row([row], |row| {
            let raw = |column| row.get_ref(column).map(|value| value.as_blob().unwrap_or_default());
            Ok(Stored {
                span: Span::decode(raw(0)?).unwrap_or_default(),
                resource: Resource::decode(raw(1)?).unwrap_or_default(),
                scope: InstrumentationScope::decode(raw(2)?).unwrap_or_default(),
                service: row.get(3)?,
                request: row.get(4)?,
                bytes: raw(0)?.len(),
            })
        })
        .optional()?;
    Ok(found)
}

/// `GET /api/v1/spans/{span}`
pub(crate) async fn answer(State(api): State<Api>, Part(row): Part<i64>) -> Answer {
    let found = api.store.read(move |db| match stored(db, row)? {
        Some(stored) => read(db, row, &stored).map(Some),
        None => Ok(None),
    });
    found.await?.map(Json).ok_or(Failure::NotFound("no such span"))
}

/// `GET /api/v1/spans/{span}/raw`
pub(crate) async fn raw(
    State(api): State<Api>,
    Part(row): Part<i64>,
) -> Result<Json<ExportTraceServiceRequest>, Failure> {
    let stored = api.store.read(move |db| stored(db, row)).await?.ok_or(Failure::NotFound("no such span"))?;
    let scope_spans = vec![ScopeSpans { scope: Some(stored.scope), spans: vec![stored.span], ..ScopeSpans::default() }];
    let run = ResourceSpans { resource: Some(stored.resource), scope_spans, ..ResourceSpans::default() };
    Ok(Json(ExportTraceServiceRequest { resource_spans: vec![run] }))
}

/// `GET /api/v1/spans/{span}/event`
pub(crate) async fn event(State(api): State<Api>, Part(row): Part<i64>) -> Answer {
    let found = api.store.read(move |db| {
        let Some(stored) = stored(db, row)? else { return Ok(None) };
        captured(db, row, text_of(&stored.span.attributes, semconv::FAAS_INVOCATION_ID)).map(Some)
    });
    let event = found.await?.ok_or(Failure::NotFound("no such span"))?;
    Ok(Json(json!({ "event": event, "command": event.as_ref().map(|_| "cargo run < event.json") })))
}

/// The member that marks the line with an event, and the one that has the event (`THUNDRA_CAPTURE_PAYLOADS`).
const MARKER: &str = "_thundra";
const EVENT: &str = "event";

/// Returns the captured event of an invocation, from its line in the log.
fn captured(db: &Connection, row: i64, request_id: Option<&str>) -> Result<Option<String>, store::Error> {
    let Some(request_id) = request_id else { return Ok(None) };
    let mut statement = db.prepare(
        "SELECT raw FROM log WHERE request_id = ?1 UNION ALL
         SELECT l.raw FROM span s JOIN log l ON l.trace = s.trace AND l.request_id IS NULL WHERE s.id = ?2 LIMIT 100000",
    )?;
    let mut rows = statement.query(rusqlite::params![request_id, row])?;
    while let Some(row) = rows.next()? {
        let record = LogRecord::decode(row.get_ref(0)?.as_blob().unwrap_or_default()).unwrap_or_default();
        let value = |key: &str| record.attributes.iter().find(|pair| pair.key == key)?.value.as_ref();
        if let (Some(_), Some(event)) = (value(MARKER), value(EVENT)) {
            return Ok(Some(rows::json(event).to_string()));
        }
    }
    Ok(None)
}

pub(crate) fn read(db: &Connection, row: i64, stored: &Stored) -> Result<Value, store::Error> {
    let span = &stored.span;
    let (start, end) = (rows::time(span.start_time_unix_nano), rows::time(span.end_time_unix_nano));
    let events = span.events.iter().map(|event| {
        json!({
            "time": time(rows::time(event.time_unix_nano)), "name": short(&event.name),
            "attributes": attributes(&event.attributes),
        })
    });
    let mut links = Vec::new();
    for link in &span.links {
        let linked = linked(db, &link.trace_id, &link.span_id)?;
        links.push(json!({
            "trace_id": hex(&link.trace_id), "span_id": hex(&link.span_id),
            "span": linked.as_ref().map(|(span, _)| span), "request": linked.as_ref().map(|(_, request)| request),
            "attributes": attributes(&link.attributes),
        }));
    }
    let status = span.status.as_ref();
    Ok(json!({
        "span": row,
        "request": stored.request,
        "trace_id": hex(&span.trace_id),
        "span_id": hex(&span.span_id),
        "parent_id": Some(hex(&span.parent_span_id)).filter(|id| !id.is_empty()),
        "trace_state": Some(short(&span.trace_state)).filter(|state| !state.is_empty()),
        "name": short(&span.name),
        "kind": kind_name(span.kind.into()),
        "service": stored.service,
        "start": time(start),
        "duration": duration(end.saturating_sub(start).max(0)),
        "status": status_name(status.map_or(0, |status| status.code.into())),
        "status_message": status.map(|status| short(&status.message)).filter(|message| !message.is_empty()),
        "flags": span.flags,
        "attributes": attributes(&span.attributes),
        "resource": attributes(&stored.resource.attributes),
        "scope": { "name": short(&stored.scope.name), "version": short(&stored.scope.version) },
        "events": events.collect::<Vec<_>>(),
        "links": links,
        "dropped": {
            "attributes": span.dropped_attributes_count, "events": span.dropped_events_count,
            "links": span.dropped_links_count,
        },
        "bytes": stored.bytes,
    }))
}

fn linked(db: &Connection, trace_id: &[u8], span_id: &[u8]) -> Result<Option<(i64, String)>, store::Error> {
    let Ok(span_id) = span_id.try_into().map(i64::from_be_bytes) else { return Ok(None) };
    let mut statement = db.prepare_cached(
        "SELECT s.id, q.key FROM trace t JOIN span s ON s.trace = t.id AND s.span_id = ?2 JOIN request q ON q.id = t.request
         WHERE t.trace_id = ?1 LIMIT 1",
    )?;
    let found = statement.query_row(rusqlite::params![trace_id, span_id], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

/// Returns the beginning of a text, as much as an answer has of it.
fn short(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default()
}

/// Returns attributes for an answer. Long texts are cut.
pub(crate) fn attributes(attributes: &[KeyValue]) -> Vec<Value> {
    let one = |pair: &KeyValue| {
        let Some(value) = &pair.value else {
            return json!({ "key": short(&pair.key), "type": "string", "value": null });
        };
        let (key, kind) = (short(&pair.key), rows::type_name(value));
        match rows::json(value) {
            Value::String(text) if text.len() > MAX_TEXT => {
                json!({ "key": key, "type": kind, "value": short(&text), "cut": text.len() })
            }
            json @ (Value::Array(_) | Value::Object(_)) if value.encoded_len() > MAX_TEXT => {
                let text = json.to_string();
                json!({ "key": key, "type": "string", "value": short(&text), "cut": text.len() })
            }
            json => json!({ "key": key, "type": kind, "value": json }),
        }
    };
    attributes.iter().map(one).collect()
}
