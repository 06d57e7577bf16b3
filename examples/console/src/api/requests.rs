//! The list of requests.

use axum::Json;
use axum::extract::State;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::{Value as Json_, json};

use super::answer::{duration, seq, time, total};
use super::filters::{Condition, Filters};
use super::{Answer, Api, Failure, Parameters};
use crate::store::{self, SPANS_OF_BLOCKS};

/// The columns of a summary.
const COLUMNS: &str = "r.id, r.key, r.correlated, r.start, r.end, r.traces, r.rooted, r.spans, r.errors, r.logs,
    r.invocations, r.exact, r.cold, r.billed, r.gb_s, r.queue, r.deliveries, r.failures, r.changed, o.name, v.name";

const TABLES: &str =
    "request r LEFT JOIN operation o ON o.id = r.root_operation LEFT JOIN service v ON v.id = o.service";

/// The orders of the list.
const SORTS: [(&str, &str); 5] = [
    ("start", "r.start"),
    ("duration", "r.end - r.start"),
    ("spans", "r.spans"),
    ("errors", "r.errors"),
    ("billed", "r.billed"),
];

/// `GET /api/v1/requests`
pub(crate) async fn answer(State(api): State<Api>, parameters: Parameters) -> Answer {
    let filters = Filters::read(&parameters)?;
    let sort = parameters.word("sort", &SORTS)?.unwrap_or("r.start");
    let order = parameters.word("order", &[("desc", "DESC"), ("asc", "ASC")])?.unwrap_or("DESC");
    let limit = parameters.number("limit", 1..=500)?.unwrap_or(100);
    let offset = parameters.number("offset", 0..=100_000)?.unwrap_or(0);
    let since: Option<i64> = parameters.number("since", 0..=i64::MAX)?;
    let text = parameters.get("q").map(str::to_owned);
    let answer = api.store.read(move |db| {
        let condition = condition(db, &filters, text.as_deref(), since)?;
        let count: i64 = db.query_row(
            &format!("SELECT count(*) FROM request r WHERE {}", condition.sql()),
            params_from_iter(&condition.values),
            |row| row.get(0),
        )?;
        let mut statement = db.prepare(&format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE {} ORDER BY {sort} {order}, r.id {order} LIMIT {limit} OFFSET {offset}",
            condition.sql()
        ))?;
        let rows = statement.query_map(params_from_iter(&condition.values), |row| Ok((row.get(0)?, summary(row)?)))?;
        let mut requests = Vec::new();
        for row in rows {
            let (id, summary) = row?;
            requests.push(with_services(db, id, summary)?);
        }
        Ok(json!({ "seq": seq(db)?, "total": count, "requests": requests }))
    });
    Ok(Json(answer.await?))
}

/// Returns the summary of a request.
pub(crate) fn of(db: &Connection, id: i64) -> Result<Json_, store::Error> {
    let mut statement = db.prepare(&format!("SELECT {COLUMNS} FROM {TABLES} WHERE r.id = ?"))?;
    let found = statement.query_row([id], summary)?;
    with_services(db, id, found)
}

fn condition(
    db: &Connection,
    filters: &Filters,
    text: Option<&str>,
    since: Option<i64>,
) -> Result<Condition, store::Error> {
    let mut condition = Condition::default();
    Filters::between(&mut condition, "r.start", filters.from, filters.to);
    for (sql, value) in
        [("r.end - r.start >= ?", filters.min), ("r.end - r.start < ?", filters.max), ("r.changed > ?", since)]
    {
        if let Some(value) = value {
            condition.and(sql, [Value::Integer(value)]);
        }
    }
    // What the sums of requests have needs no look at the spans.
    let mut of_spans = Filters { from: None, to: None, min: None, max: None, ..filters.clone() };
    let has_others = of_spans.name.is_some() || of_spans.kind.is_some() || !of_spans.attributes.is_empty();
    if !has_others {
        match of_spans.status.take() {
            Some(2) => condition.and("r.errors > 0", []),
            status => of_spans.status = status,
        }
        let services = std::mem::take(&mut of_spans.services);
        if !services.is_empty() {
            let marks = vec!["?"; services.len()].join(", ");
            condition.and(
                &format!(
                    "r.id IN (SELECT x.request FROM request_service x JOIN service v ON v.id = x.service WHERE v.name IN ({marks}))"
                ),
                services.into_iter().map(Value::Text),
            );
        }
    }
    if let Some(requests) = with_spans(db, &of_spans)? {
        condition.and("r.id IN (SELECT value FROM json_each(?))", [Value::Text(Json_::from(requests).to_string())]);
    }
    if let Some(text) = text {
        search(&mut condition, text);
    }
    Ok(condition)
}

