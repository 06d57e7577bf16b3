//! Metrics: series for charts, and the measurements of an invocation.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Value, json};
use thundra_core::semconv;

use super::answer::{duration, seq, time};
use super::filters::Filters;
use super::{Answer, Api, Failure, Parameters, Part, resolve, span};
use crate::store;

/// The attributes of a root that are measurements, and their units.
const USAGE: [(&str, &str); 9] = [
    (semconv::THUNDRA_CPU_TIME_MS, "ms"),
    (semconv::THUNDRA_MEMORY_PEAK_BYTES, "By"),
    (semconv::THUNDRA_MEMORY_USED_RATIO, "1"),
    (semconv::THUNDRA_DISK_READ_BYTES, "By"),
    (semconv::THUNDRA_DISK_WRITTEN_BYTES, "By"),
    (semconv::THUNDRA_NETWORK_RECEIVED_BYTES, "By"),
    (semconv::THUNDRA_NETWORK_SENT_BYTES, "By"),
    (semconv::THUNDRA_DEADLINE_USED_RATIO, "1"),
    (semconv::THUNDRA_BILLED_ESTIMATED_MS, "ms"),
];

/// The most data points of an answer.
const MAX_POINTS: i64 = 2000;

/// The nanoseconds after the end of an invocation in which its points come: they are measured at the flush.
const FLUSH: i64 = 2_000_000_000;

/// `GET /api/v1/requests/{id}/metrics`
pub(crate) async fn of_request(State(api): State<Api>, Part(id): Part<String>, parameters: Parameters) -> Answer {
    let row = parameters.number("span", 1..=i64::MAX)?;
    let row = row.ok_or_else(|| Failure::Parameter("span: the number of a row".to_owned()))?;
    let found = api.store.read(move |db| {
        let Some(request) = resolve(db, &id)? else { return Ok(None) };
        of_span(db, request, row)
    });
    found.await?.map(Json).ok_or(Failure::NotFound("no such span in this request"))
}

/// Reads the measurements of the invocation that a span is in.
pub(crate) fn of_span(db: &Connection, request: i64, row: i64) -> Result<Option<Value>, store::Error> {
    let Some(root) = root_of(db, request, row)? else { return Ok(None) };
    let Some(stored) = span::stored(db, root)? else { return Ok(None) };
    let mut usage = Vec::new();
    for (key, unit) in USAGE {
        let value = match crate::rows::find(&stored.span.attributes, key) {
            Some(Any::IntValue(number)) => json!(number),
            Some(Any::DoubleValue(number)) if number.is_finite() => json!(number),
            _ => continue,
        };
        usage.push(json!({ "key": key, "value": value, "unit": unit }));
    }
    let report = db
        .query_row(
            "SELECT duration, billed, memory_size, memory_used, init, status FROM invocation WHERE span = ? AND exact = 1",
            [root],
            |row| {
                Ok(json!({
                    "duration": row.get::<_, Option<i64>>(0)?.map(duration), "billed": duration(row.get(1)?),
                    "memory_size": row.get::<_, Option<i64>>(2)?, "memory_used": row.get::<_, Option<i64>>(3)?,
                    "init": row.get::<_, Option<i64>>(4)?.map(duration), "status": row.get::<_, String>(5)?,
                }))
            },
        )
        .optional()?;
    Ok(Some(json!({ "seq": seq(db)?, "of": root, "usage": usage, "points": points(db, root)?, "report": report })))
}

