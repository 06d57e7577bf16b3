//! Traces, and the request that each belongs to: that of its correlation id, or one of its own.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::Error;
use super::sums::{Sums, Table, renew_request};

/// The most traces in memory. A full cache begins anew.
const MAX_CACHED: usize = 100_000;

/// A stored trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace {
    pub(super) id: i64,
    pub(super) request: i64,
    /// The batch that brought the trace.
    pub(super) since: i64,
}

/// The traces in use.
#[derive(Debug, Default)]
pub(super) struct Traces(HashMap<[u8; 16], Trace>);

impl Traces {
    /// Returns a trace, new or stored.
    pub(super) fn get(&mut self, db: &Connection, trace_id: [u8; 16], seq: i64) -> Result<Trace, Error> {
        if let Some(known) = self.0.get(&trace_id) {
            return Ok(*known);
        }
        let found = db
            .prepare_cached("SELECT id, request FROM trace WHERE trace_id = ?")?
            .query_row([trace_id], |row| Ok(Trace { id: row.get(0)?, request: row.get(1)?, since: 0 }))
            .optional()?;
        let trace = match found {
            Some(trace) => trace,
            None => {
                let request = request(db, &hex(&trace_id), false, seq)?;
                let id = db
                    .prepare_cached("INSERT INTO trace (trace_id, request) VALUES (?, ?)")?
                    .insert(params![trace_id, request])?;
                db.prepare_cached("UPDATE request SET traces = traces + 1 WHERE id = ?")?.execute([request])?;
                Trace { id, request, since: seq }
            }
        };
        if self.0.len() >= MAX_CACHED {
            self.0.clear();
        }
        self.0.insert(trace_id, trace);
        Ok(trace)
    }

    /// Moves a trace to the request of its correlation id. Returns the trace as it is then.
    pub(super) fn correlate(
        &mut self,
        db: &Connection,
        trace_id: [u8; 16],
        trace: Trace,
        key: &str,
        seq: i64,
    ) -> Result<Trace, Error> {
        let (known, is_correlated): (String, bool) = db
            .prepare_cached("SELECT key, correlated FROM request WHERE id = ?")?
            .query_row([trace.request], |row| Ok((row.get(0)?, row.get(1)?)))?;
        // The first correlation id stands: a trace belongs to one request.
        if is_correlated || known == key {
            return Ok(trace);
        }
        let to = request(db, key, true, seq)?;
        db.prepare_cached("UPDATE trace SET request = ? WHERE id = ?")?.execute([to, trace.id])?;
        db.prepare_cached(
            "INSERT OR IGNORE INTO request_service SELECT ?, service FROM request_service WHERE request = ?",
        )?
        .execute([to, trace.request])?;
        let sums = Sums::of_trace(db, trace.id)?;
        sums.add(db, Table::Request, to)?;
        db.prepare_cached("UPDATE request SET traces = traces + 1, rooted = rooted + ? WHERE id = ?")?
            .execute(params![sums.root.is_some(), to])?;
        // It had this trace alone, so this removes it.
        renew_request(db, trace.request)?;
        let moved = Trace { request: to, ..trace };
        self.0.insert(trace_id, moved);
        Ok(moved)
    }
}

/// Returns the number of a request, new or stored.
fn request(db: &Connection, key: &str, is_correlated: bool, seq: i64) -> Result<i64, Error> {
    let found =
        db.prepare_cached("SELECT id FROM request WHERE key = ?")?.query_row([key], |row| row.get(0)).optional()?;
    match found {
        Some(id) => {
            if is_correlated {
                db.prepare_cached("UPDATE request SET correlated = 1 WHERE id = ?")?.execute([id])?;
            }
            Ok(id)
        }
        None => Ok(db
            .prepare_cached("INSERT INTO request (key, correlated, changed) VALUES (?, ?, ?)")?
            .insert(params![key, is_correlated, seq])?),
    }
}

/// Returns bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
