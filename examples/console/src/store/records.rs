//! Writing log lines and data points.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::Error;
use crate::rows::{LogRow, PointRow};

/// Writes a log line.
pub(super) fn insert_log(db: &Connection, row: &LogRow, trace: Option<i64>, service: i64) -> Result<(), Error> {
    let id = db
        .prepare_cached(
            "INSERT INTO log (trace, span_id, time, severity, service, request_id, body, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .insert(params![trace, row.span_id, row.time, row.severity, service, row.request_id, row.body, row.raw])?;
    db.prepare_cached("INSERT INTO log_text (rowid, body) VALUES (?, ?)")?.execute(params![id, row.body])?;
    Ok(())
}

/// Returns the trace of an invocation, for a line without one.
pub(super) fn trace_of(db: &Connection, request_id: &str) -> Result<Option<i64>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT trace FROM invocation WHERE request_id = ? AND trace IS NOT NULL ORDER BY start DESC LIMIT 1",
    )?;
    Ok(statement.query_row([request_id], |row| row.get(0)).optional()?)
}

/// Gives the lines of an invocation its trace. Returns their number.
pub(super) fn claim_logs(db: &Connection, request_id: &str, trace: i64) -> Result<i64, Error> {
    let mut statement = db.prepare_cached("UPDATE log SET trace = ? WHERE request_id = ? AND trace IS NULL")?;
    Ok(statement.execute(params![trace, request_id])? as i64)
}

/// Writes a data point.
pub(super) fn insert_point(db: &Connection, row: &PointRow, resource: i64, trace: Option<i64>) -> Result<(), Error> {
    let series = params![row.name, row.unit, row.kind, resource, row.attributes];
    let found = db
        .prepare_cached(
            "SELECT id FROM series WHERE name = ? AND unit = ? AND kind = ? AND resource = ? AND attributes = ?",
        )?
        .query_row(series, |row| row.get::<_, i64>(0))
        .optional()?;
    let series = match found {
        Some(id) => id,
        None => db
            .prepare_cached("INSERT INTO series (name, unit, kind, resource, attributes) VALUES (?, ?, ?, ?, ?)")?
            .insert(series)?,
    };
    db.prepare_cached("INSERT INTO point (series, time, value, count, min, max, trace) VALUES (?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![series, row.time, row.value, row.count, row.min, row.max, trace])?;
    Ok(())
}
