//! Invocations of functions.

use axum::Json;
use axum::extract::State;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::{Value, json};

use super::answer::{duration, seq, time};
use super::filters::{Condition, Filters};
use super::quantile::Buckets;
use super::{Answer, Api, Parameters};
use crate::store::{self, bucket};

const TABLES: &str = "invocation i JOIN service v ON v.id = i.service LEFT JOIN trace t ON t.id = i.trace
    LEFT JOIN request q ON q.id = t.request";

const COLUMNS: &str = "i.request_id, v.name, q.key, i.span, i.start, i.duration, i.billed, i.exact, i.gb_s, i.memory_size,
    i.memory_used, i.cold, i.init, i.status, i.error, i.trigger, i.queue, i.deadline_used, i.arch, i.version, i.instance";

/// The orders of the list.
const SORTS: [(&str, &str); 5] = [
    ("start", "i.start"),
    ("duration", "i.duration"),
    ("memory", "i.memory_used"),
    ("init", "i.init"),
    ("queue", "i.queue"),
];

/// The most functions of an answer.
const MAX_FUNCTIONS: usize = 500;

/// `GET /api/v1/invocations`
pub(crate) async fn answer(State(api): State<Api>, parameters: Parameters) -> Answer {
    let statuses = [("ok", "ok"), ("error", "error"), ("timeout", "timeout")];
    let status = parameters.word("status", &statuses)?;
    let cold = parameters.word("cold", &[("true", 1), ("false", 0)])?;
    let sort = parameters.word("sort", &SORTS)?.unwrap_or("i.start");
    let order = parameters.word("order", &[("desc", "DESC"), ("asc", "ASC")])?.unwrap_or("DESC");
    let limit = parameters.number("limit", 1..=500)?.unwrap_or(100);
    let offset = parameters.number("offset", 0..=1_000_000)?.unwrap_or(0);
    // The status of a span is another one.
    let others = parameters.without("status");
    let filters = Filters::read(&others)?;
    let answer = api.store.read(move |db| {
        let mut condition = Condition::default();
        Filters::between(&mut condition, "i.start", filters.from, filters.to);
        if let Some(status) = status {
            condition.and("i.status = ?", [Sql::Text(status.to_owned())]);
        }
        if let Some(cold) = cold {
            condition.and("i.cold = ?", [Sql::Integer(cold)]);
        }
        if !filters.services.is_empty() {
            let marks = vec!["?"; filters.services.len()].join(", ");
            condition.and(&format!("v.name IN ({marks})"), filters.services.iter().cloned().map(Sql::Text));
        }
        let spans = Filters { services: Vec::new(), ..filters }.condition(db)?;
        if !spans.sql.is_empty() {
            condition.and(&format!("i.span IN (SELECT s.id FROM span s WHERE {})", spans.sql), spans.values);
        }
        let (total, functions) = functions(db, &condition)?;
        let mut statement = db.prepare(&format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE {} ORDER BY {sort} {order} NULLS LAST, i.id {order} LIMIT {limit} OFFSET {offset}",
            condition.sql()
        ))?;
        let rows = statement.query_map(params_from_iter(&condition.values), invocation)?;
        let invocations: Vec<Value> = rows.collect::<Result<_, _>>()?;
        Ok(json!({ "seq": seq(db)?, "total": total, "invocations": invocations, "functions": functions }))
    });
    Ok(Json(answer.await?))
}

fn invocation(row: &Row<'_>) -> rusqlite::Result<Value> {
    Ok(json!({
        "request_id": row.get::<_, String>(0)?,
        "service": row.get::<_, String>(1)?,
        "request": row.get::<_, Option<String>>(2)?,
        "span": row.get::<_, Option<i64>>(3)?,
        "start": time(row.get(4)?),
        "duration": row.get::<_, Option<i64>>(5)?.map(duration),
        "billed": duration(row.get(6)?),
        "exact": row.get::<_, bool>(7)?,
        "gb_s": row.get::<_, Option<f64>>(8)?,
        "memory_size": row.get::<_, Option<i64>>(9)?,
        "memory_used": row.get::<_, Option<i64>>(10)?,
        "cold_start": row.get::<_, bool>(11)?,
        "init": row.get::<_, Option<i64>>(12)?.map(duration),
        "status": row.get::<_, String>(13)?,
        "error": row.get::<_, Option<String>>(14)?,
        "trigger": row.get::<_, Option<String>>(15)?,
        "queue": row.get::<_, Option<i64>>(16)?.map(duration),
        "deadline_used": row.get::<_, Option<f64>>(17)?,
        "arch": row.get::<_, Option<String>>(18)?,
        "version": row.get::<_, Option<String>>(19)?,
        "instance": row.get::<_, Option<String>>(20)?,
    }))
}

/// The sums of a function.
#[derive(Default)]
struct Function {
    service: String,
    invocations: i64,
    errors: i64,
    timeouts: i64,
    cold: i64,
    durations: Buckets,
    queues: Buckets,
    memory_size: Option<i64>,
    memory_peak: Option<i64>,
}

/// Returns the number of invocations, and their sums by function.
fn functions(db: &Connection, condition: &Condition) -> Result<(i64, Vec<Value>), store::Error> {
    let mut statement = db.prepare(&format!(
        "SELECT v.name, i.status, i.cold, i.duration, i.queue, i.memory_size, i.memory_used FROM {TABLES} WHERE {} ORDER BY v.name",
        condition.sql()
    ))?;
    let mut rows = statement.query(params_from_iter(&condition.values))?;
    let mut functions: Vec<Function> = Vec::new();
    let mut total = 0;
    while let Some(row) = rows.next()? {
        let service = row.get_ref(0)?.as_str().unwrap_or_default();
        if functions.last().is_none_or(|last| last.service != service) {
            functions.push(Function { service: service.to_owned(), ..Function::default() });
        }
        let Some(function) = functions.last_mut() else { continue };
        total += 1;
        function.invocations += 1;
        match row.get_ref(1)?.as_str().unwrap_or_default() {
            "error" => function.errors += 1,
            "timeout" => function.timeouts += 1,
            _ => {}
        }
        function.cold += i64::from(row.get::<_, bool>(2)?);
        if let Some(duration) = row.get::<_, Option<i64>>(3)? {
            function.durations.add(bucket(duration), 1);
        }
        if let Some(queue) = row.get::<_, Option<i64>>(4)? {
            function.queues.add(bucket(queue), 1);
        }
        function.memory_size = row.get::<_, Option<i64>>(5)?.or(function.memory_size);
        function.memory_peak = function.memory_peak.max(row.get(6)?);
    }
    let answer = |function: &Function| {
        json!({
            "service": function.service, "invocations": function.invocations, "errors": function.errors,
            "timeouts": function.timeouts, "cold_starts": function.cold, "p50": function.durations.quantile(0.5),
            "p99": function.durations.quantile(0.99), "memory_size": function.memory_size,
            "memory_peak": function.memory_peak, "queue_p99": function.queues.quantile(0.99),
        })
    };
    Ok((total, functions.iter().take(MAX_FUNCTIONS).map(answer).collect()))
}
