//! The rollup of the map: calls between nodes by minute and bucket of duration.
//!
//! A call names its callee by a host or the name of a function. When the callee's own root is here, the edge leads to
//! the callee's service instead.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::dictionary::Dictionary;
use super::rollup::{MINUTE, MINUTES};
use super::{Error, bucket};
use crate::rows::{NodeKind, Peer, Receipt, Root};

/// The kinds of edges, as they are stored.
pub(crate) const CALL: i64 = 0;
pub(crate) const SEND: i64 = 1;
pub(crate) const RECEIVE: i64 = 2;
/// A message is told twice where its batch and its record have spans: the map shows whichever tells of more.
pub(crate) const RECORD: i64 = 3;
pub(crate) const BATCH: i64 = 4;

/// The bucket of an edge whose time is not known.
pub(crate) const UNKNOWN: i64 = -1;

/// OTLP's kinds of spans.
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;

/// A span as a pair needs it.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) span: i64,
    pub(super) trace: i64,
    pub(super) span_id: i64,
    pub(super) parent: Option<i64>,
    pub(super) kind: i32,
    /// The node of the span's service.
    pub(super) node: i64,
    pub(super) start: i64,
    pub(super) duration: i64,
    pub(super) is_error: bool,
    pub(super) peer: Option<i64>,
    pub(super) wait: i64,
    pub(super) throttled: i64,
}

#[derive(Debug, Default)]
struct Sum {
    calls: i64,
    errors: i64,
    throttled: i64,
    time: i64,
    wait: i64,
    example: i64,
}

impl Sum {
    fn join(&mut self, other: &Sum) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.throttled += other.throttled;
        // Durations have no bounds: SQL goes on with real numbers.
        self.time = self.time.saturating_add(other.time);
        self.wait = self.wait.saturating_add(other.wait);
        self.example = self.example.max(other.example);
    }
}

/// The minute or hour, the source, the target, the kind and the bucket.
type EdgeKey = (i64, i64, i64, i64, i64);

/// What a batch adds.
#[derive(Debug, Default)]
pub(super) struct Edges(HashMap<EdgeKey, Sum>);

impl Edges {
    fn add(&mut self, from: i64, to: i64, kind: i64, side: &Side, sign: i64) {
        let key = (side.start.div_euclid(MINUTE), from, to, kind, bucket(side.duration));
        let sum = Sum {
            calls: sign,
            errors: sign * i64::from(side.is_error),
            throttled: sign * side.throttled,
            time: sign * side.duration,
            wait: sign * side.wait,
            example: side.span,
        };
        self.0.entry(key).or_default().join(&sum);
    }

    /// Adds received work, with the time in the queue.
    pub(super) fn received(&mut self, source: i64, side: &Side, root: &Root, queue: Option<i64>) {
        let (kind, messages) = match root.receipt {
            Receipt::Message => (RECEIVE, 1),
            Receipt::Record => (RECORD, 1),
            Receipt::Batch(messages) => (BATCH, messages),
        };
        let mut add = |bucket, calls, errors, time| {
            let key = (side.start.div_euclid(MINUTE), source, side.node, kind, bucket);
            let sum = Sum { calls, errors, time, example: side.span, ..Sum::default() };
            self.0.entry(key).or_default().join(&sum);
        };
        let errors = if side.is_error { messages } else { root.failures.min(messages) };
        add(queue.map_or(UNKNOWN, bucket), 1, errors, queue.unwrap_or(0));
        if messages > 1 {
            // Only the longest wait of a batch is known.
            add(UNKNOWN, messages - 1, 0, 0);
        }
    }

    /// Adds a call. Returns the node that the call goes to.
    pub(super) fn called(&mut self, db: &Connection, side: &Side) -> Result<Option<i64>, Error> {
        let Some(peer) = side.peer else { return Ok(None) };
        let kind = if side.kind == PRODUCER { SEND } else { CALL };
        let callee = if kind == CALL { self.adopt(db, side)? } else { None };
        let to = callee.unwrap_or(peer);
        self.add(side.node, to, kind, side, 1);
        Ok(Some(to))
    }

