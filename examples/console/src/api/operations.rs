//! Operations with their rollups.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::answer::{seq, total};
use super::filters::{Filters, kind_name};
use super::quantile::Buckets;
use super::{Answer, Api, Parameters};
use crate::store::{MINUTE, Rollup, rollup};

/// The orders of the list.
#[derive(Clone, Copy)]
enum Sort {
    Time,
    Count,
    Errors,
    P99,
}

const SORTS: [(&str, Sort); 4] =
    [("time", Sort::Time), ("count", Sort::Count), ("errors", Sort::Errors), ("p99", Sort::P99)];

/// The first and the last minute of any span.
const MIN_MINUTE: i64 = i64::MIN / MINUTE;
const MAX_MINUTE: i64 = i64::MAX / MINUTE;

/// The sums of an operation.
#[derive(Default)]
struct Sums {
    spans: i64,
    errors: i64,
    time: f64,
    buckets: Buckets,
}

/// `GET /api/v1/operations`
pub(crate) async fn answer(State(api): State<Api>, parameters: Parameters) -> Answer {
    let filters = Filters::read(&parameters)?;
    let roots = parameters.word("roots", &[("true", true), ("false", false)])?.unwrap_or(false);
    let sort = parameters.word("sort", &SORTS)?.unwrap_or(Sort::Time);
    let limit = parameters.number("limit", 1..=500)?.unwrap_or(100);
    let answer = api.store.read(move |db| {
        let mut sums: HashMap<i64, Sums> = HashMap::new();
        let first = filters.from.map_or(MIN_MINUTE, |from| from.div_euclid(MINUTE));
        let last = filters.to.map_or(MAX_MINUTE, |to| (to - 1).div_euclid(MINUTE));
        let cells = rollup(Rollup::Cell, first, last);
        let mut statement = db.prepare(&format!(
            "SELECT operation, bucket, sum(spans), sum(errors), total(time) FROM {cells} GROUP BY 1, 2"
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let sum = sums.entry(row.get(0)?).or_default();
            let spans = row.get(2)?;
            sum.spans += spans;
            sum.errors += row.get::<_, i64>(3)?;
            sum.time += row.get::<_, f64>(4)?;
            sum.buckets.add(row.get(1)?, spans);
        }
        let mut statement = db.prepare(
            "SELECT o.id, v.name, o.name, o.kind, o.root FROM operation o JOIN service v ON v.id = o.service",
        )?;
        let mut rows = statement.query([])?;
        let mut list: Vec<(i64, Value)> = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, service, root): (i64, String, bool) = (row.get(0)?, row.get(1)?, row.get(4)?);
            let is_asked = filters.services.is_empty() || filters.services.contains(&service);
            let Some(sum) = sums.get(&id).filter(|sum| sum.spans > 0 && is_asked && (root || !roots)) else { continue };
            let p99 = sum.buckets.quantile(0.99);
            let key = match sort {
                Sort::Time => sum.time as i64,
                Sort::Count => sum.spans,
                Sort::Errors => sum.errors,
                Sort::P99 => p99.unwrap_or(0.0) as i64,
            };
            let operation = json!({
                "operation": id, "service": service, "name": row.get::<_, String>(2)?, "kind": kind_name(row.get(3)?),
                "root": root, "count": sum.spans, "errors": sum.errors, "time": total(sum.time),
                "p50": sum.buckets.quantile(0.5), "p95": sum.buckets.quantile(0.95), "p99": p99,
            });
            list.push((key, operation));
        }
        list.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
        let count = list.len();
        let operations: Vec<Value> = list.into_iter().take(limit).map(|(_, operation)| operation).collect();
        Ok(json!({ "seq": seq(db)?, "total": count, "operations": operations }))
    });
    Ok(Json(answer.await?))
}