/// Returns the requests with a span that passes all filters, looked for once; `None` without filters.
fn with_spans(db: &Connection, filters: &Filters) -> Result<Option<Vec<i64>>, store::Error> {
    let mut condition = filters.condition(db)?;
    if condition.sql.is_empty() {
        return Ok(None);
    }
    let entries = filters.entries(db)?;
    let spans = if entries.is_empty() { "span s" } else { SPANS_OF_BLOCKS };
    for entry in entries {
        condition.and("may_have(b.filter, ?)", [Value::Integer(entry)]);
    }
    let mut statement = db.prepare(&format!(
        "SELECT DISTINCT t.request FROM {spans} CROSS JOIN trace t ON t.id = s.trace WHERE {}",
        condition.sql()
    ))?;
    let requests = statement.query_map(params_from_iter(&condition.values), |row| row.get(0))?;
    Ok(Some(requests.collect::<Result<_, _>>()?))
}

/// Adds the search for an id by its beginning, and for words of log lines.
fn search(condition: &mut Condition, text: &str) {
    let end = format!("{text}\u{10ffff}");
    let mut sql = "r.key BETWEEN ? AND ? OR r.id IN
        (SELECT t.request FROM log_text x JOIN log l ON l.id = x.rowid JOIN trace t ON t.id = l.trace WHERE log_text MATCH ?)"
        .to_owned();
    let mut values = vec![Value::Text(text.to_owned()), Value::Text(end), Value::Text(words(text))];
    let hex = text.to_ascii_lowercase();
    if hex.len() <= 32 && hex.len() >= 2 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        sql.push_str(" OR r.id IN (SELECT request FROM trace WHERE trace_id BETWEEN ? AND ?)");
        values.extend(['0', 'f'].map(|fill| {
            let digits: String = hex.chars().chain(std::iter::repeat_n(fill, 32 - hex.len())).collect();
            Value::Blob(u128::from_str_radix(&digits, 16).unwrap_or_default().to_be_bytes().to_vec())
        }));
    }
    condition.and(&sql, values);
}

/// Returns a text as words of a full text search, all of them, each by its beginning. SQLite ends a search at a NUL.
pub(crate) fn words(text: &str) -> String {
    let quoted = text
        .split(|char: char| char.is_whitespace() || char == '\0')
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{}\"*", word.replace('"', "\"\"")));
    let words = quoted.collect::<Vec<_>>().join(" ");
    if words.is_empty() { "\"\"".to_owned() } else { words }
}

fn summary(row: &Row<'_>) -> rusqlite::Result<Json_> {
    let (start, end): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
    let (traces, rooted): (i64, i64) = (row.get(5)?, row.get(6)?);
    let (errors, invocations, exact): (i64, i64, i64) = (row.get(8)?, row.get(10)?, row.get(11)?);
    let billed = total(row.get(13)?);
    let gb_s: f64 = row.get(14)?;
    let root: (Option<String>, Option<String>) = (row.get(19)?, row.get(20)?);
    Ok(json!({
        "id": row.get::<_, String>(1)?,
        "correlated": row.get::<_, bool>(2)?,
        "start": start.map(time),
        "duration": start.zip(end).map(|(start, end)| duration(end.saturating_sub(start))),
        "root": root.0.zip(root.1).map(|(name, service)| json!({ "service": service, "name": name })),
        "traces": traces,
        "spans": row.get::<_, i64>(7)?,
        "errors": errors,
        "logs": row.get::<_, i64>(9)?,
        "status": if errors > 0 { "error" } else { "ok" },
        "complete": rooted >= traces,
        "invocations": invocations,
        "cold_starts": row.get::<_, i64>(12)?,
        "billed": (invocations > 0).then_some(billed),
        "gb_s": (invocations > 0).then_some(gb_s),
        "exact": invocations > 0 && exact >= invocations,
        "queue": total(row.get(15)?),
        "deliveries": row.get::<_, i64>(16)?,
        "failed_records": row.get::<_, i64>(17)?,
        "changed": row.get::<_, i64>(18)?,
    }))
}

fn with_services(db: &Connection, id: i64, mut summary: Json_) -> Result<Json_, store::Error> {
    let mut statement = db.prepare_cached(
        "SELECT v.name FROM request_service x JOIN service v ON v.id = x.service WHERE x.request = ? ORDER BY v.id LIMIT 50",
    )?;
    let services: Vec<String> = statement.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if let Some(members) = summary.as_object_mut() {
        members.insert("services".to_owned(), services.into());
    }
    Ok(summary)
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Store(error.into())
    }
}