/// Returns the root above a span: the nearest one that began a scope of work.
fn root_of(db: &Connection, request: i64, row: i64) -> Result<Option<i64>, store::Error> {
    let mut next = Some(row);
    // A cycle of parents must end; no scope is deeper than that.
    for _ in 0..10_000 {
        let Some(id) = next else { break };
        let found: Option<(i64, Option<i64>, i64)> = db
            .prepare_cached(
                "SELECT s.trace, s.parent, s.flags FROM span s JOIN trace t ON t.id = s.trace WHERE s.id = ? AND t.request = ?",
            )?
            .query_row([id, request], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((trace, parent, flags)) = found else { return Ok(None) };
        if flags & crate::rows::flag::ROOT != 0 {
            return Ok(Some(id));
        }
        let mut above = db.prepare_cached("SELECT id FROM span WHERE trace = ? AND span_id = ? LIMIT 1")?;
        let above = above.query_row(params![trace, parent], |row| row.get(0)).optional()?;
        match above {
            Some(above) => next = Some(above),
            None => return Ok(Some(id)),
        }
    }
    Ok(next)
}

/// Returns the points of the root's service within its time, or with an exemplar of its trace.
fn points(db: &Connection, root: i64) -> Result<Vec<Value>, store::Error> {
    let mut statement = db.prepare(
        "SELECT m.name, m.unit, m.kind, p.time, p.value, p.count, p.min, p.max, m.attributes
         FROM span s JOIN series m ON m.resource = s.resource JOIN point p ON p.series = m.id
         WHERE s.id = ?1 AND (p.trace = s.trace OR p.trace IS NULL) AND p.time BETWEEN s.start AND s.start + s.duration + ?2
         ORDER BY m.name, p.time LIMIT ?3",
    )?;
    let rows = statement.query_map([root, FLUSH, MAX_POINTS], |row| {
        let attributes = Resource::decode(row.get_ref(8)?.as_blob().unwrap_or_default()).unwrap_or_default();
        Ok(json!({
            "name": row.get::<_, String>(0)?, "unit": row.get::<_, String>(1)?, "type": row.get::<_, String>(2)?,
            "time": time(row.get(3)?), "value": row.get::<_, f64>(4)?, "count": row.get::<_, Option<i64>>(5)?,
            "min": row.get::<_, Option<f64>>(6)?, "max": row.get::<_, Option<f64>>(7)?,
            "attributes": span::attributes(&attributes.attributes),
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `GET /api/v1/metrics`
pub(crate) async fn answer(State(api): State<Api>, parameters: Parameters) -> Answer {
    let others = parameters.without("name");
    let filters = Filters::read(&others)?;
    let columns = parameters.number("columns", 10..=400)?.unwrap_or(120);
    let name = parameters.get("name").map(str::to_owned);
    let answer = api.store.read(move |db| match name {
        Some(name) => series(db, &name, &filters, columns),
        None => instruments(db),
    });
    Ok(Json(answer.await?))
}

fn instruments(db: &Connection) -> Result<Value, store::Error> {
    let mut statement = db.prepare(
        "SELECT m.name, m.unit, m.kind, json_group_array(DISTINCT v.name),
           sum((SELECT count(*) FROM point p WHERE p.series = m.id))
         FROM series m JOIN resource e ON e.id = m.resource JOIN service v ON v.id = e.service GROUP BY 1, 2, 3 ORDER BY 1
         LIMIT 1000",
    )?;
    let rows = statement.query_map([], |row| {
        let services: Value = serde_json::from_str(row.get_ref(3)?.as_str().unwrap_or("[]")).unwrap_or_default();
        Ok(json!({
            "name": row.get::<_, String>(0)?, "unit": row.get::<_, String>(1)?, "type": row.get::<_, String>(2)?,
            "services": services, "points": row.get::<_, i64>(4)?,
        }))
    })?;
    let metrics: Vec<Value> = rows.collect::<Result<_, _>>()?;
    Ok(json!({ "seq": seq(db)?, "metrics": metrics }))
}

/// The points of a column.
#[derive(Clone, Copy)]
struct Column {
    sum: f64,
    min: f64,
    max: f64,
}

fn series(db: &Connection, name: &str, filters: &Filters, columns: i64) -> Result<Value, store::Error> {
    let bounds = "SELECT min(p.time), max(p.time) FROM series m JOIN point p ON p.series = m.id WHERE m.name = ?";
    let (first, last): (Option<i64>, Option<i64>) =
        db.query_row(bounds, [name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let from = time(filters.from.or(first).unwrap_or(0)) * 1000;
    let to = filters.to.or(last.map(|last| last.saturating_add(1))).unwrap_or(from).max(from.saturating_add(1));
    let step = ((to - from + columns - 1) / columns + 999) / 1000 * 1000;
    let mut statement = db.prepare(
        "SELECT v.name, (p.time - ?2) / ?4, p.value, p.min, p.max, m.kind, m.unit
         FROM series m JOIN resource e ON e.id = m.resource JOIN service v ON v.id = e.service
           JOIN point p ON p.series = m.id
         WHERE m.name = ?1 AND p.time >= ?2 AND p.time < ?3 ORDER BY p.time",
    )?;
    let mut rows = statement.query(params![name, from, to, step])?;
    let mut series: BTreeMap<String, BTreeMap<i64, Column>> = BTreeMap::new();
    let (mut kind, mut unit) = (None, None);
    while let Some(row) = rows.next()? {
        let service: String = row.get(0)?;
        if !filters.services.is_empty() && !filters.services.contains(&service) {
            continue;
        }
        let value: f64 = row.get(2)?;
        let (least, greatest) =
            (row.get::<_, Option<f64>>(3)?.unwrap_or(value), row.get::<_, Option<f64>>(4)?.unwrap_or(value));
        let is_gauge = row.get_ref(5)?.as_str().unwrap_or_default() == "gauge";
        if kind.is_none() {
            (kind, unit) = (Some(row.get::<_, String>(5)?), Some(row.get::<_, String>(6)?));
        }
        let new = Column { sum: 0.0, min: least, max: greatest };
        let column = series.entry(service).or_default().entry(row.get(1)?).or_insert(new);
        column.sum = if is_gauge { value } else { column.sum + value };
        column.min = column.min.min(least);
        column.max = column.max.max(greatest);
    }
    let series: Vec<Value> = series
        .into_iter()
        .map(|(service, columns)| {
            let values = columns.iter().map(|(place, column)| json!([place, column.sum, column.min, column.max]));
            json!({ "service": service, "values": values.collect::<Vec<_>>() })
        })
        .collect();
    Ok(json!({
        "seq": seq(db)?, "name": name, "unit": unit, "type": kind, "from": time(from), "to": time(to),
        "step": duration(step), "series": series,
    }))
}
