//! The heat map of durations.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde_json::{Value as Json_, json};

use super::answer::{duration, seq, time};
use super::filters::{Condition, Filters};
use super::quantile::rounded;
use super::{Answer, Api, Failure, Parameters};
use crate::store::{self, MINUTE, Rollup, bucket, lower_bound, rollup};

/// The spans that are read one by one for columns finer than a minute.
const MAX_FINE: i64 = 300_000;

/// What a heat map is of.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    pub(crate) filters: Filters,
    operations: Vec<i64>,
    columns: i64,
}

/// Spans and errors by column and bucket.
type Cells = BTreeMap<(i64, i64), [i64; 2]>;

impl Whole {
    /// Reads what is asked for.
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, Failure> {
        let numbers = parameters.all("operation").map(|text| {
            let number = text.parse::<i64>();
            number.map_err(|_| Failure::Parameter(format!("operation: a number of /operations, not {text:?}")))
        });
        Ok(Whole {
            filters: Filters::read(parameters)?,
            operations: numbers.collect::<Result<_, _>>()?,
            columns: parameters.number("columns", 10..=400)?.unwrap_or(120),
        })
    }

    /// Returns the condition on `operation` of a table.
    fn operations(&self, table: &str) -> String {
        if self.operations.is_empty() && self.filters.name.is_none() {
            return format!("{table}.operation IN (SELECT id FROM operation WHERE root = 1)");
        }
        if self.operations.is_empty() {
            return "1".to_owned();
        }
        let numbers: Vec<_> = self.operations.iter().map(i64::to_string).collect();
        format!("{table}.operation IN ({})", numbers.join(", "))
    }

    /// Returns `true` if all operations begin work.
    fn is_of_roots(&self, db: &Connection) -> Result<bool, store::Error> {
        if self.operations.is_empty() && self.filters.name.is_none() {
            return Ok(true);
        }
        let mut condition = Condition::default();
        condition.and(&self.operations("s"), []);
        if let Some(name) = &self.filters.name {
            condition.and("s.name = ?", [Value::Text(name.clone())]);
        }
        let sql = format!(
            "SELECT coalesce(min(s.root), 0) FROM (SELECT id AS operation, name, root FROM operation) s WHERE {}",
            condition.sql()
        );
        Ok(db.query_row(&sql, params_from_iter(&condition.values), |row| row.get(0))?)
    }

    /// Returns the condition of the spans, with their times.
    pub(crate) fn condition(&self, db: &Connection, from: i64, to: i64) -> Result<Condition, store::Error> {
        let mut condition = Condition::default();
        condition.and(&self.operations("s"), []);
        Filters::between(&mut condition, "s.start", Some(from), Some(to));
        let filters = self.filters.condition(db)?;
        if !filters.sql.is_empty() {
            condition.and(&filters.sql, filters.values);
        }
        Ok(condition)
    }

    /// Returns where to read the spans with their attributes. The index of roots has them. Else the index of operations
    /// leads to each span in turn, which is slower than to read all spans in order if they are many.
    pub(crate) fn table(&self, db: &Connection, from: i64, to: i64) -> Result<&'static str, store::Error> {
        if self.is_of_roots(db)? {
            return Ok("(SELECT * FROM span INDEXED BY span_root WHERE flags & 1) s");
        }
        let all: i64 = db.query_row("SELECT coalesce(sum(spans), 0) FROM request", [], |row| row.get(0))?;
        let filters = Filters { attributes: Vec::new(), min: None, max: None, status: None, ..self.filters.clone() };
        let plain = Whole { filters, ..self.clone() };
        Ok(if in_rollup(db, &plain, from, to)? > all / 10 { "span s NOT INDEXED" } else { "span s" })
    }

    /// Returns the times asked for, or those of the whole store.
    pub(crate) fn times(&self, db: &Connection) -> Result<(i64, i64), store::Error> {
        let bounds = "SELECT min(start), max(end) FROM request";
        let (first, last): (Option<i64>, Option<i64>) =
            db.query_row(bounds, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let from = self.filters.from.or(first).unwrap_or(0);
        let to = self.filters.to.or(last.map(|last| last.saturating_add(1))).unwrap_or(from);
        Ok((from, to.max(from.saturating_add(1000 * self.columns))))
    }
}

/// `GET /api/v1/heatmap`
pub(crate) async fn answer(State(api): State<Api>, parameters: Parameters) -> Answer {
    let whole = Whole::read(&parameters)?;
    Ok(Json(api.store.read(move |db| read(db, &whole)).await?))
}

