//! Writing spans.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::Error;
use super::invocations::{self, Billing};
use super::traces::Trace;
use crate::rows::{SpanRow, flag};

/// What is already stored under a span's ids.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Earlier {
    /// Nothing, or another span with the same id.
    None,
    /// The very same span: an exporter sent it again.
    Same,
    /// The span as it was exported before its end.
    Unfinished(i64),
}

/// Looks for an earlier span with the same ids.
pub(super) fn earlier(db: &Connection, trace: Trace, row: &SpanRow) -> Result<Earlier, Error> {
    let mut statement = db.prepare_cached(
        "SELECT s.id, s.flags, r.raw FROM span s JOIN raw_span r ON r.id = s.id WHERE s.trace = ? AND s.span_id = ? LIMIT 8",
    )?;
    let mut rows = statement.query(params![trace.id, row.span_id])?;
    while let Some(found) = rows.next()? {
        let (id, flags): (i64, i64) = (found.get(0)?, found.get(1)?);
        if found.get_ref(2)?.as_blob().is_ok_and(|raw| raw == row.raw) {
            return Ok(Earlier::Same);
        }
        if flags & flag::UNFINISHED != 0 && row.flags & flag::UNFINISHED == 0 {
            return Ok(Earlier::Unfinished(id));
        }
    }
    Ok(Earlier::None)
}

/// Returns the start of a span of another service.
pub(super) fn sent(db: &Connection, trace: i64, span_id: i64, service: i64) -> Result<Option<i64>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT s.start FROM span s JOIN operation o ON o.id = s.operation
         WHERE s.trace = ? AND s.span_id = ? AND o.service <> ? LIMIT 1",
    )?;
    Ok(statement.query_row([trace, span_id, service], |row| row.get(0)).optional()?)
}

/// The numbers that a span refers to.
#[derive(Debug)]
pub(super) struct References {
    pub(super) trace: i64,
    pub(super) operation: i64,
    pub(super) resource: i64,
    pub(super) scope: i64,
    pub(super) peer: Option<i64>,
    pub(super) attributes: Vec<u8>,
}

/// Writes a span. Returns the number of its row.
pub(super) fn insert(db: &Connection, row: &SpanRow, references: &References) -> Result<i64, Error> {
    let id = db
        .prepare_cached(
            "INSERT INTO span (trace, span_id, parent, operation, start, duration, status, flags, peer, wait, resource,
               attributes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .insert(params![
            references.trace,
            row.span_id,
            row.parent_id,
            references.operation,
            row.start,
            row.duration,
            row.status,
            row.flags,
            references.peer,
            row.wait,
            references.resource,
            references.attributes,
        ])?;
    db.prepare_cached("INSERT INTO raw_span (id, scope, raw) VALUES (?, ?, ?)")?.execute(params![
        id,
        references.scope,
        row.raw
    ])?;
    Ok(id)
}

/// Removes a span. Returns the billing of its invocation, which is gone too.
pub(super) fn remove(db: &Connection, id: i64) -> Result<Option<Billing>, Error> {
    db.prepare_cached("DELETE FROM span WHERE id = ?")?.execute([id])?;
    db.prepare_cached("DELETE FROM raw_span WHERE id = ?")?.execute([id])?;
    invocations::remove(db, id)
}
