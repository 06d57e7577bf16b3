//! The rollup of operations: spans, errors and time by minute and bucket of duration.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::{Error, bucket};

/// The nanoseconds of a minute.
pub(crate) const MINUTE: i64 = 60_000_000_000;

/// What a batch adds.
#[derive(Debug, Default)]
pub(super) struct Cells(HashMap<(i64, i64, i64), [i64; 3]>);

impl Cells {
    /// Adds a span, or takes one away.
    pub(super) fn add(&mut self, operation: i64, start: i64, duration: i64, is_error: bool, sign: i64) {
        let cell = self.0.entry((operation, start.div_euclid(MINUTE), bucket(duration))).or_default();
        add(cell, &[sign, sign * i64::from(is_error), sign * duration]);
    }

    /// Writes what was added.
    pub(super) fn write(self, db: &Connection) -> Result<(), Error> {
        let mut hours: HashMap<(i64, i64, i64), [i64; 3]> = HashMap::new();
        for ((operation, minute, bucket), sums) in &self.0 {
            let hour = hours.entry((*operation, minute.div_euclid(MINUTES), *bucket)).or_default();
            add(hour, sums);
        }
        for (table, cells) in [("cell", self.0), ("cell_hour", hours)] {
            let mut statement = db.prepare_cached(&format!(
                "INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                   spans = spans + excluded.spans, errors = errors + excluded.errors, time = time + excluded.time"
            ))?;
            for ((operation, time, bucket), [spans, errors, sum]) in cells {
                statement.execute(params![operation, time, bucket, spans, errors, sum])?;
            }
        }
        Ok(())
    }
}

/// Adds sums. Those of durations without bounds stay the greatest; SQL goes on with real numbers.
fn add(sums: &mut [i64; 3], values: &[i64; 3]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum = sum.saturating_add(*value));
}

/// The minutes of an hour.
pub(super) const MINUTES: i64 = 60;

/// A rollup to read from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rollup {
    Cell,
    Edge,
}

/// Returns a rollup between two minutes, both included, as a table of SQL: whole hours as their first minutes.
pub(crate) fn rollup(rollup: Rollup, first: i64, last: i64) -> String {
    let (name, columns, of_all) = match rollup {
        // Seeks by operation, as the key begins with it.
        Rollup::Cell => {
            ("cell", "operation, bucket, spans, errors, time", "operation IN (SELECT id FROM operation) AND")
        }
        Rollup::Edge => ("edge", "source, target, kind, bucket, calls, errors, throttled, time, wait, example", ""),
    };
    // The hours that lie between whole.
    let (from, to) =
        (first.saturating_add(MINUTES - 1).div_euclid(MINUTES), last.saturating_add(1).div_euclid(MINUTES));
    let minutes = |from: i64, to: i64| {
        format!("SELECT minute, {columns} FROM {name} WHERE {of_all} minute BETWEEN {from} AND {to}")
    };
    if from >= to {
        return format!("({})", minutes(first, last));
    }
    format!(
        "({} UNION ALL SELECT hour * {MINUTES}, {columns} FROM {name}_hour WHERE {of_all} hour BETWEEN {from} AND {} UNION ALL {})",
        minutes(first, from.saturating_mul(MINUTES).saturating_sub(1)),
        to - 1,
        minutes(to.saturating_mul(MINUTES), last),
    )
}
