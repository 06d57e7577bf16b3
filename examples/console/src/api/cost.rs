//! What invocations cost, and what was paid for waiting.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};
use serde_json::{Value, json};

use super::answer::{seq, total};
use super::filters::{Condition, Filters};
use super::map::node_id;
use super::{Answer, Api, Failure, Parameters};
use crate::rows::NodeKind;
use crate::store;

/// The keys of the groups.
const GROUPS: [(&str, &str); 4] =
    [("function", "v.name"), ("request", "q.key"), ("tenant", "i.tenant"), ("route", "i.route")];

/// The callees of a group in an answer.
const MAX_CALLEES: usize = 5;

/// Prices in any currency.
#[derive(Clone, Copy, Default)]
struct Prices {
    gb_s: Option<f64>,
    gb_s_arm64: Option<f64>,
    per_request: Option<f64>,
}

impl Prices {
    fn read(parameters: &Parameters) -> Result<Self, Failure> {
        let price = |name| parameters.number(name, 0.0..=1e6);
        Ok(Prices { gb_s: price("gb_s")?, gb_s_arm64: price("gb_s_arm64")?, per_request: price("per_request")? })
    }

    fn cost(&self, sums: &Sums) -> Option<f64> {
        if self.gb_s.is_none() && self.gb_s_arm64.is_none() && self.per_request.is_none() {
            return None;
        }
        let arm = self.gb_s_arm64.or(self.gb_s).unwrap_or(0.0);
        let of_time = sums.gb_s * self.gb_s.unwrap_or(0.0) + sums.gb_s_arm64 * arm;
        Some(of_time + sums.invocations as f64 * self.per_request.unwrap_or(0.0))
    }
}

/// The sums of a group.
#[derive(Clone, Default)]
struct Sums {
    invocations: i64,
    exact: i64,
    billed: f64,
    gb_s: f64,
    gb_s_arm64: f64,
    duration: f64,
    /// Waiting by node.
    waiting: HashMap<i64, f64>,
}

impl Sums {
    fn join(&mut self, other: &Sums) {
        self.invocations += other.invocations;
        self.exact += other.exact;
        self.billed += other.billed;
        self.gb_s += other.gb_s;
        self.gb_s_arm64 += other.gb_s_arm64;
        self.duration += other.duration;
        other.waiting.iter().for_each(|(node, time)| *self.waiting.entry(*node).or_default() += time);
    }
}

/// `GET /api/v1/cost`
pub(crate) async fn answer(State(api): State<Api>, parameters: Parameters) -> Answer {
    let (filters, prices) = (Filters::read(&parameters)?, Prices::read(&parameters)?);
    let group = parameters.word("by", &GROUPS.map(|group| (group.0, group)))?.unwrap_or(GROUPS[0]);
    let limit = parameters.number("limit", 1..=500)?.unwrap_or(100);
    Ok(Json(api.store.read(move |db| read(db, &filters, prices, group, limit)).await?))
}

fn read(
    db: &Connection,
    filters: &Filters,
    prices: Prices,
    (by, column): (&str, &str),
    limit: usize,
) -> Result<Value, store::Error> {
    let mut condition = Condition::default();
    Filters::between(&mut condition, "i.start", filters.from, filters.to);
    if !filters.services.is_empty() {
        let marks = vec!["?"; filters.services.len()].join(", ");
        condition.and(&format!("v.name IN ({marks})"), filters.services.iter().cloned().map(Sql::Text));
    }
    let mut groups = invocations(db, column, &condition)?;
    waiting(db, column, &condition, &mut groups)?;
    let mut all = Sums::default();
    groups.values().for_each(|sums| all.join(sums));
    let mut rows: Vec<(Option<String>, Sums)> = groups.into_iter().collect();
    let count = rows.len();
    let weight = |sums: &Sums| sums.gb_s + sums.gb_s_arm64;
    rows.sort_by(|(a, x), (b, y)| weight(y).total_cmp(&weight(x)).then_with(|| a.cmp(b)));
    let mut answers = Vec::new();
    for (key, sums) in rows.iter().take(limit) {
        let mut row = row(db, sums, prices)?;
        if let Some(members) = row.as_object_mut() {
            members.insert("key".to_owned(), json!(key));
        }
        answers.push(row);
    }
    Ok(json!({ "seq": seq(db)?, "by": by, "total": count, "rows": answers, "sum": row(db, &all, prices)? }))
}