    /// Looks for the callee's root among those without a parent. Takes away that it was called by nobody.
    fn adopt(&mut self, db: &Connection, side: &Side) -> Result<Option<i64>, Error> {
        let mut statement = db.prepare_cached(
            "SELECT s.id, o.kind, v.node, s.start, s.duration, s.status = 2, s.peer FROM orphan
               JOIN span s ON s.id = orphan.span JOIN operation o ON o.id = s.operation
               JOIN service v ON v.id = o.service WHERE orphan.trace = ? AND orphan.parent = ?",
        )?;
        let children: Vec<(i64, Side)> = statement
            .query_map([side.trace, side.span_id], |row| {
                let child = Side {
                    span: row.get(0)?,
                    trace: side.trace,
                    span_id: 0,
                    parent: None,
                    kind: row.get(1)?,
                    node: row.get(2)?,
                    start: row.get(3)?,
                    duration: row.get(4)?,
                    is_error: row.get(5)?,
                    peer: None,
                    wait: 0,
                    throttled: 0,
                };
                Ok((row.get::<_, Option<i64>>(6)?.unwrap_or(0), child))
            })?
            .collect::<Result<_, _>>()?;
        for (client, child) in &children {
            self.add(*client, child.node, CALL, child, -1);
        }
        if !children.is_empty() {
            db.prepare_cached("DELETE FROM orphan WHERE trace = ? AND parent = ?")?
                .execute([side.trace, side.span_id])?;
        }
        Ok(children.first().map(|(_, child)| child.node).filter(|node| *node != side.node))
    }

    /// Adds the root of a server: called by its parent, or by a client without telemetry.
    pub(super) fn served(
        &mut self,
        db: &Connection,
        dictionary: &mut Dictionary,
        side: &Side,
    ) -> Result<Option<i64>, Error> {
        if side.kind != SERVER {
            return Ok(None);
        }
        if let Some(caller) = self.caller(db, side)? {
            if let Some(peer) = caller.peer.filter(|peer| *peer != side.node && caller.kind == CLIENT) {
                self.add(caller.node, peer, CALL, &caller, -1);
                self.add(caller.node, side.node, CALL, &caller, 1);
                db.prepare_cached("UPDATE span SET peer = ? WHERE id = ?")?.execute([side.node, caller.span])?;
            }
            return Ok(None);
        }
        if let Some(parent) = side.parent {
            db.prepare_cached("INSERT OR IGNORE INTO orphan VALUES (?, ?, ?)")?
                .execute([side.trace, parent, side.span])?;
        }
        let client = dictionary.node(db, &Peer::new(NodeKind::Client, "callers"))?;
        self.add(client, side.node, CALL, side, 1);
        Ok(Some(client))
    }

    fn caller(&self, db: &Connection, side: &Side) -> Result<Option<Side>, Error> {
        let Some(parent) = side.parent else { return Ok(None) };
        let found = db
            .prepare_cached(
                "SELECT s.id, o.kind, v.node, s.start, s.duration, s.status = 2, s.peer, s.wait FROM span s
                   JOIN operation o ON o.id = s.operation JOIN service v ON v.id = o.service
                 WHERE s.trace = ? AND s.span_id = ? AND s.id <> ? LIMIT 1",
            )?
            .query_row(params![side.trace, parent, side.span], |row| {
                Ok(Side {
                    span: row.get(0)?,
                    trace: side.trace,
                    span_id: parent,
                    parent: None,
                    kind: row.get(1)?,
                    node: row.get(2)?,
                    start: row.get(3)?,
                    duration: row.get(4)?,
                    is_error: row.get(5)?,
                    peer: row.get(6)?,
                    wait: row.get(7)?,
                    throttled: 0,
                })
            })
            .optional()?;
        Ok(found)
    }

    /// Writes what was added.
    pub(super) fn write(self, db: &Connection) -> Result<(), Error> {
        let mut hours: HashMap<EdgeKey, Sum> = HashMap::new();
        for ((minute, from, to, kind, bucket), sum) in &self.0 {
            hours.entry((minute.div_euclid(MINUTES), *from, *to, *kind, *bucket)).or_default().join(sum);
        }
        for (table, edges) in [("edge", self.0), ("edge_hour", hours)] {
            let mut statement = db.prepare_cached(&format!(
                "INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                   calls = calls + excluded.calls, errors = errors + excluded.errors,
                   throttled = throttled + excluded.throttled, time = time + excluded.time,
                   wait = wait + excluded.wait, example = excluded.example"
            ))?;
            for ((time, from, to, kind, bucket), sum) in edges.iter().filter(|(_, sum)| sum.calls != 0 || sum.time != 0)
            {
                let Sum { calls, errors, throttled, time: sum_time, wait, example } = sum;
                statement.execute(params![
                    time, from, to, kind, bucket, calls, errors, throttled, sum_time, wait, example
                ])?;
            }
        }
        Ok(())
    }
}