fn read(db: &Connection, whole: &Whole) -> Result<Json_, store::Error> {
    let (from, to) = whole.times(db)?;
    let is_plain = whole.filters.is_plain();
    let minutes = to.saturating_sub(from) / MINUTE;
    // Finer columns than minutes are asked of the spans, unless those are too many.
    let use_rollup = is_plain && (minutes >= whole.columns || in_rollup(db, whole, from, to)? > MAX_FINE);
    let (from, step, cells) = if use_rollup {
        let last = (to - 1).div_euclid(MINUTE);
        let step = (last - from.div_euclid(MINUTE) + whole.columns) / whole.columns;
        // Whole hours, where columns are nearly as wide: there are fewer of them to read.
        let unit = if step > 30 { 60 } else { 1 };
        let step = (step + unit - 1) / unit * unit;
        let first = from.div_euclid(MINUTE * unit) * unit;
        let span = (last / unit + 1) * unit - first;
        (first * MINUTE, step * MINUTE, of_rollup(db, whole, first, first + span, step)?)
    } else {
        // Whole microseconds, so that the bounds in the answer are exact.
        let from = time(from) * 1000;
        let step = ((to - from + whole.columns - 1) / whole.columns + 999) / 1000 * 1000;
        (from, step, of_spans(db, whole, from, to, step)?)
    };
    let columns = cells.keys().map(|(column, _)| column + 1).max().unwrap_or(0).max((to - from + step - 1) / step);
    let first = cells.keys().map(|(_, bucket)| *bucket).min().unwrap_or(0);
    let last = cells.keys().map(|(_, bucket)| *bucket).max().unwrap_or(first);
    let bounds: Vec<f64> = (first..=last + 1).map(|bucket| rounded(lower_bound(bucket))).collect();
    let (total, errors) =
        cells.values().fold((0, 0), |(total, errors), [spans, failed]| (total + spans, errors + failed));
    let cells: Vec<_> =
        cells.iter().map(|((column, bucket), [spans, errors])| [*column, bucket - first, *spans, *errors]).collect();
    Ok(json!({
        "seq": seq(db)?, "from": time(from), "to": time(from + columns * step), "step": duration(step), "columns": columns,
        "bounds": bounds, "cells": cells, "total": total, "errors": errors,
        "source": if use_rollup { "rollup" } else { "spans" },
    }))
}

fn rollup_condition(db: &Connection, whole: &Whole) -> Result<Condition, store::Error> {
    let mut condition = Condition::default();
    condition.and(&whole.operations("s"), []);
    let filters = whole.filters.condition(db)?;
    if !filters.sql.is_empty() {
        condition.and(&filters.sql, filters.values);
    }
    Ok(condition)
}

fn in_rollup(db: &Connection, whole: &Whole, from: i64, to: i64) -> Result<i64, store::Error> {
    let condition = rollup_condition(db, whole)?;
    let cells = rollup(Rollup::Cell, from.div_euclid(MINUTE), (to - 1).div_euclid(MINUTE));
    let sql = format!("SELECT coalesce(sum(spans), 0) FROM {cells} s WHERE {}", condition.sql());
    Ok(db.query_row(&sql, params_from_iter(&condition.values), |row| row.get(0))?)
}

fn of_rollup(db: &Connection, whole: &Whole, first: i64, end: i64, step: i64) -> Result<Cells, store::Error> {
    let mut condition = rollup_condition(db, whole)?;
    let (table, unit) = if step % 60 == 0 { ("cell_hour", 60) } else { ("cell", 1) };
    let column = if unit == 60 { "s.hour" } else { "s.minute" };
    Filters::between(&mut condition, column, Some(first / unit), Some(end / unit));
    let sql = format!(
        "SELECT ({column} * {unit} - {first}) / {step}, s.bucket, sum(s.spans), sum(s.errors) FROM {table} s WHERE {} GROUP BY 1, 2",
        condition.sql()
    );
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(&condition.values))?;
    let mut cells = Cells::new();
    while let Some(row) = rows.next()? {
        let (spans, errors): (i64, i64) = (row.get(2)?, row.get(3)?);
        if spans > 0 {
            cells.insert((row.get(0)?, row.get(1)?), [spans, errors]);
        }
    }
    Ok(cells)
}

fn of_spans(db: &Connection, whole: &Whole, from: i64, to: i64, step: i64) -> Result<Cells, store::Error> {
    let condition = whole.condition(db, from, to)?;
    // One index has all that is counted, unless attributes are asked for.
    let table = if whole.filters.attributes.is_empty() { "span s" } else { whole.table(db, from, to)? };
    let sql = format!("SELECT s.start, s.duration, s.status FROM {table} WHERE {}", condition.sql());
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter::<&Vec<Value>>(&condition.values))?;
    let mut cells = Cells::new();
    while let Some(row) = rows.next()? {
        let (start, duration, status): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let [spans, errors] = cells.entry(((start - from) / step, bucket(duration))).or_default();
        *spans += 1;
        *errors += i64::from(status == 2);
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn attributes_of_roots_are_read_from_an_index() {
        let store = Store::open(None, 1 << 30).unwrap();
        let plan = store.read(|db| {
            let whole = Whole::read(&Parameters::of("kind=server")).unwrap();
            let table = whole.table(db, 0, i64::MAX)?;
            let condition = whole.condition(db, 0, i64::MAX)?;
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT s.id, s.start, s.duration, s.resource, s.attributes FROM {table} WHERE {}",
                condition.sql()
            );
            let mut statement = db.prepare(&sql)?;
            let steps = statement.query_map(params_from_iter(&condition.values), |row| row.get::<_, String>(3))?;
            Ok(steps.collect::<Result<Vec<_>, _>>()?)
        });
        let plan = plan.await.unwrap();
        assert!(
            plan.iter().any(|step| step.contains("USING COVERING INDEX span_root (operation=? AND start>")),
            "{plan:?}"
        );
    }
}