const TABLES: &str = "invocation i JOIN service v ON v.id = i.service LEFT JOIN trace t ON t.id = i.trace
    LEFT JOIN request q ON q.id = t.request";

fn invocations(
    db: &Connection,
    column: &str,
    condition: &Condition,
) -> Result<HashMap<Option<String>, Sums>, store::Error> {
    let mut statement = db.prepare(&format!(
        "SELECT {column}, count(*), sum(i.exact), total(i.billed), total(CASE WHEN i.arm THEN 0 ELSE i.gb_s END),
           total(CASE WHEN i.arm THEN i.gb_s ELSE 0 END), total(i.duration)
         FROM {TABLES} WHERE {} GROUP BY 1",
        condition.sql()
    ))?;
    let mut rows = statement.query(params_from_iter(&condition.values))?;
    let mut groups = HashMap::new();
    while let Some(row) = rows.next()? {
        let sums = Sums {
            invocations: row.get(1)?,
            exact: row.get(2)?,
            billed: row.get(3)?,
            gb_s: row.get(4)?,
            gb_s_arm64: row.get(5)?,
            duration: row.get(6)?,
            waiting: HashMap::new(),
        };
        groups.insert(row.get(0)?, sums);
    }
    Ok(groups)
}

/// Adds the waiting: the calls of each invocation's service, within its trace and its time.
fn waiting(
    db: &Connection,
    column: &str,
    condition: &Condition,
    groups: &mut HashMap<Option<String>, Sums>,
) -> Result<(), store::Error> {
    let mut statement = db.prepare(&waiting_sql(column, condition))?;
    let mut rows = statement.query(params_from_iter(&condition.values))?;
    while let Some(row) = rows.next()? {
        if let Some(sums) = groups.get_mut(&row.get(0)?) {
            *sums.waiting.entry(row.get(1)?).or_default() += row.get::<_, f64>(2)?;
        }
    }
    Ok(())
}

fn waiting_sql(column: &str, condition: &Condition) -> String {
    format!(
        "SELECT {column}, s.peer, total(s.wait) FROM {TABLES} JOIN span s INDEXED BY span_wait ON s.trace = i.trace
           JOIN operation o ON o.id = s.operation
         WHERE {} AND s.wait > 0 AND s.peer IS NOT NULL AND o.service = i.service AND o.kind IN (3, 4)
           AND s.start BETWEEN i.start AND i.start + i.duration
         GROUP BY 1, 2",
        condition.sql()
    )
}

fn row(db: &Connection, sums: &Sums, prices: Prices) -> Result<Value, store::Error> {
    let mut callees: Vec<(f64, i64)> = sums.waiting.iter().map(|(node, time)| (*time, *node)).collect();
    callees.sort_unstable_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| y.cmp(x)));
    let waiting: f64 = callees.iter().map(|(time, _)| time).sum();
    let mut waiting_on = Vec::new();
    for (time, node) in callees.into_iter().take(MAX_CALLEES) {
        let mut statement = db.prepare_cached("SELECT kind, name FROM node WHERE id = ?")?;
        let (kind, name): (i64, String) = statement.query_row([node], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let share = if sums.duration > 0.0 { time / sums.duration } else { 0.0 };
        waiting_on.push(json!({
            "node": node_id(NodeKind::of_code(kind), &name), "time": total(time), "share": (share * 1e4).round() / 1e4,
        }));
    }
    Ok(json!({
        "invocations": sums.invocations, "exact": sums.exact, "billed": total(sums.billed), "gb_s": sums.gb_s,
        "gb_s_arm64": sums.gb_s_arm64, "duration": total(sums.duration), "waiting": total(waiting),
        "cost": prices.cost(sums), "waiting_on": waiting_on,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn waiting_is_read_from_an_index() {
        let store = Store::open(None, 1 << 30).unwrap();
        let plan = store.read(|db| {
            let sql = format!("EXPLAIN QUERY PLAN {}", waiting_sql("i.tenant", &Condition::default()));
            let mut statement = db.prepare(&sql)?;
            let steps = statement.query_map([], |row| row.get::<_, String>(3))?;
            Ok(steps.collect::<Result<Vec<_>, _>>()?)
        });
        let plan = plan.await.unwrap();
        assert!(
            plan.iter().any(|step| step.contains("USING COVERING INDEX span_wait (trace=? AND start>")),
            "{plan:?}"
        );
    }
}
