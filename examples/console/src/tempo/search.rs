//! The search for traces.

use axum::Json;
use axum::extract::State;
use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;
use serde_json::{Value, json};

use super::traceql::{self, Expression, Field, Literal, Operator, Scope};
use super::{Fault, JOINED, times};
use crate::api::filters::Filters;
use crate::api::{Api, Failure, Parameters};
use crate::store::{Error, hex};

/// The most matching spans that are looked at.
const MAX_MATCHES: usize = 200_000;

/// A trace of the answer.
struct Found {
    trace: i64,
    summary: Value,
    spans: Vec<Value>,
    matched: usize,
}

/// `GET /api/search`
pub(super) async fn answer(State(api): State<Api>, parameters: Parameters) -> Result<Json<Value>, Fault> {
    let query = query(&parameters)?;
    let limit = parameters.number("limit", 1..=1000)?.unwrap_or(20);
    let spans_each = parameters.number("spss", 1..=1000)?.unwrap_or(3);
    let times = times(&parameters)?;
    let found = api.store.read(move |db| search(db, &query, times, limit, spans_each)).await?;
    Ok(Json(found.map_err(Failure::Parameter)?))
}

/// Returns the query, or the one that tags and durations stand for.
fn query(parameters: &Parameters) -> Result<Expression, Fault> {
    let mut expression = match parameters.get("q") {
        Some(query) => traceql::parse(query).map_err(|problem| Failure::Parameter(format!("q: {problem}")))?,
        None => Expression::All,
    };
    let mut and = |other| expression = Expression::And(Box::new(expression.clone()), Box::new(other));
    let tags = parameters.get("tags").unwrap_or_default().split_whitespace();
    if tags.clone().count() > traceql::MAX_CONDITIONS {
        let problem = format!("tags: more than {} conditions", traceql::MAX_CONDITIONS);
        return Err(Failure::Parameter(problem).into());
    }
    for pair in tags {
        if let Some((key, value)) = pair.split_once('=') {
            let value = Literal::Text(value.trim_matches('"').to_owned());
            let field = match key {
                "name" => Field::Name,
                "status" => Field::Status,
                _ => Field::Attribute(Scope::Either, key.to_owned()),
            };
            and(Expression::Compare(field, Operator::Equal, value));
        }
    }
    for (name, operator) in [("minDuration", Operator::GreaterOrEqual), ("maxDuration", Operator::LessOrEqual)] {
        if let Some(text) = parameters.get(name) {
            let nanos = traceql::duration(text);
            let nanos =
                nanos.ok_or_else(|| Failure::Parameter(format!("{name}: a duration such as 1.5s, not {text:?}")))?;
            and(Expression::Compare(Field::TraceDuration, operator, Literal::Duration(nanos)));
        }
    }
    Ok(expression)
}

fn search(
    db: &rusqlite::Connection,
    query: &Expression,
    [start, end]: [Option<i64>; 2],
    limit: usize,
    spans_each: usize,
) -> Result<Result<Value, String>, Error> {
    let mut condition = match traceql::condition(db, query)? {
        Ok(condition) => condition,
        Err(problem) => return Ok(Err(format!("q: {problem}"))),
    };
    Filters::between(&mut condition, "s.start", start, end);
    let mut statement = db.prepare(&format!(
        "SELECT s.trace, s.span_id, s.start, s.duration, t.trace_id, t.start, t.end, ro.name, rv.name, o.name, v.name
         FROM span s {JOINED} WHERE {} ORDER BY s.id DESC LIMIT {MAX_MATCHES}",
        condition.sql()
    ))?;
    let mut rows = statement.query(params_from_iter::<&Vec<Sql>>(&condition.values))?;
    let mut found: Vec<Found> = Vec::new();
    while let Some(row) = rows.next()? {
        let trace: i64 = row.get(0)?;
        let place = match found.iter().rposition(|known| known.trace == trace) {
            Some(place) => place,
            None if found.len() == limit => continue,
            None => {
                let (start, end): (i64, i64) = (row.get(5)?, row.get(6)?);
                let summary = json!({
                    "traceID": hex(&row.get::<_, [u8; 16]>(4)?),
                    "rootServiceName": row.get::<_, Option<String>>(8)?.unwrap_or_else(|| MISSING.to_owned()),
                    "rootTraceName": row.get::<_, Option<String>>(7)?.unwrap_or_default(),
                    "startTimeUnixNano": start.to_string(),
                    "durationMs": end.saturating_sub(start) / 1_000_000,
                });
                found.push(Found { trace, summary, spans: Vec::new(), matched: 0 });
                found.len() - 1
            }
        };
        let Some(known) = found.get_mut(place) else { continue };
        known.matched += 1;
        if known.spans.len() < spans_each {
            known.spans.push(json!({
                "spanID": format!("{:016x}", row.get::<_, i64>(1)?),
                "name": row.get::<_, String>(9)?,
                "startTimeUnixNano": row.get::<_, i64>(2)?.to_string(),
                "durationNanos": row.get::<_, i64>(3)?.to_string(),
                "attributes": [{ "key": "service.name", "value": { "stringValue": row.get::<_, String>(10)? } }],
            }));
        }
    }
    let inspected = found.len();
    let traces = found.into_iter().map(|found| {
        let mut summary = found.summary;
        if let Some(members) = summary.as_object_mut() {
            let set = json!({ "spans": found.spans, "matched": found.matched });
            members.insert("spanSets".to_owned(), json!([set]));
            members.insert("spanSet".to_owned(), set);
        }
        summary
    });
    Ok(Ok(json!({
        "traces": traces.collect::<Vec<_>>(),
        "metrics": { "inspectedTraces": inspected, "inspectedBytes": "0", "totalBlocks": 1, "completedJobs": 1, "totalJobs": 1 },
    })))
}

/// What Tempo says while the root is not here.
const MISSING: &str = "<root span not yet received>";
