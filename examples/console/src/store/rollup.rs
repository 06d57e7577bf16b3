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
        for (sum, value) in cell.iter_mut().zip([1, i64::from(is_error), duration]) {
            *sum += sign * value;
        }
    }

    /// Writes what was added.
    pub(super) fn write(self, db: &Connection) -> Result<(), Error> {
        let mut statement = db.prepare_cached(
            "INSERT INTO cell VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
               spans = spans + excluded.spans, errors = errors + excluded.errors, time = time + excluded.time",
        )?;
        for ((operation, minute, bucket), [spans, errors, time]) in self.0 {
            statement.execute(params![operation, minute, bucket, spans, errors, time])?;
        }
        Ok(())
    }
}
