//! A whole trace: protobuf, or JSON as Tempo writes it, with ids in base64 and the names of enumerations.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::Fault;
use crate::api::{Api, Failure};
use crate::store::Error;

/// The media type of protobuf at Tempo's.
const PROTOBUF: &str = "application/protobuf";

/// The most spans of an answer.
const MAX_SPANS: i64 = 100_000;

/// `TraceByIDResponse` of Tempo, as far as it is answered.
#[derive(Clone, PartialEq, Message)]
struct TraceById {
    #[prost(message, optional, tag = "1")]
    trace: Option<TracesData>,
}

/// `GET /api/traces/{id}`
pub(super) async fn v1(State(api): State<Api>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let trace = find(&api, id).await?;
    if wants_protobuf(&headers) {
        return Ok(protobuf(&trace));
    }
    Ok(Json(json!({ "batches": runs(&trace)? })).into_response())
}

/// `GET /api/v2/traces/{id}`
pub(super) async fn v2(State(api): State<Api>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let trace = find(&api, id).await?;
    if wants_protobuf(&headers) {
        return Ok(protobuf(&TraceById { trace: Some(trace) }));
    }
    Ok(Json(json!({ "trace": { "resourceSpans": runs(&trace)? }, "metrics": {} })).into_response())
}

fn wants_protobuf(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|media_type| media_type.split(';').next().unwrap_or_default().trim() == PROTOBUF)
}

fn protobuf(message: &impl Message) -> Response {
    ([(CONTENT_TYPE, PROTOBUF)], message.encode_to_vec()).into_response()
}

async fn find(api: &Api, id: String) -> Result<TracesData, Fault> {
    // Tempo takes ids without leading zeros.
    let number = Some(&id).filter(|id| id.len() <= 32).and_then(|id| u128::from_str_radix(id, 16).ok());
    let number =
        number.ok_or_else(|| Failure::Parameter(format!("a trace id has up to 32 hexadecimal digits, not {id:?}")))?;
    let trace = api.store.read(move |db| read(db, number.to_be_bytes())).await?;
    if trace.resource_spans.is_empty() { Err(Failure::NotFound("trace not found").into()) } else { Ok(trace) }
}

fn read(db: &Connection, trace_id: [u8; 16]) -> Result<TracesData, Error> {
    let mut statement = db.prepare(
        "SELECT s.resource, r.scope, r.raw FROM trace t JOIN span s ON s.trace = t.id JOIN raw_span r ON r.id = s.id
         WHERE t.trace_id = ? ORDER BY s.start LIMIT ?",
    )?;
    let mut rows = statement.query(rusqlite::params![trace_id, MAX_SPANS])?;
    let mut runs: BTreeMap<i64, BTreeMap<i64, Vec<Span>>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let span = Span::decode(row.get_ref(2)?.as_blob().unwrap_or_default()).unwrap_or_default();
        runs.entry(row.get(0)?).or_default().entry(row.get(1)?).or_default().push(span);
    }
    let raw = |sql: &str, id: i64| db.prepare_cached(sql)?.query_row([id], |row| row.get::<_, Vec<u8>>(0));
    let mut resource_spans = Vec::new();
    for (resource, scopes) in runs {
        let resource = raw("SELECT raw FROM resource WHERE id = ?", resource)?;
        let mut scope_spans = Vec::new();
        for (scope, spans) in scopes {
            let scope = raw("SELECT raw FROM scope WHERE id = ?", scope)?;
            let scope = InstrumentationScope::decode(scope.as_slice()).ok();
            scope_spans.push(ScopeSpans { scope, spans, ..ScopeSpans::default() });
        }
        let resource = Resource::decode(resource.as_slice()).ok();
        resource_spans.push(ResourceSpans { resource, scope_spans, ..ResourceSpans::default() });
    }
    Ok(TracesData { resource_spans })
}

/// The names of kinds and of states.
const KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];
const STATES: [&str; 3] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

/// Returns the runs of a trace as Tempo's JSON.
fn runs(trace: &TracesData) -> Result<Value, Fault> {
    let mut runs =
        serde_json::to_value(&trace.resource_spans).map_err(|error| Failure::Store(Error::File(error.to_string())))?;
    for run in runs.as_array_mut().into_iter().flatten() {
        for scope in list(run, "scopeSpans") {
            for span in list(scope, "spans") {
                rewrite(span);
            }
        }
    }
    Ok(runs)
}

fn list<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    value.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Rewrites a span of OTLP/JSON: ids are hexadecimal there, and enumerations are numbers.
fn rewrite(span: &mut Value) {
    for link in list(span, "links") {
        ["traceId", "spanId"].iter().for_each(|name| to_base64(link, name));
    }
    ["traceId", "spanId", "parentSpanId"].iter().for_each(|name| to_base64(span, name));
    to_name(span, "kind", &KINDS);
    if let Some(status) = span.get_mut("status") {
        to_name(status, "code", &STATES);
    }
}

fn to_base64(value: &mut Value, name: &str) {
    let Some(id) = value.get_mut(name) else { return };
    let digits = id.as_str().unwrap_or_default();
    let bytes: Vec<u8> = digits
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    *id = Value::from(STANDARD.encode(bytes));
}

fn to_name(value: &mut Value, name: &str, names: &[&str]) {
    if let Some(code) = value.get_mut(name)
        && let Some(known) = code.as_u64().and_then(|code| names.get(code as usize))
    {
        *code = Value::from(*known);
    }
}
