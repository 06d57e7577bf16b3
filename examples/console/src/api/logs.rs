//! Log lines: of a request, and by full text.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message as _;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};
use serde_json::{Value as Json_, json};

use super::answer::{seq, time};
use super::filters::{Condition, Filters};
use super::requests::words;
use super::{Answer, Api, Failure, Parameters, Part, resolve, span};
use crate::store;

/// The least numbers of severities.
const SEVERITIES: [(&str, i64); 6] =
    [("trace", 1), ("debug", 5), ("info", 9), ("warn", 13), ("error", 17), ("fatal", 21)];

const COLUMNS: &str = "l.id, l.time, l.severity, l.body, l.raw, v.name, q.key,
    (SELECT s.id FROM span s WHERE s.trace = l.trace AND s.span_id = l.span_id LIMIT 1)";

const TABLES: &str = "log l JOIN service v ON v.id = l.service LEFT JOIN trace t ON t.id = l.trace LEFT JOIN request q ON q.id = t.request";

/// Whose lines are asked for.
#[derive(Clone, Copy)]
enum Of {
    Span,
    Subtree,
    Request,
}

/// `GET /api/v1/requests/{id}/logs`
pub(crate) async fn of_request(State(api): State<Api>, Part(id): Part<String>, parameters: Parameters) -> Answer {
    let row: Option<i64> = parameters.number("span", 1..=i64::MAX)?;
    let of = parameters.word("of", &[("span", Of::Span), ("subtree", Of::Subtree), ("request", Of::Request)])?;
    let of = of.unwrap_or(if row.is_some() { Of::Subtree } else { Of::Request });
    if row.is_none() && !matches!(of, Of::Request) {
        return Err(Failure::Parameter("of: span and subtree need the parameter span".to_owned()));
    }
    let text = Text::read(&parameters)?;
    let limit = parameters.number("limit", 1..=5000)?.unwrap_or(1000);
    let offset = parameters.number("offset", 0..=1_000_000)?.unwrap_or(0);
    let found = api.store.read(move |db| {
        let Some(request) = resolve(db, &id)? else { return Ok(None) };
        let mut condition = text.condition();
        condition.and("t.request = ?", [Value::Integer(request)]);
        if let (Some(row), Of::Span | Of::Subtree) = (row, of) {
            spans_of(db, row, of, &mut condition)?;
        }
        read(db, &condition, "l.time, l.id", limit, offset).map(Some)
    });
    found.await?.map(Json).ok_or(Failure::NotFound("no such request"))
}

/// Reads the first lines of a request.
pub(crate) fn of_whole_request(db: &Connection, request: i64) -> Result<Json_, store::Error> {
    let mut condition = Condition::default();
    condition.and("t.request = ?", [Value::Integer(request)]);
    read(db, &condition, "l.time, l.id", 1000, 0)
}

/// `GET /api/v1/logs`
pub(crate) async fn answer(State(api): State<Api>, parameters: Parameters) -> Answer {
    let (text, filters) = (Text::read(&parameters)?, Filters::read(&parameters)?);
    let limit = parameters.number("limit", 1..=1000)?.unwrap_or(100);
    let offset = parameters.number("offset", 0..=1_000_000)?.unwrap_or(0);
    let answer = api.store.read(move |db| {
        let mut condition = text.condition();
        Filters::between(&mut condition, "l.time", filters.from, filters.to);
        if !filters.services.is_empty() {
            let marks = vec!["?"; filters.services.len()].join(", ");
            condition.and(&format!("v.name IN ({marks})"), filters.services.into_iter().map(Value::Text));
        }
        read(db, &condition, "l.time DESC, l.id DESC", limit, offset)
    });
    Ok(Json(answer.await?))
}

/// The text and the severity that lines must have.
struct Text {
    words: Option<String>,
    severity: Option<i64>,
}

impl Text {
    fn read(parameters: &Parameters) -> Result<Self, Failure> {
        Ok(Text { words: parameters.get("q").map(words), severity: parameters.word("severity", &SEVERITIES)? })
    }

    fn condition(&self) -> Condition {
        let mut condition = Condition::default();
        if let Some(words) = &self.words {
            condition.and("l.id IN (SELECT rowid FROM log_text WHERE log_text MATCH ?)", [Value::Text(words.clone())]);
        }
        if let Some(severity) = self.severity {
            condition.and("l.severity >= ?", [Value::Integer(severity)]);
        }
        condition
    }
}

/// Limits lines to those of a span, or of what is below it.
fn spans_of(db: &Connection, row: i64, of: Of, condition: &mut Condition) -> Result<(), store::Error> {
    let found: Option<(i64, i64)> = db
        .query_row("SELECT trace, span_id FROM span WHERE id = ?", [row], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (trace, span_id) = found.unwrap_or((-1, 0));
    condition.and("l.trace = ?", [Value::Integer(trace)]);
    match of {
        Of::Span => condition.and("l.span_id = ?", [Value::Integer(span_id)]),
        _ => {
            let ids = serde_json::to_string(&below(db, trace, span_id)?).unwrap_or_default();
            condition.and("l.span_id IN (SELECT value FROM json_each(?))", [Value::Text(ids)]);
        }
    }
    Ok(())
}

/// Returns the ids of a span and of all below it.
fn below(db: &Connection, trace: i64, span_id: i64) -> Result<Vec<i64>, store::Error> {
    let mut children: HashMap<i64, Vec<i64>> = HashMap::new();
    let mut statement = db.prepare("SELECT span_id, parent FROM span WHERE trace = ? AND parent IS NOT NULL")?;
    let mut rows = statement.query([trace])?;
    while let Some(row) = rows.next()? {
        children.entry(row.get(1)?).or_default().push(row.get(0)?);
    }
    // Children are taken out when they are found, so a cycle ends.
    let (mut found, mut next) = (vec![span_id], 0);
    while let Some(id) = found.get(next) {
        let below = children.remove(id).unwrap_or_default();
        found.extend(below);
        next += 1;
    }
    Ok(found)
}

fn read(db: &Connection, condition: &Condition, order: &str, limit: i64, offset: i64) -> Result<Json_, store::Error> {
    let values = params_from_iter(&condition.values);
    let count = format!("SELECT count(*) FROM {TABLES} WHERE {}", condition.sql());
    let total: i64 = db.query_row(&count, values, |row| row.get(0))?;
    let mut statement = db.prepare(&format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE {} ORDER BY {order} LIMIT {limit} OFFSET {offset}",
        condition.sql()
    ))?;
    let logs: Vec<Json_> = statement.query_map(params_from_iter(&condition.values), line)?.collect::<Result<_, _>>()?;
    Ok(json!({ "seq": seq(db)?, "total": total, "logs": logs }))
}

fn line(row: &Row<'_>) -> rusqlite::Result<Json_> {
    let raw = row.get_ref(4)?.as_blob().unwrap_or_default();
    let record = LogRecord::decode(raw).unwrap_or_default();
    let severity: i64 = row.get(2)?;
    let name = SEVERITIES.iter().rev().find(|(_, least)| severity >= *least).map(|(name, _)| name);
    Ok(json!({
        "log": row.get::<_, i64>(0)?,
        "time": time(row.get(1)?),
        "span": row.get::<_, Option<i64>>(7)?,
        "severity": name,
        "service": row.get::<_, String>(5)?,
        "request": row.get::<_, Option<String>>(6)?,
        "body": row.get::<_, String>(3)?,
        "attributes": span::attributes(&record.attributes),
    }))
}
